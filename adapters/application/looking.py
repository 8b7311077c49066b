"""Which images have no file, or one of another size, as far as was looked: at some each time, round and round, and at
those that had none.

A running service cannot look at a million files whenever it is asked how it is; a root that has lost them all, or has
few, is known at once. `abby audit` compares them all, bytes included.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from time import sleep

from adapters.ports.image_store import ImageStore, Key
from domain.usage import CurrentImage
from projections.quota_state import QuotaState

PAUSE_SECONDS = 0.005
"""Between the first look at a file that is not as it was kept, and the second."""
LOOKED_AT = 200
"""Images that are looked at each time."""
LOOKED_AT_AGAIN = 1_000
"""Images without a file that are looked at again each time."""


class Looking:
    """A round over the images of one root, which goes on where it stopped. Safe from any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._round: Iterator[tuple[str, str, CurrentImage]] = iter(())

    def missing(self, state: QuotaState, images: ImageStore, looked_at: int = LOOKED_AT) -> list[Key]:
        """The names that stand and have no file of their size, kept images first, of so many more. Raises OSError where
        the disk cannot say.
        """
        known, looked_at = list(images.missing), min(looked_at, images.looked_at)
        with self._guard:
            names = list(islice(self._round, looked_at))
            if len(names) < looked_at:
                self._round = state.gallery.all()
                names += islice(self._round, looked_at - len(names))
        again = min(LOOKED_AT_AGAIN, images.looked_at)
        keys = {*known[:again], *(Key(user, False, key) for user, key, _ in names)}
        gone = {key for key in keys if not _has_file(key, state, images)}
        if gone:
            sleep(PAUSE_SECONDS)  # while a name is saved anew its file is the new one a moment before its figures are
            gone = {key for key in gone if not _has_file(key, state, images)}
        return sorted(gone | set(known[again:]))


def _has_file(key: Key, state: QuotaState, images: ImageStore) -> bool:
    """Whether a name has a file of its size; also of one that no longer stands, which needs none."""
    current = state.current_image(key.user, key.key, temp=key.temp)
    if current is None or images.is_there(key.user, current.name, temp=key.temp, size_bytes=current.bytes):
        return True
    return state.current_image(key.user, key.key, temp=key.temp) != current
