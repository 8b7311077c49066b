"""Whether it fits: the limits of windows, places before credits, then the user's storage and the pool, in one order.
Everything else is decided elsewhere.

Sizes are bytes, credits thousandths. What grows nothing always fits, so that a lowered limit never stops a deletion's
opposite of the same size. What the user's own windows have no room for, grants bear, where there are such; a limit that
is tried out lets everything through, and what it would have refused is told.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from domain.commands import ReserveGeneration, SaveImage
from domain.events import MAX_RECORDED_REFUSALS, Asked, LimitExceeded, RequestRefused
from domain.grants import BYTES, Draw, available, drawn_from, total
from domain.instants import day_of
from domain.limit_names import (
    CREDITS,
    DAILY,
    GENERATIONS,
    GUILD,
    OF_WINDOWS,
    POOL_STORAGE,
    USER,
    USER_STORAGE,
    by_scope,
    taken_apart,
)
from domain.limits import REMEMBERED, Limits, Windows, told_figure
from domain.refusals import Reason, Refusal, resets_at
from domain.reservations import guild_of
from domain.usage import find_day
from domain.view import View
from domain.windows import windows_of


class Demand(NamedTuple):
    """What a command wants to add: places, and bytes, of which `growth` are beyond those it replaces or holds."""

    command: ReserveGeneration | SaveImage
    places: int
    bytes: int
    growth: int
    replaced_bytes: int = 0
    credits: int = 0


class Fits(NamedTuple):
    """It fits: what grants bear of it, and what limits that are tried out would have refused."""

    drawn: tuple[Draw, ...] = ()
    exceeded: tuple[LimitExceeded, ...] = ()


class _Full(NamedTuple):
    """A limit that says no, what is used of it and what is held."""

    name: str
    limit: int
    used: int
    held: int
    over: int
    """What of the demand it has no room for: of a window all of it at the most, though it be used beyond its limit."""


def _full(name: str, limit: int, used: int, held: int, over: int) -> _Full:
    """The limit with figures that can be told and recorded."""
    return _Full(name, told_figure(limit), told_figure(used), told_figure(held), over)


_FITS = Fits()
_REASONS = {DAILY: Reason.DAILY_LIMIT, USER_STORAGE: Reason.USER_STORAGE, POOL_STORAGE: Reason.POOL_STORAGE}
"""The reasons of limits that have their own; every other limit's is WINDOW_LIMIT."""


def price_is_needed(command: ReserveGeneration, limits: Limits) -> bool:
    """Whether a limit of credits applies to a request, so that it cannot be taken without a price."""
    needed = _scopes_of_credits(limits.windows, limits.unenforced)
    return bool(needed) and (needed != (GUILD,) or guild_of(command.origin) is not None)


