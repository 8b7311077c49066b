"""When a limit is used up so far that people shall hear of it, before it refuses.

Of the percentages of the policy (`tell_at`) the highest that a decision has reached is told, once for each limit,
window and percentage; those that it jumped over are not told any more. A storage has no window: a percentage of it is
told anew once what is used and held was less by `FALLEN` points since, so that who stands at it is not told at each
picture. What is used and held counts as the limits count it (`quota_checks.py`): without what grants bear, and of a
user's storage without temp files. Limits that are tried out tell nothing, nor does a limit of 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from domain.events import Event, GenerationCompleted, GenerationReserved, ImageSaved
from domain.instants import day_of
from domain.limit_names import (
    CREDITS,
    DAILY,
    DAY,
    GUILD,
    POOL,
    POOL_STORAGE,
    USER,
    USER_STORAGE,
    WindowLimit,
    taken_apart,
)
from domain.limits import Limits, told_figure
from domain.quota_checks import granted_bytes
from domain.reservations import Evolved, evolve_reservation, guild_of
from domain.threshold_events import ThresholdCrossed, is_told
from domain.tiers import limits_of
from domain.usage import charged_places, find_day, own_price
from domain.view import View
from domain.windows import NOTHING, Tally, begin_of, window_named

SYSTEM = "system"


class Rise(NamedTuple):
    """What a decision adds: to the user's own windows of a day, to the whole ones of guild and pool, and bytes of the
    user and the pool. `is_new`: places are charged to that day by it.
    """

    user: str
    guild: str | None
    day: str
    own: Tally = NOTHING
    whole: Tally = NOTHING
    user_bytes: int = 0
    pool_bytes: int = 0
    is_new: bool = False
    origin: str | None = None


class Figure(NamedTuple):
    """How far a limit is used up after a decision; `whose` is `user:ID`, `guild:ID` or `pool`."""

    limit: str
    whose: str
    window: str | None
    used: int
    most: int


def crossed(events: tuple[Event, ...], view: View, policy: Limits, at: str) -> tuple[ThresholdCrossed, ...]:
    """What shall be told of events that a decision gives, which `view` does not have yet."""
    rise = rise_of(events, view)
    if rise is None:
        return ()
    limits = limits_of(view, rise.user, policy, at)
    return tuple(
        _event(figure, percent, at, rise.origin)
        for figure in map(_told, _figures(rise, view, limits, at))
        if figure.limit not in limits.unenforced
        and (percent := reached(figure.used, figure.most, policy.tell_at))
        and not is_told(view.thresholds.told(figure.whose, figure.limit), figure.window, percent, figure.most)
    )


def reached(used: int, most: int, tell_at: tuple[int, ...]) -> int:
    """The highest of some percentages that is reached, 0 where none is."""
    return max((percent for percent in tell_at if most and used * 100 >= most * percent), default=0)


def rise_of(events: tuple[Event, ...], view: View) -> Rise | None:
    """What events of one decision add; None where they are about nothing that limits count."""
    rise: Rise | None = None
    each = 0
    for event in events:
        match event:
            case GenerationReserved():
                each = event.bytes_each
                price = event.count * (event.credits_each or 0)
                held = event.count * each
                rise = Rise(
                    user=event.user,
                    guild=guild_of(event.origin),
                    day=day_of(event.at),
                    own=Tally(charged_places(event), own_price(event)),
                    whole=Tally(event.count, price),
                    user_bytes=held,
                    pool_bytes=held,
                    is_new=True,
                    origin=event.origin,
                )
            case GenerationCompleted():
                rise = _of_delivery(evolve_reservation(view.reservation(event.reservation), event), event.origin)
            case ImageSaved():
                rise = _with_save(
                    rise or Rise(event.user, None, day_of(event.at), origin=event.origin), event, each, view
                )
            case _:
                continue
    return rise


def _of_delivery(evolved: Evolved, origin: str | None) -> Rise:
    reservation = evolved.reservation
    return Rise(
        user=reservation.user,
        guild=reservation.guild,
        day=reservation.day,
        own=evolved.own,
        whole=evolved.whole,
        origin=origin,
    )


def _with_save(rise: Rise, event: ImageSaved, each: int, view: View) -> Rise:
    """With a picture in the place of what was held for it: `each` where that was reserved by the same decision."""
    settled = None if event.reservation is None else view.reservation(event.reservation)
    growth = event.bytes - event.replaced_bytes - (settled.bytes_each if settled else each)
    return rise._replace(
        user_bytes=rise.user_bytes + (0 if event.temp else growth), pool_bytes=rise.pool_bytes + growth
    )


def _figures(rise: Rise, view: View, limits: Limits, at: str) -> Iterator[Figure]:
    """Each limit of which more is used or held, in the one order."""
    if rise.own.generations > 0:
        today = find_day(view.days(rise.user), rise.day)
        used = (today.count if today else 0) + rise.own.generations
        yield Figure(DAILY, f"{USER}:{rise.user}", begin_of(rise.day, DAY), used, limits.daily)
    if rise.own is not NOTHING or rise.whole is not NOTHING:
        for limit in taken_apart(limits.windows):
            figure = _of_window(limit, rise, view)
            if figure is not None:
                yield figure
    if rise.user_bytes > 0:
        usage = view.user(rise.user)
        used = usage.image_bytes + usage.held_bytes + rise.user_bytes
        most = limits.user_bytes + granted_bytes(view, rise.user, at)
        yield Figure(USER_STORAGE, f"{USER}:{rise.user}", None, used, most)
    if rise.pool_bytes > 0:
        used = view.pool.used_bytes + view.pool.held_bytes + rise.pool_bytes
        yield Figure(POOL_STORAGE, POOL, None, used, limits.pool_bytes)


def _of_window(limit: WindowLimit, rise: Rise, view: View) -> Figure | None:
    change = rise.own if limit.scope == USER else rise.whole
    more = change.credits if limit.unit == CREDITS else change.generations
    whose = {USER: f"{USER}:{rise.user}", GUILD: f"{GUILD}:{rise.guild}" if rise.guild else None}.get(limit.scope, POOL)
    if more <= 0 or whose is None:
        return None
    tally = view.tally(whose, window_named(rise.day, limit.window))
    if tally == NOTHING and not rise.is_new:
        return None  # what was charged there is no longer kept, and takes nothing more
    used = tally.credits if limit.unit == CREDITS else tally.generations
    return Figure(limit.name, whose, begin_of(rise.day, limit.window), used + more, limit.most)


def _told(figure: Figure) -> Figure:
    """It with figures that can be recorded."""
    return figure._replace(used=told_figure(figure.used), most=told_figure(figure.most))


def _event(figure: Figure, percent: int, at: str, origin: str | None) -> ThresholdCrossed:
    scope, _, name = figure.whose.partition(":")
    return ThresholdCrossed(
        at=at,
        by=SYSTEM,
        limit_name=figure.limit,
        percent=percent,
        used=figure.used,
        most=figure.most,
        user=name if scope == USER else None,
        guild=name if scope == GUILD else None,
        begins=figure.window,
        origin=origin,
    )
