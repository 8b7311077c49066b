"""Which paths below a storage root are its own: no symbolic link stands on the way, and what is read is a plain file
of one name. How they are reached without being led elsewhere is `disk/own_root`'s.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from io import BufferedIOBase
from pathlib import Path
from stat import S_IFMT, S_ISDIR

from adapters.disk.errors import NotOwnError
from adapters.disk.files import READ, Files
from adapters.disk.own_root import why_not_ordinary
from adapters.imagestore.local.layout import MAX_PATH_CHARS, Layout


class OwnFiles:
    """What belongs to one root."""

    def __init__(self, layout: Layout, files: Files) -> None:
        self._files = files
        files.confine(layout.root)

    def refuse_way(self, path: Path) -> str | None:
        """Why what lies at a path is not this root's, by the folders above it: a sentence. Raises OSError."""
        return self._files.refuse_way(path)

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
        try:
            return why_not_ordinary(self._files.lstat(path)) is None
        except (NotOwnError, FileNotFoundError, NotADirectoryError):
            return False

    def stands(self, path: Path) -> bool:
        """Whether an ordinary file of this root lies there. Raises NotOwnError where something else does."""
        try:
            found = self._files.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        if (why := why_not_ordinary(found)) is not None:
            raise NotOwnError(f"{path.name} {why}", path)
        return True

    def kind_at(self, path: Path) -> int | None:
        """What stands at a path, as the type of a file's mode; None where nothing does. Raises OSError."""
        try:
            return S_IFMT(self._files.lstat(path).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def is_there_or_unknown(self, path: Path) -> bool:
        """Also where the disk cannot say: what is recorded is answered for, whatever fails after it."""
        try:
            return self._files.lexists(path)
        except OSError:
            return True

    def is_foreign(self, path: Path) -> bool:
        """Whether a link leads there, or something else than an ordinary file is there. Raises OSError."""
        try:
            return why_not_ordinary(self._files.lstat(path)) is not None
        except NotOwnError:
            return True
        except (FileNotFoundError, NotADirectoryError):
            return False

    def is_folder(self, path: Path) -> bool:
        """Whether a folder of this root stands there, the operator's links followed. Raises OSError."""
        try:
            return S_ISDIR(self._files.stat(path).st_mode)
        except (NotOwnError, FileNotFoundError, NotADirectoryError):
            return False

    def open(self, path: Path) -> BufferedIOBase:
        """An ordinary file of this root, to be read from its start. Raises OSError, and FileNotFoundError where
        something else stands there, or nothing.
        """
        return os.fdopen(self._open(path), "rb")

    def read(self, path: Path, most_bytes: int) -> bytes:
        """All of one that is not larger. Raises OSError."""
        fd = self._open(path)
        try:
            size_bytes = self._files.fstat(fd).st_size
            if size_bytes > most_bytes:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
            return self._files.read_all_at(fd, size_bytes, 0)
        finally:
            self._files.close(fd)

    def _open(self, path: Path) -> int:
        try:
            return self._files.open(path, READ)
        except (NotOwnError, NotADirectoryError) as error:
            raise FileNotFoundError(errno.ENOENT, "no ordinary file of this storage", str(path)) from error
