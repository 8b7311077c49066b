"""Decisions about limits and choices: the policy, a user's own limits, an admin's reset, preferences."""

from __future__ import annotations

from domain.commands import OverrideLimits, ResetDaily, SetPolicy, SetPreference
from domain.events import DailyCountReset, Event, LimitsOverridden, PolicyChanged, PreferenceSet
from domain.limits import Limits, UserLimits
from domain.view import View


def set_policy(command: SetPolicy, view: View, policy: Limits, at: str) -> tuple[Event, ...]:
    """PolicyChanged where a given limit differs from the one in force, and in a log that has none yet."""
    given = {name: getattr(command, name) for name in Limits._fields if getattr(command, name) is not None}
    wanted = policy._replace(**given)
    if view.policy_is_recorded and wanted == policy:
        return ()
    return (PolicyChanged(at, command.by, wanted, command.source, command.origin),)


def override_limits(command: OverrideLimits, at: str) -> tuple[Event, ...]:
    """LimitsOverridden: what is given replaces the former override whole; nothing given takes it away."""
    nothing = command.user_bytes is None and command.daily is None
    limits = None if nothing else UserLimits(command.user_bytes, command.daily)
    until = None if nothing else command.until
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


def reset_daily(command: ResetDaily, at: str) -> tuple[Event, ...]:
    """DailyCountReset, whatever today's count is."""
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
