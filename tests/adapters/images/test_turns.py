"""Rules of taking turns: two pictures at a time in a process, from any thread and event loop, and no endless wait."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.images import check
from adapters.images.check import (
    MAX_AT_A_TIME,
    CheckedImage,
    ImageProblem,
    InvalidImage,
    check_image,
    check_image_async,
)
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
    for _ in range(MAX_AT_A_TIME):
        assert check._slots.acquire(timeout=5)
    try:
        for refused in (
            check_image_async(png(), max_bytes=LIMIT),
            asyncio.to_thread(check_image, png(), max_bytes=LIMIT),
        ):
            with pytest.raises(InvalidImage, match="Try again") as refusal:
                await refused
            assert refusal.value.kind is ImageProblem.TIMEOUT
    finally:
        for _ in range(MAX_AT_A_TIME):
            check._slots.release()
    monkeypatch.undo()  # on a busy machine the worker may need longer than that to be free again
    assert await check_image_async(png(), max_bytes=LIMIT)


async def test_the_queue_is_bounded_and_a_cancelled_caller_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one: a second caller is refused at once, and after a cancellation there is room again."""
    monkeypatch.setattr(check, "_waiting", threading.BoundedSemaphore(1))
    first = asyncio.create_task(check_image_async(png(3_000, 3_000), max_bytes=LIMIT))
    await asyncio.sleep(0)
    with pytest.raises(InvalidImage, match="too many others"):
        await check_image_async(png(), max_bytes=LIMIT)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    for _ in range(500):
        if check._waiting._value:
            break
        await asyncio.sleep(0.01)
    assert await check_image_async(png(), max_bytes=LIMIT)


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
