"""What lies where in the folder of a backup, and what is written about it there.

    backup.json              what the backup is of and how far it goes; while it does not stand, there is none yet
    contents-<hash>.jsonl    a line for each image and temp file that stands, with how it was made
    log/logs/                the log as far as that goes, or further; its watermark; its key; how far webhooks were told
    files/<2 hex>/<sha256>   the bytes of images and temp files, once for all that have the same

`backup.json` is exchanged at once, when all that it names is on the disk and was read back. What it does not name is
left by a run that was cut off, and the next one needs it or takes it away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from adapters.disk.ways import resolved
from adapters.ports.faults import BackupDamaged
from adapters.ports.log_reports import LogPoint
from domain.instants import is_instant
from projections.standing_files import StandingFile

FORMAT = 1
MAX_MANIFEST_BYTES = 4_096
MAX_DETAILS_CHARS = 1024 * 1024
"""Of how one image was made. All stand in one list, which is read as a whole; a prompt has some thousands."""

_HEX = re.compile("[0-9a-f]{64}")
_LOG_ID = re.compile("[0-9a-f]{32}")
_CONTENTS = re.compile(r"contents-[0-9a-f]{64}\.jsonl(\.new)?")
_FIELDS = {
    "format": int,
    "log": str,
    "position": int,
    "hash": str,
    "log_bytes": int,
    "contents": str,
    "images": int,
    "temp_files": int,
    "size_bytes": int,
    "missing": int,
    "key": bool,
    "at": str,
}


class BackupPaths(NamedTuple):
    """The files of one backup."""

    folder: Path
    manifest: Path
    lock: Path
    log_root: Path
    files: Path

    @classmethod
    def below(cls, folder: Path) -> BackupPaths:
        """Those of a folder, which is made absolute; a link to it is followed."""
        folder = resolved(folder)
        return cls(folder, folder / "backup.json", folder / ".lock", folder / "log", folder / "files")

    def contents(self, digest: str) -> Path:
        """The list of the files of that hash."""
        return self.folder / f"contents-{digest}.jsonl"

    def file(self, digest: str) -> Path:
        """The bytes of that hash."""
        return self.files / digest[:2] / digest

    @staticmethod
    def owns(name: str) -> bool:
        """Whether something of a backup's has that name in its folder."""
        return name in {"backup.json", "backup.json.new", ".lock", "log", "files"} or is_contents(name)


def is_contents(name: str) -> bool:
    """Whether a name is that of a list of files, also of one in the making."""
    return _CONTENTS.fullmatch(name) is not None


class Manifest(NamedTuple):
    """What a backup is: of which log, up to which position with which hash, and how many bytes of the log that are;
    the hash of the list of its files; how many images and temp files stand, and their bytes; how many of them had no
    right bytes when it was made; whether it has the log's key; when it was made.
    """

    log_id: str
    position: int
    digest: str
    log_bytes: int
    contents: str
    images: int
    temp_files: int
    size_bytes: int
    missing: int
    has_key: bool
    at: str

    @property
    def log_point(self) -> LogPoint:
        """Up to where the log is backed up."""
        return LogPoint(self.position, self.log_bytes, self.digest)

    def encoded(self) -> bytes:
        """As it is stored."""
        values = (FORMAT, *self)
        return orjson.dumps(dict(zip(_FIELDS, values, strict=True)), option=orjson.OPT_INDENT_2) + b"\n"


def decode_manifest(stored: bytes, folder: Path) -> Manifest:
    """What stands in `backup.json`. Raises BackupDamaged."""
    try:
        found: dict[str, Any] = orjson.loads(stored)
        kinds = {name: type(value) for name, value in found.items()}
    except (orjson.JSONDecodeError, AttributeError):
        kinds = {}
    if kinds != _FIELDS:
        raise BackupDamaged(f"{folder / 'backup.json'} is not what a backup has there. {ANOTHER_COPY}")
    if found["format"] != FORMAT:
        raise BackupDamaged(
            f"The backup {folder} is written in format {found['format']}, and this version of Abby reads format "
            f"{FORMAT}. Use a newer version."
        )
    made = Manifest(*(found[name] for name in _FIELDS if name != "format"))
    numbers = (made.position, made.log_bytes, made.images, made.temp_files, made.size_bytes, made.missing)
    is_named = _LOG_ID.fullmatch(made.log_id) and _HEX.fullmatch(made.digest) and _HEX.fullmatch(made.contents)
    if min(numbers) < 0 or not is_named or not is_instant(made.at):
        raise BackupDamaged(f"{folder / 'backup.json'} is not what a backup has there. {ANOTHER_COPY}")
    return made


ANOTHER_COPY = "Nothing was made. Take another backup, or put this one back from a copy of it."


class Content(NamedTuple):
    """A file of a backup as its list has it: the position of its save, how it was made as it was stored, None where
    nothing is known, and whether its bytes were not to be had; whether something is known that was not taken in, as it
    could not be read or is no such text.
    """

    position: int
    details: str | None
    is_missing: bool
    lacks_details: bool = False


def encode_contents(files: Iterable[StandingFile], held: dict[int, Content]) -> Iterator[bytes]:
    """The list of the files that stand, a line each, in the order of their saves."""
    for file in files:
        content = held[file.position]
        line: dict[str, Any] = {
            "position": file.position,
            "user": file.user,
            "name": file.name,
            "temp": file.temp,
            "bytes": file.size_bytes,
            "sha256": file.sha256,
        }
        if content.details is not None:
            line["details"] = content.details
        if content.lacks_details:
            line["lacks_details"] = True
        if content.is_missing:
            line["missing"] = True
        yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def decode_contents(stored: bytes, manifest: Manifest, folder: Path) -> dict[int, Content]:
    """The list by the positions of saves. What a save is, the log says; the list is asked only for what it does not
    have. Raises BackupDamaged.
    """
    if sha256(stored).hexdigest() != manifest.contents:
        raise BackupDamaged(f"The list of files in {folder} is not the one that was written. {ANOTHER_COPY}")
    found: dict[int, Content] = {}
    try:
        for line in stored.split(b"\n")[:-1]:
            told: dict[str, Any] = orjson.loads(line)
            position = int(told["position"])
            is_missing, lacks_details = (told.get(name) is True for name in ("missing", "lacks_details"))
            found[position] = Content(position, _details(told), is_missing, lacks_details)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupDamaged(f"The list of files in {folder} is not of the form of one. {ANOTHER_COPY}") from error
    return found


def _details(told: dict[str, Any]) -> str | None:
    """How an image was made, as a line tells it. Raises ValueError where that is no text, or longer than any."""
    details = told.get("details")
    if details is None:
        return None
    if not isinstance(details, str) or len(details) > MAX_DETAILS_CHARS:
        raise ValueError(details)
    return details
