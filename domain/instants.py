"""Times as the ledger keeps them: RFC 3339 in UTC, with microseconds and `Z`, always 27 characters.

In this one form times compare as strings and the UTC day is the first ten characters. What the present time is, is for
others to say.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

EARLIEST = "0001-01-01T00:00:00.000000Z"
LATEST = "9999-12-31T23:59:59.999999Z"

_LEAP_YEAR = r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
STORED_DAY = (
    r"(?:\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    rf"|{_LEAP_YEAR}-02-29)"
)
STORED_TIME = rf"(?!0000){STORED_DAY}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{{6}}Z"
"""The one form, as a regular expression over ASCII that every time on a day that exists matches."""

_FORM = re.compile(STORED_TIME, re.ASCII)


def is_instant(text: object) -> bool:
    """Whether `text` is a time in the ledger's one form, and a date that exists."""
    return isinstance(text, str) and _FORM.fullmatch(text) is not None


def day_of(at: str) -> str:
    """The UTC day `YYYY-MM-DD` of a time."""
    return at[:10]


@lru_cache(maxsize=64)
def later(at: str, *, seconds: int) -> str:
    """The time `seconds` after `at` (before it, where negative); held at the ends of the calendar.

    Remembered for a while: all commands of a batch have one `at`.
    """
    try:
        return _format(_parse(at) + timedelta(seconds=seconds))
    except OverflowError:
        return LATEST if seconds > 0 else EARLIEST


def seconds_between(earlier: str, after: str) -> float:
    """Seconds from `earlier` to `after`; negative where the order is the other way."""
    return (_parse(after) - _parse(earlier)).total_seconds()


def next_midnight(at: str) -> str:
    """The 00:00 UTC that ends the day of `at`: when the daily count starts anew."""
    return _end_of_day(at[:10])


def hours_to_midnight(at: str) -> int:
    """Whole hours until the day of `at` ends, rounded up: 24 in its first hour, 1 in its last."""
    return 24 - int(at[11:13])


@lru_cache(maxsize=64)
def _end_of_day(day: str) -> str:
    return later(day + "T00:00:00.000000Z", seconds=86_400)


def _parse(at: str) -> datetime:
    return datetime.fromisoformat(at[:-1])


def _format(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds") + "Z"
