"""The room kept for a full disk, `logs/.spare`: one MiB of real bytes that is given up so that deletions can still be
recorded.

While it is missing the log is short of space, and its owner admits only what frees. It is made again when enough is
free.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_bytes
from typing import TypeVar

from adapters.disk.files import Files, is_disk_full
from adapters.ports.event_log import ENOUGH_FREE_BYTES
from adapters.ports.faults import DiskFull

RESERVE_BYTES = 1024 * 1024

T = TypeVar("T")


class ReserveFile:
    """The reserve file and whether it stands."""

    def __init__(self, files: Files, path: Path) -> None:
        self._files = files
        self._path = path
        self._stands = files.lexists(path) and files.lstat(path).st_size == RESERVE_BYTES

    @property
    def stands(self) -> bool:
        """Whether the room is there to be given up."""
        return self._stands

    def give_up(self) -> None:
        """Removes it, so that its room is free."""
        self._stands = False
        with suppress(OSError):  # it may be gone already; if it cannot be removed, the next write fails and says so
            self._files.unlink(self._path)

    def regain(self) -> bool:
        """Makes it again where enough is free; whether it stands now."""
        if self._stands:
            return True
        try:
            if self._files.free_bytes(self._path.parent) < ENOUGH_FREE_BYTES:
                return False
            self.give_up()
            # Random, because a file system that compresses would keep no room for zeros.
            self._files.write_durably(self._path, token_bytes(RESERVE_BYTES))
            self._files.sync_directory(self._path.parent)
        except OSError:
            return False
        self._stands = True
        return True

    def with_room(self, action: Callable[[], T]) -> T:
        """Does something that writes a little; where the disk is full, once more after giving the room up. Raises
        DiskFull.
        """
        try:
            return action()
        except OSError as error:
            if not is_disk_full(error):
                raise
        self.give_up()
        try:
            return action()
        except OSError as error:
            if not is_disk_full(error):
                raise
            raise disk_full(self._path.parent) from error


def disk_full(logs: Path) -> DiskFull:
    """What to tell whoever wanted to write."""
    return DiskFull(
        "The disk is full. Nothing of this was recorded, and what was recorded before is whole. "
        "Delete images or make room on the disk; saving goes on by itself when 16 MiB are free.",
        folder=str(logs),
    )
