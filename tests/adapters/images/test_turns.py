"""Rules of taking turns: two pictures at a time in a process, from any thread and event loop, and no endless wait."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.images import check
from adapters.images.check import (
    MAX_AT_A_TIME,
    CheckedImage,
    ImageProblem,
    InvalidImage,
    Sender,
    check_image,
    check_image_async,
)
from adapters.images.memory import DecodingMemory
from adapters.images.turns import Turns
from tests.hostile.builders import LARGEST_IMAGE_BYTES as LIMIT
from tests.hostile.builders import png

PROJECT = Path(__file__).resolve().parents[3]


def test_two_pictures_are_checked_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """From 6 threads and 2 event loops at once: never three, every caller gets the answer of its own picture."""
    meter = Meter()
    monkeypatch.setattr(check, "_decode", meter.around(check._decode))

    async def several() -> list[CheckedImage]:
        pictures = [check_image_async(png(width, 600), max_bytes=LIMIT) for width in range(500, 508)]
        return await asyncio.gather(*pictures)

    with ThreadPoolExecutor(6) as threads:
        loops = [threads.submit(asyncio.run, several()) for _ in range(2)]
        alone = [threads.submit(check_image, png(width, 400), max_bytes=LIMIT) for width in range(900, 912)]
        for answers in loops:
            assert [answer.width for answer in answers.result()] == list(range(500, 508))
        assert [answer.result().width for answer in alone] == list(range(900, 912))
    assert meter.most == MAX_AT_A_TIME == 2


async def test_the_event_loop_goes_on_while_a_picture_is_checked() -> None:
    """A large picture is decoded elsewhere: the loop keeps turning meanwhile."""
    large = asyncio.create_task(check_image_async(png(5_000, 5_000), max_bytes=LIMIT))
    turns = 0
    while not large.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert large.result().width == 5_000
    assert turns > 10


async def test_a_refusal_reaches_the_awaiting_caller() -> None:
    """The same exception as in the calling thread."""
    with pytest.raises(InvalidImage) as refusal:
        await check_image_async(b"x", max_bytes=LIMIT)
    assert refusal.value.kind is ImageProblem.UNSUPPORTED


async def test_waiting_for_a_turn_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """While both turns are taken, a caller in either form is told to come back, and later callers are served again."""
    monkeypatch.setattr(check, "MAX_WAIT_SECONDS", 0.05)  # a minute would be too long for a test
    with all_turns_taken():
        for refused in (
            check_image_async(png(), max_bytes=LIMIT),
            asyncio.to_thread(check_image, png(), max_bytes=LIMIT),
        ):
            with pytest.raises(InvalidImage, match="Try again") as refusal:
                await refused
            assert refusal.value.kind is ImageProblem.TIMEOUT
    monkeypatch.undo()  # on a busy machine the worker may need longer than that to be free again
    assert await check_image_async(png(), max_bytes=LIMIT)


async def test_the_queue_is_bounded_and_a_cancelled_caller_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one: a second caller is refused at once, and after a cancellation there is room again."""
    turns = Turns(1, most_waiting=1)
    monkeypatch.setitem(check._turns_by_paid, False, turns)
    taken = turns.ask(None)
    assert taken is not None
    first = asyncio.create_task(check_image_async(png(), max_bytes=LIMIT))
    await asyncio.sleep(0)
    with pytest.raises(InvalidImage, match="too many others"):
        await check_image_async(png(), max_bytes=LIMIT)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = asyncio.create_task(check_image_async(png(), max_bytes=LIMIT))
    await asyncio.sleep(0)
    turns.end(taken)
    assert await second


async def test_what_was_paid_for_waits_for_nothing_that_people_send(monkeypatch: pytest.MonkeyPatch) -> None:
    """With every turn of theirs taken, and the time to wait over at once, it is checked all the same."""
    monkeypatch.setattr(check, "MAX_WAIT_SECONDS", 0.0)
    with all_turns_taken():
        for paid in (
            check_image_async(png(), max_bytes=LIMIT, sender=Sender("1", paid=True)),
            asyncio.to_thread(check_image, png(), max_bytes=LIMIT, sender=Sender("1", paid=True)),
        ):
            assert (await paid).width == 1


@contextmanager
def all_turns_taken() -> Iterator[None]:
    """Within this block nobody else's picture is checked."""
    turns = check._turns_by_paid[False]
    taken = [turns.ask(None) for _ in range(MAX_AT_A_TIME)]
    try:
        for turn in taken:
            assert turn is not None
            turn.given.result(5)
        yield
    finally:
        for turn in taken:
            assert turn is not None
            turns.end(turn)


