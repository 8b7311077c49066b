"""What the programs of these tests begin with: the real ones, which connect soon and tell progress soon."""

from __future__ import annotations

from collections.abc import Sequence

CONNECTS_SOON = """
from functools import partial
import discord.shard
import adapters.discord.bot as bot
import adapters.discord.news as news
discord.shard.ExponentialBackoff = partial(discord.shard.ExponentialBackoff, 0.05)
bot.GuardedState = partial(bot.GuardedState, guild_ready_timeout=0.1)
bot.AbbyBot.patience = property(lambda _: bot.Patience(progress_seconds=0.1), lambda _bot, _given: None)
news.LOOK_SECONDS = 0.05
"""
"""The library's own waits before it connects again double as they do, and they, the one for a further server before it
says that it is ready, that before progress is told, and that between two looks into the log, are a twentieth as long.
"""
STARTS = """
from adapters.cli import main
raise SystemExit(main())
"""


def hasty(command: Sequence[str], change: str = "") -> list[str]:
    """The command line of `abby` as a program that connects soon, and in which something else was changed before."""
    return [command[0], "-c", f"{CONNECTS_SOON}{change}{STARTS}", *command[3:]]
