"""How much the bot draws and packs for one member: one piece of work at a time, and few that wait, so that a member who
asks for much holds up nobody but themselves.

The threads are the storage's (`application/workers.py`); what is worked out is the business of whoever asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from adapters.application.workers import Workers
from domain.refusals import Reason, Refusal

MOST_OF_ONE_MEMBER = 4
"""Pieces of work of one member, the one that runs counted; of those at most one runs."""

T = TypeVar("T")


class MemberWorkers:
    """Threads that take work of members in turn. It belongs to one event loop."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._of_member: Counter[str] = Counter()

    async def run(self, user: str, work: Callable[[], T]) -> T | Refusal:
        """What the work gives, once the member's former work is done; BUSY where too much of theirs waits already."""
        if self._of_member[user] >= MOST_OF_ONE_MEMBER:
            return Refusal(Reason.BUSY, user, limit=MOST_OF_ONE_MEMBER, used=self._of_member[user])
        self._of_member[user] += 1
        try:
            return await self._workers.run_in_turn(user, work)
        finally:
            self._of_member[user] -= 1
            if not self._of_member[user]:
                del self._of_member[user]
