"""What readiness says of a clock that does not go with the log."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from adapters.application.governing import correct_clock_blocking, reset_daily_blocking
from adapters.application.readiness import readiness_of
from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.results import Reserved
from adapters.engines.opening import open_store
from domain.instants import later, seconds_between

NOW = "2026-03-04T05:06:07.000000Z"
HOUR = 3600


class SetClock:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.shows = NOW

    def __call__(self) -> str:
        """The time it shows."""
        return self.shows


@pytest.mark.parametrize(
    ("ahead_seconds", "said"),
    [
        (0, None),
        (60, None),
        (61, "1 minutes ahead"),
        (600, "10 minutes ahead"),
        (20 * HOUR, "20.0 hours ahead"),
        (24 * HOUR, "24.0 hours ahead"),
    ],
)
def test_a_clock_that_was_ahead_once_is_told(ahead_seconds: int, said: str | None, tmp_path: Path) -> None:
    """How far, what that does, and the command that ends it; it goes on admitting commands meanwhile."""
    clock = SetClock()
    with closing(open_store(tmp_path, clock=clock)) as store:
        clock.shows = later(NOW, seconds=ahead_seconds)
        reset_daily_blocking(store, "ada", "one event")
        clock.shows = NOW
        readiness = readiness_of(store)
        assert readiness.ready
        assert readiness.degraded is (said is not None)
        if said is None:
            assert readiness.notes == ()
            return
        (note,) = readiness.notes
        assert said in note
        assert "reserved places are held that much longer" in note
        assert "`abby clock-corrected`" in note
        reserved = asyncio.run(reserve_places(store, WantedPlaces("ada", 1)))
        assert isinstance(reserved, Reserved)
        assert seconds_between(NOW, reserved.expires_at) > ahead_seconds
        correct_clock_blocking(store)
        assert readiness_of(store).notes == ()


def test_a_clock_more_than_a_day_behind_admits_nothing(tmp_path: Path) -> None:
    """One of the two is wrong, and nobody here knows which."""
    clock = SetClock()
    with closing(open_store(tmp_path, clock=clock)) as store:
        clock.shows = later(NOW, seconds=24 * HOUR + 1)
        reset_daily_blocking(store, "ada", "one event")
        clock.shows = NOW
        readiness = readiness_of(store)
    assert not readiness.ready
    assert "`abby clock-corrected`" in readiness.notes[0]
