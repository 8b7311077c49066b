"""Which saves of images stand, and where each was made: what an act on somebody's image goes by.

A name may be saved anew at any time; a save is told from later ones by its position in the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.application.reading import ReadableStorage
from adapters.application.results import ImageSave
from adapters.ledger.codec import decode
from domain.events import ImageSaved
from domain.names import name_key
from domain.usage import CurrentImage

MOST_ORIGINS = 200
"""Saves whose origins are looked up for one list."""


def saves_of(storage: ReadableStorage, user: str, *, up_to: int | None = None) -> list[ImageSave]:
    """Every save of a user that stands, newest first; of those up to a position in the log, where one is given."""
    images = storage.running().state.gallery.newest_first(user)
    return [_save(image) for image in images if up_to is None or image.position <= up_to]


def save_under(storage: ReadableStorage, user: str, name: str) -> ImageSave | None:
    """The save that stands under a name, None where none does."""
    current = storage.running().state.current_image(user, name_key(name), temp=False)
    return _save(current) if current else None


def position_now(storage: ReadableStorage) -> int:
    """The position of the last event: what is recorded later is not among what a question shows now."""
    return storage.running().state.position


def origin_of(storage: ReadableStorage, user: str, save: ImageSave) -> str | None:
    """Where a save came from, as the log has it; None where that is not known. Reads the log: for a worker."""
    stored = next(iter(storage.running().recorder.read(after=save.position - 1, limit=1)), None)
    event = decode(stored) if stored is not None and stored.position == save.position else None
    if not isinstance(event, ImageSaved) or event.user != user:
        return None
    return event.origin


def saves_from(storage: ReadableStorage, user: str, saves: Sequence[ImageSave], origin: str) -> Iterator[ImageSave]:
    """Those of the first MOST_ORIGINS saves that came from there. Reads the log: for a worker."""
    return (save for save in saves[:MOST_ORIGINS] if origin_of(storage, user, save) == origin)


def _save(image: CurrentImage) -> ImageSave:
    return ImageSave(image.name, image.position, image.bytes, image.at, image.media_type)
