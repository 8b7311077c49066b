"""How often the bot begins a session: Discord allows 1,000 a day, and resets the token of a bot that begins more.

Answers for the wait before each. The library waits five seconds before every session but the first, however often
Discord voids them: 17,280 a day. Connecting, resuming and its own waits after a failure are the library's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog

FIRST_SECONDS = 5.0
"""Between two sessions of a bot, as Discord asks."""
LONGEST_SECONDS = 300.0
"""Between two sessions of a shard, where each was voided soon: 288 a day."""
QUIET_SECONDS = 2 * LONGEST_SECONDS
"""A session of such an age was a good one."""
HELD_SECONDS = 40.0
"""How long a connection may wait for its session. The library gives it up after 60."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class TooSoon(OSError):
    """No session may begin yet. For the library a failed connection: it waits, longer each time, and tries again."""


class _Begun(NamedTuple):
    """When a shard's last session began, and how many before it ended soon."""

    at: float
    voided: int = 0


class IdentifyPace:
    """The waits of all shards of a bot, each of which doubles with every session that ends soon."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._begun: dict[int | None, _Begun] = {}

    async def wait(self, shard: int | None, *, initial: bool) -> None:
        """Returns when the shard may begin a session; the bot's first one may at once. Raises TooSoon."""
        seconds, voided = (0.0 if initial else FIRST_SECONDS), 0
        if (last := self._begun.get(shard)) is not None:
            age = self._now() - last.at
            if age < QUIET_SECONDS:
                voided = last.voided + 1
                gap = min(FIRST_SECONDS * 2 ** (voided - 1), LONGEST_SECONDS)
                seconds = max(seconds, gap - age)
            if voided > 1:
                _log.warning("Discord voids one session after the other", shard=shard, times=voided, seconds=seconds)
        if seconds > HELD_SECONDS:
            raise TooSoon(f"Discord voided {voided} sessions; the next may begin in {seconds:.0f} s")
        await self._sleep(seconds)
        self._begun[shard] = _Begun(self._now(), voided)
