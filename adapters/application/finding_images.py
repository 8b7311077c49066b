"""A user's images, page by page: in an order, of a kind, of some days, by words of how they were made.

A page goes on behind the last image of the one before, by what that is ordered by and by its position in the log, which
no other save has, or by its name. So what comes and goes meanwhile neither repeats an image nor leaves one out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from adapters.application.opening import OpenRoot
from adapters.application.remembered import HowMade
from adapters.application.storage import Storage
from domain.instants import day_of
from domain.names import name_key
from domain.usage import CurrentImage

MOST_WORDS = 20

Key = tuple[int | str, ...]
"""By what an image stands where it does in an order; no two have the same."""


class Order(StrEnum):
    """In which order they are told; a name that is saved anew is new."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    SIZE = "size"


_KEYS: Mapping[Order, Callable[[CurrentImage], Key]] = MappingProxyType(
    {
        Order.NEWEST: lambda image: (-image.position,),
        Order.OLDEST: lambda image: (image.position,),
        Order.NAME: lambda image: (name_key(image.name),),
        Order.SIZE: lambda image: (-image.bytes, image.position),
    }
)


class Wanted(NamedTuple):
    """Which images: with all of these words in prompt, name or style; of a style; of an operation; of these days, both
    included.
    """

    words: tuple[str, ...] = ()
    style: str | None = None
    operation: str | None = None
    first_day: str | None = None
    last_day: str | None = None
    order: Order = Order.NEWEST


_ALL_BY_SAVES = (Wanted(order=Order.NEWEST), Wanted(order=Order.OLDEST))


class FoundImage(NamedTuple):
    """A current image with the digest of its bytes, and how it was made."""

    image: CurrentImage
    sha256: str
    made: HowMade


class FoundPage(NamedTuple):
    """Some of the images that are wanted, how many there are of them in all, and behind what the next page begins: None
    where there is none.
    """

    images: list[FoundImage]
    total: int
    next_after: Key | None


def words_of(text: str) -> tuple[str, ...]:
    """The words that are looked for; more than MOST_WORDS say no more."""
    return tuple(_folded(text).split()[:MOST_WORDS])


def is_key_of(order: Order, key: object) -> bool:
    """Whether a value can be the key of an image in that order."""
    like = _KEYS[order](_ANY)
    return isinstance(key, tuple) and [type(part) for part in key] == [type(part) for part in like]


def find_images(
    storage: Storage, user: str, wanted: Wanted, *, after: Key | None = None, offset: int = 0, limit: int
) -> FoundPage:
    """At most `limit` of the images, those left out that stand up to `after`, and `offset` more. For a worker: it reads
    the details of what it tells, and where words or a style are asked for those of all of the user's, once.
    """
    root = storage.running()
    key_of = _KEYS[wanted.order]
    if wanted in _ALL_BY_SAVES:
        left, total = _by_saves(root, user, wanted.order, after, offset=offset, limit=limit + 1)
    else:
        fitting = sorted(_fitting(storage, root, user, wanted), key=key_of)
        left = [image for image in fitting if after is None or key_of(image) > after][offset:]
        total = len(fitting)
    chosen = left[:limit]
    images = [
        FoundImage(image, storage.remembered.digest(root, image.position), made)
        for image, made in zip(chosen, storage.remembered.made(root, user, chosen), strict=True)
    ]
    return FoundPage(images, total, key_of(chosen[-1]) if chosen and len(left) > limit else None)


def needs_all_details(wanted: Wanted) -> bool:
    """Whether the details of every image are asked."""
    return bool(wanted.words) or wanted.style is not None


def _by_saves(
    root: OpenRoot, user: str, order: Order, after: Key | None, *, offset: int, limit: int
) -> tuple[list[CurrentImage], int]:
    """Some of all images in an order in which they are kept, and how many there are: no others are looked at."""
    images = root.state.gallery.of(user)
    key = None if after is None else int(after[0])
    if order is Order.NEWEST:
        return images.newest_first(offset, limit, before=None if key is None else -key), len(images.lines)
    return images.oldest_first(offset, limit, after=key), len(images.lines)


def _fitting(storage: Storage, root: OpenRoot, user: str, wanted: Wanted) -> list[CurrentImage]:
    known: Iterable[CurrentImage] = root.state.gallery.newest_first(user)
    if wanted.operation is not None:
        known = (image for image in known if image.operation == wanted.operation)
    if wanted.first_day is not None or wanted.last_day is not None:
        first, last = wanted.first_day or "", wanted.last_day or "~"
        known = (image for image in known if first <= day_of(image.at) <= last)
    images = list(known)
    if not needs_all_details(wanted):
        return images
    made = storage.remembered.made(root, user, images)
    return [image for image, how in zip(images, made, strict=True) if _is_made_so(image, how, wanted)]


def _is_made_so(image: CurrentImage, made: HowMade, wanted: Wanted) -> bool:
    if wanted.style not in (None, made.style):
        return False
    told = _folded(" ".join((made.prompt or "", image.name, made.style or "")))
    return all(word in told for word in wanted.words)


_STROKES = str.maketrans("\u00f8\u0142\u0111\u0127\u0131", "oldhi")
"""Letters with a stroke, or without a dot, which Unicode does not take apart."""


def _folded(text: str) -> str:
    """Without case and accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold()).casefold()
    return "".join(mark for mark in apart if not unicodedata.combining(mark)).translate(_STROKES)


_ANY = CurrentImage(name="", bytes=0, at="", position=0, media_type="", width=0, height=0, operation="")
