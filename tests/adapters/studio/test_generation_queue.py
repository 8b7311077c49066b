"""The line before the provider: who may join, whose turn it is, and that no turn is ever lost."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.application.owners import STRANGERS
from adapters.studio import generation_queue as queue_module
from adapters.studio.generation_queue import GenerationQueue
from domain.refusals import Reason, Refusal


def deaf(_: int) -> None:
    """OnProgress nothing."""


@pytest.mark.parametrize(("here", "joins"), [(1, True), (2, True), (3, False)])
def test_a_user_has_so_many_requests_under_way(here: int, *, joins: bool) -> None:
    """One under the bound, on it, and another user besides."""
    line = GenerationQueue(1, length=100, per_user=3)
    for _ in range(here):
        line.join("1", "1", 0)
    assert line.refusal("1", "1", 0) == (None if joins else Refusal(Reason.BUSY, "1", limit=3, used=3))
    assert line.refusal("2", "2", 0) is None
    line.leave("1", "1", 0)
    assert line.refusal("1", "1", 0) is None


@pytest.mark.parametrize(("here", "joins"), [(4, True), (5, False)])
def test_all_users_together_have_so_many(here: int, *, joins: bool) -> None:
    """Whoever they are."""
    line = GenerationQueue(1, length=5, per_user=3)
    for number in range(here):
        line.join(str(number), str(number), 0)
    assert line.refusal("9", "9", 0) == (None if joins else Refusal(Reason.BUSY, "9"))


def test_input_images_in_memory_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few users with large images fill the line as many with none do."""
    monkeypatch.setattr(queue_module, "MAX_INPUT_BYTES", 100)
    line = GenerationQueue(1, length=5, per_user=3)
    line.join("1", "1", 60)
    assert line.refusal("2", "2", 40) is None
    assert line.refusal("2", "2", 41) is not None
    line.leave("1", "1", 60)
    assert line.refusal("2", "2", 100) is None


async def test_first_come_first_served_and_each_hears_its_place() -> None:
    """The place is told when somebody waits, and whenever it changes."""
    line = GenerationQueue(1, length=9, per_user=9)
    heard: dict[str, list[int]] = {"b": [], "c": [], "d": []}
    served: list[str] = []

    async def wait(name: str) -> None:
        await line.wait_turn("1", heard[name].append)
        served.append(name)

    await line.wait_turn("1", deaf)
    waiting = {name: asyncio.create_task(wait(name)) for name in heard}
    await asyncio.sleep(0)
    waiting["c"].cancel()
    await asyncio.gather(waiting["c"], return_exceptions=True)
    for name in ("b", "d"):
        line.end_turn("1")
        await waiting[name]
    assert served == ["b", "d"]
    assert heard == {"b": [1], "c": [2], "d": [3, 2, 1]}


