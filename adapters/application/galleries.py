"""A user's images to be looked through: some of them, those of one kind, and small copies of some on one sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from adapters.application.reading import MOST_IMAGES, ReadableStorage, image_bytes, newest_images
from adapters.application.results import GalleryImage
from adapters.images.contact_sheet import contact_sheet


class ImagesPage(NamedTuple):
    """Some of a user's images, newest first, and how many there are in all."""

    images: list[GalleryImage]
    total: int


def page_of_images(storage: ReadableStorage, user: str, *, offset: int, limit: int) -> ImagesPage:
    """At most `limit` images of a user, after the newest `offset`."""
    images = newest_images(storage, user, offset=offset, limit=limit)
    return ImagesPage(images, storage.running().state.gallery.count(user))


def images_made_by(storage: ReadableStorage, user: str, operation: str | None) -> list[GalleryImage]:
    """A user's images, newest first; of one operation alone where one is named."""
    images = newest_images(storage, user, limit=MOST_IMAGES)
    return [image for image in images if operation in {None, image.operation}]


def sheet_of(storage: ReadableStorage, user: str, names: Sequence[str]) -> bytes | None:
    """Small copies of these images side by side, as one WEBP; the place of what cannot be read stays empty. None where
    all would be. Raises Faults. For a worker.
    """
    return contact_sheet(_pictures(storage, user, names), len(names))


def _pictures(storage: ReadableStorage, user: str, names: Sequence[str]) -> Iterator[bytes | None]:
    for name in names:
        try:
            yield image_bytes(storage, user, name)
        except OSError:
            yield None
