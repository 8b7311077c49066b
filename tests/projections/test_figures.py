"""The figures that people see: today's count, a user's storage, the pool, preferences."""

from __future__ import annotations

import pytest

from domain.events import PreferenceSet
from domain.limits import Status
from domain.usage import PoolUsage
from projections.daily_quota import DailyStatus
from projections.global_quota import GlobalQuota
from projections.preferences import Preferences
from projections.user_quota import StorageStatus, storage_status
from tests.domain.examples import BY, NOON, OTHER, USER, adopted, on, reserved, saved
from tests.domain.history import given


@pytest.mark.parametrize(("used", "allowed", "left"), [(0, True, 5), (4, True, 1), (5, False, 0), (6, False, 0)])
def test_a_daily_status_allows_while_one_more_fits(used: int, allowed: bool, left: int) -> None:
    """Of five; above five after the limit was lowered."""
    state = given(*([reserved(count=used)] if used else [])).state
    assert state.daily.status(USER, 5, NOON) == DailyStatus(allowed, used, left, 5, 12, on(11, "00:00"))


@pytest.mark.parametrize(
    ("at", "hours"),
    [
        (on(10, "00:00"), 24),
        (on(10, "00:00:00.000001"), 24),
        (on(10, "00:59:59.999999"), 24),
        (on(10, "01:00"), 23),
        (on(10, "23:00"), 1),
        (on(10, "23:00:00.000001"), 1),
        (on(10, "23:59:59.999999"), 1),
    ],
)
def test_the_hours_until_the_reset_are_whole_and_rounded_up(at: str, hours: int) -> None:
    """Never 0: there is always some time until midnight."""
    status = given().state.daily.status(USER, 5, at)
    assert status.reset_hours == hours
    assert status.resets_at == on(11, "00:00")


def test_a_daily_status_is_of_the_day_asked() -> None:
    """Yesterday's count is not today's."""
    state = given(reserved(at=on(9)), reserved("r2")).state
    assert [state.daily.status(USER, 5, on(day)).used for day in (8, 9, 10, 11)] == [0, 1, 1, 0]


def test_a_users_storage_tells_used_held_and_what_remains() -> None:
    """Percentage and status are of the used bytes alone; temp files are not in it."""
    state = given(adopted(size=810), saved("t.png", 500, temp=True), reserved(bytes_each=150)).state
    assert state.users.status(USER, 1000) == StorageStatus(810, 150, 1000, 40, 81.0, Status.WARNING)
    assert state.users.status(OTHER, 1000) == StorageStatus(0, 0, 1000, 1000, 0.0, Status.OK)
    assert state.users.users() == [USER]


def test_the_pools_storage_is_of_all_users_temp_files_included() -> None:
    """Held bytes of everybody, too."""
    state = given(adopted(size=600), saved("t.png", 360, temp=True, user=OTHER), reserved(bytes_each=50)).state
    assert state.whole.status(1000) == StorageStatus(960, 50, 1000, 0, 96.0, Status.CRITICAL)
    assert GlobalQuota().pool == PoolUsage()


def test_nothing_is_left_of_a_limit_of_zero() -> None:
    """100 % and critical, whatever is used."""
    assert storage_status(0, 0, 0) == StorageStatus(0, 0, 0, 0, 100.0, Status.CRITICAL)


def test_a_preference_is_the_last_one_chosen() -> None:
    """By user and preference; other events choose nothing."""
    preferences = Preferences()
    for position, value in enumerate(["anime", "pixel-art"], 1):
        preferences.apply(position, PreferenceSet(NOON, USER, BY, "style", value))
    preferences.apply(3, PreferenceSet(NOON, USER, BY, "size", "large"))
    preferences.apply(4, saved())
    assert preferences.get(USER, "style") == "pixel-art"
    assert preferences.get(USER, "size") == "large"
    assert preferences.get(OTHER, "style") is None
    assert preferences.get(USER, "colour") is None
