"""The line in front of the provider: so many requests at once, so many more waiting, of all users and of one.

Owners take turns by their weight (`fair_line`): of equals, each one's first request comes before anybody's second. A
turn that takes several times what is usual counts as so many, so who asks for what takes long comes later. A quarter of
the places is for who has none, and all whom the log does not know together are one owner, of the least weight, with
half of the places and never the last free turn. It counts requests and the bytes of their input images, and tells each
that waits its place: once for all that changes at a time. It belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable

from adapters.application.owners import STRANGERS
from adapters.ports.measured import Measured
from adapters.studio.fair_line import FairLine
from adapters.studio.standing import LEAST_WEIGHT
from domain.refusals import Reason, Refusal

MAX_INPUT_BYTES = 128 * 1024 * 1024
"""Of the input images of all requests together, as they are in memory meanwhile."""
PART_FOR_NEWCOMERS = 4
"""One of so many parts of the places is kept for owners who have none."""
PART_OF_STRANGERS = 2
"""One of so many parts of the places is all that strangers have together."""

LEAST_SECONDS = 0.05
"""What is usual for a turn at least."""
MOST_TURNS = 10
"""As so many turns counts one at most, however long it takes: so nobody waits for longer than weights and this say."""
USUAL_OF = 8
"""What is usual follows the latest turns, each by one of so many parts."""

OnQueuePosition = Callable[[int], None]


class _Waiting:
    def __init__(self, owner: str, weight: int, on_position: OnQueuePosition) -> None:
        self.owner, self.weight = owner, weight
        self.place = 0
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._on_position = on_position

    def tell(self, place: int) -> None:
        """Tells its place where that has changed."""
        if place != self.place:
            self.place = place
            self._on_position(place)


class GenerationQueue:
    """`join` and `leave` are a request's coming and going; in between, `wait_turn` and `end_turn` are its turn.

    Of a request, `user` is who asked, `owner` in whose name it waits, `weight` the owner's, and `name` what whoever
    looks at the line calls it.
    """

    def __init__(self, at_once: int, *, length: int, per_user: int, input_bytes: int | None = None) -> None:
        self._at_once = at_once
        self._most_bytes = MAX_INPUT_BYTES if input_bytes is None else input_bytes
        self._length = length
        self._per_user = per_user
        self._of_user: Counter[str] = Counter()
        self._of_owner: Counter[str] = Counter()
        self._requests = 0
        self._input_bytes = 0
        self._running = self._strangers_running = 0
        self._line: FairLine[_Waiting] = FairLine()
        self._named: dict[str, _Waiting] = {}
        self._begun: dict[str, deque[tuple[float, int]]] = {}
        """When the running turns of each owner began, and with which weight."""
        self._usual_seconds: float | None = None
        self._telling: asyncio.Handle | None = None

    def measured(self) -> list[Measured]:
        """How many requests are here, and how many of them wait for their turn."""
        return [
            Measured("abby_generation_requests", self._requests),
            Measured("abby_generation_requests_limit", self._length),
            Measured("abby_generation_requests_running", self._running),
            Measured("abby_generation_requests_waiting", len(self._line)),
        ]

    def refusal(self, user: str, owner: str, input_bytes: int, most: int | None = None) -> Refusal | None:
        """Why one more request may not join; None where it may. `most`: of this user, where not as many as of all."""
        most = self._per_user if most is None else most
        if self._of_user[user] >= most:
            return Refusal(Reason.BUSY, user, limit=most, used=self._of_user[user])
        if self._requests >= self._places_for(owner) or self._input_bytes + input_bytes > self._most_bytes:
            return Refusal(Reason.BUSY, user)
        if owner == STRANGERS and self._of_owner[owner] >= max(1, self._length // PART_OF_STRANGERS):
            return Refusal(Reason.BUSY, user)
        return None

    def _places_for(self, owner: str) -> int:
        """How many of all places are taken before this owner is refused."""
        return self._length - (self._length // PART_FOR_NEWCOMERS if self._of_owner[owner] else 0)

    def join(self, user: str, owner: str, input_bytes: int) -> None:
        """One more request is here."""
        self._of_user[user] += 1
        self._of_owner[owner] += 1
        self._requests += 1
        self._input_bytes += input_bytes

    def leave(self, user: str, owner: str, input_bytes: int) -> None:
        """A request is done."""
        _take_one(self._of_user, user)
        _take_one(self._of_owner, owner)
        self._requests -= 1
        self._input_bytes -= input_bytes

    def take_turn(self, owner: str, weight: int = LEAST_WEIGHT) -> bool:
        """Whether a turn was free, and is this request's now without waiting; it calls `end_turn` then."""
        free = self._may_begin(owner) and self._next() is None
        if free:
            self._begin(owner, weight)
        return free

    async def wait_turn(
        self, owner: str, on_position: OnQueuePosition, *, weight: int = LEAST_WEIGHT, name: str | None = None
    ) -> None:
        """Returns when it is this request's turn; who was given the turn calls `end_turn`. Raises CancelledError where
        it was withdrawn; cancelling gives it up.
        """
        if self.take_turn(owner, weight):
            return
        waiting = _Waiting(owner, _weight_of(owner, weight), on_position)
        self._line.add(waiting, owner, waiting.weight)
        if name is not None:
            self._named[name] = waiting
        self._tell_soon()
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if self._line.remove(waiting):
                self._tell_soon()
            elif not waiting.turn.cancelled():
                self.end_turn(owner)  # the turn came at the same moment
            raise
        finally:
            if name is not None:
                del self._named[name]

    def withdraw(self, name: str) -> bool:
        """Whether a request of this name waited, and does no longer. One whose turn has come is not taken back."""
        waiting = self._named.get(name)
        if waiting is None or not self._line.remove(waiting):
            return False
        waiting.turn.cancel()
        self._tell_soon()
        return True

    def places(self) -> dict[str, int]:
        """The place of each request that waits and has a name, the first one first."""
        places = {waiting: place for place, waiting in enumerate(self._line.in_order(), 1)}
        found = ((places[waiting], name) for name, waiting in self._named.items() if waiting in places)
        return {name: place for place, name in sorted(found)}

    def seconds_until(self, place: int) -> float | None:
        """About how long the turn of a place takes to come, by the latest turns; None before the first one has
        ended.
        """
        return None if self._usual_seconds is None else -(-place // self._at_once) * self._usual_seconds

    def end_turn(self, owner: str) -> None:
        """The owner's turn ends, and the next one's begins."""
        self._running -= 1
        self._strangers_running -= owner == STRANGERS
        self._charge(owner)
        while (waiting := self._next()) is not None:
            self._line.remove(waiting)
            if not waiting.turn.done():  # else it was cancelled, and its request has not heard of it yet
                self._begin(waiting.owner, waiting.weight)
                waiting.turn.set_result(None)
        if not self._line and self._running < self._at_once:
            self._line.forgive()
        self._tell_soon()

    def _next(self) -> _Waiting | None:
        """The request whose turn begins now; None where none may."""
        if self._running >= self._at_once:
            return None
        return self._line.first(passing_over=None if self._may_begin(STRANGERS) else STRANGERS)

    def _may_begin(self, owner: str) -> bool:
        """Whether a turn is free for this owner: where there are several, the last is for who is known."""
        if owner == STRANGERS and self._strangers_running >= max(1, self._at_once - 1):
            return False
        return self._running < self._at_once

    def _begin(self, owner: str, weight: int) -> None:
        self._running += 1
        self._strangers_running += owner == STRANGERS
        weight = _weight_of(owner, weight)
        self._begun.setdefault(owner, deque()).append((asyncio.get_running_loop().time(), weight))
        self._line.begin(owner, weight)

    def _charge(self, owner: str) -> None:
        """Counts what a turn took beyond what is usual."""
        begun_at, weight = self._begun[owner].popleft()
        if not self._begun[owner]:
            del self._begun[owner]
        taken, usual = asyncio.get_running_loop().time() - begun_at, self._usual_seconds
        as_one = max(usual or 0.0, LEAST_SECONDS)
        turns = min(taken / as_one, MOST_TURNS)
        if turns > 1:
            self._line.charge(owner, weight, turns - 1)
        self._usual_seconds = taken if usual is None else usual + (min(taken, MOST_TURNS * as_one) - usual) / USUAL_OF

    def _tell_soon(self) -> None:
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_soon(self._tell_places)

    def _tell_places(self) -> None:
        self._telling = None
        for place, waiting in enumerate(self._line.in_order(), 1):
            waiting.tell(place)


def _weight_of(owner: str, weight: int) -> int:
    """An id that was invented has none, whatever it is called."""
    return LEAST_WEIGHT if owner == STRANGERS else weight


def _take_one(counts: Counter[str], name: str) -> None:
    counts[name] -= 1
    if not counts[name]:
        del counts[name]
