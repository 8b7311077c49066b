"""The quota figures of a user, and the dictionary that leaves here: the seeds' members, and what came since.

Sizes become MB with two decimals, credits have up to three, percentages have one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, cast

from adapters.application.quota_figures import (
    DailyFigures,
    GrantFigures,
    LimitsInForce,
    PoolFigures,
    QuotaStatus,
    ReachedFigures,
    SourceFigures,
    StorageFigures,
    Unit,
    UserFigures,
    Whose,
    WindowFigures,
)
from adapters.application.window_figures import told_amount
from adapters.wording.limits import unit_of
from adapters.wording.thresholds import reached_in_words
from domain.credits import PER_CREDIT
from domain.grants import BYTES
from domain.limit_names import CREDITS, POOL_STORAGE, USER_STORAGE
from domain.limits import Limits, Override, UserLimits, megabytes, own_at
from domain.tiers import Source
from projections.daily_quota import DailyStatus
from projections.reached_limits import Reached, Shown, reached_limits
from projections.user_quota import StorageStatus
from projections.window_status import GrantStatus, WindowStatus


class Figures(NamedTuple):
    """What a user has used and has left at a time, exactly: places of the day, bytes of their own and of all users
    together; the override is theirs, whether it is over or not.
    """

    at: str
    position: int
    limits: Limits
    override: Override | None
    daily: DailyStatus
    own: StorageStatus
    pool: StorageStatus
    images: int
    windows: tuple[WindowStatus, ...] = ()
    grants: tuple[GrantStatus, ...] = ()
    sources: Mapping[str, Source] = MappingProxyType({})
    tiers: tuple[str, ...] = ()
    points: int | None = None
    """None where points are not in use."""
    stale: str | None = None
    """That they may be old, as a sentence; None where they are not."""


def status_of(figures: Figures) -> QuotaStatus:
    """The quota dictionary of these figures."""
    whole, own = pool_figures(figures.pool), user_figures(figures.own, figures.images)
    status: QuotaStatus = {
        "global": whole,
        "user": own,
        "daily": _daily(figures.daily),
        "storage": _brief(own["used_mb"], own["limit_mb"], figures.own, figures.limits),
        "global_storage": _brief(whole["used_mb"], whole["total_mb"], figures.pool, figures.limits),
        "limits": _in_force(figures.override, figures.at),
        "windows": [_window(status) for status in figures.windows],
        "grants": [_grant(status) for status in figures.grants],
        "reached": [_reached(one) for one in reached_limits(_shown(figures), figures.limits)],
        "sources": source_figures(figures.sources),
        "tiers": list(figures.tiers),
        "position": figures.position,
    }
    if figures.points is not None:
        status["points"] = figures.points
    if figures.stale is not None:
        status["stale"] = figures.stale
    return status


def source_figures(sources: Mapping[str, Source]) -> list[SourceFigures]:
    """Where each limit is from, for programs."""
    return [
        {"limit": name, "whose": cast("Whose", source.whose), "tiers": list(source.tiers)}
        for name, source in sources.items()
    ]


def pool_figures(status: StorageStatus) -> PoolFigures:
    """What all users together use and hold."""
    return {
        "used_mb": megabytes(status.used_bytes),
        "reserved_mb": megabytes(status.held_bytes),
        "total_mb": megabytes(status.limit_bytes),
        "remaining_mb": megabytes(status.remaining_bytes),
        "percentage": status.percentage,
        "status": status.status.value,
    }


def user_figures(status: StorageStatus, images: int) -> UserFigures:
    """What one user stores and holds."""
    return {
        "used_mb": megabytes(status.used_bytes),
        "reserved_mb": megabytes(status.held_bytes),
        "limit_mb": megabytes(status.limit_bytes),
        "remaining_mb": megabytes(status.remaining_bytes),
        "percentage": status.percentage,
        "status": status.status.value,
        "images": images,
    }


def _daily(status: DailyStatus) -> DailyFigures:
    return {
        "allowed": status.allowed,
        "used": status.used,
        "remaining": status.remaining,
        "limit": status.limit,
        "reset_hours": status.reset_hours,
        "resets_at": status.resets_at,
    }


def _window(status: WindowStatus) -> WindowFigures:
    of_credits = status.name.endswith(CREDITS)
    used, held, most, left = (
        amount / PER_CREDIT if of_credits else amount
        for amount in (status.used, status.held, status.limit, status.remaining)
    )
    return {
        "limit": status.name,
        "unit": "credits" if of_credits else "generations",
        "used": used,
        "held": held,
        "most": most,
        "remaining": left,
        "percentage": status.percentage,
        "status": status.status.value,
        "resets_at": status.resets_at,
        "enforced": status.is_enforced,
    }


def _grant(status: GrantStatus) -> GrantFigures:
    grant = status.grant
    each = PER_CREDIT if grant.unit == CREDITS else 1
    return {
        "grant": grant.grant,
        "unit": cast("Unit", grant.unit),
        "left": status.left / each if each > 1 else status.left,
        "amount": grant.amount / each if each > 1 else grant.amount,
        "priority": grant.priority,
        "ends_at": status.ends_at,
        "source": grant.source,
    }


def _shown(figures: Figures) -> Shown:
    return Shown(figures.daily, figures.own, figures.pool, figures.windows)


def _reached(reached: Reached) -> ReachedFigures:
    unit = BYTES if reached.limit_name in {USER_STORAGE, POOL_STORAGE} else unit_of(reached.limit_name)
    return {
        "limit": reached.limit_name,
        "percent": reached.percent,
        "unit": cast("Unit", unit),
        "used": told_amount(reached.used, unit),
        "most": told_amount(reached.most, unit),
        "sentence": reached_in_words(reached),
    }


def _brief(used_mb: float, limit_mb: float, status: StorageStatus, limits: Limits) -> StorageFigures:
    fits = status.remaining_bytes >= limits.gen_bytes
    return {"used_mb": used_mb, "limit_mb": limit_mb, "allowed": fits}


def _in_force(override: Override | None, at: str) -> LimitsInForce:
    """Whose the limits are at a time; an override that is over is none."""
    own = own_at(override, at)
    return {
        "storage": "everybody" if own.user_bytes is None else "own",
        "daily": "everybody" if own.daily is None else "own",
        "until": None if override is None or own == UserLimits() else override.until,
    }
