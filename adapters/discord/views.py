"""The rows of buttons under a picture, and what their ids say: the action, the picture's owner and its name.

An id is all that a button knows, so that it works after a restart. What a press does is in `buttons`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import discord

from adapters.application.reading import image_names, kept_image
from adapters.application.results import ImageSave
from adapters.application.saves import save_under
from adapters.application.storage import Storage
from adapters.discord.bot import AbbyBot
from adapters.generation.provider import Operation
from adapters.ports.faults import Fault
from domain.names import name_key

ID_CHARACTERS = 100
TEMPLATE = (
    r"abby:(?P<action>again|vary|upscale|delete|sure|keep|heart)(?P<save>[0-9]{1,15})?"
    r":(?P<owner>[a-z0-9_-]{1,64}):(?P<name>[^:]{1,80})"
)
"""The ids of these buttons; the one that deletes after a question says which save was asked about, the heart which save
is shown. An owner's id from Discord has at most 20 digits, which leaves room for the name.
"""
LONGEST_NAME = 50
HASH_MARK = "~"
"""Begins what stands for a longer name; no name begins with it."""


class Look(NamedTuple):
    """How a button looks."""

    label: str
    emoji: str
    style: discord.ButtonStyle = discord.ButtonStyle.secondary


LOOKS = {
    "again": Look("Again", "🔁"),
    "vary": Look("Vary", "🎲"),
    "upscale": Look("Upscale", "🔍"),
    "delete": Look("Delete", "🗑️"),
    "sure": Look("Yes, delete it", "🗑️", discord.ButtonStyle.danger),
    "keep": Look("Keep it", "↩️"),
    "heart": Look("Favourite", "❤️"),
}

ACTIONS_OF: Mapping[str, Sequence[str]] = {
    Operation.TEXT_TO_IMAGE: ["again", "vary", "upscale", "delete"],
    Operation.IMAGE_TO_IMAGE: ["vary", "upscale", "delete"],
}
"""By what a picture is. One from another picture cannot be made again, as its input is not kept; an upscale has no
words of its own.
"""


def buttons_of(owner: str, name: str, operation: str, heart: int | None = None) -> discord.ui.View:
    """What can be done with a picture; a heart, for whoever sees it, where the position of its save is given."""
    buttons = [_button(owner, name, action) for action in ACTIONS_OF.get(operation, ["upscale", "delete"])]
    return _view([*buttons, *([] if heart is None else [_button(owner, name, "heart", heart)])])


def heart_of(store: Storage, owner: str, name: str) -> int | None:
    """The save that the heart under a picture means; None where a mark earns nothing here, or no picture stands. Raises
    nothing: a picture is shown without it, too.
    """
    if not store.settings.earn_favourite:
        return None
    try:
        save = save_under(store, owner, name)
    except Fault:
        return None
    return save.position if save else None


def ask_to_delete(owner: str, save: ImageSave) -> discord.ui.View:
    """Sure? Yes means this save, and not what may stand under its name by then."""
    return _view([_button(owner, save.name, action, save.position) for action in ("sure", "keep")])


def named_by(bot: AbbyBot, owner: str, key: str) -> str | None:
    """The name of the picture that an id means, None where there is none any more."""
    if not key.startswith(HASH_MARK):
        image = kept_image(bot.store, owner, key)
        return image.name if image else None
    return next((name for name in image_names(bot.store, owner) if key_of(name) == key), None)


def key_of(name: str) -> str:
    """The name, or where that is too long for an id, what stands for it."""
    if len(name) <= LONGEST_NAME:
        return name
    return HASH_MARK + sha256(name_key(name).encode()).hexdigest()[:32]


def picture_of(message: discord.Message) -> tuple[str, str] | None:
    """Owner and key of the picture that a message of ours shows, by its buttons; None where it has none."""
    for row in message.components:
        for part in getattr(row, "children", ()):
            if match := re.fullmatch(TEMPLATE, str(getattr(part, "custom_id", "") or "")):
                return match["owner"], match["name"]
    return None


def _view(buttons: Sequence[discord.ui.Button[Any]]) -> discord.ui.View:
    """The buttons. The view is stopped: the library need not remember it, as its ids say all."""
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    view.stop()
    return view


def _button(owner: str, name: str, action: str, position: int | None = None) -> discord.ui.Button[Any]:
    look = LOOKS[action]
    meant = action if position is None else f"{action}{position}"
    custom_id = f"abby:{meant}:{owner}:{key_of(name)}"
    assert len(custom_id) <= ID_CHARACTERS, "an id of Discord's and a short name fit"
    return discord.ui.Button(label=look.label, emoji=look.emoji, style=look.style, custom_id=custom_id)
