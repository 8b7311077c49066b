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


class NumberedPage(NamedTuple):
    """A page of a user's images, newest first, with its number from 1 on, how many pages and images there are."""

    images: list[GalleryImage]
    number: int
    pages: int
    total: int


def page_of_images(storage: ReadableStorage, user: str, *, offset: int, limit: int) -> ImagesPage:
    """At most `limit` images of a user, after the newest `offset`."""
    images = newest_images(storage, user, offset=offset, limit=limit)
    return ImagesPage(images, storage.running().state.gallery.count(user))


def page_numbered(
    storage: ReadableStorage, user: str, operation: str | None, *, number: int, size: int
) -> NumberedPage:
    """The page of that number, or the last one there is; where an operation is named, of the images that it made among
    the newest MOST_IMAGES, which are looked through.
    """
    if operation is None:
        total = storage.running().state.gallery.count(user)
        number, pages = _number_within(number, total, size)
        return NumberedPage(newest_images(storage, user, offset=(number - 1) * size, limit=size), number, pages, total)
    newest = newest_images(storage, user, limit=MOST_IMAGES)
    fitting = [image for image in newest if image.operation == operation]
    number, pages = _number_within(number, len(fitting), size)
    return NumberedPage(fitting[(number - 1) * size : number * size], number, pages, len(fitting))


def _number_within(number: int, total: int, size: int) -> tuple[int, int]:
    """The number of a page that there is, and how many there are: one at least."""
    pages = max(1, -(-total // size))
    return min(max(1, number), pages), pages


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
