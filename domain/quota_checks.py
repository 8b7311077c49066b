"""Whether it fits: the daily count, the user's storage and the pool, in this order. Everything else is decided
elsewhere.

Sizes are bytes. What grows nothing always fits, so that a lowered limit never stops a deletion's opposite of the same
size.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.commands import ReserveGeneration, SaveImage
from domain.events import MAX_RECORDED_REFUSALS, Asked, RequestRefused
from domain.instants import day_of, next_midnight
from domain.limits import Limits
from domain.refusals import Reason, Refusal
from domain.usage import find_day
from domain.view import View


class Demand(NamedTuple):
    """What a command wants to add: places, and bytes, of which `growth` are beyond those it replaces or holds."""

    command: ReserveGeneration | SaveImage
    places: int
    bytes: int
    growth: int
    replaced_bytes: int = 0


class _Figures(NamedTuple):
    """A limit that says no, what is used of it and what is held."""

    limit: int
    used: int
    held: int


def refuse_what_does_not_fit(demand: Demand, view: View, limits: Limits, at: str) -> Refusal | None:
    """The first limit that `demand` does not fit, None where it fits them all. `limits` are those of this user."""
    command = demand.command
    if demand.places > 0:
        today = find_day(view.days(command.user), day_of(at))
        used = today.count if today else 0
        if used + demand.places > limits.daily:
            return _refusal(demand, Reason.DAILY_LIMIT, _Figures(limits.daily, used, 0), view, at)
    if demand.growth <= 0:
        return None
    user = view.user(command.user)
    temp = isinstance(command, SaveImage) and command.temp
    used, held = (user.temp_bytes, 0) if temp else (user.image_bytes, user.held_bytes)
    if used + held + demand.growth > limits.user_bytes:
        return _refusal(demand, Reason.USER_STORAGE, _Figures(limits.user_bytes, used, held), view, at)
    pool = view.pool
    if pool.used_bytes + pool.held_bytes + demand.growth > limits.pool_bytes:
        return _refusal(
            demand, Reason.POOL_STORAGE, _Figures(limits.pool_bytes, pool.used_bytes, pool.held_bytes), view, at
        )
    return None


def _refusal(demand: Demand, reason: Reason, figures: _Figures, view: View, at: str) -> Refusal:
    """A refusal, with its record while there are few of its kind today."""
    command = demand.command
    asked = Asked(demand.places, demand.bytes, demand.replaced_bytes)
    recorded = view.refusals(command.user, reason.value, day_of(at))
    record = None
    if recorded < MAX_RECORDED_REFUSALS:
        record = RequestRefused(
            at=at,
            user=command.user,
            by=command.by,
            reason=reason.value,
            command=type(command).__name__,
            asked=asked,
            limit=figures.limit,
            used=figures.used,
            held=figures.held,
            last=recorded + 1 == MAX_RECORDED_REFUSALS,
            style=command.style if isinstance(command, ReserveGeneration) else None,
            origin=command.origin,
        )
    resets_at = next_midnight(at) if reason is Reason.DAILY_LIMIT else None
    return Refusal(
        reason=reason,
        user=command.user,
        asked=asked,
        limit=figures.limit,
        used=figures.used,
        held=figures.held,
        resets_at=resets_at,
        record=record,
        estimated=isinstance(command, ReserveGeneration),
    )
