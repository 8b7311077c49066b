"""Decisions about limits and choices: the policy, a user's own limits, an admin's reset, preferences."""

from __future__ import annotations

from domain.commands import OverrideLimits, ResetDaily, SetPolicy, SetPreference
from domain.events import DailyCountReset, Event, LimitsOverridden, PolicyChanged, PreferenceSet
from domain.instants import day_of
from domain.limits import Limits, Override, UserLimits
from domain.usage import find_day
from domain.view import View

MAX_RECORDED_RESETS = 20
"""Resets of a user and day; only one of a count that is not 0 is recorded after them."""


def set_policy(command: SetPolicy, view: View, policy: Limits, at: str) -> tuple[Event, ...]:
    """PolicyChanged where a given limit differs from the one in force, and in a log that has none yet."""
    wanted = policy._replace(**command.given)
    if view.policy_is_recorded and wanted == policy:
        return ()
    return (PolicyChanged(at, command.by, wanted, command.source, command.origin),)


def override_limits(command: OverrideLimits, view: View, at: str) -> tuple[Event, ...]:
    """LimitsOverridden: what is given replaces the former override whole; nothing given takes it away. Nothing where
    the user's limits are these already, whatever the reason.
    """
    nothing = command.user_bytes is None and command.daily is None
    limits = None if nothing else UserLimits(command.user_bytes, command.daily)
    until = None if nothing else command.until
    if view.override(command.user) == (limits and Override(limits, until)):
        return ()
    return (
        LimitsOverridden(
            at=at,
            user=command.user,
            by=command.by,
            limits=limits,
            reason=command.reason,
            until=until,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def reset_daily(command: ResetDaily, view: View, at: str) -> tuple[Event, ...]:
    """DailyCountReset. Where today's count is 0 it changes nothing, and tells only that somebody acted: the first ones
    of a user and day are recorded.
    """
    today = find_day(view.days(command.user), day_of(at))
    if today is not None and today.count == 0 and today.resets >= MAX_RECORDED_RESETS:
        return ()
    return (
        DailyCountReset(
            at=at,
            user=command.user,
            by=command.by,
            reason=command.reason,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def set_preference(command: SetPreference, at: str) -> tuple[Event, ...]:
    """PreferenceSet."""
    return (
        PreferenceSet(
            at=at,
            user=command.user,
            by=command.by,
            preference=command.preference,
            value=command.value,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )
