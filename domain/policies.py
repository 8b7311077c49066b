"""Decisions about limits and choices: the policy, a user's own limits, an admin's reset, preferences."""

from __future__ import annotations

from domain.commands import (
    OF_A_MANAGER,
    OF_DEFAULTS,
    ChangePolicy,
    OverrideLimits,
    ResetDaily,
    SetPolicy,
    SetPreference,
)
from domain.events import DailyCountReset, Event, LimitsOverridden, PolicyChanged, PreferenceSet
from domain.instants import day_of
from domain.limit_grammar import members_in_text
from domain.limits import NO_OVERRIDE, Limits, Override, TakenIn, UserLimits
from domain.refusals import Reason, Refusal
from domain.usage import find_day
from domain.view import View

MAX_RECORDED_RESETS = 20
"""Resets of a user and day; only one of a count that is not 0 is recorded after them."""


def set_policy(command: SetPolicy, view: View, policy: Limits, at: str) -> tuple[Event, ...]:
    """PolicyChanged where a limit is given otherwise than it was last taken in, and in a log that has none yet. What is
    given as before changes nothing, so that a manager's limit holds on.
    """
    is_default = command.source == OF_DEFAULTS
    stood = policy if is_default else view.taken_in
    anew = {name: limit for name, limit in command.given.items() if getattr(stood, name) != limit}
    if view.policy_is_recorded and not anew:
        return ()
    wanted = policy._replace(**anew)
    is_whole = is_default or view.taken_in._replace(**anew) == TakenIn(*wanted)
    return (
        PolicyChanged(
            at=at,
            by=command.by,
            limits=wanted,
            source=command.source,
            taken_in=None if is_whole else tuple(anew) or None,
            origin=command.origin,
        ),
    )


def change_policy(command: ChangePolicy, view: View, policy: Limits, at: str) -> tuple[Event, ...] | Refusal:
    """PolicyChanged, where the limits differ from those in force and are still as the manager saw them."""
    wanted = policy._replace(**command.wanted.given)
    if view.policy_is_recorded and wanted == policy:
        return ()
    others = {name: now for name, seen in command.seen.given.items() if (now := getattr(policy, name)) != seen}
    if others:
        return Refusal(Reason.LIMITS_CHANGED, detail=members_in_text(others))
    return (
        PolicyChanged(
            at=at,
            by=command.by,
            limits=wanted,
            source=OF_A_MANAGER,
            reason=command.reason,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def taken_in_after(event: PolicyChanged, former: TakenIn) -> TakenIn:
    """The limits as settings last gave them, after an event."""
    if event.source in {OF_DEFAULTS, OF_A_MANAGER}:
        return former
    if event.taken_in is None:
        return TakenIn(*event.limits)
    return former._replace(**{name: getattr(event.limits, name) for name in event.taken_in})


def override_limits(command: OverrideLimits, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """LimitsOverridden: what is given replaces the former override whole; nothing given takes it away. Nothing where
    the user's limits are these already, whatever the reason. Refused where they are no longer as the manager saw them.
    """
    nothing = command.user_bytes is None and command.daily is None and not command.windows
    limits = None if nothing else UserLimits(command.user_bytes, command.daily, command.windows or None)
    until = None if nothing else command.until
    former = view.override(command.user)
    if former == (limits and Override(limits, until)):
        return ()
    if command.seen is not None and command.seen != (former or NO_OVERRIDE):
        return Refusal(Reason.LIMITS_CHANGED, detail=_own_in_words(former or NO_OVERRIDE))
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


def _own_in_words(own: Override) -> str:
    return members_in_text({**own.limits._asdict(), "until": own.until}) or "the user has none of their own"


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
