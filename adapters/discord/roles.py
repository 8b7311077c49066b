"""The roles that a member has where they ask, as the groups that tiers name."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import discord

from adapters.application.results import Actor
from adapters.application.tiers import are_news, see_groups
from adapters.ports.faults import Fault
from domain.tiers import SeenAt

MOST_SECONDS = 1.0
"""Discord waits three seconds for the first word of an answer."""


async def see_roles(interaction: discord.Interaction[Any]) -> None:
    """Before a command begins the log knows the roles of who asks, where they are news to it. Where it does not answer
    in time the command goes on: what asks for a picture tells them once more.
    """
    seen = roles_of(interaction)
    if seen is None:
        return
    store, user = interaction.client.store, str(interaction.user.id)
    with suppress(Fault, TimeoutError):
        if are_news(store, user, seen):
            async with asyncio.timeout(MOST_SECONDS):
                await see_groups(store, user, *seen, actor=Actor(f"discord:{user}", seen.place))


def roles_of(interaction: discord.Interaction[Any]) -> SeenAt | None:
    """The roles of who asks, as groups of the server where they ask; None where they ask in none. Discord sends their
    ids with each interaction, so they are those of this minute, whether the bot knows the server or not.
    """
    member, guild = interaction.user, interaction.guild_id
    if guild is None or not isinstance(member, discord.Member):
        return None
    roles = member._roles  # noqa: SLF001 - `roles` are only those of servers that the bot is in
    return SeenAt(f"guild:{guild}", tuple(f"guild:{guild}/role:{role}" for role in roles))
