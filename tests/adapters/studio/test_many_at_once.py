"""200 requests at once through a slow service: the quota is exact, memory bounded, and the event loop never held up.

The service and a watch on an idle loop are processes of their own. No test asserts a time by the clock, as other
programs may keep the processors; the processor time of the loop's own thread is ours alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.adapters.cli.processes import PROJECT, environment
from tests.adapters.studio.plan import Figures, Plan

HERE = Path(__file__).parent
RUN_SECONDS = 600
END_SECONDS = 30
LOOP_HELD_PIECES = 6
"""How long no code of ours may keep the event loop from coming back, in pieces of known work (`loop_watch.piece_ms`):
some 50 ms on a machine where such a piece takes eight.
"""

ANSWER_COPIES = 8
"""Of a picture under way: its answer as it comes, whole, as JSON, as base64, as the picture, and what is written."""
PICTURE_THREADS = 6
DECODED_COPIES = 3
BYTES_A_PIXEL = 4
PROGRAM_BYTES = 32 * 1024 * 1024
"""Threads, and modules that are imported when they are first used."""

SMALL = Plan(side=512, delay_seconds=0.05)
PLANS = {
    "text": SMALL,
    "input pictures, 16 at once": SMALL._replace(operation="image_to_image", users=10, each=5, daily=3, at_once=16),
    "upscales": SMALL._replace(operation="upscale", users=3, each=3, daily=2, width=1_024, side=256),
}
THOROUGH_PLANS = {
    "text": Plan(),
    "text, 16 at once": Plan(at_once=16),
    "200 users": Plan(users=200, each=1, daily=1),
    "input pictures": Plan("image_to_image"),
    "upscales of 4096 made 2048 wide": Plan("upscale", users=5, each=4, daily=3, width=2_048),
    "upscales kept 4096 wide, 16 at once": Plan("upscale", users=4, each=4, daily=3, width=4_096, at_once=16),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_crowd_is_served_within_quota_memory_and_time(
    name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Small pictures; exactly the limit is charged, and of 200 requests no more are in memory than are worked on."""
    judge(PLANS[name], tmp_path, record_property)


@pytest.mark.thorough
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", THOROUGH_PLANS)
def test_a_crowd_with_pictures_of_real_size_is_served_so_too(
    name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The same with pictures of 2.5 MB, and with upscales of 15 MB."""
    judge(THOROUGH_PLANS[name], tmp_path, record_property)


def judge(plan: Plan, root: Path, record_property: Callable[[str, object], None]) -> None:
    """Runs a plan, records its figures and compares them with what is promised."""
    figures = run(plan, root)
    for figure in ("gap_ms", "control_ms", "process_ms", "own_ms", "piece_ms", "most_at_once", "seconds"):
        record_property(figure, getattr(figures, figure))
    record_property("grown_mb", None if figures.grown_bytes is None else figures.grown_bytes // 1_000_000)
    refused = plan.users * plan.each - plan.allowed
    assert figures.answers == {"kept": plan.allowed} | ({"DAILY_LIMIT": refused} if refused else {})
    assert figures.used == [min(plan.each, plan.daily)] * plan.users
    assert_the_log_says_so(root, plan)
    assert (figures.calls, figures.complaints) == (plan.allowed, [])
    assert figures.most_at_once <= plan.at_once
    assert figures.own_ms < LOOP_HELD_PIECES * figures.piece_ms
    if figures.grown_bytes is not None:
        assert figures.grown_bytes < most_growth(plan, figures.largest_answer_bytes)


def most_growth(plan: Plan, picture_bytes: int) -> int:
    """Bytes that requests under way may take: the number of those that wait is no part of it."""
    pictures = plan.at_once * ANSWER_COPIES * picture_bytes
    decoded = PICTURE_THREADS * DECODED_COPIES * BYTES_A_PIXEL * plan.largest_pixels
    return pictures + decoded + PROGRAM_BYTES


def assert_the_log_says_so(root: Path, plan: Plan) -> None:
    """Every place was charged to its user, delivered and kept; nothing was released, and the disk agrees."""
    for kind in ("GenerationReserved", "GenerationCompleted", "ImageSaved"):
        users = [event["data"]["user"] for event in events_of(root, kind)]
        assert len(users) == plan.allowed
        assert {users.count(user) for user in users} == {min(plan.each, plan.daily)}
    assert events_of(root, "GenerationReleased") == []
    assert_disk_and_log_agree(root)


def run(plan: Plan, root: Path) -> Figures:
    """The crowd, the service and the idle loop, each in a process of its own."""
    told: list[dict[str, object]] = []
    with beside(told, "slow_service.py", plan.as_json()) as service, beside(told, "loop_watch.py"):
        assert service.stdout is not None
        address = service.stdout.readline().strip()
        command = [sys.executable, str(HERE / "crowd.py"), str(root), address, plan.as_json()]
        crowd = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, timeout=RUN_SECONDS, check=True, cwd=PROJECT, env=environment()
        )
    return Figures.of(json.loads(crowd.stdout), *told)


@contextmanager
def beside(told: list[dict[str, object]], program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A program that runs while the block does; what it tells at its end is added to `told`."""
    command = [sys.executable, str(HERE / program), *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT, env=environment()
    ) as process:
        try:
            yield process
            out, _ = process.communicate(timeout=END_SECONDS)
            told.append(json.loads(out))
        finally:
            process.kill()
