"""What the user of an interaction is told where its work ends before its answer: at a stop, or by an error."""

from __future__ import annotations

from typing import Any

import discord

from adapters.discord.embeds import message_embed
from adapters.discord.messages import Message
from adapters.discord.replies import Content, Reply, promised, tell

MADE = "made"
"""Among the extras of an interaction: the message about pictures that are made and not shown yet, None once all are."""
AT_A_STOP = "at a stop"
"""Among the extras of an interaction: the message where the bot stops before its answer, if another than CANCELLED."""
CANCELLED = Message(
    "⏹️ Stopped", "The bot is stopping, so this was not made. Please ask again in a minute.", discord.Colour.yellow()
)


async def tell_made(interaction: discord.Interaction[Any]) -> bool:
    """Whether something was made; then that is told instead of any error, as far as it is not shown yet."""
    if MADE not in interaction.extras:
        return False
    made: Message | None = interaction.extras[MADE]
    if made is not None:
        reply = Reply(interaction)
        reply.settle(await (reply.finish if promised(interaction) else reply.further)(Content([message_embed(made)])))
    return True


async def tell_stopped(interaction: discord.Interaction[Any]) -> None:
    """The last words to whoever was promised an answer."""
    if not await tell_made(interaction) and promised(interaction):
        await tell(interaction, interaction.extras.get(AT_A_STOP, CANCELLED))
