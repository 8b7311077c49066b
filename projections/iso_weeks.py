"""Weeks as ISO 8601 has them, in UTC: Monday to Sunday, named `2026-W48`; and which one is told at which time."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from domain.instants import day_of, later

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOURS_A_DAY = 24
SECONDS_A_HOUR = 3_600
LAST_MONDAY = date(9999, 12, 27).toordinal()
_NAME = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)


class Week(NamedTuple):
    """One week, by its Monday."""

    monday: date

    @property
    def name(self) -> str:
        """As in `2026-W48`."""
        year, number, _ = self.monday.isocalendar()
        return f"{year:04}-W{number:02}"

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.monday + timedelta(days=6)

    @property
    def begins_at(self) -> str:
        """Its first moment."""
        return f"{self.monday.isoformat()}T00:00:00.000000Z"

    @property
    def days(self) -> tuple[str, ...]:
        """Its days, in order."""
        return tuple((self.monday + timedelta(days=number)).isoformat() for number in range(7))

    def after(self, count: int) -> Week:
        """The one so many weeks later; the last there is where the calendar ends."""
        return Week(date.fromordinal(min(self.monday.toordinal() + 7 * count, LAST_MONDAY)))

    def former(self) -> Week:
        """The one before."""
        return Week(self.monday - timedelta(days=7))


def week_of(at: str) -> Week:
    """The week of a time."""
    day = date.fromisoformat(day_of(at))
    return Week(day - timedelta(days=day.weekday()))


def week_named(name: str) -> Week | None:
    """The week of a name; None where there is none of that name, or none before it."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        week = Week(date.fromisocalendar(int(found[1]), int(found[2]), 1))
        week.former()
    except (ValueError, OverflowError):
        return None
    return week


def last_whole_week(at: str, *, hours: int = 0) -> Week:
    """The newest week whose end is at least so many hours ago."""
    return week_of(later(at, seconds=-hours * SECONDS_A_HOUR)).former()
