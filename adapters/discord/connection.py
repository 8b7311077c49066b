"""Where the bot connects to: Discord, or for tests a stand-in on this machine.

The library keeps the addresses in two attributes of classes, so they hold for the whole process. What comes over the
connection in a form that nobody expects is lost alone: the connection and everything else go on.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Any

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.state import AutoShardedConnectionState
from yarl import URL

from adapters.settings.doors import DiscordConfig
from adapters.settings.kinds import DISCORD_API

BEGINNING_OF_SESSIONS = frozenset({"READY", "RESUMED"})
"""Without these there is no connection: one that cannot be read ends it, and another is begun."""
LEAST_UPLOAD_BYTES = 10 * 1_048_576
"""What may be uploaded everywhere: the limit of an interaction that does not tell its own."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


def connection_options(config: DiscordConfig) -> dict[str, Any]:
    """Points the library to the configured addresses; the answer is what the client is made with for them.

    With a stand-in no name is looked up at all, so that nothing leaves the machine.
    """
    Route.BASE = config.api_base
    DiscordWebSocket.DEFAULT_GATEWAY = URL(config.gateway_url)
    if config.api_base == DISCORD_API:
        return {}
    return {"connector": aiohttp.TCPConnector(limit=0, resolver=_NoNames())}


def downloading(connector: aiohttp.BaseConnector) -> aiohttp.ClientSession:
    """A session for files, over the connections of the library's own: that one reads each to its end, however long."""
    return aiohttp.ClientSession(
        connector=connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),  # the deadline is the caller's
    )


class GuardedState(AutoShardedConnectionState[Any]):
    """What the library knows of Discord, where an event that cannot be read is logged and passed over."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.parsers: dict[str, Callable[[Any], None]] = {
            event: parse if event in BEGINNING_OF_SESSIONS else _guarded(event, parse)
            for event, parse in self.parsers.items()
        }


def _guarded(event: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
    def parse_or_pass_over(data: Any) -> None:
        try:
            if event == "INTERACTION_CREATE":
                data.setdefault("attachment_size_limit", LEAST_UPLOAD_BYTES)
            parse(data)
        except Exception as error:  # noqa: BLE001 - raised from here, it would end the connection of everybody
            _log.error("an event of Discord's cannot be read; it is passed over", what=event, exc_info=error)

    return parse_or_pass_over


class _NoNames(AbstractResolver):
    """Knows no host: what is reached is reached by its number."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError, always."""
        raise OSError(f"{host}, port {port}, family {family}: with a stand-in for Discord no name is looked up")

    async def close(self) -> None:
        """Nothing is open."""
