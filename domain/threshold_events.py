"""The fact that a limit is used up so far that people shall hear of it, and what was told of a limit last. When it is
told, `thresholds.py` decides.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.limit_names import GUILD, POOL, USER

MOST_TELL_AT = 20
"""Percentages at which people hear of limits."""
FALLEN = 5
"""By so many points of a percentage a storage must have fallen before that percentage is told of it anew."""


class ThresholdCrossed(NamedTuple):
    """What is used and held of a limit has reached `percent` of it, by the events right before this one. `used` is both
    together, of `most`: places, thousandths of credits, or bytes.

    `user` or `guild` is whose limit it is, neither the pool's. `begins` is the first day of the window; storage
    has none. `origin` is that of those events.
    """

    at: str
    by: str
    limit_name: str
    percent: int
    used: int
    most: int
    user: str | None = None
    guild: str | None = None
    begins: str | None = None
    origin: str | None = None


class Told(NamedTuple):
    """What was told of a limit last: its window by its first day, and the percentage. `low` is the least that was used
    and held since, of a storage.
    """

    window: str | None
    percent: int
    low: int


def whose_limit(event: ThresholdCrossed) -> str:
    """Whose a limit is: `user:ID`, `guild:ID` or `pool`."""
    if event.user is not None:
        return f"{USER}:{event.user}"
    return POOL if event.guild is None else f"{GUILD}:{event.guild}"


def is_told(told: Told | None, window: str | None, percent: int, most: int) -> bool:
    """Whether a percentage of a limit need not be told: it was in this window, or a later window has begun; of a
    storage, where it has not fallen far enough below since.
    """
    if told is None:
        return False
    if window is None:
        return percent <= told.percent and told.low * 100 >= (percent - FALLEN) * most
    assert told.window is not None, "what has a window always has one"
    return told.window > window or (told.window == window and percent <= told.percent)
