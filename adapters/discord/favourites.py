"""The heart under a picture: whoever sees the picture marks it as a favourite, and takes that back by another press.

The save that was shown is meant, and not what may stand under its name by then. Who presses hears no more of the
picture than they see.
"""

from __future__ import annotations

import discord

from adapters.application.market import PointsChanged, is_favourite, set_favourite
from adapters.discord.bot import Interaction, actor_of
from adapters.discord.embeds import message_embed
from adapters.discord.messages import Message
from adapters.discord.replies import Content, Reply, defer
from adapters.discord.trading import message_for_trade, units
from adapters.discord.views import HASH_MARK, named_by
from adapters.ports.faults import Fault
from domain.point_events import FAVOURITE
from domain.refusals import Reason, Refusal

MARKED = Message(
    "❤️ A Favourite", "This picture is a favourite of yours now. Press again to take that back.", discord.Colour.green()
)
NO_LONGER = Message("🤍 No Favourite", "This picture is no favourite of yours any more.", discord.Colour.light_grey())
GONE = Message(
    "❌ Not Marked",
    "This picture is gone, or another was saved in its place, so nothing was marked.",
    discord.Colour.red(),
)


async def mark(interaction: Interaction, owner: str, key: str, image: int | None) -> None:
    """Marks the picture of a save for who presses, or no longer; told to them alone."""
    await defer(interaction, ephemeral=True)
    await Reply(interaction).finish(Content([message_embed(await _marked(interaction, owner, key, image))]))


async def _marked(interaction: Interaction, owner: str, key: str, image: int | None) -> Message:
    store, user = interaction.client.store, str(interaction.user.id)
    name = named_by(interaction.client, owner, key) or (None if key.startswith(HASH_MARK) else key)
    if name is None or image is None:
        return GONE
    on = not is_favourite(store, user, image)
    try:
        done = await set_favourite(
            store,
            user,
            owner,
            name,
            on=on,
            image=image,
            actor=actor_of(interaction),
            idempotency_key=str(interaction.id),
        )
    except Fault as fault:
        return message_for_trade(fault, store.settings.points_name)
    if isinstance(done, Refusal):
        gone = done.reason in {Reason.NOT_FOUND, Reason.MALFORMED}
        return GONE if gone else message_for_trade(done, store.settings.points_name)
    return _told(done, store.settings.points_name) if on else NO_LONGER


def _told(done: PointsChanged, called: str) -> Message:
    moved = done.moved
    if moved is None or moved.kind != FAVOURITE:
        return MARKED
    return MARKED._replace(text=f"{MARKED.text}\nWhoever made it is given {units(moved.amount, called)} for it.")
