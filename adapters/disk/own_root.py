"""How a path below a storage root is reached without following anybody's link: from folder to folder by descriptors.

Each folder on the way is opened in the one above it and never through a link, so what is exchanged meanwhile leads
nowhere else: a verb works in the folder that was opened, or it is refused. Where the system has no such calls
(Windows), each is looked at just before.

`images`, `temp` and `logs` may be links to another disk: the operator's, which stood when the root was opened and lead
where they led then.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import ELOOP, EMLINK, ENOTDIR
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import NamedTuple

from adapters.disk.calls import under_way
from adapters.disk.errors import LeadsNowhereError, NotOwnError

MAY_BE_LINKS = frozenset({"images", "temp", "logs"})
"""What an operator may lay on another disk."""
OPEN_TRIES = 8
"""Times a folder is opened anew because it was a link for a moment."""

HAS_DESCRIPTORS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW") and hasattr(os, "O_DIRECTORY")
TO_READ: int = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
"""A folder to be listed or synced."""
TO_PASS: int = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)
"""A folder to be passed: where there is O_PATH, this account need not be allowed to list it."""
NOT_THROUGH_LINKS: int = getattr(os, "O_NOFOLLOW", 0)
ORDINARY: int = NOT_THROUGH_LINKS | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
"""For a file: waits for nobody at the other end of a pipe, and takes no terminal."""
ANY_CHANGE: int = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND
JUNCTION_TAG = 0xA0000003
"""How Windows marks a folder that is another one."""
_NO_FOLDER = frozenset({ELOOP, EMLINK, ENOTDIR})
"""What systems answer to the opening of a link as a folder."""


class Place(NamedTuple):
    """What a verb is about: a name in an open folder, or without one a whole path."""

    name: str | Path
    folder: int | None = None


class _Link(NamedTuple):
    """A link, and the folder that it leads to, None while that is not there: by device and inode."""

    itself: tuple[int, int, int]
    target: tuple[int, int] | None


class _Entered(threading.local):
    """The folder that a thread reads files of, by its names and its descriptor."""

    names: tuple[str, ...] = ()
    fd = -1


class OwnRoot:
    """One storage root, with the operator's links as they stood when this was made."""

    def __init__(self, root: Path, *, by_descriptors: bool = HAS_DESCRIPTORS) -> None:
        self._root = root
        self._parts = root.parts
        self._by_descriptors = by_descriptors
        self._operators: dict[str, _Link] = {}
        self._held: dict[str, tuple[int, int]] = {}
        self._entered = _Entered()
        for name in MAY_BE_LINKS:
            if (link := _link_at(root / name)) is not None:
                self._operators[name] = link

    def holds(self, path: Path) -> bool:
        """Whether a path lies below this root."""
        parts = path.parts
        return len(parts) > len(self._parts) and parts[: len(self._parts)] == self._parts

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """While this is open, the root's folder of that name is the one that it is now, and no other in its place."""
        before = self._held.get(name)
        with self.folder(self._root / name) as folder:
            found = os.stat(folder)  # noqa: PTH116 - an open folder, which pathlib does not know
        self._held[name] = (found.st_dev, found.st_ino)
        try:
            yield
        finally:
            if before is None:
                del self._held[name]

    def goes_on_from(self, former: OwnRoot) -> OwnRoot:
        """This one, which holds what a former one of the same root holds."""
        self._held = former._held
        return self

    def is_elsewhere(self, name: str) -> bool:
        """Whether the held folder of that name is where the operator's link leads."""
        link = self._operators.get(name)
        return link is not None and link.target is not None and link.target == self._held.get(name)

    @contextmanager
    def place(self, path: Path) -> Iterator[Place]:
        """Where a path's last name stands. Raises NotOwnError where a link stands on the way, OSError where none is."""
        *folders, name = self._names(path)
        if not self._by_descriptors:
            self._look_along(folders)
            yield Place(path)
            return
        with _naming(path):
            fd = self._open(folders, TO_PASS)
            try:
                yield Place(name, fd)
            finally:
                os.close(fd)

    @contextmanager
    def folder(self, path: Path) -> Iterator[int | Path]:
        """A folder that can be listed and synced: its descriptor, or its path where the system has none."""
        names = self._names(path)
        if not self._by_descriptors:
            self._look_along(names)
            yield path
            return
        with _naming(path):
            fd = self._open(names, TO_READ)
            try:
                yield fd
            finally:
                os.close(fd)

    @contextmanager
    def reading_in(self, path: Path) -> Iterator[None]:
        """Within this block this thread opens files of a folder, to read them, in the folder that it was at the
        beginning: the way to it is gone once. Raises OSError where it leads to none.
        """
        names = self._names(path)
        if not self._by_descriptors:
            self._look_along(names)
            yield
            return
        entered, former = self._entered, (self._entered.names, self._entered.fd)
        with _naming(path), under_way():
            fd = self._open(names, TO_PASS)
        entered.names, entered.fd = names, fd
        try:
            yield
        finally:
            entered.names, entered.fd = former
            os.close(fd)

    def status(self, path: Path) -> os.stat_result:
        """What a path leads to: at the root's own folders the operator's link is followed, elsewhere none."""
        names = self._names(path)
        with self.place(path) as place:
            found = os.stat(place.name, dir_fd=place.folder, follow_symlinks=False)
        if not S_ISLNK(found.st_mode) or len(names) > 1 or names[0] not in MAY_BE_LINKS:
            return found
        with self.folder(path) as folder:
            return os.stat(folder)  # noqa: PTH116 - an open folder, which pathlib does not know

    def open(self, path: Path, flags: int, mode: int) -> int:
        """A descriptor of an ordinary file. Raises NotOwnError where something else stands there, or a file that has
        another name too.
        """
        with self._place_to_open(path, flags) as place:
            if not flags & os.O_EXCL:
                self._look_first(path, place)
            fd = os.open(place.name, flags | ORDINARY, mode, dir_fd=place.folder)
            try:
                self._require_same(path, os.fstat(fd))
            except BaseException:
                os.close(fd)
                raise
            return fd

    def refuse_way(self, path: Path) -> str | None:
        """Why what lies at a path is not this root's, by the folders above it: a sentence. Raises OSError."""
        try:
            with self.place(path):
                return None
        except NotOwnError as error:
            return error.sentence
        except (FileNotFoundError, NotADirectoryError):
            return None

    @contextmanager
    def _place_to_open(self, path: Path, flags: int) -> Iterator[Place]:
        *folders, name = self._names(path)
        entered = self._entered
        if entered.fd < 0 or flags & ANY_CHANGE or tuple(folders) != entered.names:
            with self.place(path) as place:
                yield place
            return
        with _naming(path):
            yield Place(name, entered.fd)

    def _names(self, path: Path) -> tuple[str, ...]:
        names = path.parts[len(self._parts) :]
        if ".." in names:
            raise NotOwnError(f"{path} leads out of the storage root {self._root}.", path)
        return names

    def _open(self, names: Sequence[str], flags: int) -> int:
        """A descriptor of the folder of these names below the root; `flags` are for the last one."""
        fd = os.open(self._root, TO_PASS if names else flags)
        for depth in range(len(names)):
            above = fd
            try:
                fd = self._open_below(above, names[: depth + 1], flags if depth + 1 == len(names) else TO_PASS)
            finally:
                os.close(above)
            try:
                self._require_held(names[: depth + 1], os.fstat(fd))
            except BaseException:
                os.close(fd)
                raise
        return fd

    def _open_below(self, above: int, names: Sequence[str], flags: int) -> int:
        for _ in range(OPEN_TRIES):
            try:
                return os.open(names[-1], flags | NOT_THROUGH_LINKS, dir_fd=above)
            except OSError as error:
                if error.errno not in _NO_FOLDER:
                    raise
                found = os.stat(names[-1], dir_fd=above, follow_symlinks=False)
                if S_ISLNK(found.st_mode):
                    return self._open_operators(above, names, flags, found)
                if not S_ISDIR(found.st_mode):
                    raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), str(self._root.joinpath(*names))) from error
        raise self._refused(names, "is a folder and a link in turn. Find out who changes it.")

    def _open_operators(self, above: int, names: Sequence[str], flags: int, link: os.stat_result) -> int:
        """The folder that the operator's link leads to; what was opened is compared, so nothing comes in between."""
        known = self._known(names, link)
        try:
            fd = os.open(names[-1], flags, dir_fd=above)
        except FileNotFoundError:
            raise self._leads_nowhere(names) from None
        try:
            self._require_target(names, known, os.fstat(fd))
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _look_along(self, names: Sequence[str]) -> None:
        """Raises NotOwnError where one of these folders below the root is a link."""
        for depth in range(1, len(names) + 1):
            way, folder = names[:depth], self._root.joinpath(*names[:depth])
            found = folder.lstat()
            if _is_link(found):
                known = self._known(way, found)
                try:
                    found = folder.stat()
                except FileNotFoundError:
                    raise self._leads_nowhere(way) from None
                self._require_target(way, known, found)
            self._require_held(way, found)

    def _known(self, names: Sequence[str], link: os.stat_result) -> _Link:
        """The operator's link of this name. Raises NotOwnError where it is none, or another than it was."""
        known = self._operators.get(names[0]) if len(names) == 1 else None
        if known is None and (len(names) > 1 or names[0] not in MAY_BE_LINKS):
            raise self._refused(names, "is a symbolic link. Put a real folder in its place.")
        if known is None or known.itself != _identity_of_link(link):
            raise self._leads_elsewhere(names)
        return known

    def _require_target(self, names: Sequence[str], known: _Link, found: os.stat_result) -> None:
        target = (found.st_dev, found.st_ino)
        if known.target is None:
            self._operators[names[0]] = known._replace(target=target)
        elif known.target != target:
            raise self._leads_elsewhere(names)

    def _require_held(self, names: Sequence[str], found: os.stat_result) -> None:
        held = self._held.get(names[0]) if len(names) == 1 else None
        if held is not None and held != (found.st_dev, found.st_ino):
            raise self._refused(names, "is another folder than the one in use. Put that back, or restart what uses it.")

    def _leads_elsewhere(self, names: Sequence[str]) -> NotOwnError:
        told = "leads elsewhere than when the storage was opened. If that is meant, restart what opened it."
        return self._refused(names, told)

    def _leads_nowhere(self, names: Sequence[str]) -> LeadsNowhereError:
        told = f"{Path(*names)} is a link that leads nowhere at the moment. Mount the disk that it leads to."
        return LeadsNowhereError(told, self._root.joinpath(*names))

    def _refused(self, names: Sequence[str], told: str) -> NotOwnError:
        return NotOwnError(f"{Path(*names)} {told}", self._root.joinpath(*names))

    def _require_ordinary(self, path: Path, found: os.stat_result) -> None:
        if (why := why_not_ordinary(found)) is not None:
            raise NotOwnError(f"{self._told(path)} {why}", path)

    def _look_first(self, path: Path, place: Place) -> None:
        """Because a pipe or a device may notice that it is opened."""
        with suppress(FileNotFoundError):  # it may be about to be made; if not, opening says so
            self._require_ordinary(path, os.stat(place.name, dir_fd=place.folder, follow_symlinks=False))

    def _require_same(self, path: Path, opened: os.stat_result) -> None:
        """What was opened is ordinary; where it was opened by its path, the path still leads to it through no link."""
        self._require_ordinary(path, opened)
        if not self._by_descriptors:
            self._look_along(self._names(path)[:-1])
            if not os.path.samestat(opened, path.lstat()):
                raise NotOwnError(f"{self._told(path)} was exchanged while it was opened. Try again.", path)

    def _told(self, path: Path) -> Path:
        return Path(*self._names(path))


