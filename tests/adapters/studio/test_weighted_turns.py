"""The line before the provider with weights: shares, bounds of one user, places, and what is taken out of it."""

from __future__ import annotations

import asyncio

import pytest

from adapters.application.owners import STRANGERS
from adapters.studio import generation_queue as queue_module
from adapters.studio.generation_queue import GenerationQueue
from domain.refusals import Reason, Refusal


def deaf(_: int) -> None:
    """OnProgress nothing."""


class Served:
    """A line of one turn that somebody has, those who wait, and in which order they are served."""

    def __init__(self) -> None:
        self.line = GenerationQueue(1, length=999, per_user=999)
        self.order: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        assert self.line.take_turn("first")

    def wait(self, owner: str, weight: int, name: str | None = None) -> asyncio.Task[None]:
        """One more waits."""

        async def wait() -> None:
            await self.line.wait_turn(owner, deaf, weight=weight, name=name)
            self.order.append(owner)

        self.tasks.append(asyncio.create_task(wait()))
        return self.tasks[-1]

    async def end(self, times: int) -> list[str]:
        """So many turns end; who was served meanwhile."""
        for _ in range(times):
            self.line.end_turn(self.order[-1] if self.order else "first")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return self.order

    async def give_up(self) -> None:
        """Nobody waits any longer."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_turns_come_by_weight() -> None:
    """Three for each one of a third of the weight, and each one's first before anybody's second of equals."""
    served = Served()
    for _ in range(6):
        served.wait("gold", 3)
        served.wait("plain", 1)
    await asyncio.sleep(0)
    order = await served.end(8)
    assert (order.count("gold"), order.count("plain")) == (6, 2)
    await served.give_up()


async def test_nobody_starves_beside_five_hundred_of_the_highest_weight() -> None:
    """Of two users with five hundred waiting each, one with a hundred times the weight of the other."""
    served = Served()
    for _ in range(500):
        served.wait("gold", 100)
    for _ in range(500):
        served.wait("plain", 1)
    await asyncio.sleep(0)
    order = await served.end(303)
    assert order.count("plain") == 3
    assert max(at - before for before, at in zip([-1, *_at(order)], _at(order), strict=False)) <= 102
    await served.give_up()


def _at(order: list[str]) -> list[int]:
    return [at for at, owner in enumerate(order) if owner == "plain"]


async def test_strangers_have_the_least_weight_whatever_is_said_of_an_id() -> None:
    """Ids cost nothing to invent, and so does one to which somebody gave a weight."""
    served = Served()
    for _ in range(4):
        served.wait(STRANGERS, 100)
        served.wait("known", 1)
    await asyncio.sleep(0)
    assert await served.end(4) == [STRANGERS, "known", STRANGERS, "known"]
    await served.give_up()


@pytest.mark.parametrize(("most", "here", "joins"), [(None, 3, False), (4, 3, True), (4, 4, False), (0, 0, False)])
def test_a_user_may_have_more_or_fewer_under_way_than_others(most: int | None, here: int, *, joins: bool) -> None:
    """By what is said of them, else as many as everybody."""
    line = GenerationQueue(1, length=99, per_user=3)
    for _ in range(here):
        line.join("1", "1", 0)
    expected = None if joins else Refusal(Reason.BUSY, "1", limit=3 if most is None else most, used=here)
    assert line.refusal("1", "1", 0, most) == expected


async def test_what_is_withdrawn_is_out_at_once_and_only_once() -> None:
    """Its place is the next one's, its wait ends, and a second time nothing is done."""
    served = Served()
    for name in ("a", "b"):
        served.wait("1", 1, name)
    await asyncio.sleep(0)
    assert served.line.places() == {"a": 1, "b": 2}
    assert served.line.withdraw("a")
    assert served.line.places() == {"b": 1}
    assert not served.line.withdraw("a")
    assert not served.line.withdraw("unknown")
    await asyncio.wait({served.tasks[0]})
    assert served.tasks[0].cancelled()
    assert await served.end(1) == ["1"]
    assert served.line.places() == {}
    served.line.end_turn("1")
    assert served.line.take_turn("2"), "no turn was lost"
    await served.give_up()


async def test_a_turn_that_was_just_given_is_not_taken_back() -> None:
    """Its request has not heard of it yet, and it is being made all the same."""
    served = Served()
    task = served.wait("1", 1, "a")
    await asyncio.sleep(0)
    served.line.end_turn("first")
    assert not served.line.withdraw("a")
    await task
    assert served.order == ["1"]


async def test_a_request_that_was_withdrawn_and_cancelled_at_once_loses_no_turn() -> None:
    """Whoever waited for it goes away in the same moment."""
    served = Served()
    task = served.wait("1", 1, "a")
    await asyncio.sleep(0)
    served.line.withdraw("a")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    served.line.end_turn("first")
    assert served.line.take_turn("2")
    assert not served.line.take_turn("2")


async def test_places_are_told_once_for_all_that_come_at_a_time() -> None:
    """Five hundred who come together hear one place each, and not one for everybody else who comes."""
    line, heard = GenerationQueue(1, length=999, per_user=999), list[list[int]]()
    assert line.take_turn("first")
    tasks = []
    for number in range(500):
        heard.append([])
        tasks.append(asyncio.create_task(line.wait_turn(str(number), heard[-1].append, weight=1 + number % 100)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [len(places) for places in heard] == [1] * 500
    assert sorted(places[0] for places in heard) == list(range(1, 501))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_wait_is_told_by_the_latest_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is told before one has ended; then places by turns at once, each as long as is usual."""
    now = 100.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    line = GenerationQueue(2, length=9, per_user=9)
    assert line.take_turn("1")
    assert line.seconds_until(1) is None
    now += 8.0
    line.end_turn("1")
    assert [line.seconds_until(place) for place in (1, 2, 3, 5)] == [8.0, 8.0, 16.0, 24.0]


async def test_a_turn_counts_as_ten_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes: others have ten turns of the usual length for it, and then it is the owner's again."""
    now = 100.0
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
    line = GenerationQueue(1, length=99, per_user=99)
    assert line.take_turn("usual")
    now += queue_module.LEAST_SECONDS
    line.end_turn("usual")
    assert line.take_turn("long")
    waiting = [asyncio.create_task(line.wait_turn(owner, deaf, name=f"{owner}{at}")) for at, owner in enumerate("ab")]
    long = [asyncio.create_task(line.wait_turn("long", deaf, name="long")) for _ in range(1)]
    waiting += [asyncio.create_task(line.wait_turn("b", deaf, name=f"b{at}")) for at in range(2, 20)]
    await asyncio.sleep(0)
    now += 1_000_000.0
    line.end_turn("long")
    assert list(line.places())[9:12] == ["b10", "long", "b11"]
    for task in [*waiting, *long]:
        task.cancel()
    await asyncio.gather(*waiting, *long, return_exceptions=True)


async def test_what_was_had_while_nobody_waited_is_not_paid_for_later() -> None:
    """A turn was free all the time, so nobody was kept waiting by it: who comes first is first."""
    line, served = GenerationQueue(2, length=99, per_user=99), list[str]()

    async def wait(owner: str) -> None:
        await line.wait_turn(owner, deaf)
        served.append(owner)

    assert line.take_turn("a")
    line.end_turn("a")
    assert line.take_turn("x")
    assert line.take_turn("y")
    waiting = [asyncio.create_task(wait(owner)) for owner in ("a", "b")]
    await asyncio.sleep(0)
    line.end_turn("x")
    line.end_turn("y")
    await asyncio.gather(*waiting)
    assert served == ["a", "b"]
