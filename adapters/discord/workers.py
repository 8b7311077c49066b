"""The bot's own threads, for what is drawn and packed for members: apart from everybody's, and one at a time for each
member, so that a member who asks for much waits for nobody but themselves.

What is worked out is the business of whoever asks.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from domain.refusals import Reason, Refusal

THREADS = 4
MOST_OF_ONE_MEMBER = 4
"""Pieces of work of one member, the one that runs counted; of those at most one runs."""

T = TypeVar("T")


class MemberWorkers:
    """Threads that take work of members. It belongs to one event loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="abby-members")
        self._turns: dict[str, asyncio.Lock] = {}
        self._of_member: Counter[str] = Counter()

    async def run(self, user: str, work: Callable[[], T]) -> T | Refusal:
        """What the work gives, once the member's former work is done; BUSY where too much of theirs waits already."""
        if self._of_member[user] >= MOST_OF_ONE_MEMBER:
            return Refusal(Reason.BUSY, user, limit=MOST_OF_ONE_MEMBER, used=self._of_member[user])
        self._of_member[user] += 1
        try:
            async with self._turns.setdefault(user, asyncio.Lock()):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._of_member[user] -= 1
            if not self._of_member[user]:
                del self._of_member[user], self._turns[user]

    def close(self) -> None:
        """No more work; what runs goes on to its end."""
        self._threads.shutdown(wait=False, cancel_futures=True)
