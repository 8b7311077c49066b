"""The steps of the protocol, each to be left out by its name, to see that the enumeration would notice.

A sync that is left out returns at once, as if it had been done. A wrong order is told by a story that does first what
the program does last.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from adapters.imagestore.local.image_store import LocalImageStore
from adapters.ledger.pending import Accepted
from adapters.ports.image_store import Key
from domain.commands import DeleteImage, SaveImage
from domain.names import name_key
from tests.crash.disk import After, Disk, SimulatedFiles
from tests.crash.judging import ROOT
from tests.crash.stories import deletes, first_start, overwrites, saves
from tests.crash.story import Story

USERS = ROOT / "images" / "users"
STAGING = ROOT / "images" / ".staged"
LOGS = ROOT / "logs"

LeftOut = Callable[[str, Path], bool]
Tell = Callable[[Story], None]


class Omission(NamedTuple):
    """A step by the name that the design gives it, the story that needs it, and which calls are left out."""

    step: str
    tell: Tell
    left_out: LeftOut
    on_empty_disk: bool = False


class ForgetfulFiles(SimulatedFiles):
    """A disk some of whose syncs only pretend."""

    def __init__(self, disk: Disk, after: After, left_out: LeftOut) -> None:
        super().__init__(disk, after)
        self._left_out = left_out

    def sync_data(self, fd: int) -> None:
        if not self._left_out("data", self.path_of(fd)):
            super().sync_data(fd)

    def sync_directory(self, path: Path) -> None:
        if not self._left_out("directory", path):
            super().sync_directory(path)


def folders_of(story: Story) -> LocalImageStore:
    """The image store of a story, whose steps are taken one by one."""
    images = story.root.images
    assert isinstance(images, LocalImageStore)
    return images


def renamed_before_the_event(story: Story) -> None:
    """Saves, a new name and an overwrite, that bring the file into place first and record it second."""
    story.open()
    for user, name in (("ann", "old.png"), ("ben", "hill.png")):
        data = story.image()
        staged, digest = story.new_id(), sha256(data).hexdigest()
        images = folders_of(story)
        images.stage(staged, data, None)
        images._bring_into_place(Key(user, False, name_key(name)), name, staged)
        media_type = "application/octet-stream"
        save = SaveImage(user, "library", name, len(data), digest, media_type, 0, 0, staged, story.new_id())
        assert isinstance(story.root.ledger.execute(save), Accepted)
        images.reconcile(user, name, temp=False)
    story.close()


def unlinked_before_the_event(story: Story) -> None:
    """A deletion that takes the file away first and records it second."""
    story.open()
    for name in ("old.png", "kept.png"):
        images = folders_of(story)
        images._take_away(Key("ann", False, name_key(name)), name, current=None)
        assert isinstance(story.root.ledger.execute(DeleteImage("ann", "library", name)), Accepted)
        images.reconcile("ann", name, temp=False)
    story.close()


class Site(NamedTuple):
    """A sync of the program, by what is synced where, and the story that needs it first."""

    what: str
    tell: Tell
    on_empty_disk: bool = False


SITES = (
    Site("directory above the root", first_start, on_empty_disk=True),
    Site("directory .", first_start, on_empty_disk=True),
    Site("directory logs", first_start, on_empty_disk=True),
    Site("data logs/events.jsonl.new", first_start, on_empty_disk=True),
    Site("data logs/events.jsonl", first_start, on_empty_disk=True),
    Site("data logs/head", first_start, on_empty_disk=True),
    Site("data logs/.key.new", first_start, on_empty_disk=True),
    Site("directory images", first_start, on_empty_disk=True),
    Site("data images/.staged/ID", first_start, on_empty_disk=True),
    Site("data images/.staged/ID.json", first_start, on_empty_disk=True),
    Site("directory images/.staged", first_start, on_empty_disk=True),
    Site("directory images/users", saves),
    Site("directory images/users/USER", overwrites),
    Site("directory images/users/USER/.details", overwrites),
    Site("directory images/users/USER/.details/FOLDER", saves),
    Site("directory images/users/USER/FOLDER", deletes),
    Site("directory temp", saves),
    Site("directory temp/USER", overwrites),
)
NEEDED_BY_NOTHING = {
    "data logs/.spare": "it only makes sure that the room is really taken",
    "data logs/snapshots/new": "a snapshot that is not whole is passed over, and the one before it or the log is read",
    "directory logs/snapshots": "a snapshot without its name, or one that comes back, only makes the next start longer",
}
"""Syncs that no promise needs, and why; a test leaves each of them out and finds nothing."""


def site_of(kind: str, path: Path) -> str:
    """What is synced where, without the ids and names of one story."""
    if not path.is_relative_to(ROOT):
        return f"{kind} above the root"
    below = re.sub(r"\.staged/[0-9a-f]{32}", ".staged/ID", path.relative_to(ROOT).as_posix())
    return f"{kind} " + re.sub(r"(users|temp)/[^/]+(/\.details)?(/[^/.]+)?$", _without_names, below)


def _without_names(found: re.Match[str]) -> str:
    return f"{found[1]}/USER{found[2] or ''}{'/FOLDER' if found[3] else ''}"


def _nothing(_kind: str, _path: Path) -> bool:
    return False


def _directory(wanted: Callable[[Path], bool]) -> LeftOut:
    return lambda kind, path: kind == "directory" and wanted(path)


def _data(wanted: Callable[[Path], bool]) -> LeftOut:
    return lambda kind, path: kind == "data" and wanted(path)


OMISSIONS = (
    Omission("fsync of the staged file", saves, _data(lambda path: path.parent == STAGING)),
    Omission("fsync of the staging directory", saves, _directory(lambda path: path == STAGING)),
    Omission("fsync of a new user directory's parent", saves, _directory(lambda path: path == USERS)),
    Omission(
        "fsync of the user's directory after the rename",
        overwrites,
        _directory(lambda path: path.parent == USERS),
    ),
    Omission(
        "fsync of the log's directory at first creation",
        first_start,
        _directory(lambda path: path == LOGS),
        on_empty_disk=True,
    ),
    Omission("fdatasync of the log", deletes, _data(lambda path: path.name == "events.jsonl")),
    Omission("renaming before the event", renamed_before_the_event, _nothing),
    Omission("unlinking before the event", unlinked_before_the_event, _nothing),
)
