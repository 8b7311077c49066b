"""Four processes over one log: a limit holds exactly however many ask at once, and a request key means one request
wherever it is sent to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.limits import MEGABYTE
from tests.adapters.eventlog.postgres.logs import new_schema
from tests.adapters.eventlog.postgres.writers import (
    WriterProcess,
    answers_of,
    close_all,
    open_all,
    reservations_by_key,
    until_all_know,
    writers,
)

PROCESSES = 4
USERS = 50
RUNS, THOROUGH_RUNS = 4, 34
"""Of each limit."""
LIMITS: dict[str, tuple[str, dict[str, Any], int]] = {
    "user": ("USER_STORAGE", {"user_bytes": 2 * MEGABYTE, "pool_bytes": 10**12, "daily": 10**6}, 2 * USERS),
    "daily": ("DAILY_LIMIT", {"user_bytes": 10**12, "pool_bytes": 10**12, "daily": 3}, 3 * USERS),
    "pool": ("POOL_STORAGE", {"user_bytes": 10**12, "pool_bytes": 37 * MEGABYTE, "daily": 10**6}, 37),
}
"""Of each the reason of its refusal, the limits, and how many of PROCESSES * USERS requests must be accepted."""


@pytest.fixture(scope="module")
def processes() -> Iterator[list[WriterProcess]]:
    """Started once: a process opens a store for each test."""
    with writers(PROCESSES) as started:
        yield started


def test_the_runs_are_what_was_asked_for() -> None:
    """100 with --thorough."""
    assert len(LIMITS) * THOROUGH_RUNS >= 100
    assert all(accepted < PROCESSES * USERS for _, _, accepted in LIMITS.values())


@pytest.mark.parametrize("limit", LIMITS)
def test_exactly_so_many_are_accepted_as_there_is_room_for(
    limit: str, processes: list[WriterProcess], tmp_path: Path, thorough: bool, record_property: Callable[..., None]
) -> None:
    """All users ask all processes at once, again and again."""
    reason, limits, accepted = LIMITS[limit]
    open_all(processes, tmp_path, new_schema(), gen_bytes=MEGABYTE, **limits)
    runs = THOROUGH_RUNS if thorough else RUNS
    for run in range(runs):
        users = [f"r{run}u{number}" for number in range(USERS)]
        asked = [(place, user) for user in users for place in range(PROCESSES)]
        answers = answers_of([processes[place].tell("reserve", user=user) for place, user in asked])
        found = [(place, user, answer) for (place, user), answer in zip(asked, answers, strict=True)]
        reserved = [(place, user, answer["reserved"]) for place, user, answer in found if "reserved" in answer]
        assert len(reserved) == accepted
        assert {answer["refused"] for _, _, answer in found if "reserved" not in answer} == {reason}
        if limit == "pool":
            given_back = [processes[(place + 1) % PROCESSES].tell("release", user=user, reservation=reservation)
                          for place, user, reservation in reserved]  # fmt: skip
            assert answers_of(given_back) == [{}] * accepted
        else:
            each = accepted // USERS
            assert Counter(user for _, user, _ in reserved) == dict.fromkeys(users, each)
    events = close_all(processes)
    assert reservations_by_key(events).total() == accepted * runs
    record_property("runs", runs)


def test_it_is_not_by_their_turns_that_limits_hold(processes: list[WriterProcess], tmp_path: Path) -> None:
    """Where nobody waits for a turn, decisions are made in vain, and some are told to come again; limits hold."""
    open_all(processes, tmp_path, new_schema(), with_turns=False, gen_bytes=MEGABYTE, pool_bytes=37 * MEGABYTE)
    left, reserved = [(place, f"u{number}") for number in range(USERS) for place in range(PROCESSES)], 0
    while left:
        answers = answers_of([processes[place].tell("reserve", user=user) for place, user in left])
        reserved += sum("reserved" in answer for answer in answers)
        assert {answer["refused"] for answer in answers if "reserved" not in answer} <= {"POOL_STORAGE", "BUSY"}
        left = [ask for ask, answer in zip(left, answers, strict=True) if answer.get("refused") == "BUSY"]
    assert reserved == reservations_by_key(close_all(processes)).total() == 37


def test_a_request_key_means_one_request_in_all_processes(processes: list[WriterProcess], tmp_path: Path) -> None:
    """Sent to all at once and again later, it is recorded once and answered alike; with another wish it is refused."""
    open_all(processes, tmp_path, new_schema(), gen_bytes=MEGABYTE, daily=5)
    users = [f"u{number}" for number in range(USERS)]
    for attempt in ("at once", "again"):
        answers = answers_of(
            [writer.tell("reserve", user=user, key=f"key-{user}") for user in users for writer in processes]
        )
        for number in range(USERS):
            alike = answers[number * PROCESSES : (number + 1) * PROCESSES]
            assert len({answer["reserved"] for answer in alike}) == 1
            assert [answer["replayed"] for answer in alike].count(False) == (attempt == "at once")
    others = answers_of([writer.tell("reserve", user="u1", key="key-u1", count=2) for writer in processes])
    assert others == [{"refused": "REQUEST_CONFLICT"}] * PROCESSES
    split = answers_of([writer.tell("reserve", user="v", key="k", count=1 + number)
                        for number, writer in enumerate(processes)])  # fmt: skip
    assert [answer.get("refused") for answer in split].count("REQUEST_CONFLICT") == PROCESSES - 1
    figures = until_all_know(processes, users)
    assert figures["daily"] == dict.fromkeys(users, 1)
    reserved = reservations_by_key(close_all(processes))
    assert reserved == Counter([*users, "v"])
