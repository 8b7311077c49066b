"""Deletes many images of a user: chosen ones, those of an age, or everything that is theirs.

What goes is what was shown when it was asked about: the saves that stood then, and none that came later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from adapters.application.asking_for_more import withdraw_open_ask
from adapters.application.default_style import forget_default_style
from adapters.application.deleting import delete_save
from adapters.application.reading import quota_status
from adapters.application.results import Actor, DeletedImage, ImageSave
from adapters.application.saves import saves_of
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
    """What was erased of all; how many came after the question, and stay; `still_coming`: something is being made for
    the user, and is kept when it is done.
    """

    erased: Erased
    came_later: int
    still_coming: bool


def saves_older_than(storage: Storage, user: str, days: int) -> list[ImageSave]:
    """A user's images that are so many days old, newest first: the newest save of that age, and all before it."""
    before = later(storage.clock(), seconds=-days * SECONDS_A_DAY)
    saves = saves_of(storage, user)
    newest = max((save.position for save in saves if save.at <= before), default=0)
    return [save for save in saves if save.position <= newest]


async def erase_images(storage: Storage, user: str, saves: Sequence[ImageSave], *, actor: Actor, reason: str) -> Erased:
    """Deletes these saves of a user; those that are gone already are passed over. Raises Faults."""
    erased = Erased(0, 0)
    for save in saves:
        done = await delete_save(storage, user, save, actor=actor, reason=reason)
        if isinstance(done, DeletedImage):
            erased = erased._replace(images=erased.images + 1, freed_bytes=erased.freed_bytes + done.freed_bytes)
        else:
            stays = done.reason is not Reason.NOT_FOUND
            erased = erased._replace(left=erased.left + stays, refusal=done if stays else erased.refusal or done)
    return erased


async def forget_user(storage: Storage, user: str, *, up_to: int, actor: Actor) -> Forgotten:
    """Deletes every image of a user up to a position, what they chose, and what they ask managers for. Their limits and
    the log stay, and so do their points and marks, which are nothing but what the log says. Raises Faults.
    """
    saves = saves_of(storage, user, up_to=up_to)
    erased = await erase_images(storage, user, saves, actor=actor, reason="privacy")
    await forget_default_style(storage, user, actor=actor)
    await withdraw_open_ask(storage, user, actor=actor)
    came_later = sum(save.position > up_to for save in saves_of(storage, user))
    return Forgotten(erased, came_later, still_coming=bool(quota_status(storage, user)["user"]["reserved_mb"]))
