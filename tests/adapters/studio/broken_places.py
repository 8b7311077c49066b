"""Real disks on which one place takes nothing new, for a reason that a system gives. All else is the real file system,
except that nobody waits for syncs.
"""

from __future__ import annotations

import os
from pathlib import Path

from adapters.disk.files import APPEND, CREATE, UPDATE, Files


class Unsynced(Files):
    """The real file system, whose syncs wait for nothing."""

    def sync_data(self, fd: int) -> None:
        del fd

    def sync_directory(self, path: Path) -> None:
        del path


class BrokenPlace(Unsynced):
    """A file system where nothing is made in `folder` or moved into it while `number` is set."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.number: int | None = None
        self._folder = folder

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        if flags in (CREATE, UPDATE):
            self._refuse(path)
        return super().open(path, flags, mode)

    def rename(self, source: Path, target: Path) -> None:
        self._refuse(target)
        super().rename(source, target)

    def make_directory(self, path: Path, mode: int = 0o777) -> None:
        self._refuse(path)
        super().make_directory(path, mode)

    def _refuse(self, path: Path) -> None:
        if self.number is not None and path.parent == self._folder:
            raise OSError(self.number, os.strerror(self.number), str(path))


class UnwritableFile(Unsynced):
    """A disk on which one file is not written, and not opened for that, while `number` is set."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.number: int | None = None
        self.file = file

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        if path == self.file and flags in (APPEND, UPDATE):
            self._refuse()
        return super().open(path, flags, mode)

    def write(self, fd: int, data: memoryview) -> int:
        self._refuse_if_it(fd)
        return super().write(fd, data)

    def write_at(self, fd: int, data: memoryview, offset: int) -> int:
        self._refuse_if_it(fd)
        return super().write_at(fd, data, offset)

    def _refuse_if_it(self, fd: int) -> None:
        if self.number is not None and os.path.samestat(os.fstat(fd), self.file.stat()):
            self._refuse()

    def _refuse(self) -> None:
        if self.number is not None:
            raise OSError(self.number, os.strerror(self.number), str(self.file))


class FailingStaging(Unsynced):
    """A disk whose files in `folder` fail in one verb, or in writes of more than `most_bytes`, while `number` is set.

    One that fails in writes takes room only for what is written.
    """

    def __init__(self, folder: Path, verb: str, most_bytes: int = 0) -> None:
        super().__init__()
        self.number: int | None = None
        self._folder = folder
        self._verb = verb
        self._most_bytes = most_bytes
        self._inside: set[int] = set()

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        fd = super().open(path, flags, mode)
        (self._inside.add if path.parent == self._folder else self._inside.discard)(fd)
        return fd

    def write(self, fd: int, data: memoryview) -> int:
        if self._most_bytes < len(data):
            self._refuse("write", fd)
        return super().write(fd, data)

    def take_room(self, fd: int, size: int) -> None:
        self._refuse("take_room", fd)
        if self._verb != "write":
            super().take_room(fd, size)

    def sync_data(self, fd: int) -> None:
        self._refuse("sync_data", fd)
        super().sync_data(fd)

    def _refuse(self, verb: str, fd: int) -> None:
        if self.number is not None and verb == self._verb and fd in self._inside:
            raise OSError(self.number, os.strerror(self.number))