@lru_cache(maxsize=REMEMBERED)
def _scopes_of_credits(windows: Windows, unenforced: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes whose credits are limited."""
    of_credits = (limit for limit in taken_apart(windows) if limit.unit == CREDITS and limit.name not in unenforced)
    return tuple(dict.fromkeys(limit.scope for limit in of_credits))


def check(demand: Demand, view: View, limits: Limits, at: str) -> Fits | Refusal:
    """Whether `demand` fits each limit; the first that it does not fit is the refusal. `limits` are this user's."""
    windows, storages = _full_windows(demand, view, limits, at), _full_storages(demand, view, limits, at)
    if not windows and not storages:
        return _FITS
    full = [*windows, *storages]
    drawn: tuple[Draw, ...] = ()
    exceeded = []
    for unit, wanted in ((GENERATIONS, demand.places), (CREDITS, demand.credits)):
        over = max([one.over for one in full if _is_borne(one, unit) and one.name not in limits.unenforced], default=0)
        if over:
            drawn += drawn_from(view.grants(demand.command.user), unit, min(over, wanted), at)
    for one in full:
        unit = one.name.rpartition("/")[2]
        if one.name in limits.unenforced:
            exceeded.append(_exceeded(demand, one, at))
        elif not (_is_borne(one, unit) and one.over <= total(drawn, unit)):
            return _refusal(demand, one, view, at)
    return Fits(drawn, tuple(exceeded))


def _is_borne(full: _Full, unit: str) -> bool:
    """Whether grants of a unit can bear what a limit has no room for: only a user's own are theirs to bear."""
    return full.name.startswith(USER) and full.name.endswith(unit)


def _full_windows(demand: Demand, view: View, limits: Limits, at: str) -> list[_Full]:
    """The limits of windows that the demand does not fit, in their order."""
    if demand.places <= 0:
        return []
    full = []
    today = find_day(view.days(demand.command.user), day_of(at))
    used = today.count if today else 0
    if used + demand.places > limits.daily:
        over = min(demand.places, used + demand.places - limits.daily)
        full.append(_full(DAILY, limits.daily, used, 0, over))
    if limits.windows:
        full += _full_further(demand, view, limits.windows, at)
    return full


def _full_further(demand: Demand, view: View, windows: Windows, at: str) -> list[_Full]:
    """Those beside the daily one. What a scope's windows count is asked for once."""
    command, full, wanted = demand.command, [], (demand.places, demand.credits)
    names = windows_of(day_of(at))
    for whose, limits in by_scope(windows):
        scope = _scope_of(whose, command)
        if scope is None:
            continue
        tallies = view.tallies(scope, names)
        for limit, length, unit in limits:
            tally = tallies[length]
            over = tally[unit] + wanted[unit] - limit.most
            if over > 0 and wanted[unit]:
                held = tally[2] if limit.unit == CREDITS else 0
                full.append(_full(limit.name, limit.most, tally[unit] - held, held, min(wanted[unit], over)))
    return full if len(full) <= 1 else sorted(full, key=lambda one: OF_WINDOWS.index(one.name))


def _scope_of(whose: str, command: ReserveGeneration | SaveImage) -> str | None:
    """Whose windows a limit is about; None where the request is of nobody whom it concerns."""
    if whose == USER:
        return f"{USER}:{command.user}"
    if whose == GUILD:
        guild = guild_of(command.origin)
        return None if guild is None else f"{GUILD}:{guild}"
    return whose


def _full_storages(demand: Demand, view: View, limits: Limits, at: str) -> list[_Full]:
    """The storages that the demand does not fit: the user's, the pool."""
    if demand.growth <= 0:
        return []
    full, command = [], demand.command
    user = view.user(command.user)
    temp = isinstance(command, SaveImage) and command.temp
    used, held = (user.temp_bytes, 0) if temp else (user.image_bytes, user.held_bytes)
    if used + held + demand.growth > limits.user_bytes:
        most = limits.user_bytes + granted_bytes(view, command.user, at)
        if used + held + demand.growth > most:
            full.append(_full(USER_STORAGE, most, used, held, used + held + demand.growth - most))
    pool = view.pool
    over = pool.used_bytes + pool.held_bytes + demand.growth - limits.pool_bytes
    if over > 0:
        full.append(_full(POOL_STORAGE, limits.pool_bytes, pool.used_bytes, pool.held_bytes, over))
    return full


def granted_bytes(view: View, user: str, at: str) -> int:
    """Bytes that a user may store beyond their limit: those of all grants that are not over."""
    return sum([available(grant, at) for grant in view.grants(user) if grant.unit == BYTES])


def _asked(demand: Demand) -> Asked:
    return Asked(demand.places, demand.bytes, demand.replaced_bytes, demand.credits)


def _exceeded(demand: Demand, full: _Full, at: str) -> LimitExceeded:
    """What a limit that is tried out would have refused."""
    command = demand.command
    reserving = command if isinstance(command, ReserveGeneration) else None
    reason = _REASONS.get(full.name, Reason.WINDOW_LIMIT)
    return LimitExceeded(
        at=at,
        user=command.user,
        by=command.by,
        reason=reason.value,
        command=type(command).__name__,
        asked=_asked(demand),
        limit=full.limit,
        used=full.used,
        held=full.held,
        style=reserving and reserving.style,
        window=full.name if reason is Reason.WINDOW_LIMIT else None,
        provider=reserving and reserving.provider,
        model=reserving and reserving.model,
        origin=command.origin,
    )


def _refusal(demand: Demand, full: _Full, view: View, at: str) -> Refusal:
    """A refusal, with its record while there are few of its kind today."""
    command = demand.command
    told = _exceeded(demand, full, at)
    recorded = view.refusals(command.user, told.reason, day_of(at))
    record = None
    if recorded < MAX_RECORDED_REFUSALS:
        record = RequestRefused(**told._asdict(), last=recorded + 1 == MAX_RECORDED_REFUSALS)
    reason = Reason(told.reason)
    return Refusal(
        reason=reason,
        user=command.user,
        asked=told.asked,
        limit=full.limit,
        used=full.used,
        held=full.held,
        resets_at=resets_at(reason, told.window, at),
        window=told.window,
        record=record,
        estimated=isinstance(command, ReserveGeneration),
    )
