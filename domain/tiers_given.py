"""Decisions about tiers: define one, give it by hand, take it back; hear which groups somebody is in; and whether a
user's tiers allow what is asked. What their limits are then is `tiers.limits_of`'s.
"""

from __future__ import annotations

from typing import assert_never

from domain.commands import ReserveGeneration
from domain.events import Event
from domain.limit_grammar import members_in_text
from domain.refusals import Reason, Refusal
from domain.tier_commands import AssignTier, DefineTier, SeeGroups, TierCommand, UnassignTier
from domain.tier_events import GroupsSeen, TierAssigned, TierDefined, TierUnassigned
from domain.tiers import MAX_GROUPS_SEEN, MAX_TIERS, Assignment, Benefits, Tier, groups_at
from domain.view import View

UNSPECIFIED = "unspecified"
TIER = "tier"
"""What was not found, in a refusal."""


def decide_of_tiers(command: TierCommand, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """What follows from a command about tiers."""
    match command:
        case DefineTier():
            return define(command, view, at)
        case AssignTier():
            return assign(command, view, at)
        case UnassignTier():
            return unassign(command, view, at)
        case SeeGroups():
            return see(command, view, at)
        case _:
            assert_never(command)


def define(command: DefineTier, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """TierDefined, which replaces whole; nothing where the tier is so already."""
    tiers = view.tiers.by_key
    former = tiers.get(command.tier)
    if command.limits is None and former is None:
        return Refusal(Reason.NOT_FOUND, detail=command.tier, what=TIER)
    if former == wanted_tier(command):
        return ()
    if command.seen is not None and command.seen.tier != former:
        return Refusal(Reason.LIMITS_CHANGED, detail=_as_it_is(command.tier, former))
    if former is None and len(tiers) >= MAX_TIERS:
        return Refusal(
            Reason.MALFORMED, detail=f"There are at most {MAX_TIERS} tiers. Take one away that nobody needs."
        )
    return (
        TierDefined(
            at=at,
            by=command.by,
            tier=command.tier,
            limits=command.limits,
            groups=command.groups,
            reason=command.reason,
            providers=command.providers,
            models=command.models,
            operations=command.operations,
            weight=command.weight,
            waiting=command.waiting,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def _as_it_is(key: str, tier: Tier | None) -> str:
    """A tier in a refusal, by the names of its members."""
    if tier is None:
        return f"there is no tier {key}"
    told = {**tier.limits._asdict(), **tier._asdict(), "tier": None, "limits": None, "groups": tier.groups or None}
    return f"of the tier {key} {members_in_text(told) or 'nothing is said'}"


def wanted_tier(command: DefineTier) -> Tier | None:
    """The tier as it is to be; None where it is to be taken away."""
    if command.limits is None:
        return None
    return Tier(
        tier=command.tier,
        limits=command.limits,
        groups=command.groups,
        providers=command.providers,
        models=command.models,
        operations=command.operations,
        weight=command.weight,
        waiting=command.waiting,
    )


def assign(command: AssignTier, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """TierAssigned; nothing where the user has the tier by hand until then already."""
    if command.tier not in view.tiers.by_key:
        return Refusal(Reason.NOT_FOUND, detail=command.tier, what=TIER)
    if Assignment(command.tier, command.until) in view.member(command.user).assigned:
        return ()
    return (
        TierAssigned(
            at=at,
            user=command.user,
            by=command.by,
            tier=command.tier,
            reason=command.reason,
            until=command.until,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def unassign(command: UnassignTier, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """TierUnassigned, of a tier that the user was given by hand, whether that is over or not."""
    if all(one.tier != command.tier for one in view.member(command.user).assigned):
        return Refusal(Reason.NOT_FOUND, command.user, command.tier, what=TIER)
    return (
        TierUnassigned(
            at=at,
            user=command.user,
            by=command.by,
            tier=command.tier,
            reason=command.reason,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def see(command: SeeGroups, view: View, at: str) -> tuple[Event, ...]:
    """GroupsSeen, where the groups are others than those last seen."""
    seen = groups_seen(command, view, at)
    return () if seen is None else (seen,)


def groups_seen(command: SeeGroups | ReserveGeneration, view: View, at: str) -> GroupsSeen | None:
    """What is recorded of the groups that come with a command: those that any tier names, where they are others at that
    place than last seen; None where nothing is.
    """
    if command.groups is None or command.place is None:
        return None
    named = view.tiers.by_group
    groups = tuple(sorted({group for group in command.groups if group in named}))[:MAX_GROUPS_SEEN]
    if groups == groups_at(view.member(command.user), command.place):
        return None
    return GroupsSeen(
        at=at, user=command.user, by=command.by, place=command.place, groups=groups, origin=command.origin
    )


def not_allowed(command: ReserveGeneration, benefits: Benefits) -> str | None:
    """What of a request the user's tiers do not allow, and what they would; None where they allow it. What is not told
    nobody can judge: whoever makes a picture for others tells it.
    """
    asked = (
        ("provider", command.provider, benefits.providers),
        ("model", command.model, benefits.models),
        ("operation", None if command.operation == UNSPECIFIED else command.operation, benefits.operations),
    )
    for what, name, allowed in asked:
        if name and allowed is not None and name not in allowed:
            return f"the {what} {name} (allowed: {', '.join(allowed)})"
    return None
