"""Whose turn it is: a few at a time, one of each owner, and who took much of the processor so far comes later.

The order is that of start-time fair queueing (Goyal, Vin, Cheng 1996), counted in seconds that were measured: the next
turn of an owner begins where the last one ended, or where the line stands now, whichever is later; who begins first is
next.
So a hundred costly pictures of one owner hold everybody else up by one of them. Threads and event loops share a line.

Left to others: who an owner is, and doing the work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock


class Turn:
    """One place in the line: once it is its turn, `given` is done, and `begin` is called where there is one. Whoever
    has it notes the `seconds` that it took.
    """

    def __init__(self, owner: object, begin: Callable[[Turn], object] | None) -> None:
        self.owner = owner
        self._begin = begin
        self.given: Future[None] = Future()
        self.seconds = 0.0

    def come(self) -> None:
        """It is its turn; what was to be called is held no longer."""
        self.given.set_result(None)
        begin, self._begin = self._begin, None
        if begin is not None:
            begin(self)


class Turns:
    """A line with so many turns at a time. Safe from any thread."""

    def __init__(self, at_a_time: int, *, most_waiting: int | None = None, most_of_one: int | None = None) -> None:
        self._guard = Lock()
        self._free = at_a_time
        self._most_waiting = most_waiting
        self._most_of_one = most_of_one
        self._waiting: dict[object, deque[Turn]] = {}
        self._count = 0
        self._running: set[Turn] = set()
        self._owners_running: set[object] = set()
        self._begins: dict[object, float] = {}
        """Where the next turn of an owner begins, of those for whom that is later than where the line stands."""
        self._stands_at = 0.0

    def ask(self, owner: str | None, begin: Callable[[Turn], object] | None = None) -> Turn | None:
        """A place at the end of the owner's own line; None where as many wait as may."""
        turn = Turn(object() if owner is None else owner, begin)
        with self._guard:
            own = self._waiting.get(turn.owner, ())
            if _is_full(self._count, self._most_waiting) or _is_full(len(own), self._most_of_one):
                return None
            self._waiting.setdefault(turn.owner, deque()).append(turn)
            self._count += 1
        self._give()
        return turn

    def end(self, turn: Turn) -> None:
        """The turn is over; one that has not come yet is given up. A second call does nothing."""
        with self._guard:
            self._leave(turn)
            if turn in self._running:
                self._running.discard(turn)
                self._owners_running.discard(turn.owner)
                self._free += 1
                self._begins[turn.owner] = self._begin_of(turn.owner) + turn.seconds
        self._give()

    def leave(self, turn: Turn) -> None:
        """Gives up a turn that has not come; one that has is ended by whoever does its work."""
        with self._guard:
            self._leave(turn)

    def _leave(self, turn: Turn) -> None:
        own = self._waiting.get(turn.owner)
        if own is not None and turn in own:
            own.remove(turn)
            self._count -= 1
            if not own:
                del self._waiting[turn.owner]

    def _give(self) -> None:
        """Gives out the turns that are free; those who waited are told outside of the guard, as they may ask anew."""
        given: list[Turn] = []
        with self._guard:
            while self._free and (turn := self._next()) is not None:
                self._leave(turn)
                self._free -= 1
                self._running.add(turn)
                self._owners_running.add(turn.owner)
                given.append(turn)
        for turn in given:
            turn.come()

    def _next(self) -> Turn | None:
        ready = [owner for owner in self._waiting if owner not in self._owners_running]
        if not ready:
            return None
        owner = min(ready, key=self._begin_of)  # of equals the one that has waited longest
        self._stands_at = self._begin_of(owner)
        self._begins = {known: at for known, at in self._begins.items() if at > self._stands_at}
        return self._waiting[owner][0]

    def _begin_of(self, owner: object) -> float:
        return max(self._begins.get(owner, 0.0), self._stands_at)


def _is_full(count: int, most: int | None) -> bool:
    return most is not None and count >= most
