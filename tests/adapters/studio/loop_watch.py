"""A watch on an event loop: the longest stretch in which it did not come back, and who worked meanwhile.

As a program it watches a loop that has nothing else to do, until its input ends: how long the machine alone keeps a
loop waiting.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from time import perf_counter, process_time, thread_time
from typing import Self

TICK_SECONDS = 0.001
STEPS_OF_A_PIECE = 200_000
PIECES = 40


class LoopWatch:
    """Watches the loop in which it is entered. Times are milliseconds, see `Figures`."""

    def __init__(self) -> None:
        self.gap_ms = 0.0
        self.own_ms = 0.0
        self.process_ms = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        await asyncio.sleep(TICK_SECONDS)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _watch(self) -> None:
        before = perf_counter(), thread_time(), process_time()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = perf_counter(), thread_time(), process_time()
            gap, own, process = (1e3 * (after - earlier) for after, earlier in zip(now, before, strict=True))
            self.gap_ms = max(self.gap_ms, gap)
            self.own_ms = max(self.own_ms, own)
            self.process_ms = max(self.process_ms, min(process, gap))
            before = now


def piece_ms() -> float:
    """The processor time of a piece of work that is the same everywhere, as slow as this machine is at this moment: the
    longest of some.
    """
    longest = 0.0
    for _ in range(PIECES):
        before, counted = thread_time(), 0
        for step in range(STEPS_OF_A_PIECE):
            counted += step
        longest = max(longest, 1e3 * (thread_time() - before))
    return longest


async def watch_nothing() -> None:
    """Until standard input ends."""
    async with LoopWatch() as watch:
        await asyncio.to_thread(sys.stdin.read)
    sys.stdout.write(json.dumps({"control_ms": round(watch.gap_ms, 1)}) + "\n")


if __name__ == "__main__":
    asyncio.run(watch_nothing())
