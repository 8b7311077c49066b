"""The line in front of the provider: so many requests at once, so many more waiting, of all users and of one.

Owners take turns, by the time that theirs have taken so far (as in `images/turns.py`): so each one's first request
comes before anybody's second, and who asks for what takes long comes later. A quarter of the places is for who has
none, and all whom the log does not know together are one owner, with half of the places and never the last free turn.
It counts requests and the bytes of their input images, and tells each that waits its place. It belongs to one event
loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable

from adapters.application.owners import STRANGERS
from adapters.ports.measured import Measured
from domain.refusals import Reason, Refusal

MAX_INPUT_BYTES = 128 * 1024 * 1024
"""Of the input images of all requests together, as they are in memory meanwhile."""
PART_FOR_NEWCOMERS = 4
"""One of so many parts of the places is kept for owners who have none."""
PART_OF_STRANGERS = 2
"""One of so many parts of the places is all that strangers have together."""

LEAST_SECONDS = 0.05
"""What a turn counts at least, from its beginning on."""

OnQueuePosition = Callable[[int], None]


class _Waiting:
    def __init__(self, owner: str, on_position: OnQueuePosition) -> None:
        self.owner = owner
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

    Of a request, `user` is who asked, and `owner` in whose name it waits.
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
        self._waiting: list[_Waiting] = []
        self._begun: dict[str, deque[float]] = {}
        self._next_at: dict[str, float] = {}
        """Where the next turn of an owner begins, in seconds of turns, where that is later than `_stands_at`."""
        self._stands_at = 0.0

    def measured(self) -> list[Measured]:
        """How many requests are here, and how many of them wait for their turn."""
        return [
            Measured("abby_generation_requests", self._requests),
            Measured("abby_generation_requests_limit", self._length),
            Measured("abby_generation_requests_running", self._running),
            Measured("abby_generation_requests_waiting", len(self._waiting)),
        ]

    def refusal(self, user: str, owner: str, input_bytes: int) -> Refusal | None:
        """Why one more request may not join; None where it may."""
        if self._of_user[user] >= self._per_user:
            return Refusal(Reason.BUSY, user, limit=self._per_user, used=self._of_user[user])
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

    def take_turn(self, owner: str) -> bool:
        """Whether a turn was free, and is this request's now without waiting; it calls `end_turn` then."""
        free = self._may_begin(owner) and not any(self._may_begin(waiting.owner) for waiting in self._waiting)
        if free:
            self._begin(owner)
        return free

    async def wait_turn(self, owner: str, on_position: OnQueuePosition) -> None:
        """Returns when it is this request's turn; who was given the turn calls `end_turn`. Cancelling gives it up."""
        if self.take_turn(owner):
            return
        waiting = _Waiting(owner, on_position)
        self._waiting.append(waiting)
        self._tell_places()
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
                self._tell_places()
            elif not waiting.turn.cancelled():
                self.end_turn(owner)  # the turn came at the same moment
            raise

    def end_turn(self, owner: str) -> None:
        """The owner's turn ends, and the next one's begins."""
        self._running -= 1
        self._strangers_running -= owner == STRANGERS
        self._charge(owner)
        while (waiting := next(filter(lambda one: self._may_begin(one.owner), self._in_order()), None)) is not None:
            self._waiting.remove(waiting)
            if not waiting.turn.done():  # else it was cancelled, and its request has not heard of it yet
                self._begin(waiting.owner)
                waiting.turn.set_result(None)
        self._tell_places()

    def _may_begin(self, owner: str) -> bool:
        """Whether a turn is free for this owner: where there are several, the last is for who is known."""
        if owner == STRANGERS and self._strangers_running >= max(1, self._at_once - 1):
            return False
        return self._running < self._at_once

    def _begin(self, owner: str) -> None:
        self._running += 1
        self._strangers_running += owner == STRANGERS
        self._begun.setdefault(owner, deque()).append(asyncio.get_running_loop().time())
        self._stands_at = max(self._stands_at, self._next_of(owner))
        self._next_at = {known: at for known, at in self._next_at.items() if at > self._stands_at}
        self._next_at[owner] = self._next_of(owner) + LEAST_SECONDS

    def _charge(self, owner: str) -> None:
        """Counts what a turn took beyond the least."""
        taken = asyncio.get_running_loop().time() - self._begun[owner].popleft()
        if not self._begun[owner]:
            del self._begun[owner]
        self._next_at[owner] = self._next_of(owner) + max(0.0, taken - LEAST_SECONDS)

    def _next_of(self, owner: str) -> float:
        return max(self._next_at.get(owner, 0.0), self._stands_at)

    def _in_order(self) -> list[_Waiting]:
        """Those that wait, as their turns will come if each takes the least time."""
        before: Counter[str] = Counter()
        ranked = []
        for waiting in self._waiting:
            ranked.append((self._next_of(waiting.owner) + before[waiting.owner] * LEAST_SECONDS, waiting))
            before[waiting.owner] += 1
        return [waiting for _, waiting in sorted(ranked, key=lambda rank: rank[0])]

    def _tell_places(self) -> None:
        for place, waiting in enumerate(self._in_order(), 1):
            waiting.tell(place)


def _take_one(counts: Counter[str], name: str) -> None:
    counts[name] -= 1
    if not counts[name]:
        del counts[name]
