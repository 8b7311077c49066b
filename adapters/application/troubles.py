"""Where saves failed, so that it is tried again there, and what is told of a disk that takes no file.

Why they failed is not kept: whoever tries again finds out what is so now.
"""

from __future__ import annotations

import errno
import threading
from contextlib import suppress
from pathlib import Path

from adapters.disk.errors import NotOwnError
from adapters.disk.files import is_disk_full
from adapters.ports.faults import DiskFull, StorageUnavailable
from adapters.ports.image_store import OWN_PREFIX, ImageStore, Place
from adapters.ports.object_place import ObjectStoreError
from adapters.wording.figures import size_in_words

MOST_PLACES = 64
"""Places that are remembered, the latest."""
ROOM_OF_A_SMALL_FILE_BYTES = 1_048_576
"""A disk that has much more free than was asked for, and yet has no room, is out of inodes."""
NOTHING_SAVED = "Nothing was saved, and nothing is lost."
FULL = (
    f"The disk is full. {NOTHING_SAVED} Delete images or clean up temp files, or make room on the disk; "
    "saving goes on by itself as soon as there is room."
)
QUOTA_USED_UP = (
    f"The disk quota of the account that runs this is used up. {NOTHING_SAVED} Delete images or clean up temp files, "
    "or have the quota raised; saving goes on by itself then."
)
NO_INODES = (
    "The disk is full: it takes no further file, although {} are free, so its inodes are used up. "
    f"{NOTHING_SAVED} Delete images or other files on it; saving goes on by itself then."
)


OF_ALL = Place(None)


class Troubles:
    """Places where saves or tries failed, and the largest save that did. Safe from any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._places: dict[Place, None] = {}
        self._largest_bytes = 0

    @property
    def largest_bytes(self) -> int:
        """The size of the largest save that failed and of which no try has succeeded since; 0 where there is none."""
        return self._largest_bytes

    def places(self) -> list[Place]:
        """Where something failed, and nothing has succeeded since, the latest first."""
        with self._guard:
            return list(self._places)[::-1]

    def note(self, place: Place, size_bytes: int = 0) -> bool:
        """A save of so many bytes failed there, or a try; whether that is new."""
        with self._guard:
            is_new = place not in self._places
            self._places.pop(place, None)
            self._places[place] = None
            if len(self._places) > MOST_PLACES:
                del self._places[next(iter(self._places))]
            self._largest_bytes = max(self._largest_bytes, size_bytes)
            return is_new

    def overcome(self, place: Place, size_bytes: int) -> bool:
        """A try of so many bytes, really written, succeeded there; whether something had failed there."""
        with self._guard:
            if size_bytes >= self._largest_bytes:
                self._largest_bytes = 0
            known = place in self._places
            self._places.pop(place, None)
            return known


def fault_of(error: OSError, *, size_bytes: int, images: ImageStore) -> DiskFull | StorageUnavailable:
    """What to tell where a save of so many bytes cannot be written."""
    if isinstance(error, ObjectStoreError):
        return StorageUnavailable(f"{error.sentence} Nothing was saved. {error.advice}")
    if not is_disk_full(error):
        path = error.filename2 or error.filename  # of a rename the target: the source was just written
        where = f" ({_told(Path(path))})" if path and not isinstance(error, NotOwnError) else ""
        return StorageUnavailable(
            f"{str(error.strerror or error).removesuffix('.')}{where}. Nothing was saved. "
            "Check the free space and the permissions of the storage folder."
        )
    if error.errno != errno.ENOSPC:
        return DiskFull(QUOTA_USED_UP)
    with suppress(OSError):
        if (free_bytes := images.free_bytes()) > 2 * size_bytes + ROOM_OF_A_SMALL_FILE_BYTES:
            return DiskFull(NO_INODES.format(size_in_words(free_bytes)))
    return DiskFull(FULL)


def _told(path: Path) -> Path:
    """Of a file in the making its folder: its name is another one each time."""
    return path.parent if path.name.startswith(OWN_PREFIX) else path