def told(turns: Turns, seconds_of: dict[str, float], asked: str) -> str:
    """In which order the owners of a word come to their turns, when each takes as long as its owner's do."""
    waiting = [turn for owner in asked if (turn := turns.ask(owner)) is not None]
    order = ""
    while running := [turn for turn in waiting if turn.given.done()]:
        order += "".join(turn.owner for turn in running if isinstance(turn.owner, str))
        for turn in running:
            waiting.remove(turn)
            turn.seconds = seconds_of.get(str(turn.owner), 1.0)
            turns.end(turn)
    assert not waiting
    return order


@pytest.mark.parametrize(
    ("asked", "seconds_of", "order"),
    [
        ("aaab", {}, "abaa"),
        ("aaabc", {}, "abcaa"),
        ("aaabbb", {}, "ababab"),
        ("aaaabbbb", {"a": 3.0}, "abbbabaa"),
        ("aaaabbbb", {"b": 0.0}, "abbbbaaa"),
    ],
)
def test_owners_take_turns_by_what_theirs_took(asked: str, seconds_of: dict[str, float], order: str) -> None:
    """Who asked often, or sends what is costly, holds nobody up by more than one of theirs."""
    assert told(Turns(1), seconds_of, asked) == order


def test_of_one_owner_one_is_looked_at_however_many_turns_are_free() -> None:
    """The second turn is somebody else's."""
    turns = Turns(2)
    first, second, other = turns.ask("a"), turns.ask("a"), turns.ask("b")
    assert first is not None
    assert second is not None
    assert other is not None
    assert [turn.given.done() for turn in (first, second, other)] == [True, False, True]
    turns.end(first)
    assert second.given.done()


@pytest.mark.parametrize(("asked", "taken"), [("aaaa", 3), ("aaab", 4), ("abcd", 4), ("abcde", 4)])
def test_so_many_wait_of_all_and_of_one(asked: str, taken: int) -> None:
    """Whoever has a turn does not wait: with one at a time, two of one owner may, and three in all."""
    turns = Turns(1, most_waiting=3, most_of_one=2)
    assert sum(turns.ask(owner) is not None for owner in asked) == taken


def test_memory_is_given_out_up_to_its_bound_and_paid_for_first() -> None:
    """However many ask at once, never more than there is is held; a picture larger than all has all of it, alone."""
    memory, order, most = DecodingMemory(100), list[str](), Most()

    def decode(name: str, size_bytes: int, *, first: bool = False) -> None:
        with memory.held(size_bytes, first=first), most.more(min(size_bytes, 100)):
            order.append(name)

    with ThreadPoolExecutor(40) as threads:
        with memory.held(100):
            sizes = [1, 60, 100, 500, 40] * 6
            asked = [threads.submit(decode, "sent", size) for size in sizes]
            waits_for(lambda: len(memory._waiting) == len(sizes))
            paid = threads.submit(decode, "paid", 70, first=True)
            waits_for(lambda: len(memory._waiting) == len(sizes) + 1)
            assert order == []
        for job in (paid, *asked):
            job.result(20)
    assert order[0] == "paid"
    assert most.most <= 100
    assert memory._free == 100


def waits_for(holds: Callable[[], bool]) -> None:
    """Until it holds; a test that waits in vain is ended by its own time."""
    while not holds():
        threading.Event().wait(0.005)


class Most:
    """What is held at once, and the most that ever was."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.lock = threading.Lock()

    @contextmanager
    def more(self, size: int) -> Iterator[None]:
        """Within this block so much more is held."""
        with self.lock:
            self.now += size
            self.most = max(self.most, self.now)
        yield
        with self.lock:
            self.now -= size


class Meter:
    """Counts how many calls of a function run at the same time."""

    def __init__(self) -> None:
        self.running = self.most = 0
        self.lock = threading.Lock()

    def around(self, function: Callable[..., None]) -> Callable[..., None]:
        def counted(*arguments: object) -> None:
            with self.lock:
                self.running += 1
                self.most = max(self.most, self.running)
            try:
                function(*arguments)
            finally:
                with self.lock:
                    self.running -= 1

        return counted


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")
def test_a_forked_child_checks_pictures_with_threads_of_its_own() -> None:
    """The parent's threads are not there in the child; a check must not wait for them."""
    program = """
import asyncio, os, sys
from adapters.images.check import check_image_async
data = bytes.fromhex(sys.argv[1])
check = lambda: asyncio.run(asyncio.wait_for(check_image_async(data, max_bytes=10_000), 20))
check()
child = os.fork()
if child == 0:
    os._exit(0 if check().width == 8 else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, png(8, 8).hex()], cwd=PROJECT, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
