"""The limits in force and the arithmetic of sizes and percentages. What is used of them is `usage.py`'s."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple

from domain.limit_names import DAILY, USER_STORAGE, in_order

MEGABYTE = 1_048_576
"""Bytes in one MB, as every figure in MB means it."""
LARGEST_FIGURE = 10**18 - 1
"""What a refusal or a threshold tells of a limit at most: the stored form has 18 digits for it."""
REMEMBERED = 1_024
"""Roundings that are remembered: most figures of a status are the limits and the pool, the same for everybody."""


Windows = tuple[tuple[str, int], ...]
"""Limits of windows by their names, in the one order: places, or thousandths of credits."""


class Limits(NamedTuple):
    """The policy that decisions use; sizes in bytes. `unenforced` names limits that are tried out: what they would
    refuse is recorded and goes on. `tell_at`: at which percentages of a limit people hear of it, rising.
    """

    user_bytes: int = 500 * MEGABYTE
    pool_bytes: int = 5000 * MEGABYTE
    daily: int = 5
    gen_bytes: int = MEGABYTE * 3 // 2
    moderated_free: bool = False
    windows: Windows = ()
    unenforced: tuple[str, ...] = ()
    tell_at: tuple[int, ...] = ()


class UserLimits(NamedTuple):
    """What an override replaces of a user's limits; None leaves the policy's. Of `windows`, each that is named."""

    user_bytes: int | None = None
    daily: int | None = None
    windows: Windows | None = None


class SharedLimits(NamedTuple):
    """What a manager may change of the limits for everybody; None: not meant."""

    user_bytes: int | None = None
    pool_bytes: int | None = None
    daily: int | None = None
    windows: Windows | None = None
    unenforced: tuple[str, ...] | None = None

    @property
    def given(self) -> dict[str, Any]:
        """Those that are meant, by the names that they have in `Limits`."""
        return {name: limit for name, limit in self._asdict().items() if limit is not None}


class TakenIn(NamedTuple):
    """The limits as settings last gave them, whatever a manager made of them since; None: no setting ever did."""

    user_bytes: int | None = None
    pool_bytes: int | None = None
    daily: int | None = None
    gen_bytes: int | None = None
    moderated_free: bool | None = None
    windows: Windows | None = None
    unenforced: tuple[str, ...] | None = None
    tell_at: tuple[int, ...] | None = None


class Override(NamedTuple):
    """One user's own limits, in force while `at < until` (for ever, where `until` is None)."""

    limits: UserLimits
    until: str | None = None


NO_OVERRIDE = Override(UserLimits())
"""That of a user who has no limits of their own."""


class Status(Enum):
    """How near a limit is."""

    OK = "OK"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


def effective(policy: Limits, override: Override | None, at: str) -> Limits:
    """The limits of one user at a time: the policy, with what stands in an override that is not over yet."""
    if override is None or (override.until is not None and override.until <= at):
        return policy
    return with_own(policy, override.limits)


def own_at(override: Override | None, at: str) -> UserLimits:
    """A user's own limits that are in force at a time."""
    is_over = override is None or (override.until is not None and override.until <= at)
    return UserLimits() if override is None or is_over else override.limits


def by_name(own: UserLimits) -> dict[str, int]:
    """Those of some limits that are given, by the names of `limit_names.py`."""
    alone = {DAILY: own.daily, USER_STORAGE: own.user_bytes}
    return {name: most for name, most in alone.items() if most is not None} | dict(own.windows or ())


def with_own(policy: Limits, own: UserLimits) -> Limits:
    """The policy with what stands in some users' own limits."""
    return policy._replace(
        user_bytes=policy.user_bytes if own.user_bytes is None else own.user_bytes,
        daily=policy.daily if own.daily is None else own.daily,
        windows=policy.windows if own.windows is None else replaced(policy.windows, own.windows),
    )


@lru_cache(maxsize=REMEMBERED)
def replaced(windows: Windows, own: Windows) -> Windows:
    """Limits of windows, with those of one user in the place of those for everybody."""
    return in_order({**dict(windows), **dict(own)})


def carried_on(former: Override, wanted: Override, at: str) -> Override:
    """The override of a user whose limits shall be others in what is wanted: the rest of one that is in force at the
    time stays as it is, its end too. With no limit wanted, none.
    """
    limits, until = wanted
    if limits == UserLimits():
        return NO_OVERRIDE
    if former.limits == UserLimits() or (former.until is not None and former.until <= at):
        return wanted
    user_bytes = former.limits.user_bytes if limits.user_bytes is None else limits.user_bytes
    daily = former.limits.daily if limits.daily is None else limits.daily
    windows = former.limits.windows if limits.windows is None else replaced(former.limits.windows or (), limits.windows)
    return Override(UserLimits(user_bytes, daily, windows), former.until if until is None else until)


def status_of(used: int, limit: int) -> Status:
    """OK, WARNING above 80 %, CRITICAL above 95 %, from whole bytes; a limit of 0 is CRITICAL."""
    if limit == 0 or used * 100 > limit * 95:
        return Status.CRITICAL
    if used * 100 > limit * 80:
        return Status.WARNING
    return Status.OK


@lru_cache(maxsize=REMEMBERED)
def percentage(used: int, limit: int) -> float:
    """Used of the limit in percent, one decimal; a limit of 0 is 100.0. Above 100 where a limit was lowered."""
    return 100.0 if limit == 0 else round(used * 100 / limit, 1)


@lru_cache(maxsize=REMEMBERED)
def megabytes(size_bytes: int) -> float:
    """A size for people: MB with two decimals."""
    return round(size_bytes / MEGABYTE, 2)


def told_figure(amount: int) -> int:
    """What is told of a sum: it itself, or the nearest figure that there is for it. Sums of what is allowed can be
    larger, and what was charged to a grant first and cost nothing after all takes a window below 0.
    """
    return min(max(amount, 0), LARGEST_FIGURE)


def remaining(limit: int, used: int, held: int) -> int:
    """What is left of a limit, never below 0."""
    return max(0, limit - used - held)
