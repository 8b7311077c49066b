"""A file system that knows what a power cut would take: what was written, made or named and is not synced yet.

The rule is that of the file port: bytes are on the disk once their file was synced, names once their folder was.
"""

from __future__ import annotations

import os
from pathlib import Path

from adapters.disk.files import CREATE, Files


class Unsynced(Files):
    """The real one. `files` and `folders` below a folder are those that are not on the disk; where something is renamed
    to one of the names, or a file of them is removed, `met` notes what was not by then. `removed` are names of files.
    """

    def __init__(self, below: Path, *names: str) -> None:
        super().__init__()
        self.met: dict[str, list[str]] = {}
        self.removed: list[str] = []
        self._below = below.resolve()
        self._names = names
        self._open: dict[int, Path] = {}
        self._lost: set[Path] = set()

    def left(self) -> list[str]:
        """What is not on the disk, but for locks, which say nothing."""
        return sorted(str(path.relative_to(self._below)) for path in self._lost if path.name != ".lock")

    def _mark(self, path: Path) -> None:
        if path.is_relative_to(self._below):
            self._lost.add(path)

    def _mark_name(self, path: Path) -> None:
        """What is in the making counts from when it is renamed."""
        if not path.name.endswith(".new"):
            self._mark(path.parent)

    def _meet(self, path: Path) -> None:
        if path.name in self._names:
            self.met[path.name] = self.left()

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        is_new = not os.path.lexists(path)
        fd = super().open(path, flags, mode)
        self._open[fd] = path
        if is_new and flags == CREATE:
            self._mark(path)
            self._mark_name(path)
        return fd

    def close(self, fd: int) -> None:
        self._open.pop(fd, None)
        super().close(fd)

    def write(self, fd: int, data: memoryview) -> int:
        self._mark(self._open[fd])
        return super().write(fd, data)

    def write_at(self, fd: int, data: memoryview, offset: int) -> int:
        self._mark(self._open[fd])
        return super().write_at(fd, data, offset)

    def truncate(self, fd: int, size: int) -> None:
        self._mark(self._open[fd])
        super().truncate(fd, size)

    def sync_data(self, fd: int) -> None:
        super().sync_data(fd)
        self._lost.discard(self._open[fd])

    def sync_directory(self, path: Path) -> None:
        super().sync_directory(path)
        self._lost.discard(path)

    def make_directory(self, path: Path, mode: int = 0o777) -> None:
        super().make_directory(path, mode)
        self._mark(path.parent)

    def remove_directory(self, path: Path) -> None:
        super().remove_directory(path)
        self._lost.discard(path)
        self._mark(path.parent)

    def rename(self, source: Path, target: Path) -> None:
        self._meet(target)
        super().rename(source, target)
        if source in self._lost:
            self._lost.discard(source)
            self._mark(target)
        self._mark(source.parent)
        self._mark(target.parent)

    def unlink(self, path: Path) -> None:
        self._meet(path)
        self.removed.append(path.name)
        super().unlink(path)
        self._lost.discard(path)
        self._mark_name(path)
