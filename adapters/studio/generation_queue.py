"""The line in front of the provider: so many requests at once, so many more waiting, of all users and of one.

First come, first served. It counts requests and the bytes of their input images, and tells each that waits its place.
It belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from domain.refusals import Reason, Refusal

MAX_INPUT_BYTES = 512 * 1024 * 1024
"""Of the input images of all requests together, as they are in memory meanwhile."""

OnQueuePosition = Callable[[int], None]


class _Waiting:
    def __init__(self, on_position: OnQueuePosition) -> None:
        self.on_position = on_position
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class GenerationQueue:
    """`join` and `leave` are a request's coming and going; in between, `wait_turn` and `end_turn` are its turn."""

    def __init__(self, at_once: int, *, length: int, per_user: int, input_bytes: int | None = None) -> None:
        self._at_once = at_once
        self._most_bytes = MAX_INPUT_BYTES if input_bytes is None else input_bytes
        self._length = length
        self._per_user = per_user
        self._of_user: Counter[str] = Counter()
        self._requests = 0
        self._input_bytes = 0
        self._running = 0
        self._waiting: list[_Waiting] = []

    def refusal(self, user: str, input_bytes: int) -> Refusal | None:
        """Why one more request may not join; None where it may."""
        if self._of_user[user] >= self._per_user:
            return Refusal(Reason.BUSY, user, limit=self._per_user, used=self._of_user[user])
        if self._requests >= self._length or self._input_bytes + input_bytes > self._most_bytes:
            return Refusal(Reason.BUSY, user)
        return None

    def join(self, user: str, input_bytes: int) -> None:
        """One more request is here."""
        self._of_user[user] += 1
        self._requests += 1
        self._input_bytes += input_bytes

    def leave(self, user: str, input_bytes: int) -> None:
        """A request is done."""
        self._of_user[user] -= 1
        if not self._of_user[user]:
            del self._of_user[user]
        self._requests -= 1
        self._input_bytes -= input_bytes

    def take_turn(self) -> bool:
        """Whether a turn was free, and is this request's now without waiting; it calls `end_turn` then."""
        free = self._running < self._at_once and not self._waiting
        self._running += free
        return free

    async def wait_turn(self, on_position: OnQueuePosition) -> None:
        """Returns when it is this request's turn; who was given the turn calls `end_turn`. Cancelling gives it up."""
        if self.take_turn():
            return
        waiting = _Waiting(on_position)
        self._waiting.append(waiting)
        on_position(len(self._waiting))
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
                self._tell_places()
            elif not waiting.turn.cancelled():
                self.end_turn()  # the turn came at the same moment
            raise

    def end_turn(self) -> None:
        """The next one's turn begins."""
        self._running -= 1
        while self._waiting and self._running < self._at_once:
            turn = self._waiting.pop(0).turn
            if not turn.done():  # else it was cancelled, and its request has not heard of it yet
                self._running += 1
                turn.set_result(None)
        self._tell_places()

    def _tell_places(self) -> None:
        for place, waiting in enumerate(self._waiting, 1):
            waiting.on_position(place)
