"""The bot's life beside a service: it comes online, comes back after troubles, and goes in order.

Whatever Discord does, the service goes on: a token that is not accepted ends the bot alone, a network that is away is
tried again. Each is said once. What the bot can do is put together here.
"""

from __future__ import annotations

import asyncio
import logging
from math import isfinite

import aiohttp
import discord
import structlog

from adapters.application.notes import Note, NoteKind
from adapters.discord.answering import AnswerButton, AnswerForm
from adapters.discord.ask_news import AskNews
from adapters.discord.asking import MoreButton, MoreForm, WithdrawButton
from adapters.discord.balances import DailyButton
from adapters.discord.bot import AbbyBot, Abilities, Parts
from adapters.discord.buttons import PictureButton
from adapters.discord.cogs.data import DataCog
from adapters.discord.cogs.images import ImagesCog, add_menus
from adapters.discord.cogs.imagine import ImagineCog
from adapters.discord.cogs.managing import ManagingCog
from adapters.discord.cogs.market import MarketCog
from adapters.discord.cogs.market_managing import MarketManagingCog
from adapters.discord.cogs.mine import MineCog
from adapters.discord.cogs.pricing import PricingCog
from adapters.discord.cogs.tiers import TiersCog
from adapters.discord.erasing import EraseItem
from adapters.discord.governing import GoverningItem
from adapters.discord.granting import GrantButton
from adapters.discord.limit_news import LimitNews
from adapters.discord.offers import MarketButton
from adapters.discord.pages import PageButton
from adapters.discord.pending_answers import PendingAnswers
from adapters.discord.tier_edits import TierItem
from adapters.discord.waiting import QueueButton
from adapters.ports.faults import ConfigError
from adapters.ports.measured import Measured

DRAIN_SECONDS = 15.0
"""How long pictures under way may take after the bot was told to stop; with what follows, it is gone within 25 s."""
CLOSE_SECONDS = 3.0
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 300.0
ABILITIES = Abilities(
    cogs=(ImagineCog, ImagesCog, MineCog, PricingCog, MarketCog, DataCog, ManagingCog, MarketManagingCog, TiersCog),
    menus=(add_menus,),
    buttons=(
        PictureButton,
        PageButton,
        QueueButton,
        DailyButton,
        MarketButton,
        EraseItem,
        GoverningItem,
        GrantButton,
        MoreButton,
        WithdrawButton,
        AnswerButton,
        TierItem,
    ),
    forms=(MoreForm(), AnswerForm()),
    news=(LimitNews, AskNews),
)
NOT_ACCEPTED = (
    "Discord does not accept DISCORD_TOKEN. Copy the token anew from the Bot page of the application at "
    "https://discord.com/developers/applications, then start again."
)
NOT_REACHED = "Discord cannot be reached; it is tried again until it can"
REFUSED_BY_GATEWAY = {
    4004: "Discord's gateway does not accept the token at the moment",
    4010: "Discord's gateway wants other shards",
    4011: "Discord's gateway wants more shards",
    4012: "Discord no longer speaks this version of its gateway: the library discord.py is too old",
    4013: "Discord's gateway does not know an intent that is asked for",
    4014: "an intent is asked for that this application was not granted: allow it on the Bot page of the application "
    "at https://discord.com/developers/applications",
}
"""By the code with which it closes a connection for good. What is asked for may be another program's cog's."""
ENDED = "The Discord bot has ended, and commands are not answered: {why}"
BROKEN = "The Discord bot ended by a defect; it is started again"
PASSING = (
    OSError,
    aiohttp.ClientError,
    discord.HTTPException,
    discord.GatewayNotFound,
    discord.ConnectionClosed,
    discord.PrivilegedIntentsRequired,
)

_log = structlog.wrap_logger(logging.getLogger(__name__))


