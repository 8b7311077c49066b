"""Finds existing images in the layouts of before: whose each is, and the name it will have. Nothing is read or changed.

images/users/<user>/<name>, images/users/<user>/<folder>/<name>     below the folder that is named
users/<user>/<name>, users/<user>/<folder>/<name>                   the same, in the older layout

Every file that is met is either found or skipped with a sentence, but for what desktops put into folders by themselves
and the details that the storage keeps beside its images. Links are never followed. What a file holds is `adoption`'s to
judge.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import NamedTuple

from adapters.disk.files import Files
from adapters.imagestore.local.layout import DETAILS_FOLDER
from adapters.imagestore.local.walking import MAX_DEPTH, is_nobodys_image
from domain.names import malformed_name, malformed_user, name_key

USERS = "users"
LAYOUTS = (("images", USERS), (USERS,))
"""Where the folders of users lie below a directory."""
MAX_NAME_PARTS = 2
"""A folder and a file, below a user's own folder."""

LINK = "It is a symbolic link. Put the file or folder itself in its place."


class Found(NamedTuple):
    """A file that may be adopted: whose it is, the name it will have, where it is now, when it was last written."""

    user: str
    name: str
    source: Path
    size_bytes: int
    written_ns: int


class Skipped(NamedTuple):
    """A file or folder that is left alone, and why, as a sentence for people."""

    source: Path
    reason: str


class Inventory(NamedTuple):
    """What lies below a directory. `files` are in the order in which they are to be adopted: the oldest first, and
    after all of them those whose name another one has too. `homes` are the folders of users that there are.
    """

    homes: tuple[Path, ...]
    files: tuple[Found, ...]
    skipped: tuple[Skipped, ...]


def take_inventory(directory: Path, files: Files) -> Inventory:
    """Every file below the folders of users in `directory`, which may be such a folder of users itself."""
    walk = _Walk(files)
    homes = [home for layout in LAYOUTS if (home := walk.enter(directory, layout)) is not None]
    if not homes and not walk.skipped and directory.name.lower() == USERS:
        homes = [directory]
    for home in homes:
        walk.look_into(home, home)
    first: dict[tuple[str, str], Found] = {}
    twins = [found for found in walk.found if first.setdefault((found.user, name_key(found.name)), found) != found]
    return Inventory(tuple(homes), (*_oldest_first(first.values()), *_oldest_first(twins)), tuple(walk.skipped))


def _oldest_first(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=lambda one: (one.written_ns, one.source))


class _Walk:
    """What was met on the way through the folders."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.found: list[Found] = []
        self.skipped: list[Skipped] = []

    def enter(self, directory: Path, layout: tuple[str, ...]) -> Path | None:
        """The folder of users of one layout, None where there is none; one behind a link is skipped."""
        home = directory
        for part in layout:
            home /= part
            if self._files.is_symlink(home):
                self._skip(home, LINK)
                return None
        return home if self._files.lexists(home) and S_ISDIR(self._files.lstat(home).st_mode) else None

    def look_into(self, folder: Path, home: Path) -> None:
        """Everything in a folder, in the order of the names."""
        try:
            names = self._files.scan_directory(folder)
        except OSError as error:
            self._skip(folder, unreadable(error))
            return
        for name in names:
            self._look_at(folder / name, home)

    def _look_at(self, path: Path, home: Path) -> None:
        if path.name == DETAILS_FOLDER or is_nobodys_image(path.name):
            return
        try:
            status = self._files.lstat(path)
        except OSError as error:
            self._skip(path, unreadable(error))
            return
        parts = path.relative_to(home).parts
        if S_ISLNK(status.st_mode):
            self._skip(path, LINK)
        elif S_ISDIR(status.st_mode) and len(parts) < MAX_DEPTH:
            self.look_into(path, home)
        elif S_ISDIR(status.st_mode):
            self._skip(path, f"It lies {MAX_DEPTH} folders deep, and was not looked into. Move its images up.")
        elif not S_ISREG(status.st_mode):
            self._skip(path, "It is no ordinary file. Move it away.")
        elif sentence := _misplaced(parts):
            self._skip(path, sentence)
        else:
            name = "/".join(parts[1:])
            self.found.append(Found(parts[0], name, path, status.st_size, status.st_mtime_ns))

    def _skip(self, path: Path, reason: str) -> None:
        self.skipped.append(Skipped(path, reason))


def _misplaced(parts: tuple[str, ...]) -> str | None:
    """Why a file, by its path below the folder of users, can be nobody's image."""
    user, *name = parts
    if not name:
        return "It lies in no user's folder. Move it into the folder of its user."
    if len(name) > MAX_NAME_PARTS:
        return "It lies in a folder inside a folder. Move it one up."
    return malformed_user(user) or malformed_name("/".join(name))


def unreadable(error: OSError) -> str:
    """The sentence for a file or folder that the system does not hand out."""
    return f"It cannot be read ({error.strerror or error}). Check its permissions, then run the command again."
