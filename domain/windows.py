"""Windows of time, all from 00:00 UTC: a day, a week from Monday on, a month; and what is counted in one.

A window is named by its first day: `2026-11-29`, `week of 2026-11-23`, `2026-11` for a month. So nothing begins or ends
one: it follows from the time of what is counted.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from domain.instants import next_midnight
from domain.limit_names import DAY, WEEK

WINDOWS_KEPT = 3
"""Distinct windows of each length that are kept for one scope: several, so that a corrected clock reopens none."""
DAYS_A_WEEK = 7


class Tally(NamedTuple):
    """What one window counts: places, thousandths of credits spent or held, and those of them that are held."""

    generations: int = 0
    credits: int = 0
    held: int = 0


NOTHING = Tally()
Counts = tuple[int, int, int]
"""The same three figures as a plain tuple, for sums that a decision looks at once: it takes a third of the time."""


class Windows(NamedTuple):
    """The three windows that a day lies in, by their names."""

    day: str
    week: str
    month: str


def added(one: Counts, other: Counts) -> Counts:
    """The sum of two tallies."""
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


@lru_cache(maxsize=64)
def windows_of(day: str) -> Windows:
    """The windows of a day `YYYY-MM-DD`. Remembered for a while: nearly all that is counted is of today."""
    return Windows(day, f"week of {_monday(day).isoformat()}", day[:7])


def window_named(at: str, window: str) -> str:
    """The name of the window of a length that a time lies in."""
    named: str = getattr(windows_of(at[:10]), window)
    return named


def begin_of(at: str, window: str) -> str:
    """The first day of the window that a time lies in."""
    if window == DAY:
        return at[:10]
    return _monday(at[:10]).isoformat() if window == WEEK else f"{at[:7]}-01"


@lru_cache(maxsize=64)
def _end_of(day: str, window: str) -> str:
    first = _monday(day) if window == WEEK else date.fromisoformat(f"{day[:7]}-01")
    try:
        after = first + timedelta(days=DAYS_A_WEEK) if window == WEEK else _month_after(first)
    except (OverflowError, ValueError):
        return next_midnight("9999-12-31")
    return f"{after.isoformat()}T00:00:00.000000Z"


def begins_anew_at(at: str, window: str) -> str:
    """When the window that a time lies in ends, and the next begins."""
    return next_midnight(at) if window == DAY else _end_of(at[:10], window)


def _monday(day: str) -> date:
    of_week = date.fromisoformat(day)
    return date.fromordinal(max(1, of_week.toordinal() - of_week.weekday()))


def _month_after(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
