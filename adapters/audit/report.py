"""What an audit answers: how log and files compare, what was found, and a sentence for each kind of finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from adapters.ports.log_reports import LogReport


class FindingKind(StrEnum):
    """What may be found of a file."""

    MISSING = "missing"
    WRONG_SIZE = "wrong size"
    WRONG_HASH = "wrong hash"
    NO_FILE = "no file"
    SECOND_NAME = "second name"
    UNREADABLE = "unreadable"
    UNTRACKED = "foreign"
    UNTRACKED_TEMP = "foreign temp"
    STRAY_DETAILS = "stray details"
    STRAY_STAGED = "stray staged"
    STRAY_OBJECT = "stray object"
    NOT_IN_PLACE = "not in place"
    NOT_GONE = "not gone"
    UNDER_WAY = "under way"
    UNSETTLED = "unsettled"


PASSING = frozenset({FindingKind.UNDER_WAY, FindingKind.UNSETTLED})
"""Kinds that are no disagreement: they come and go beside a running service."""

SENTENCES: Mapping[FindingKind, str] = MappingProxyType(
    {
        FindingKind.MISSING: (
            "The log says that it stands, and there is no file. It stays charged. Put the file back from a copy, "
            "or run `abby delete` (a temp file: `abby cleanup`), which frees its bytes."
        ),
        FindingKind.WRONG_SIZE: (
            "Its size is not the one that was recorded, so it was changed after it was saved. Put the file back "
            "from a copy, or delete the image."
        ),
        FindingKind.WRONG_HASH: (
            "It has the size that was recorded and a wrong hash, so its bytes were changed after it was saved, or "
            "the disk has lost some. Put the file back from a copy, or delete the image."
        ),
        FindingKind.NO_FILE: (
            "A link, a folder or something else that is no ordinary file stands where a file or folder of the "
            "storage belongs. It was left alone, and nothing behind a link was looked for. Move it away."
        ),
        FindingKind.SECOND_NAME: (
            "The file has a second name elsewhere (a hard link), as `cp -al` and `rsync --link-dest` leave one, so "
            "others could change its bytes, and it is not given out. Put a copy in its place: copy it, then move the "
            "copy over it."
        ),
        FindingKind.UNREADABLE: (
            "It cannot be read, so it was not compared. Check its owner and permissions and the disk, then run "
            "the audit again."
        ),
        FindingKind.UNTRACKED: (
            "The log does not know it, so nobody is charged for it and no list shows it. It was left alone. `abby "
            "adopt` brings in what is an image in a user's folder; move anything else away."
        ),
        FindingKind.UNTRACKED_TEMP: (
            "The log does not know this temp file, so no cleanup removes it. It was left alone. Move it away."
        ),
        FindingKind.STRAY_DETAILS: (
            "It tells how an image was made that does not stand, or stands with other bytes by now. It may hold a "
            "prompt, and nothing needs it: remove it."
        ),
        FindingKind.STRAY_STAGED: (
            "It was written for an image and is needed by none that stands: left by a crash, or by an image that "
            "was replaced or deleted. The next start of the service removes it."
        ),
        FindingKind.STRAY_OBJECT: (
            "It lies in the bucket, and no image that stands needs it: left by a machine that is gone with its folder, "
            "or by something else. It costs its room and nothing more. Remove it (`aws s3 rm`)."
        ),
        FindingKind.NOT_IN_PLACE: (
            "It stands, and its bytes are still in `images/.staged`, where they are served from: moving them failed, "
            "or was cut off. A running service tries again every minute, and each start does; `/readyz` and its log "
            "say why it fails. Look at the owner and the permissions of the folder where it belongs."
        ),
        FindingKind.NOT_GONE: (
            "Its image was deleted or replaced, and it is still there: removing it failed, or was cut off. A running "
            "service tries again every minute, and each start does; `/readyz` and its log say why it fails. Look at "
            "the owner and the permissions of the file and its folder, or remove it yourself."
        ),
        FindingKind.UNDER_WAY: (
            "No event names it yet, and it was written just now: a save is under way, or was cut off."
        ),
        FindingKind.UNSETTLED: ("It changed whenever it was looked at, so it was not compared. Run the audit again."),
    }
)
"""One sentence, or a few, for each kind: what it means and what to do."""

OUT_OF_REACH = (
    "The log does not know it, and it lies in no user's folder, where nothing of Abby's looks, `abby adopt` neither. "
    "It was left alone. Move it away; an image that is to be kept belongs into images/users/<user>/."
)
"""Of an untracked file outside the folders of users."""
_PARTS_IN_A_HOME = 4
"""images, users, the user, and a name."""


class Finding(NamedTuple):
    """One finding. `path` is below the root, with slashes. `user` and `position` are those of the event that a file was
    compared with, None where it was compared with none.
    """

    kind: FindingKind
    path: str
    user: str | None = None
    position: int | None = None

    @property
    def can_be_adopted(self) -> bool:
        """Whether an adoption would look at it."""
        parts = self.path.split("/")
        in_a_home = parts[:2] == ["images", "users"] and len(parts) >= _PARTS_IN_A_HOME
        return self.kind is FindingKind.UNTRACKED and in_a_home

    @property
    def meaning(self) -> str:
        """What it means and what to do."""
        if self.kind is FindingKind.UNTRACKED and not self.can_be_adopted:
            return OUT_OF_REACH
        return SENTENCES[self.kind]


@dataclass(frozen=True, slots=True)
class Audit:
    """How log and files compare. `log` is what `verify` said of it, with every hash fitting; `position` is how far it
    was followed while the files were looked at.

    `images`, `temp_files` and `size_bytes` are those that stand, of `user` alone where one is given. `findings` are
    the disagreements, `passing` what a running service is about to settle; both are in the order of their paths.
    """

    log: LogReport
    position: int
    user: str | None
    images: int
    temp_files: int
    size_bytes: int
    findings: tuple[Finding, ...]
    passing: tuple[Finding, ...]

    @property
    def agrees(self) -> bool:
        """Whether every file is there with the bytes that were recorded, and no other file is."""
        return not self.findings
