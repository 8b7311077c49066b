"""Tells the managers' channel, once a day and level, that the storage which all share is filling up."""

from __future__ import annotations

import logging

import discord
import structlog

from adapters.application.reading import global_usage
from adapters.discord.bot import AbbyBot
from adapters.discord.embeds import message_embed
from adapters.discord.messages import pool_message
from adapters.ports.clock import utc_now
from adapters.ports.faults import Fault

TOLD = "pool told"
"""Under this name it is remembered on which day, and of which level, the channel was told."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


async def warn_managers(bot: AbbyBot) -> None:
    """Sends the message where it is due. Raises nothing: the picture that filled the storage was shown already."""
    channel_id = bot.config.discord.managers_channel
    if not channel_id:
        return
    try:
        figures = {"global": global_usage(bot.store)}
    except Fault:
        return
    message = pool_message(figures)
    due = f"{utc_now()[:10]} {figures['global']['status']}"
    if message is None or bot.remembered.get(TOLD) == due:
        return
    bot.remembered.put(TOLD, due)
    try:
        await bot.get_partial_messageable(channel_id).send(embed=message_embed(message))
    except discord.HTTPException as error:
        _log.warning(
            "the managers' channel was not told that storage fills up; check DISCORD_MANAGERS_CHANNEL",
            code=error.code,
            reason=error.text,
        )
