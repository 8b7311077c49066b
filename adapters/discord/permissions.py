"""Who may do what, where: an act on somebody's things needs a right that belongs to the place of those things.

The rules, asked wherever somebody acts on what is not theirs: a picture is its maker's; where it was made in a server,
those who manage that server may delete it, from there. Figures of a member are for those who manage a server that both
are in. What all servers share (limits, the log, the storage) is for the bot's owner, and for the managers of the
managers' channel's server. The owner may all of it.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from adapters.application.results import ImageSave
from adapters.application.saves import origin_of
from adapters.discord.bot import actor_of
from adapters.discord.errors import NotAllowed, OwnerOnly


def is_owner(interaction: discord.Interaction[Any]) -> bool:
    """Whether the bot's owner asks."""
    return bool(interaction.client.is_owner_id(interaction.user.id))


def manages_here(interaction: discord.Interaction[Any]) -> bool:
    """Whether who asks manages the server that they ask in, and the bot's managers are those of this server: where a
    managers' channel is set, those of its server alone. The owner manages everywhere.
    """
    if is_owner(interaction):
        return True
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        return False
    return not interaction.client.config.discord.managers_channel or _is_of_managers(interaction)


def manages_what_all_share(interaction: discord.Interaction[Any]) -> bool:
    """Whether who asks may do what concerns every server at once. Whoever invites the bot manages a server: so these
    are the owner's, and those of the managers that the owner has named by a channel.
    """
    return is_owner(interaction) or (manages_here(interaction) and _is_of_managers(interaction))


async def may_delete(interaction: discord.Interaction[Any], maker: str, save: ImageSave) -> bool:
    """Whether who asks may delete a picture: its maker, the owner, and from the server where it was made, its managers.
    One that was made elsewhere, or nobody knows where, is none of theirs.
    """
    if maker == str(interaction.user.id) or is_owner(interaction):
        return True
    if not manages_here(interaction):
        return False
    store = interaction.client.store
    origin = await store.workers.reading.run(origin_of, store, maker, save)
    return origin is not None and origin == actor_of(interaction).origin


def managers_only(interaction: discord.Interaction[Any]) -> bool:
    """A check of a command about members of the server. Raises NotAllowed."""
    if not manages_here(interaction):
        raise NotAllowed
    return True


def shared_managers_only(interaction: discord.Interaction[Any]) -> bool:
    """A check of a command about what all servers share. Raises NotAllowed, OwnerOnly."""
    managers_only(interaction)
    if not manages_what_all_share(interaction):
        raise OwnerOnly
    return True


check_managers = app_commands.check(managers_only)
check_shared_managers = app_commands.check(shared_managers_only)


def _is_of_managers(interaction: discord.Interaction[Any]) -> bool:
    """Whether this is the server of the managers' channel; False where none is set, or the bot does not see it."""
    channel_id = interaction.client.config.discord.managers_channel
    channel = interaction.client.get_channel(channel_id) if channel_id else None
    guild_id = getattr(getattr(channel, "guild", None), "id", None)
    return guild_id is not None and guild_id == interaction.guild_id