async def test_a_request_that_was_just_cancelled_is_passed_over() -> None:
    """It has not heard yet that it was cancelled when the turn before it ends."""
    line = GenerationQueue(1, length=9, per_user=9)
    await line.wait_turn("1", deaf)
    first, second = (asyncio.create_task(line.wait_turn("1", deaf)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    line.end_turn("1")
    async with asyncio.timeout(5):
        await second


async def test_a_turn_that_comes_as_its_request_is_cancelled_goes_to_the_next() -> None:
    """Else it would be lost, and with it one of the few that there are."""
    line = GenerationQueue(1, length=9, per_user=9)
    await line.wait_turn("1", deaf)
    first, second = (asyncio.create_task(line.wait_turn("1", deaf)) for _ in range(2))
    await asyncio.sleep(0)
    line.end_turn("1")
    first.cancel()
    async with asyncio.timeout(5):
        await second


@pytest.mark.parametrize(
    ("asked", "order"),
    [("aab", "aba"), ("aaabbb", "ababab"), ("aabbc", "abcab"), ("???a", "?a??"), ("a?b??c", "a?bc??"), ("abc", "abc")],
)
async def test_owners_take_turns(asked: str, order: str) -> None:
    """Each one's first comes before anybody's second; strangers (here ?) are one owner, however many they are."""
    line, served, running = GenerationQueue(1, length=99, per_user=99), list[str](), ["first"]

    async def wait(owner: str) -> None:
        await line.wait_turn(STRANGERS if owner == "?" else owner, deaf)
        served.append(owner)
        running.append(STRANGERS if owner == "?" else owner)

    await line.wait_turn("first", deaf)
    waiting = [asyncio.create_task(wait(owner)) for owner in asked]
    await asyncio.sleep(0)
    for _ in asked:
        line.end_turn(running.pop())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert "".join(served) == order


async def test_who_was_served_longest_ago_is_first() -> None:
    """Whoever comes again at once comes behind those who wait since before."""
    line = GenerationQueue(1, length=99, per_user=99)
    for owner in ("a", "b"):
        line.join(owner, owner, 0)
    await line.wait_turn("a", deaf)
    again, other = (asyncio.create_task(line.wait_turn(owner, deaf)) for owner in ("a", "b"))
    await asyncio.sleep(0)
    line.end_turn("a")
    await other
    assert not again.done()
    line.end_turn("b")
    await again


async def test_who_asks_for_what_takes_long_comes_later() -> None:
    """After a turn of many times the least, another owner has several before it comes again."""
    line, served = GenerationQueue(1, length=99, per_user=99), list[str]()

    async def wait(owner: str) -> None:
        await line.wait_turn(owner, deaf)
        served.append(owner)

    await line.wait_turn("long", deaf)
    waiting = [asyncio.create_task(wait(owner)) for owner in ("long", "short", "short", "short")]
    await asyncio.sleep(queue_module.LEAST_SECONDS * 10)
    line.end_turn("long")
    for owner in ("short", "short", "short", "long"):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        line.end_turn(owner)
    await asyncio.gather(*waiting)
    assert served == ["short", "short", "short", "long"]


@pytest.mark.parametrize(("at_once", "begun"), [(1, 1), (2, 1), (4, 3)])
async def test_the_last_free_turn_is_for_who_is_known(at_once: int, begun: int) -> None:
    """However many strangers wait, somebody known has a turn without waiting, where there are several."""
    line = GenerationQueue(at_once, length=99, per_user=99)
    strangers = [asyncio.create_task(line.wait_turn(STRANGERS, deaf)) for _ in range(9)]
    await asyncio.sleep(0)
    assert sum(task.done() for task in strangers) == begun
    assert line.take_turn("1") is (at_once > 1)
    for _ in range(begun):
        line.end_turn(STRANGERS)
    await asyncio.sleep(0)
    assert sum(task.done() for task in strangers) == 2 * begun
    for task in strangers:
        task.cancel()


@pytest.mark.parametrize(("here", "joins"), [(3, True), (4, False)])
def test_strangers_have_half_of_the_places_together(here: int, *, joins: bool) -> None:
    """Each id is a new one; who is known has the others."""
    line = GenerationQueue(1, length=8, per_user=3)
    for number in range(here):
        line.join(f"invented{number}", STRANGERS, 0)
    refused = line.refusal("another", STRANGERS, 0)
    assert refused == (None if joins else Refusal(Reason.BUSY, "another"))
    assert line.refusal("1", "1", 0) is None


@pytest.mark.parametrize(("here", "joins"), [(5, True), (6, False)])
def test_a_quarter_of_the_places_is_for_who_has_none(here: int, *, joins: bool) -> None:
    """Once three quarters are taken, who has a request in the line gets no second one, and a newcomer a first."""
    line = GenerationQueue(1, length=8, per_user=9)
    for _ in range(here):
        line.join("1", "1", 0)
    assert line.refusal("1", "1", 0) == (None if joins else Refusal(Reason.BUSY, "1"))
    assert line.refusal("2", "2", 0) is None
    line.join("2", "2", 0)
    line.join("3", "3", 0)
    assert (line.refusal("4", "4", 0) is None) is joins


class Turns:
    """Requests for turns at a line of two, and which of them have one."""

    def __init__(self) -> None:
        self.line = GenerationQueue(2, length=99, per_user=99)
        self.tasks: list[asyncio.Task[None]] = []
        self.ended: set[int] = set()

    @property
    def having(self) -> list[int]:
        """Those that have their turn."""
        tasks = enumerate(self.tasks)
        return [at for at, task in tasks if task.done() and not task.cancelled() and at not in self.ended]

    async def step(self, step: str, number: int) -> None:
        """One thing happens."""
        if step == "come":
            self.tasks.append(asyncio.create_task(self.line.wait_turn("1", deaf)))
        elif step == "cancel" and self.tasks:
            self.tasks[number % len(self.tasks)].cancel()
        elif step == "end" and self.having:
            self.end_one()
        else:
            await asyncio.sleep(0)

    def end_one(self) -> None:
        """The first of those that have a turn ends it."""
        self.ended.add(self.having[0])
        self.line.end_turn("1")

    async def all_end(self) -> None:
        """Until nobody has a turn or waits for one."""
        while len(self.ended) < sum(not task.cancelled() for task in self.tasks):
            await asyncio.sleep(0)
            while self.having:
                self.end_one()


@given(st.lists(st.tuples(st.sampled_from(["come", "end", "cancel", "breathe"]), st.integers(0, 9)), max_size=60))
@settings(max_examples=500, deadline=None)
def test_there_are_never_more_turns_than_allowed_and_none_is_lost(steps: list[tuple[str, int]]) -> None:
    """Whatever comes, ends and is cancelled in whatever order: afterwards every turn can be had again."""

    async def story() -> None:
        turns = Turns()
        for step, number in steps:
            await turns.step(step, number)
            assert len(turns.having) <= 2
        async with asyncio.timeout(20):
            await turns.all_end()
            await turns.line.wait_turn("1", deaf)
            await turns.line.wait_turn("1", deaf)

    asyncio.run(story())
