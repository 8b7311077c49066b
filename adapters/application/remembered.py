"""What is known of saves beyond the figures, remembered within bounds: the SHA-256 of each, by the log.

A save is told by its position, and never changes. What is read here blocks: for a worker.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from adapters.application.reading import ReadableRoot
from adapters.ledger.codec import decode
from domain.events import ImageSaved

MOST_DIGESTS = 50_000
"""Each takes some 150 bytes."""


class Remembered:
    """The digests of one storage. Safe from any thread."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._digests: OrderedDict[int, bytes] = OrderedDict()

    def digest(self, root: ReadableRoot, position: int) -> str:
        """The SHA-256 of the bytes that were saved there, in hex. Raises LogDamaged and OSError."""
        with self._guard:
            if (known := self._digests.get(position)) is not None:
                self._digests.move_to_end(position)
                return known.hex()
        event = decode(next(iter(root.recorder.read(after=position - 1, limit=1))))
        assert isinstance(event, ImageSaved), "the position is that of a save"
        with self._guard:
            self._digests[position] = bytes.fromhex(event.sha256)
            if len(self._digests) > MOST_DIGESTS:
                self._digests.popitem(last=False)
        return event.sha256