class BotLife:
    """One bot from `start` to `stop`. `fault` says why it has ended by itself, None while it has not."""

    def __init__(self, parts: Parts) -> None:
        token = parts.config.discord.token
        if token is None:
            raise ConfigError(
                "DISCORD_TOKEN is not set, so there is no bot to start. Put the token of your application into `.env`; "
                "docs/discord.md tells where it is."
            )
        self.fault: ConfigError | None = None
        self._trouble: str | None = None
        self._parts = parts
        self._pending = PendingAnswers(parts.store.root)
        self._token = token.get_secret_value()
        self._bot: AbbyBot | None = None
        self._stopping = False
        self._living: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to connect, and returns at once."""
        self._living = asyncio.get_running_loop().create_task(self._live())

    def notes(self) -> tuple[Note, ...]:
        """What an operator should look at: that the bot has ended, or is not connected, and why."""
        if self._living is None or self._stopping:
            return ()
        if self.fault is not None:
            return (Note(NoteKind.BOT_ENDED, ENDED.format(why=self.fault)),)
        bot = self._bot
        trouble = "it cannot connect to Discord, and tries again" if bot is None else bot.trouble
        if trouble is None:
            return ()
        because = f" ({self._trouble})" if self._trouble and (bot is None or not bot.is_ready()) else ""
        return (Note(NoteKind.BOT_OFFLINE, f"The Discord bot is offline: {trouble}{because}."),)

    def measured(self) -> list[Measured]:
        """Whether commands arrive, how long the gateway takes to answer, and in how many servers the bot is."""
        bot = self._bot
        if bot is None or bot.trouble is not None:
            return [Measured("abby_bot_online", 0)]
        latency = [Measured("abby_bot_gateway_seconds", bot.latency)] if isfinite(bot.latency) else []
        return [Measured("abby_bot_online", 1), Measured("abby_bot_guilds", len(bot.guilds)), *latency]

    async def stop(self) -> None:
        """No new work; what runs is finished or given up; then the bot goes offline."""
        self._stopping = True
        if self._living is None:
            return
        if self._bot is not None:
            await self._bot.drain(DRAIN_SECONDS)
            try:
                await asyncio.wait_for(self._bot.close(), CLOSE_SECONDS)
            except Exception as error:  # noqa: BLE001 - it is gone with the process; what else is to be closed must be
                _log.warning("the bot did not go offline in order", exc_info=error)
        self._living.cancel()
        await asyncio.wait({self._living})

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping:
            began = loop.time()
            trouble = await self._connected()
            if trouble is None or self.fault is not None:
                return
            if loop.time() - began > LONGEST_PAUSE_SECONDS:
                pause = FIRST_PAUSE_SECONDS  # it was online for a while
            self._trouble = _in_words(trouble)
            say = _log.error if pause == FIRST_PAUSE_SECONDS else _log.info
            say(NOT_REACHED if isinstance(trouble, PASSING) else BROKEN, reason=self._trouble, seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _connected(self) -> Exception | None:
        """One connection to its end: None where it was meant to end, else why it did."""
        try:
            async with AbbyBot(self._parts, ABILITIES, self._pending) as self._bot:
                await self._bot.start(self._token)
                if not self._stopping:
                    return ConnectionResetError("the connection was ended")
        except discord.LoginFailure:
            self._end(NOT_ACCEPTED)
        except PASSING as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever ends the bot, the service beside it goes on
            _log.error("the bot ended", exc_info=error)
            return error
        finally:
            self._bot = None
        return None

    def _end(self, sentence: str) -> None:
        self.fault = ConfigError(sentence)
        _log.error(sentence)


def _in_words(trouble: Exception) -> str:
    """Why a connection ended, for the operator."""
    code = 4014 if isinstance(trouble, discord.PrivilegedIntentsRequired) else getattr(trouble, "code", None)
    refused = REFUSED_BY_GATEWAY.get(code) if isinstance(code, int) else None
    return f"{refused} ({code})" if refused else str(trouble) or type(trouble).__name__
