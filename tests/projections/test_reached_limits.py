"""Which limits are used up so far that people shall hear of it, by the figures alone."""

from __future__ import annotations

import pytest

from domain.limits import MEGABYTE, Limits, Status
from projections.daily_quota import DailyStatus
from projections.reached_limits import Reached, Shown, reached_limits
from projections.user_quota import StorageStatus, storage_status
from projections.window_status import WindowStatus

TOLD = Limits(tell_at=(80, 95, 100))
MONTH = "user/month/credits"
EMPTY = storage_status(0, 0, 100)


def daily(used: int, limit: int) -> DailyStatus:
    return DailyStatus(used < limit, used, max(0, limit - used), limit, 2, "2026-01-02T00:00:00.000000Z")


def window(name: str, used: int, held: int, most: int) -> WindowStatus:
    return WindowStatus(name, used, held, most, most - used - held, 0.0, Status.OK, "2026-02-01T00:00:00.000000Z", True)


def shown(
    *windows: WindowStatus,
    today: tuple[int, int] = (0, 5),
    own: StorageStatus = EMPTY,
    pool: StorageStatus = EMPTY,
) -> Shown:
    return Shown(daily(*today), own, pool, windows)


@pytest.mark.parametrize(
    ("used", "percent"),
    [(0, None), (79_999, None), (80_000, 80), (80_001, 80), (94_999, 80), (95_000, 95), (100_000, 100), (180_000, 100)],
)
def test_the_highest_percentage_that_is_reached_is_marked(used: int, percent: int | None) -> None:
    """One under, on and over each; what is held counts as what is used."""
    for told in (window(MONTH, used, 0, 100_000), window(MONTH, 0, used, 100_000)):
        found = reached_limits(shown(told), TOLD)
        assert found == (() if percent is None else (Reached(MONTH, percent, used, 100_000),))


def test_every_limit_that_is_shown_can_be_marked_in_the_one_order() -> None:
    """The day's, those of windows, the user's storage and that of all together."""
    full = storage_status(90, 5, 100)
    found = reached_limits(shown(window("pool/day/generations", 9, 0, 10), today=(4, 5), own=full, pool=full), TOLD)
    assert [(one.limit_name, one.percent, one.used) for one in found] == [
        ("user/day/generations", 80, 4),
        ("pool/day/generations", 80, 9),
        ("user/storage", 95, 95),
        ("pool/storage", 95, 95),
    ]


@pytest.mark.parametrize(
    ("limits", "most"),
    [(Limits(), 10), (TOLD._replace(unenforced=(MONTH,)), 10), (TOLD, 0)],
    ids=["nothing is told", "it is only tried out", "the limit is 0"],
)
def test_some_limits_are_not_marked(limits: Limits, most: int) -> None:
    """As nobody is told of them either."""
    assert reached_limits(shown(window(MONTH, 10, 0, most)), limits) == ()


def test_a_storage_is_marked_by_whole_bytes() -> None:
    """No rounding brings a mark early."""
    limit = 500 * MEGABYTE
    under, on = (storage_status(used, 0, limit) for used in (400 * MEGABYTE - 1, 400 * MEGABYTE))
    assert [len(reached_limits(shown(own=own), TOLD)) for own in (under, on)] == [0, 1]
