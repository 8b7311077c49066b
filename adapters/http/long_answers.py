"""Places for answers that take long, of which there are few: given out by owner, and by how fast their readers are.

Where all are taken, whoever comes has that of an owner who would still have more places than they; else that of the
slowest reader, where it is slower than is asked of everybody while others wait. So nobody keeps others out, neither by
many connections nor by one that is hardly read. Left to others: what becomes of an answer that has lost its place.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from adapters.http.problems import TOO_BUSY, Problem

RETRY_SECONDS = 5


class Shares(NamedTuple):
    """How many places there are, and for one owner. Who has kept the service waiting for `judged_after_seconds` or
    more, and reads fewer `bytes_a_second`, is slow; 0: nobody is.
    """

    places: int
    of_one: int
    bytes_a_second: int = 0
    judged_after_seconds: float = 0.0


class LongAnswer:
    """One that has a place: whose it is, and how fast it is read."""

    def __init__(self, owner: str, give_up: Callable[[], object]) -> None:
        self.owner = owner
        self.give_up = give_up
        self._sent_bytes = 0
        self._waited_seconds = 0.0
        self._waits_since: float | None = None

    @contextmanager
    def sending(self, size_bytes: int) -> Iterator[None]:
        """Within this block so many bytes are on their way to the reader."""
        now = asyncio.get_running_loop().time
        self._waits_since = begun = now()
        try:
            yield
        finally:
            self._waited_seconds += now() - begun
            self._waits_since = None
            self._sent_bytes += size_bytes

    def waited_seconds(self, now: float) -> float:
        """How long the service has waited for its reader, all in all."""
        return self._waited_seconds + (0.0 if self._waits_since is None else now - self._waits_since)

    def bytes_a_second(self, now: float) -> float:
        """Of the time in which its reader was waited for."""
        return self._sent_bytes / max(self.waited_seconds(now), 1e-9)


class LongAnswers:
    """Those of one kind that are under way. It belongs to one event loop."""

    def __init__(self, sentence: str) -> None:
        """`sentence` is told who finds no place."""
        self._sentence = sentence
        self._held: list[LongAnswer] = []
        """In the order in which they began."""

    @contextmanager
    def place(self, owner: str, shares: Shares, give_up: Callable[[], object]) -> Iterator[LongAnswer]:
        """A place for one more. Raises a Problem where none can be had. `give_up` is called once another has it."""
        self._make_room(owner, shares)
        mine = LongAnswer(owner, give_up)
        self._held.append(mine)
        try:
            yield mine
        finally:
            if mine in self._held:  # else another has the place already
                self._held.remove(mine)

    def _make_room(self, owner: str, shares: Shares) -> None:
        of = Counter(one.owner for one in self._held)
        if of[owner] < shares.of_one:
            if len(self._held) < shares.places:
                return
            if (least := self._least_entitled(of, owner, shares)) is not None:
                self._held.remove(least)
                least.give_up()
                return
        raise Problem(TOO_BUSY, self._sentence, headers={"Retry-After": str(RETRY_SECONDS)})

    def _least_entitled(self, of: Counter[str], owner: str, shares: Shares) -> LongAnswer | None:
        """Whose place the next one of this owner has: of who has most, the one that began last."""
        most, count = of.most_common(1)[0]
        if count > of[owner] + 1:
            return next(one for one in reversed(self._held) if one.owner == most)
        now = asyncio.get_running_loop().time()
        slow = [
            one
            for one in self._held
            if one.waited_seconds(now) >= shares.judged_after_seconds
            and one.bytes_a_second(now) < shares.bytes_a_second
        ]
        return min(slow, key=lambda one: one.bytes_a_second(now), default=None)
