"""Who uses more than limits of windows would allow: told before they are set or put in force, and nobody loses
anything.

A user is judged by the limits that would be theirs, as one of their own or of a tier's stays in force.
"""

from __future__ import annotations

from typing import NamedTuple

from adapters.application.reading import ReadableStorage
from adapters.application.results import PolicyStep
from domain.limit_names import CREDITS, DAILY, GUILD, OF_WINDOWS, POOL, USER, WindowLimit, taken_apart
from domain.tiers import limits_of
from domain.windows import window_named
from projections.quota_state import QuotaState


class OverWindow(NamedTuple):
    """A limit of which so many users or guilds use more, or all together do (1)."""

    limit: str
    count: int  # type: ignore[assignment]  # as the other figures; tuple.count is not needed


def over_windows(storage: ReadableStorage, step: PolicyStep) -> tuple[OverWindow, ...]:
    """For each limit of windows that a step changes or puts in force and by which somebody would be over, how many.
    Goes through all users, where there is such a limit: for a worker.
    """
    windows = step.limits.windows or ()
    looked_at = _changed(step)
    if not looked_at:
        return ()
    root = storage.running()
    state, at = root.state, root.now()
    policy = state.policy._replace(windows=windows)
    counts = dict.fromkeys(OF_WINDOWS, 0)
    for user in state.users.users() if any(name.startswith(USER) for name in looked_at) else ():
        for limit in taken_apart(limits_of(state, user, policy, at).windows):
            if limit.scope == USER and limit.name in looked_at:
                counts[limit.name] += _is_over(state, f"{USER}:{user}", limit, at)
    for limit in taken_apart(windows):
        if limit.scope != USER and limit.name in looked_at:
            counts[limit.name] += sum(_is_over(state, scope, limit, at) for scope in _shared_scopes(state, limit.scope))
    return tuple(OverWindow(name, count) for name, count in counts.items() if count and name != DAILY)


def _changed(step: PolicyStep) -> frozenset[str]:
    """The limits of windows that a step sets otherwise, also to try them out, or puts in force."""
    former, tried = dict(step.former.windows or ()), step.limits.unenforced or ()
    in_force = {name for name in step.former.unenforced or () if name not in tried}
    windows = step.limits.windows or ()
    return frozenset(name for name, most in windows if former.get(name) != most or name in in_force)


def _shared_scopes(state: QuotaState, scope: str) -> list[str]:
    """The guilds that anything was counted of, or the pool; no users."""
    if scope == POOL:
        return [POOL]
    return [known for known in state.windows.dump() if known.startswith(f"{GUILD}:")] if scope == GUILD else []


def _is_over(state: QuotaState, scope: str, limit: WindowLimit, at: str) -> bool:
    tally = state.tally(scope, window_named(at, limit.window))
    return (tally.credits if limit.unit == CREDITS else tally.generations) > limit.most
