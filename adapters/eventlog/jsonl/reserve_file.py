"""The room kept for a full disk, `logs/.spare`: one MiB of real bytes that is given up so that deletions can still be
recorded.

It is given up in parts, each for a write that is tried again at once: what is freed and not used, another program that
fills the disk would take. While it is not whole the log is short of space, and its owner admits only what frees. It is
made again when enough is free.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_bytes
from typing import TypeVar

from adapters.disk.files import APPEND, Files, is_disk_full
from adapters.ports.event_log import ENOUGH_FREE_BYTES, NO_ROOM_AT_ALL
from adapters.ports.faults import DiskFull

RESERVE_BYTES = 1024 * 1024
PARTS = 128
"""In how many steps it is given up."""

T = TypeVar("T")


class ReserveFile:
    """The reserve file and how much of it stands."""

    def __init__(self, files: Files, path: Path) -> None:
        self._files = files
        self._path = path
        self._size_bytes = files.lstat(path).st_size if files.lexists(path) else 0

    @property
    def stands(self) -> bool:
        """Whether the room is there whole."""
        return self._size_bytes == RESERVE_BYTES

    def give_up_a_part(self) -> bool:
        """Cuts it, so that a part of its room is free; False where nothing of it is left."""
        if not self._size_bytes:
            return False
        self._size_bytes = max(0, self._size_bytes - max(1, RESERVE_BYTES // PARTS))
        with suppress(OSError):  # it may be gone already; if it cannot be cut, the next write fails and says so
            self._cut()
        return True

    def _cut(self) -> None:
        if not self._size_bytes:
            self._files.unlink(self._path)
            return
        fd = self._files.open(self._path, APPEND)
        try:
            self._files.truncate(fd, self._size_bytes)
        finally:
            self._files.close(fd)

    def regain(self) -> bool:
        """Makes it again where enough is free; whether it stands now."""
        if self.stands:
            return True
        try:
            if self._files.free_bytes(self._path.parent) < ENOUGH_FREE_BYTES:
                return False
            self._size_bytes = 0
            with suppress(FileNotFoundError):
                self._files.unlink(self._path)
            # Random, because a file system that compresses would keep no room for zeros.
            self._files.write_durably(self._path, token_bytes(RESERVE_BYTES))
            self._files.sync_directory(self._path.parent)
        except OSError:
            return False
        self._size_bytes = RESERVE_BYTES
        return True

    def with_room(self, action: Callable[[], T]) -> T:
        """Does something that writes a little; where the disk is full, again after each part of the room that is given
        up. Raises DiskFull.
        """
        while True:
            try:
                return action()
            except OSError as error:
                if not is_disk_full(error):
                    raise
                if not self.give_up_a_part():
                    raise disk_full(self._path.parent) from error


def disk_full(logs: Path) -> DiskFull:
    """What to tell whoever wanted to write."""
    return DiskFull(
        "The disk is full. Nothing of this was recorded, and what was recorded before is whole. "
        "Delete images or make room on the disk; saving goes on by itself when 16 MiB are free.",
        folder=str(logs),
    )


def no_room_at_all(logs: Path) -> DiskFull:
    """What to tell whoever wanted to free something, where even that cannot be recorded."""
    return DiskFull(f"The disk of {logs} is full. {NO_ROOM_AT_ALL}")
