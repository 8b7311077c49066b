"""What limits are called, by people and programs alike, and the one order in which they are asked.

A window limit is `scope/window/unit`, such as `user/month/credits`; storage is `user/storage` and `pool/storage`.
`user/day/generations` is the daily limit of `Limits.daily`; what the others are in is `Limits.windows`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

USER, GUILD, POOL = "user", "guild", "pool"
SCOPES = (USER, GUILD, POOL)
DAY, WEEK, MONTH = "day", "week", "month"
WINDOWS = (DAY, WEEK, MONTH)
GENERATIONS, CREDITS = "generations", "credits"
UNITS = (GENERATIONS, CREDITS)

DAILY = f"{USER}/{DAY}/{GENERATIONS}"
USER_STORAGE = f"{USER}/storage"
POOL_STORAGE = f"{POOL}/storage"

OF_WINDOWS = tuple(f"{scope}/{window}/{unit}" for unit in UNITS for scope in SCOPES for window in WINDOWS)
"""Every limit of a window, in the order in which they are asked."""
ALL_LIMITS = (*OF_WINDOWS, USER_STORAGE, POOL_STORAGE)
"""Every limit, in the order in which they are asked."""
FURTHER = tuple(name for name in OF_WINDOWS if name != DAILY)
"""Those that are in force only where somebody sets them."""
OF_A_USER = tuple(name for name in FURTHER if name.startswith(f"{USER}/"))
"""Those of them that one user, or a tier of users, can have otherwise than others."""


class WindowLimit(NamedTuple):
    """A limit of a window, taken apart; `most` in places or thousandths of a credit."""

    name: str
    scope: str
    window: str
    unit: str
    most: int


@lru_cache(maxsize=1_024)
def taken_apart(windows: tuple[tuple[str, int], ...]) -> tuple[WindowLimit, ...]:
    """The limits of windows as they are asked. Remembered: many decisions have the same."""
    return tuple(WindowLimit(name, *_parts(name), most) for name, most in windows)


@lru_cache(maxsize=1_024)
def by_scope(windows: tuple[tuple[str, int], ...]) -> tuple[tuple[str, tuple[tuple[WindowLimit, int, int], ...]], ...]:
    """The same for each scope: a limit, the place of its length among the three (day, week, month), and that of its
    unit in a tally.
    """
    limits = [(limit, WINDOWS.index(limit.window), int(limit.unit == CREDITS)) for limit in taken_apart(windows)]
    scopes = [scope for scope in SCOPES if any(limit.scope == scope for limit, _, _ in limits)]
    return tuple((scope, tuple(one for one in limits if one[0].scope == scope)) for scope in scopes)


def _parts(name: str) -> tuple[str, str, str]:
    scope, window, unit = name.split("/")
    return scope, window, unit


def in_order(most: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """Limits of windows by their names, in the one order; a name that is none is left out."""
    return tuple((name, most[name]) for name in FURTHER if name in most)