def stands_in(folder: int | Path, name: str) -> bool:
    """Whether anything has this name in a folder, as `OwnRoot.folder` gives it. Raises OSError."""
    try:
        if isinstance(folder, int):
            os.stat(name, dir_fd=folder, follow_symlinks=False)
        else:
            (folder / name).lstat()
    except FileNotFoundError:
        return False
    return True


def why_not_ordinary(found: os.stat_result) -> str | None:
    """Why what was found is no file that this program works on, the end of a sentence; None where it is one."""
    if S_ISDIR(found.st_mode):
        return "is a folder. Move it away."
    if _is_link(found):
        return "is a symbolic link. Put the file itself in its place."
    if not S_ISREG(found.st_mode):
        return "is no ordinary file but a pipe, a socket or a device. Remove it."
    if found.st_nlink > 1:
        return "has a second name (a hard link), so that others may change it. Put a copy in its place."
    return None


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Errors name the whole path, of which a call in an open folder knows the last name alone."""
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            error.filename = str(path)
        if error.filename2 is not None and not Path(error.filename2).is_absolute():  # of a rename: it is told first
            error.filename2 = str(path)
        raise


def _is_link(found: os.stat_result) -> bool:
    """On Windows a junction is one too."""
    return S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == JUNCTION_TAG


def _identity_of_link(link: os.stat_result) -> tuple[int, int, int]:
    return link.st_dev, link.st_ino, link.st_mtime_ns


def _link_at(path: Path) -> _Link | None:
    """The link at a path; None where something else stands there, or where the disk cannot say."""
    try:
        found = path.lstat()
    except OSError:
        return None
    if not _is_link(found):
        return None
    try:
        target = path.stat()
    except OSError:
        return _Link(_identity_of_link(found), None)
    return _Link(_identity_of_link(found), (target.st_dev, target.st_ino))
