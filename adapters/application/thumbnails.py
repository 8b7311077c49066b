"""Small copies of kept images: made when they are first asked for, kept beside them, and made again where one is lost.

They are derived, so whatever keeps one from being kept keeps nobody from seeing it.
"""

from __future__ import annotations

import logging
from hashlib import sha256
from time import sleep
from typing import NamedTuple

import structlog

from adapters.application.opening import OpenRoot
from adapters.application.reading import LOOK_PAUSE_SECONDS, LOOKS, damaged_file, image_bytes
from adapters.application.storage import Storage
from adapters.images.thumbnail import thumbnail
from domain.limits import MEGABYTE
from domain.names import name_key
from domain.usage import CurrentImage

ROOM_LEFT_BYTES = 64 * MEGABYTE
"""What the disk must have beyond what open places were promised, before a copy is kept."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Thumbnail(NamedTuple):
    """A WEBP, and the SHA-256 of the image that it is a copy of."""

    data: bytes
    of_digest: str


async def thumbnail_of(storage: Storage, user: str, name: str, *, owner: str) -> Thumbnail | None:
    """The thumbnail of a kept image, None where no such name stands. An owner has one made at a time.

    Raises OSError where its file cannot be read (FileNotFoundError: it is gone, or damaged), InvalidImage where it
    cannot be decoded, and other Faults.
    """
    kept = await storage.workers.reading.run(_kept, storage, user, name)
    if kept is None or kept.data:
        return kept
    return await storage.workers.shrinking.run_in_turn(owner, _made, storage, user, name)


def _kept(storage: Storage, user: str, name: str) -> Thumbnail | None:
    """The one that is kept; without data where there is none yet."""
    root = storage.running()
    image = root.state.current_image(user, name_key(name), temp=False)
    if image is None:
        return None
    digest = storage.remembered.digest(root, image.position)
    return Thumbnail(root.images.thumbnails.read(user, image.name, digest) or b"", digest)


def _made(storage: Storage, user: str, name: str) -> Thumbnail | None:
    """Whoever waited in turn may find it made by now; a name that is saved anew meanwhile is looked at again."""
    digest = ""
    for _ in range(LOOKS):
        if (kept := _kept(storage, user, name)) is None or kept.data:
            return kept
        if (data := image_bytes(storage, user, name)) is None:
            return None
        if (digest := sha256(data).hexdigest()) == kept.of_digest:
            made = Thumbnail(thumbnail(data), digest)
            _keep(storage.running(), user, name, made)
            return made
        sleep(LOOK_PAUSE_SECONDS)
    raise damaged_file(name, "has other bytes than were kept")


def _keep(root: OpenRoot, user: str, name: str, made: Thumbnail) -> None:
    image = root.state.current_image(user, name_key(name), temp=False)
    if image is None:
        return
    try:
        if root.images.free_bytes() < root.state.pool.held_bytes + ROOM_LEFT_BYTES:
            return
        root.images.thumbnails.keep(
            user, image.name, made.of_digest, made.data, stands=lambda: _stands(root, user, image)
        )
    except OSError as error:
        _log.warning("thumbnail not kept", user=user, reason=str(error))


def _stands(root: OpenRoot, user: str, image: CurrentImage) -> bool:
    """Whether this save stands. Once it does not, its deletion is published, and carried out after."""
    return root.state.current_image(user, name_key(image.name), temp=False) == image
