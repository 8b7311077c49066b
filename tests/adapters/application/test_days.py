"""Days and clocks: when the daily count starts anew, and what a clock that jumps may not do. Time is frozen."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from freezegun import freeze_time

from adapters.library.storage_manager import StorageManager
from adapters.ports.clock import utc_now
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.hostile.builders import png

LAST_MOMENT = "2026-03-08T23:59:59.999999Z"
MIDNIGHT = "2026-03-09T00:00:00Z"
ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Apia", "Etc/GMT+12")


async def generate(storage: StorageManager, times: int = 1, user: str = "1") -> list[bool]:
    """Plain saves, each of which is one generation."""
    return [(await storage.save_image(png(), user))[0] for _ in range(times)]


def used(storage: StorageManager, user: str = "1") -> int:
    """Generations charged to today."""
    count = storage.get_quota_status(user)["daily"]["used"]
    assert isinstance(count, int)
    return count


async def test_the_sixth_of_a_day_waits_for_midnight_in_utc(tmp_path: Path) -> None:
    """Five in the last microsecond of a day, the sixth refused; at 00:00:00 it is allowed."""
    with freeze_time(LAST_MOMENT, real_asyncio=True) as clock, StorageManager(tmp_path) as storage:
        assert await generate(storage, 6) == [True] * 5 + [False]
        daily = storage.get_quota_status("1")["daily"]
        assert daily == {
            "allowed": False, "used": 5, "remaining": 0, "limit": 5, "reset_hours": 1,
            "resets_at": "2026-03-09T00:00:00.000000Z",
        }  # fmt: skip
        clock.move_to(MIDNIGHT)
        assert storage.get_quota_status("1")["daily"]["remaining"] == 5
        assert await generate(storage, 6) == [True] * 5 + [False]
    assert_disk_and_log_agree(tmp_path)


async def test_a_restart_changes_no_count(tmp_path: Path) -> None:
    """Neither before midnight nor after it."""
    with freeze_time(LAST_MOMENT, real_asyncio=True) as clock:
        with StorageManager(tmp_path) as storage:
            assert await generate(storage, 3) == [True] * 3
        with StorageManager(tmp_path) as storage:
            assert await generate(storage, 3) == [True, True, False]
        clock.move_to(MIDNIGHT)
        with StorageManager(tmp_path) as storage:
            assert used(storage) == 0
            assert await generate(storage, 5) == [True] * 5
        with StorageManager(tmp_path) as storage:
            assert await generate(storage) == [False]


@pytest.mark.parametrize("restarted", [False, True], ids=["while it runs", "and a restart"])
async def test_a_clock_set_back_by_an_hour_reopens_no_day(tmp_path: Path, restarted: bool) -> None:
    """From just after midnight to the day before: the ledger stays on its day, and goes on."""
    with freeze_time("2026-03-09T00:30:00Z", real_asyncio=True) as clock:
        storage = StorageManager(tmp_path)
        assert await generate(storage, 4) == [True] * 4
        clock.move_to("2026-03-08T23:30:00Z")
        if restarted:
            storage.close()
            storage = StorageManager(tmp_path)
        assert storage.get_quota_status("1")["daily"]["resets_at"] == "2026-03-10T00:00:00.000000Z"
        assert await generate(storage, 2) == [True, False]
        storage.close()
    times = [event["data"]["at"] for event in events_of(tmp_path)]
    assert times == sorted(times)


@pytest.mark.parametrize("restarted", [False, True], ids=["while it runs", "and a restart"])
async def test_a_clock_set_back_by_two_days_refuses_until_it_is_corrected(tmp_path: Path, restarted: bool) -> None:
    """One of the two is wrong, and only a person knows which. Afterwards the old days' counts still stand."""
    with freeze_time("2026-03-08T12:00:00Z", real_asyncio=True) as clock:
        storage = StorageManager(tmp_path)
        assert await generate(storage, 2) == [True] * 2
        clock.move_to("2026-03-10T13:00:00Z")
        assert await generate(storage, 5) == [True] * 5
        _, _, held = await storage.reserve("2")
        assert held is not None
        clock.move_to("2026-03-08T12:30:00Z")
        if restarted:
            storage.close()
            storage = StorageManager(tmp_path)
        before = len(events_of(tmp_path))
        ok, message, _ = await storage.save_image(png(), "1")
        assert (ok, "abby clock-corrected" in message) == (False, True)
        assert storage.delete_image("1", "image_1.png")[0] is False
        assert (await storage.reserve("3"))[0] is False
        assert len(events_of(tmp_path)) == before
        assert storage.clock_corrected() == (
            True, "The ledger's time is that of the clock again; open reservations were released.",
        )  # fmt: skip
        assert await generate(storage, 4) == [True] * 3 + [False]
        assert used(storage, "2") == 0
        clock.move_to("2026-03-10T13:00:00Z")
        assert await generate(storage) == [False]
        storage.close()
    assert_disk_and_log_agree(tmp_path)
    corrected, released = (events_of(tmp_path, kind)[0]["data"] for kind in ("ClockCorrected", "GenerationReleased"))
    assert (corrected["was"][:10], corrected["now"][:10]) == ("2026-03-10", "2026-03-08")
    assert (released["reservation"], released["reason"]) == (held.reservation, "cancelled")


