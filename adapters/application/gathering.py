"""Work that costs little more for many than for one: whoever asks while it is done is in the next turn, with all the
others who do. So nobody's begins before they asked, and none of it is done on old knowledge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

I = TypeVar("I")  # noqa: E741 - an item
R = TypeVar("R")

MOST_TOGETHER = 256
"""Items of one turn."""


class _Asked(NamedTuple, Generic[I, R]):
    item: I
    answer: asyncio.Future[R]


class Gathering(Generic[I, R]):
    """Turns of one work in one event loop. `work` gives for each item of a turn a result, or an exception; what it
    raises is everybody's.
    """

    def __init__(self, work: Callable[[Sequence[I]], Awaitable[Sequence[R | Exception]]]) -> None:
        self._work = work
        self._waiting: list[_Asked[I, R]] = []
        self._turns: asyncio.Task[None] | None = None

    async def run(self, item: I) -> R:
        """The result for an item. Raises its exception."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        self._waiting.append(_Asked(item, answer))
        if self._turns is None:
            self._turns = loop.create_task(self._take_turns())
        return await answer

    async def _take_turns(self) -> None:
        turn: list[_Asked[I, R]] = []
        try:
            while self._waiting:
                turn, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
                await self._take(turn)
        finally:
            self._turns = None
            for asked in (*turn, *self._waiting):  # of a turn that was taken all are answered
                asked.answer.cancel()
            self._waiting = []

    async def _take(self, turn: Sequence[_Asked[I, R]]) -> None:
        try:
            found = await self._work([asked.item for asked in turn])
        except Exception as error:  # noqa: BLE001 - whatever it is, its askers must be told
            found = [error] * len(turn)
        for asked, result in zip(turn, found, strict=True):
            if asked.answer.done():  # whoever asked has gone
                continue
            if isinstance(result, Exception):
                asked.answer.set_exception(result)
            else:
                asked.answer.set_result(result)
