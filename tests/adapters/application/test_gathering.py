"""Work that is done for many at once: each asker's begins after they asked, and each hears of their own."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Sequence

import pytest

from adapters.application.workers import Workers

WAIT_SECONDS = 10


class Turns:
    """A work that waits for a word at each turn, and fails for odd items."""

    def __init__(self) -> None:
        self.taken: list[list[int]] = []
        self.begun, self.go_on = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, items: Sequence[int]) -> list[int | Exception]:
        self.taken.append(list(items))
        self.begun.release()
        assert self.go_on.acquire(timeout=WAIT_SECONDS)
        if 99 in items:
            raise OSError("the disk is gone")
        return [item * 10 if item % 2 == 0 else ValueError(f"{item} is odd") for item in items]

    async def has_begun(self) -> None:
        assert await asyncio.to_thread(self.begun.acquire, timeout=WAIT_SECONDS)


async def test_who_asks_during_a_turn_is_in_the_next_with_all_who_do() -> None:
    """So no turn that has begun answers a later question."""
    workers, turns = Workers("test", 2), Turns()
    first = asyncio.create_task(workers.run_together(turns, 2))
    await turns.has_begun()
    later = [asyncio.create_task(workers.run_together(turns, item)) for item in (4, 5, 6)]
    await asyncio.sleep(0.01)
    turns.go_on.release()
    assert await first == 20
    await turns.has_begun()
    turns.go_on.release()
    found = await asyncio.gather(*later, return_exceptions=True)
    assert (found[0], str(found[1]), found[2]) == (40, "5 is odd", 60)
    assert turns.taken == [[2], [4, 5, 6]]
    workers.close()


async def test_what_keeps_a_whole_turn_from_being_done_is_told_to_all_of_it_and_to_nobody_else() -> None:
    """The next turn is another try."""
    workers, turns = Workers("test", 2), Turns()
    failing = [asyncio.create_task(workers.run_together(turns, item)) for item in (99, 2)]
    await turns.has_begun()
    well = asyncio.create_task(workers.run_together(turns, 4))
    await asyncio.sleep(0.01)
    turns.go_on.release(2)
    assert [str(error) for error in await asyncio.gather(*failing, return_exceptions=True)] == ["the disk is gone"] * 2
    assert await well == 40
    workers.close()


async def test_who_goes_meanwhile_is_missed_by_nobody() -> None:
    """In a turn, and before it."""
    workers, turns = Workers("test", 2), Turns()
    asked = [asyncio.create_task(workers.run_together(turns, item)) for item in (2, 4)]
    await turns.has_begun()
    waiting = [asyncio.create_task(workers.run_together(turns, item)) for item in (6, 8)]
    await asyncio.sleep(0.01)
    asked[0].cancel()
    waiting[0].cancel()
    turns.go_on.release(2)
    assert [await asked[1], await waiting[1]] == [40, 80]
    for gone in (asked[0], waiting[0]):
        with pytest.raises(asyncio.CancelledError):
            await gone
    workers.close()


async def test_nothing_is_kept_of_a_work_that_nobody_waits_for() -> None:
    """A program may ask for many."""
    workers, turns = Workers("test", 2), Turns()
    turns.go_on.release()
    assert await workers.run_together(turns, 2) == 20
    gc.collect()
    assert not workers._gatherings
    workers.close()


def test_each_event_loop_has_turns_of_its_own() -> None:
    """A future belongs to one."""
    workers, turns = Workers("test", 4), Turns()
    turns.go_on.release(8)
    answers: list[int] = []

    def ask(item: int) -> None:
        answers.append(asyncio.run(workers.run_together(turns, item)))

    threads = [threading.Thread(target=ask, args=(item,)) for item in (2, 4, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert sorted(answers) == [20, 40, 60]
    workers.close()
