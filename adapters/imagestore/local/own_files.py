"""Which paths below a storage root are its own: no symbolic link stands on the way, and what is read is a plain file.

`images` and `temp` themselves may be links, to another disk: the operator's, which stood when the store was made. One
that is put there or changed later is followed no more than a link further inside, whoever made it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from io import BufferedIOBase
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import NamedTuple

from adapters.disk.files import READ, Files
from adapters.imagestore.local.layout import MAX_PATH_CHARS, Layout

OPEN_TRIES = 8
"""Times a file is opened anew because another was renamed over it meanwhile."""
READ_ORDINARY = READ | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Follows no link, and does not wait for whoever writes into a pipe (Windows has neither)."""


class _Link(NamedTuple):
    """A link, and the folder that it leads to, None while that is not there: by device and inode."""

    itself: tuple[int, int, int]
    target: tuple[int, int] | None


class OwnFiles:
    """What belongs to one root."""

    def __init__(self, layout: Layout, files: Files) -> None:
        self._root = layout.root
        self._files = files
        self._operators: dict[Path, _Link] = {}
        self._may_be_links = (layout.users.parent, layout.temp)
        for folder in self._may_be_links:
            if (link := self._link_at(folder)) is not None:
                self._operators[folder] = link

    def refuse_way(self, path: Path) -> str | None:
        """Why what lies at a path is not this root's, by the folders above it: a sentence. Raises OSError."""
        for folder in reversed(path.parents):
            if folder == self._root or not folder.is_relative_to(self._root):
                continue
            if self._is_link(folder) and (sentence := self._refuse_link(folder)):
                return sentence
        return None

    def refuse(self, paths: Iterable[Path]) -> str | None:
        """Why one of these paths cannot be used: too long for the platform, or led elsewhere. Raises OSError."""
        for path in paths:
            if len(str(path)) > MAX_PATH_CHARS:
                length = len(str(path))
                return f"The path of {path.name!r} would have {length} characters; this system allows {MAX_PATH_CHARS}."
            if sentence := self.refuse_way(path):
                return sentence
        return None

    def require(self, paths: Iterable[Path]) -> None:
        """Raises OSError where one of these paths cannot be used."""
        if sentence := self.refuse(paths):
            raise OSError(errno.ELOOP, sentence)

    def nearest(self, path: Path) -> Path:
        """The path itself, or the nearest one above it that stands."""
        return next(way for way in (path, *path.parents) if self._files.exists(way))

    def is_ordinary(self, path: Path) -> bool:
        """Whether an ordinary file of this root lies there. Raises OSError where the disk cannot say."""
        return self._files.lexists(path) and S_ISREG(self._files.lstat(path).st_mode) and self.refuse_way(path) is None

    def is_foreign(self, path: Path) -> bool:
        """Whether a link leads there, or something else than an ordinary file is there. Raises OSError."""
        if self.refuse_way(path) is not None:
            return True
        return self._files.lexists(path) and not S_ISREG(self._files.lstat(path).st_mode)

    def is_folder(self, path: Path) -> bool:
        """Whether a folder stands there, the operator's links followed."""
        if path in self._operators:
            return self._files.exists(path) and S_ISDIR(self._files.stat(path).st_mode)
        return S_ISDIR(self._files.lstat(path).st_mode)

    def open(self, path: Path) -> BufferedIOBase:
        """An ordinary file of this root, to be read from its start. Raises OSError, and FileNotFoundError where
        something else stands there, or nothing.
        """
        return os.fdopen(self._open(path), "rb")

    def read(self, path: Path) -> bytes:
        """All of a small one. Raises OSError."""
        fd = self._open(path)
        try:
            return self._files.read_all_at(fd, self._files.fstat(fd).st_size, 0)
        finally:
            self._files.close(fd)

    def _open(self, path: Path) -> int:
        """Opens first and looks after: what is at the path then, without a link on the way, is what was opened."""
        for _ in range(OPEN_TRIES):
            if not self.is_ordinary(path):
                break
            fd = self._files.open(path, READ_ORDINARY)
            try:
                opened, found = self._files.fstat(fd), self._files.lstat(path)
                if os.path.samestat(opened, found) and S_ISREG(opened.st_mode) and self.refuse_way(path) is None:
                    fd, kept = -1, fd
                    return kept
            finally:
                if fd >= 0:
                    self._files.close(fd)
        raise FileNotFoundError(errno.ENOENT, "no ordinary file of this storage", str(path))

    def _is_link(self, path: Path) -> bool:
        """Whether a link stands there, with one look. Raises OSError where the disk cannot say."""
        try:
            return S_ISLNK(self._files.lstat(path).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _link_at(self, path: Path) -> _Link | None:
        """The link at a path; None where something else stands there, or where the disk cannot say."""
        try:
            found = self._files.lstat(path)
        except OSError:
            return None
        if not S_ISLNK(found.st_mode):
            return None
        itself = (found.st_dev, found.st_ino, found.st_mtime_ns)
        try:
            target = self._files.stat(path)
        except OSError:
            return _Link(itself, None)
        return _Link(itself, (target.st_dev, target.st_ino))

    def _refuse_link(self, folder: Path) -> str | None:
        name, known, now = folder.relative_to(self._root), self._operators.get(folder), self._link_at(folder)
        if known is None and folder not in self._may_be_links:
            return f"{name} is a symbolic link. Put a real folder in its place."
        if known is None or now is None or now.itself != known.itself or known.target not in {None, now.target}:
            return f"{name} leads elsewhere than when the storage was opened. If that is meant, restart what opened it."
        if now.target is None:
            return f"{name} is a link that leads nowhere at the moment. Mount the disk that it leads to."
        self._operators[folder] = now
        return None
