"""What Discord calls its users, as far as it says so in time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

import aiohttp
import discord


async def names_of(client: discord.Client, users: Iterable[str], seconds: float) -> dict[str, str]:
    """The display names of those users whom Discord tells of within that time; an id that is none of Discord's has
    none.
    """
    names: dict[str, str] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            for user in dict.fromkeys(one for one in users if one.isdecimal()):
                with suppress(discord.DiscordException, aiohttp.ClientError, OSError):
                    known = client.get_user(int(user)) or await client.fetch_user(int(user))
                    names[user] = known.display_name
    return names
