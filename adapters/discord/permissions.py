"""Who manages: the bot's owner, and in a guild those who may manage it; and who of them changes limits."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from adapters.discord.errors import NotAllowed, OwnerOnly


def may_manage(interaction: discord.Interaction[Any]) -> bool:
    """Whether who asks may manage, there where they ask.

    Limits hold in every guild at once. So where a managers' channel is set, the managers are those of its guild alone.
    """
    bot = interaction.client
    if bot.is_owner_id(interaction.user.id):
        return True
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        return False
    channel_id = bot.config.discord.managers_channel
    if not channel_id:
        return True
    channel = bot.get_channel(channel_id)
    return getattr(getattr(channel, "guild", None), "id", None) == interaction.guild_id


def managers_only(interaction: discord.Interaction[Any]) -> bool:
    """A check of a command. Raises NotAllowed."""
    if not may_manage(interaction):
        raise NotAllowed
    return True


def limits_changers_only(interaction: discord.Interaction[Any]) -> bool:
    """A check of a command that changes limits. Whoever invites the bot manages a guild, and limits hold in all of
    them: so without a managers' channel they are the bot's owner's alone. Raises NotAllowed, OwnerOnly.
    """
    managers_only(interaction)
    bot = interaction.client
    if not bot.config.discord.managers_channel and not bot.is_owner_id(interaction.user.id):
        raise OwnerOnly
    return True


check_managers = app_commands.check(managers_only)
check_limits_changers = app_commands.check(limits_changers_only)