async def test_a_clock_one_day_behind_is_still_believed(tmp_path: Path) -> None:
    """24 hours are on the right side of the line, a microsecond more is not."""
    with freeze_time("2026-03-09T12:00:00Z", real_asyncio=True) as clock, StorageManager(tmp_path) as storage:
        await generate(storage)
        clock.move_to("2026-03-08T12:00:00Z")
        assert await generate(storage) == [True]
        clock.move_to("2026-03-08T11:59:59.999999Z")
        assert await generate(storage) == [False]


def test_a_clock_that_is_right_needs_no_correction(tmp_path: Path) -> None:
    """The call says so and records nothing."""
    with StorageManager(tmp_path) as storage:
        before = len(events_of(tmp_path))
        assert storage.clock_corrected() == (True, "The clock is not behind the log; nothing was changed.")
        assert len(events_of(tmp_path)) == before


async def test_a_refund_after_midnight_goes_to_the_day_that_was_charged(tmp_path: Path) -> None:
    """It makes no room in the new day."""
    with freeze_time(LAST_MOMENT, real_asyncio=True) as clock, StorageManager(tmp_path) as storage:
        _, _, held = await storage.reserve("1", 5)
        assert held is not None
        clock.move_to(MIDNIGHT)
        assert await generate(storage, 2) == [True] * 2
        assert (await storage.release(held, reason="failed"))[0]
        assert used(storage) == 2
        assert await generate(storage, 4) == [True] * 3 + [False]
    (released,) = events_of(tmp_path, "GenerationReleased")
    assert released["data"]["refunded"] == 5


async def test_a_refund_after_a_reset_gives_nothing_back(tmp_path: Path) -> None:
    """The reset gave it back already."""
    with freeze_time("2026-03-08T12:00:00Z", real_asyncio=True), StorageManager(tmp_path) as storage:
        _, _, held = await storage.reserve("1", 3)
        assert held is not None
        assert storage.reset_daily("1", "made good by an operator") == (True, "Today's count of 1 is 0 again.")
        assert await generate(storage) == [True]
        assert (await storage.release(held, reason="failed"))[0]
        assert used(storage) == 1
        assert await generate(storage, 5) == [True] * 4 + [False]
    (released,) = events_of(tmp_path, "GenerationReleased")
    assert released["data"]["refunded"] == 0


async def test_an_expired_place_is_given_back_by_itself(tmp_path: Path) -> None:
    """At the next command after its time, without anybody's doing."""
    with freeze_time("2026-03-08T12:00:00Z", real_asyncio=True) as clock, StorageManager(tmp_path) as storage:
        assert (await storage.reserve("1", 5))[0]
        clock.move_to("2026-03-08T12:14:59.999999Z")
        assert await generate(storage) == [False]
        clock.move_to("2026-03-08T12:15:00Z")
        assert await generate(storage) == [True]
        assert used(storage) == 1


@pytest.fixture
def zone() -> Iterator[None]:
    """Puts the host's time zone back after the test."""
    former = os.environ.get("TZ")
    yield
    if former is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = former
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system takes no time zone from the environment")
@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("name", ZONES)
def test_the_clock_is_utc_wherever_the_host_stands(name: str) -> None:
    """The real clock against the system's seconds, with the zone really changed."""
    os.environ["TZ"] = name
    time.tzset()
    told = datetime.fromisoformat(utc_now()).replace(tzinfo=UTC).timestamp()
    assert len(utc_now()) == 27
    assert abs(told - time.time()) < 5


CHANGES = ("2011-12-30", "2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01")
"""Samoa left this day out; New York and Berlin change their clocks, forward and back."""


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system takes no time zone from the environment")
@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("name", ZONES)
async def test_no_time_zone_moves_midnight(tmp_path: Path, name: str) -> None:
    """On days when the host's clocks change too, a day has 24 hours of five generations."""
    os.environ["TZ"] = name
    time.tzset()
    with freeze_time("2011-01-01", real_asyncio=True) as clock, StorageManager(tmp_path) as storage:
        for day in CHANGES:
            clock.move_to(f"{day}T00:00:00Z")
            assert storage.get_quota_status("1")["daily"]["reset_hours"] == 24
            assert await generate(storage, 5) == [True] * 5
            for moment in ("00:00:00.000001", "05:59:59", "07:00:00", "12:00:00", "23:59:59.999999"):
                clock.move_to(f"{day}T{moment}Z")
                assert await generate(storage) == [False], moment
    days = [event["data"]["at"][:10] for event in events_of(tmp_path, "GenerationReserved")]
    assert days == [day for day in CHANGES for _ in range(5)]
