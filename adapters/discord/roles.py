"""The roles that a member has where they ask, as the groups that tiers name."""

from __future__ import annotations

from typing import Any

import discord

from domain.tiers import SeenAt


def roles_of(interaction: discord.Interaction[Any]) -> SeenAt | None:
    """The roles of who asks, as groups of the server where they ask; None where they ask in none. Discord sends their
    ids with each interaction, so they are those of this minute, whether the bot knows the server or not.
    """
    member, guild = interaction.user, interaction.guild_id
    if guild is None or not isinstance(member, discord.Member):
        return None
    roles = member._roles  # noqa: SLF001 - `roles` are only those of servers that the bot is in
    return SeenAt(f"guild:{guild}", tuple(f"guild:{guild}/role:{role}" for role in roles))
