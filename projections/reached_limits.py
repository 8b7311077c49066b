"""Which of the limits that a user is shown are used up so far that people shall hear of it, as it is now.

What was told of it, and when, is `thresholds.py`'s; this asks the figures alone, so a limit that was raised since is
marked no more, and one that was lowered is marked before the next request tells it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.limit_names import DAILY, POOL_STORAGE, USER_STORAGE
from domain.limits import Limits
from domain.thresholds import reached
from projections.daily_quota import DailyStatus
from projections.user_quota import StorageStatus
from projections.window_status import WindowStatus


class Reached(NamedTuple):
    """A limit of which `percent` or more is used or held: the highest percentage that is told. `used` is both together,
    `most` the limit: places, thousandths of credits, or bytes.
    """

    limit_name: str
    percent: int
    used: int
    most: int


class Shown(NamedTuple):
    """The figures of every limit that a user is shown."""

    daily: DailyStatus
    own: StorageStatus
    pool: StorageStatus
    windows: Sequence[WindowStatus] = ()


def reached_limits(shown: Shown, limits: Limits) -> tuple[Reached, ...]:
    """Those limits in the order in which they are asked. One that is only tried out, or is 0, is none of them."""
    found = []
    for name, used, most in _amounts(shown):
        percent = 0 if name in limits.unenforced else reached(used, most, limits.tell_at)
        if percent:
            found.append(Reached(name, percent, used, most))
    return tuple(found)


def _amounts(shown: Shown) -> Iterable[tuple[str, int, int]]:
    yield DAILY, shown.daily.used, shown.daily.limit
    for window in shown.windows:
        yield window.name, window.used + window.held, window.limit
    for name, status in ((USER_STORAGE, shown.own), (POOL_STORAGE, shown.pool)):
        yield name, status.used_bytes + status.held_bytes, status.limit_bytes
