"""What went wrong in a command or behind a button, told to its user and, where nobody expected it, to the log.

Answers for errors that are raised. A refusal is an answer, and told by whoever gets it; the words are `words`'.
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

import aiohttp
import discord
import structlog
from discord import app_commands

from adapters.discord.cooldowns import AUTOCOMPLETE
from adapters.discord.delivery import facts_of
from adapters.discord.ending import MADE, tell_made
from adapters.discord.messages import (
    Message,
    message_for_refusal,
    message_for_storage_fault,
    too_often,
    unexpected,
)
from adapters.discord.replies import tell
from adapters.discord.roles import see_roles
from adapters.ports.faults import Fault
from domain.refusals import Reason, Refusal

TOO_LATE = frozenset({10008, 10062, 40060, 50027})
"""Codes of Discord's: the message, the interaction or its token is gone, or the interaction was answered before (the
gateway tells some twice). So nobody is left to be told.
"""
STOPPING = message_for_refusal(Refusal(Reason.STOPPED))
NOT_ALLOWED = Message(
    "❌ Not Allowed", "This is for those who may manage the server, and for the bot's owner.", discord.Colour.red()
)
OWNER_ONLY = Message(
    "❌ Not Allowed",
    "Limits, log and storage are those of every server at once, so only the bot's owner changes them or looks into "
    "them. With `DISCORD_MANAGERS_CHANNEL` the owner lets the managers of one server do so too.",
    discord.Colour.red(),
)
OUTDATED = Message(
    "❌ Unknown Command",
    "The bot's commands have changed. Reload Discord (Ctrl+R), then choose the command again.",
    discord.Colour.red(),
)
OUTDATED_BUTTON = Message(
    "❌ No Longer In Use",
    "This belongs to an earlier version of the bot, so it does nothing any more. Use the command again; `/help` lists "
    "them.",
    discord.Colour.red(),
)

_log = structlog.wrap_logger(logging.getLogger(__name__))


class NotAllowed(app_commands.CheckFailure):
    """Who asks may not do this."""


class OwnerOnly(NotAllowed):
    """Who asks manages this server, but may not do what concerns every one."""


class AbbyTree(app_commands.CommandTree[Any]):
    """The commands; none begins while the bot is stopping."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Whether a command may begin; the roles of who asks are known by then."""
        if interaction.type is discord.InteractionType.autocomplete:
            return await _suggests(interaction)
        if await refused_for_now(interaction, _name_of(interaction)):
            return False
        await see_roles(interaction)
        return True

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /) -> None:
        """Every error that a command raised."""
        await report(interaction, error)


async def refused_while_stopping(interaction: discord.Interaction[Any]) -> bool:
    """Tells the user, where the bot is stopping. Else this task is work that a stop waits for."""
    if not interaction.client.stopping:
        interaction.client.begins(interaction)
        return False
    if interaction.type is not discord.InteractionType.autocomplete:
        await tell(interaction, STOPPING)
    return True


async def refused_for_now(interaction: discord.Interaction[Any], what: str) -> bool:
    """Tells the user, and nobody else, where the bot is stopping, or where they used this too often of late."""
    if await refused_while_stopping(interaction):
        return True
    seconds = interaction.client.cooldowns.wait(interaction.user.id, what)
    if seconds:
        await tell(interaction, too_often(seconds))
    return bool(seconds)


async def _suggests(interaction: discord.Interaction[Any]) -> bool:
    """Whether suggestions are looked for; where they are asked for too often, there are none."""
    if await refused_while_stopping(interaction):
        return False
    if not interaction.client.cooldowns.wait(interaction.user.id, AUTOCOMPLETE):
        return True
    await interaction.response.autocomplete([])
    return False


async def report(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tells the user what happened. Raises nothing: an exception from here would be lost."""
    cause = getattr(error, "original", error)
    if MADE in interaction.extras:
        _log.error("an error behind a picture", command=_name_of(interaction), exc_info=cause)
        await tell_made(interaction)
        return
    if isinstance(cause, discord.HTTPException) and cause.code in TOO_LATE:
        _log.info("nobody left to answer", code=cause.code, command=_name_of(interaction))
        return
    try:
        await tell(interaction, _message_for(interaction, cause))
    except (discord.HTTPException, aiohttp.ClientError, OSError) as failed:
        _log.warning("error not told", command=_name_of(interaction), **facts_of(failed))
    except Exception as failed:  # noqa: BLE001 - whatever it is, it ends here and is in the log
        _log.error("error not told", command=_name_of(interaction), exc_info=failed)


def _message_for(interaction: discord.Interaction[Any], cause: BaseException) -> Message:
    match cause:
        case OwnerOnly():
            return OWNER_ONLY
        case NotAllowed() | app_commands.CheckFailure():
            return NOT_ALLOWED
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return OUTDATED
        case Fault():
            _log.error("storage fault", command=_name_of(interaction), reason=str(cause))
            return message_for_storage_fault(cause)
    reference = uuid4().hex[:8]
    _log.error("unexpected error", reference=reference, command=_name_of(interaction), exc_info=cause)
    return unexpected(reference)


def _name_of(interaction: discord.Interaction[Any]) -> str:
    data: Any = interaction.data or {}
    name = interaction.command.qualified_name if interaction.command else data.get("custom_id", "")
    return str(name)
