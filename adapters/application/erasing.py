"""Deletes many images of a user: some by their names, those of an age, or everything that is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from adapters.application.default_style import forget_default_style
from adapters.application.deleting import delete_image
from adapters.application.reading import MOST_IMAGES, image_names, newest_images, quota_status
from adapters.application.results import Actor, DeletedImage, GalleryImage
from adapters.application.storage import Storage
from domain.images import SECONDS_A_DAY
from domain.instants import later
from domain.refusals import Reason, Refusal


class Erased(NamedTuple):
    """How many images went, the bytes they freed, how many stayed, and a refusal that stood in their way."""

    images: int
    freed_bytes: int
    left: int = 0
    refusal: Refusal | None = None


class Forgotten(NamedTuple):
    """What was erased of all; `still_coming`: something is being made for the user, and is kept when it is done."""

    erased: Erased
    still_coming: bool


def images_older_than(storage: Storage, user: str, days: int) -> list[GalleryImage]:
    """A user's images that are so many days old, newest first."""
    before = later(storage.clock(), seconds=-days * SECONDS_A_DAY)
    return [image for image in newest_images(storage, user, limit=MOST_IMAGES) if image.at <= before]


async def erase_images(storage: Storage, user: str, names: Sequence[str], *, actor: Actor, reason: str) -> Erased:
    """Deletes images of a user; those that are gone already are passed over. Raises Faults."""
    erased = Erased(0, 0)
    for name in names:
        done = await delete_image(storage, user, name, actor=actor, reason=reason)
        if isinstance(done, DeletedImage):
            erased = erased._replace(images=erased.images + 1, freed_bytes=erased.freed_bytes + done.freed_bytes)
        else:
            stays = done.reason is not Reason.NOT_FOUND
            erased = erased._replace(left=erased.left + stays, refusal=done if stays else erased.refusal or done)
    return erased


async def forget_user(storage: Storage, user: str, *, actor: Actor) -> Forgotten:
    """Deletes every image of a user and what they chose; their limits and the log stay. Raises Faults."""
    erased = await erase_images(storage, user, image_names(storage, user), actor=actor, reason="privacy")
    await forget_default_style(storage, user, actor=actor)
    return Forgotten(erased, still_coming=bool(quota_status(storage, user)["user"]["reserved_mb"]))
