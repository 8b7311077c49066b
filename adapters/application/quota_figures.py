"""The shapes of the quota figures as they leave here, for type checkers: the seeds' dictionaries, member by member.

Sizes are in MB of 1,048,576 bytes with two decimals, percentages have one, times are the ledger's, `status` is OK,
WARNING or CRITICAL.
"""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict  # on Python 3.11 pydantic reads no other

Whose = Literal["own", "tier", "everybody"]
OwnOrNot = Literal["own", "everybody"]
Unit = Literal["generations", "credits", "bytes"]


class PoolFigures(TypedDict):
    """What all users together use and hold."""

    used_mb: float
    reserved_mb: float
    total_mb: float
    remaining_mb: float
    percentage: float
    status: Literal["OK", "WARNING", "CRITICAL"]


class GlobalUsage(PoolFigures):
    """The pool's figures, and what is free on the disk."""

    disk_free_mb: float


class UserFigures(TypedDict):
    """What one user stores and holds, and how many images that is."""

    used_mb: float
    reserved_mb: float
    limit_mb: float
    remaining_mb: float
    percentage: float
    status: Literal["OK", "WARNING", "CRITICAL"]
    images: int


class DailyFigures(TypedDict):
    """A user's generations of today; `allowed`: one more is."""

    allowed: bool
    used: int
    remaining: int
    limit: int
    reset_hours: int
    resets_at: str


class StorageFigures(TypedDict):
    """The seeds' other shape of a storage limit. `allowed`: the estimate of one generation fits, holds counted."""

    used_mb: float
    limit_mb: float
    allowed: bool


class LimitsInForce(TypedDict):
    """Whose each limit of a user is, and until when their own ones are in force; None: for good, or there are none."""

    storage: OwnOrNot
    daily: OwnOrNot
    until: str | None


class SourceFigures(TypedDict):
    """Where a limit of a user is from, by its name: their own, everybody's, or of the tiers that give just so much."""

    limit: str
    whose: Whose
    tiers: list[str]


class WindowFigures(TypedDict):
    """A limit of a window by its name: places, or credits with at most three decimals. `held` is for what is being
    made; `enforced` false: it is only tried out.
    """

    limit: str
    unit: Literal["generations", "credits"]
    used: float
    held: float
    most: float
    remaining: float
    percentage: float
    status: Literal["OK", "WARNING", "CRITICAL"]
    resets_at: str
    enforced: bool


class GrantFigures(TypedDict):
    """What a user has left of a grant beyond the limits, until when (None: for good): places, credits with at most
    three decimals, or bytes.
    """

    grant: str
    unit: Unit
    left: float
    amount: float
    priority: int
    ends_at: str | None
    source: str


class ReachedFigures(TypedDict):
    """A limit of which at least `percent` is used or held, the highest percentage of TELL_AT that is: places, credits
    with at most three decimals, or bytes. `sentence` is what its user reads.
    """

    limit: str
    percent: int
    unit: Unit
    used: float
    most: float
    sentence: str


QuotaStatus = TypedDict(
    "QuotaStatus",
    {
        "global": PoolFigures,
        "user": UserFigures,
        "daily": DailyFigures,
        "storage": StorageFigures,
        "global_storage": StorageFigures,
        "limits": LimitsInForce,
        "windows": list[WindowFigures],
        "grants": list[GrantFigures],
        "reached": list[ReachedFigures],
        "sources": list[SourceFigures],
        "tiers": list[str],
        "position": int,
        "points": NotRequired[int],
        "stale": NotRequired[str],
    },
)
"""The quota dictionary of a user, as of a position of the log. `points` is there where points are in use; `stale`, a
sentence, where they may be older than the present, as what keeps the log does not answer.
"""


class UserUsage(TypedDict):
    """A user's figures in one row."""

    user: str
    images: int
    used_mb: float
    reserved_mb: float
    limit_mb: float
    percentage: float
    status: Literal["OK", "WARNING", "CRITICAL"]
    daily_used: int
    daily_limit: int
