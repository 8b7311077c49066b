"""How much of each limit of a window is used, held and left, for whoever is shown it; and what grants have left."""

from __future__ import annotations

from typing import NamedTuple

from domain.grants import Grant, available, ends_at
from domain.limit_names import CREDITS, GUILD, USER, WindowLimit, taken_apart
from domain.limits import Limits, Status, percentage, remaining, status_of, told_figure
from domain.view import View
from domain.windows import begins_anew_at, window_named


class WindowStatus(NamedTuple):
    """A limit of a window, in places or thousandths of credits. `is_enforced`: it refuses, and is not tried out."""

    name: str
    used: int
    held: int
    limit: int
    remaining: int
    percentage: float
    status: Status
    resets_at: str
    is_enforced: bool


class GrantStatus(NamedTuple):
    """What can still be drawn from a grant, until when; None: for good."""

    grant: Grant
    left: int
    ends_at: str | None


def windows_of(view: View, user: str, limits: Limits, at: str, guild: str | None = None) -> tuple[WindowStatus, ...]:
    """The limits of windows that apply to a user, in the order in which they are asked; a guild's in that guild."""
    scopes = {USER: f"{USER}:{user}", GUILD: guild and f"{GUILD}:{guild}"}
    found = []
    for limit in taken_apart(limits.windows):
        scope = scopes.get(limit.scope, limit.scope)
        if scope is not None:
            found.append(_status(view, scope, limit, at, is_enforced=limit.name not in limits.unenforced))
    return tuple(found)


def _status(view: View, scope: str, limit: WindowLimit, at: str, *, is_enforced: bool) -> WindowStatus:
    tally = view.tally(scope, window_named(at, limit.window))
    held = tally.held if limit.unit == CREDITS else 0
    used = tally.credits - held if limit.unit == CREDITS else tally.generations
    told = told_figure(used)
    return WindowStatus(
        name=limit.name,
        used=told,
        held=held,
        limit=limit.most,
        remaining=remaining(limit.most, used, held),
        percentage=percentage(told + held, limit.most),
        status=status_of(told + held, limit.most),
        resets_at=begins_anew_at(at, limit.window),
        is_enforced=is_enforced,
    )


def grants_left(view: View, user: str, at: str) -> tuple[GrantStatus, ...]:
    """A user's grants that have something left at a time, in the order in which they were given."""
    left = ((grant, available(grant, at)) for grant in view.grants(user))
    return tuple(
        GrantStatus(grant, some, None if grant.expires_at is None else ends_at(grant, at))
        for grant, some in left
        if some
    )
