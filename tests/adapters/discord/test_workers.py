"""The bot's threads for members: one turn for each, so that a member who asks for much holds nobody else up."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

from adapters.application.workers import Workers
from adapters.discord.workers import MOST_OF_ONE_MEMBER, MemberWorkers
from domain.refusals import Reason, Refusal

THREADS = 4


async def test_one_member_has_one_thread_and_the_others_are_served_meanwhile() -> None:
    """However much one asks for, one piece of theirs runs; what is more than may wait is refused at once."""
    threads, go_on = Workers("members", THREADS), threading.Event()
    workers = MemberWorkers(threads)
    running: list[str] = []

    def work(user: str) -> str:
        running.append(user)
        assert user != "greedy" or go_on.wait(20)
        return user

    greedy = [asyncio.create_task(workers.run("greedy", lambda: work("greedy"))) for _ in range(12)]
    others = [workers.run(f"other {number}", partial(work, f"other {number}")) for number in range(20)]
    assert await asyncio.gather(*others) == [f"other {number}" for number in range(20)]
    assert running.count("greedy") == 1
    go_on.set()
    answers = await asyncio.gather(*greedy)
    assert answers.count("greedy") == MOST_OF_ONE_MEMBER
    busy = Refusal(Reason.BUSY, "greedy", limit=MOST_OF_ONE_MEMBER, used=MOST_OF_ONE_MEMBER)
    assert answers.count(busy) == 12 - MOST_OF_ONE_MEMBER
    assert await workers.run("greedy", lambda: work("greedy")) == "greedy"
    assert workers._of_member == {}
    threads.close()


async def test_the_threads_are_so_many_and_a_fault_ends_a_turn() -> None:
    """Of many members so many are served at once; what a member's work raises is raised to them."""
    threads, go_on = Workers("members", THREADS), threading.Event()
    workers = MemberWorkers(threads)
    started = threading.Semaphore(0)

    def work() -> bool:
        started.release()
        return go_on.wait(20)

    tasks = [asyncio.create_task(workers.run(str(number), work)) for number in range(THREADS + 3)]
    for _ in range(THREADS):
        await asyncio.to_thread(started.acquire)
    assert not started.acquire(blocking=False)
    go_on.set()
    assert all(await asyncio.gather(*tasks))

    def fail() -> None:
        raise OSError("no disk")

    for _ in range(2):
        with pytest.raises(OSError, match="no disk"):
            await workers.run("1", fail)
    assert workers._of_member == {}
    threads.close()
