"""What is known of saves beyond the figures, remembered within bounds: the SHA-256 of each by the log, and how each was
made by the details beside it.

A save is told by its position, and never changes. What is read here blocks: for a worker.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from threading import Lock
from typing import NamedTuple, Protocol

import structlog

from adapters.ledger.codec import decode
from adapters.ports.event_log import OpenedLog
from adapters.ports.image_store import ImageStore
from domain.events import ImageSaved
from domain.usage import CurrentImage

MOST_DIGESTS = 50_000
"""Each takes some 150 bytes."""
MOST_MADE = 20_000
READ_TOGETHER = 500
"""Images of which it is read together how they were made."""
MOST_CHARS = 8_000_000
"""Of all prompts that are remembered together; each takes some 300 bytes besides."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class RootOfSaves(Protocol):
    """Where saves are told and kept."""

    @property
    def images(self) -> ImageStore:
        """Where the bytes lie, and how they were made."""

    @property
    def recorder(self) -> OpenedLog:
        """The log."""


class HowMade(NamedTuple):
    """What a gallery tells of how an image was made; None where that is not known."""

    prompt: str | None = None
    style: str | None = None
    seed: int | None = None

    @property
    def chars(self) -> int:
        """What it takes to remember."""
        return len(self.prompt or "") + len(self.style or "")


class Remembered:
    """The saves of one storage that were looked at last. Safe from any thread."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._digests: OrderedDict[int, bytes] = OrderedDict()
        self._made: OrderedDict[int, HowMade] = OrderedDict()
        self._chars = 0

    def digest(self, root: RootOfSaves, position: int) -> str:
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

    def made(self, root: RootOfSaves, user: str, images: Iterable[CurrentImage]) -> Iterator[HowMade]:
        """How each of these current images was made. While the files of one are not in place yet it is not remembered,
        as what lies there may be those of a former save.
        """
        left = iter(images)
        while some := list(islice(left, READ_TOGETHER)):
            yield from self._made_together(root, user, some)

    def _made_together(self, root: RootOfSaves, user: str, images: Sequence[CurrentImage]) -> list[HowMade]:
        with self._guard:
            found = {image.position: known for image in images if (known := self._made.get(image.position)) is not None}
            for position in found:
                self._made.move_to_end(position)
        unknown = [image for image in images if image.position not in found]
        if not unknown:
            return [found[image.position] for image in images]
        in_place = root.images.reconciled()
        try:
            details = root.images.read_all_details(user, [image.name for image in unknown])
        except OSError as error:  # a gallery is shown without; it is asked again
            _log.warning("details not read", user=user, reason=str(error))
            in_place, details = -1, [None for _ in unknown]
        for image, read in zip(unknown, details, strict=True):
            found[image.position] = made = _told(read or {})
            if image.position <= in_place:
                self._remember(image.position, made)
        return [found[image.position] for image in images]

    def _remember(self, position: int, made: HowMade) -> None:
        with self._guard:
            if position in self._made:
                return  # by another thread meanwhile
            self._made[position] = made
            self._chars += made.chars
            while len(self._made) > MOST_MADE or self._chars > MOST_CHARS:
                _, forgotten = self._made.popitem(last=False)
                self._chars -= forgotten.chars


def _told(details: dict[str, object]) -> HowMade:
    prompt, style, seed = details.get("prompt"), details.get("style"), details.get("seed")
    return HowMade(
        prompt=prompt if isinstance(prompt, str) else None,
        style=style if isinstance(style, str) else None,
        seed=seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
    )
