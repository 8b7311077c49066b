"""Sizes, percentages and statuses, and which limits hold for one user."""

from __future__ import annotations

import pytest

from domain.limits import (
    MEGABYTE,
    Limits,
    Override,
    Status,
    UserLimits,
    effective,
    megabytes,
    percentage,
    remaining,
    status_of,
)
from tests.domain.examples import NOON, on


def test_a_megabyte_is_1048576_bytes() -> None:
    """MB means 2**20 everywhere."""
    assert MEGABYTE == 1_048_576


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [(0, 0.0), (1, 0.0), (5_242, 0.0), (5_243, 0.01), (MEGABYTE, 1.0), (MEGABYTE * 3 // 2, 1.5), (10**9, 953.67)],
)
def test_megabytes_are_rounded_to_two_places(size_bytes: int, shown: float) -> None:
    """Half a hundredth of a MB is the boundary: 5,242.88 bytes."""
    assert megabytes(size_bytes) == shown


@pytest.mark.parametrize(
    ("used", "limit", "shown"),
    [
        (0, 1000, 0.0),
        (1, 3, 33.3),
        (2, 3, 66.7),
        (1000, 1000, 100.0),
        (1500, 1000, 150.0),
        (0, 0, 100.0),
        (5, 0, 100.0),
    ],
)
def test_percentages_are_rounded_to_one_place(used: int, limit: int, shown: float) -> None:
    """Above 100 after a limit was lowered; a limit of 0 is 100 %."""
    assert percentage(used, limit) == shown


@pytest.mark.parametrize(
    ("used", "limit", "status"),
    [
        (0, 1_000_000, Status.OK),
        (799_999, 1_000_000, Status.OK),
        (800_000, 1_000_000, Status.OK),
        (800_001, 1_000_000, Status.WARNING),
        (949_999, 1_000_000, Status.WARNING),
        (950_000, 1_000_000, Status.WARNING),
        (950_001, 1_000_000, Status.CRITICAL),
        (2_000_000, 1_000_000, Status.CRITICAL),
        (0, 0, Status.CRITICAL),
        (0, 1, Status.OK),
    ],
)
def test_a_status_is_warning_above_80_and_critical_above_95_percent(used: int, limit: int, status: Status) -> None:
    """Judged before rounding: 80.0001 % shows as 80.0 and is a warning already."""
    assert status_of(used, limit) is status


@pytest.mark.parametrize(("used", "held", "left"), [(0, 0, 100), (60, 30, 10), (60, 40, 0), (60, 41, 0), (160, 0, 0)])
def test_what_remains_is_the_limit_less_used_and_held_and_never_negative(used: int, held: int, left: int) -> None:
    """Remaining = max(0, limit - used - held)."""
    assert remaining(100, used, held) == left


POLICY = Limits(user_bytes=1000, pool_bytes=5000, daily=5)


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (UserLimits(), POLICY),
        (UserLimits(user_bytes=0), POLICY._replace(user_bytes=0)),
        (UserLimits(daily=0), POLICY._replace(daily=0)),
        (UserLimits(user_bytes=2000, daily=9), POLICY._replace(user_bytes=2000, daily=9)),
    ],
)
def test_an_override_replaces_only_the_limits_it_has(own: UserLimits, expected: Limits) -> None:
    """0 is a limit, None is none."""
    assert effective(POLICY, Override(own), NOON) == expected


@pytest.mark.parametrize(
    ("at", "daily"),
    [(on(10, "11:59:59.999999"), 9), (on(10, "12:00"), 5), (on(10, "12:00:00.000001"), 5), (on(11), 5)],
)
def test_an_override_is_over_once_its_end_has_come(at: str, daily: int) -> None:
    """In force while at < until; the end itself belongs to the policy."""
    assert effective(POLICY, Override(UserLimits(daily=9), until=NOON), at).daily == daily


def test_without_an_override_the_policy_holds() -> None:
    """The policy itself, unchanged."""
    assert effective(POLICY, None, NOON) is POLICY


def test_the_limits_of_a_new_log_are_those_of_the_seeds() -> None:
    """5,000 MB, 500 MB, 5 a day, 1.5 MB a generation, moderated ones paid; nothing further."""
    assert Limits() == (500 * MEGABYTE, 5000 * MEGABYTE, 5, 1_572_864, False, (), (), ())
