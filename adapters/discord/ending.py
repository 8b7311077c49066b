"""What the user of an interaction is told where its work ends before its answer: at a stop, or by an error."""

from __future__ import annotations

from typing import Any

import discord

from adapters.discord.messages import Message
from adapters.discord.replies import promised, tell

MADE = "made"
"""Among the extras of an interaction: the message about pictures that stand already."""
CANCELLED = Message(
    "⏹️ Stopped", "The bot is stopping, so this was not made. Please ask again in a minute.", discord.Colour.yellow()
)


def made_already(interaction: discord.Interaction[Any]) -> Message | None:
    """What to say instead of any error, where something was made; None where nothing was."""
    made: Message | None = interaction.extras.get(MADE)
    return made


async def tell_stopped(interaction: discord.Interaction[Any]) -> None:
    """The last words to whoever was promised an answer."""
    if promised(interaction):
        await tell(interaction, made_already(interaction) or CANCELLED)
