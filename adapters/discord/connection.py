"""Where the bot connects to: Discord, or for tests a stand-in on this machine.

The library keeps the addresses in two attributes of classes, so they hold for the whole process.
"""

from __future__ import annotations

import socket
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from adapters.settings.config import DiscordConfig
from adapters.settings.kinds import DISCORD_API


def connection_options(config: DiscordConfig) -> dict[str, Any]:
    """Points the library to the configured addresses; the answer is what the client is made with for them.

    With a stand-in no name is looked up at all, so that nothing leaves the machine.
    """
    Route.BASE = config.api_base
    DiscordWebSocket.DEFAULT_GATEWAY = URL(config.gateway_url)
    if config.api_base == DISCORD_API:
        return {}
    return {"connector": aiohttp.TCPConnector(limit=0, resolver=_NoNames())}


class _NoNames(AbstractResolver):
    """Knows no host: what is reached is reached by its number."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError, always."""
        raise OSError(f"{host}, port {port}, family {family}: with a stand-in for Discord no name is looked up")

    async def close(self) -> None:
        """Nothing is open."""
