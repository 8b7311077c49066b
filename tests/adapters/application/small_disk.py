"""Real disks with one property of bad ones: little room, or failing syncs. All else is the real file system."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from threading import Lock

from adapters.disk.files import Files


class SmallDisk(Files):
    """A disk with `room_bytes` left, None for plenty. Writing takes room, cutting and removing give it back."""

    def __init__(self) -> None:
        super().__init__()
        self.room_bytes: int | None = None
        self._guard = Lock()

    def write(self, fd: int, data: memoryview) -> int:
        """Writes what fits, as a disk does; the call after that finds no room."""
        return super().write(fd, data[: self._take(len(data))])

    def write_at(self, fd: int, data: memoryview, offset: int) -> int:
        """Within a file nothing is taken: the watermark and the lock have their place."""
        if offset + len(data) <= os.fstat(fd).st_size:
            return super().write_at(fd, data, offset)
        return super().write_at(fd, data[: self._take(len(data))], offset)

    def truncate(self, fd: int, size: int) -> None:
        """Gives back what is cut off."""
        self._give(os.fstat(fd).st_size - size)
        super().truncate(fd, size)

    def unlink(self, path: Path) -> None:
        """Gives back what the file held."""
        size = path.lstat().st_size
        super().unlink(path)
        self._give(size)

    def take_room(self, fd: int, size: int) -> None:  # noqa: ARG002 - the port's signature; every file has this room
        """Takes what is there, or finds no room."""
        with self._guard:
            if self.room_bytes is not None and size > self.room_bytes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def free_bytes(self, path: Path) -> int:
        """What is left."""
        return super().free_bytes(path) if self.room_bytes is None else self.room_bytes

    def _take(self, wanted: int) -> int:
        with self._guard:
            if self.room_bytes is None:
                return wanted
            taken = min(wanted, self.room_bytes)
            if taken == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.room_bytes -= taken
            return taken

    def _give(self, size_bytes: int) -> None:
        with self._guard:
            if self.room_bytes is not None:
                self.room_bytes += size_bytes


class FillingDisk(SmallDisk):
    """One that others fill meanwhile: it says that there is plenty of room, and there is not."""

    def free_bytes(self, path: Path) -> int:
        """What was left before the others came."""
        return Files.free_bytes(self, path)


class FailingSync(Files):
    """A disk whose syncs of data fail while `failing` is set; `only` limits that to one file."""

    def __init__(self, only: Path | None = None) -> None:
        super().__init__()
        self.failing = False
        self._only = only

    def sync_data(self, fd: int) -> None:
        """Fails as a dying disk does."""
        if self.failing and (self._only is None or os.path.samestat(os.fstat(fd), self._only.stat())):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().sync_data(fd)
