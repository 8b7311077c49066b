"""Tiers: which there are, define one or take it away, give one by hand; who has which and why; what a change of one
would be; and how somebody stands in the line.

What blocks until a change is durable ends in `_blocking`.
"""

from __future__ import annotations

from typing import NamedTuple

from adapters.application.ends import refuse_past_end
from adapters.application.idempotency import Key, with_key
from adapters.application.reading import ReadableStorage
from adapters.application.results import LIBRARY, SYSTEM, Actor, Changed, changed
from adapters.application.storage import Storage
from domain.instants import day_of
from domain.limit_names import ALL_LIMITS, CREDITS, USER, taken_apart
from domain.limits import Limits
from domain.names import malformed_user
from domain.refusals import Reason, Refusal
from domain.tier_commands import AssignTier, DefineTier, SeeGroups, SeenTier, UnassignTier
from domain.tiers import (
    EVERYBODY,
    Benefits,
    Member,
    SeenAt,
    Tier,
    Tiers,
    benefits_at,
    benefits_of,
    is_over,
    limits_of,
    seen_at,
)
from domain.tiers_given import TIER, groups_seen
from domain.usage import find_day
from domain.validation import malformed
from domain.windows import window_named
from projections.quota_state import QuotaState

LEAST_WEIGHT = 1
"""In the line, that of whom no tier says anything."""
DRY_RUN = "a dry run"
NAMED = 10
"""Users who are named of a change, the first ones; the figures are of all."""


class Held(NamedTuple):
    """A tier that a user has, and why: given by hand, until a time where it has an end; by a group at a place; or, of
    that named `everybody`, as they have no other.
    """

    tier: str
    group: str | None = None
    place: str | None = None
    until: str | None = None


class UserTiers(NamedTuple):
    """A user's tiers and why they are theirs, what these give together, and the limits in force."""

    held: tuple[Held, ...]
    benefits: Benefits
    limits: Limits


class TierStep(NamedTuple):
    """A change of a tier: from what, to what (None: there is none), who has it before and after, and who would be over
    a limit then and is over none now. Whoever has a group that no tier named until now is known from their next
    command on.
    """

    former: Tier | None
    wanted: Tier | None
    members: int
    joining: int
    leaving: int
    over: int
    named: tuple[str, ...]


def tiers_in_force(storage: ReadableStorage) -> tuple[Tier, ...]:
    """Every tier that there is, by its key."""
    tiers = storage.running().state.tiers.by_key
    return tuple(tiers[key] for key in sorted(tiers))


def define_tier_blocking(
    storage: Storage,
    tier: Tier,
    reason: str,
    *,
    seen: SeenTier | None = None,
    actor: Actor = LIBRARY,
    idempotency_key: Key | None = None,
) -> Changed | Refusal:
    """Defines a tier anew, whole; position 0 where it is so already. Refused where it is no longer as it was `seen`.
    Raises Faults.
    """
    opened = storage.opened()
    definition = _definition(as_stored(tier), reason, actor)._replace(seen=_seen_as_stored(seen))
    command = with_key(definition, idempotency_key, opened)
    return changed(opened.ledger.execute(command))


def take_tier_away_blocking(
    storage: Storage,
    tier: str,
    reason: str,
    *,
    seen: SeenTier | None = None,
    actor: Actor = LIBRARY,
    idempotency_key: Key | None = None,
) -> Changed | Refusal:
    """Takes a tier away, from all who have it. Refused where it is no longer as it was `seen`. Raises Faults."""
    opened = storage.opened()
    command = DefineTier(actor.by, tier, None, reason, origin=actor.origin, seen=_seen_as_stored(seen))
    return changed(opened.ledger.execute(with_key(command, idempotency_key, opened)))


def assign_tier_blocking(  # noqa: PLR0913 - keywords that are given by name
    storage: Storage,
    user: str,
    tier: str,
    reason: str,
    *,
    until: str | None = None,
    actor: Actor = LIBRARY,
    idempotency_key: Key | None = None,
) -> Changed | Refusal:
    """Gives a user a tier by hand, until a time where one is given; position 0 where it is so already. Raises
    Faults.
    """
    opened = storage.opened()
    command = AssignTier(user=user, by=actor.by, tier=tier, reason=reason, until=until, origin=actor.origin)
    if refused := refuse_past_end(command, until, idempotency_key, opened):
        return refused
    return changed(opened.ledger.execute(with_key(command, idempotency_key, opened)))


def unassign_tier_blocking(
    storage: Storage,
    user: str,
    tier: str,
    reason: str,
    *,
    actor: Actor = LIBRARY,
    idempotency_key: Key | None = None,
) -> Changed | Refusal:
    """Takes a tier back that a user was given by hand. Raises Faults."""
    opened = storage.opened()
    command = UnassignTier(user, actor.by, tier, reason, actor.origin)
    return changed(opened.ledger.execute(with_key(command, idempotency_key, opened)))


def are_news(storage: ReadableStorage, user: str, seen: SeenAt) -> bool:
    """Whether the groups of a user at a place, of those that tiers name, are others than those last seen there."""
    root = storage.running()
    told = SeeGroups(user, SYSTEM.by, seen.place, seen.groups)
    return groups_seen(told, root.state, root.now()) is not None


async def see_groups(
    storage: Storage, user: str, place: str, groups: tuple[str, ...], *, actor: Actor = LIBRARY
) -> Changed | Refusal:
    """Tells which groups a user is in at a place; nothing is recorded where that is known. Raises Faults."""
    command = SeeGroups(user, actor.by, place, groups, actor.origin)
    return changed(await storage.opened().ledger.submit(command))


def tiers_of(storage: ReadableStorage, user: str) -> UserTiers:
    """Which tiers a user has now, why, and until when. Raises ValueError for a malformed id."""
    if sentence := malformed_user(user):
        raise ValueError(sentence)
    root = storage.running()
    state, at = root.state, root.now()
    benefits = benefits_at(state, user, at)
    held = _held(state.tiers, state.member(user), benefits, at)
    return UserTiers(held, benefits, limits_of(state, user, state.policy, at, benefits))


def standing_of(storage: ReadableStorage, user: str, seen: SeenAt | None = None) -> tuple[int, int | None]:
    """A user's weight in the line, and the most requests of theirs under way; None: as many as everybody's. `seen`:
    the groups that come with a request.
    """
    root = storage.running()
    member = root.state.member(user)
    now = member if seen is None else seen_at(member, seen.place, seen.groups)
    benefits = benefits_of(root.state.tiers, now, root.now())
    return benefits.weight or LEAST_WEIGHT, benefits.waiting


def tier_step(
    storage: ReadableStorage, key: str, wanted: Tier | None, seen: SeenTier | None = None
) -> TierStep | Refusal:
    """What a change of a tier would be, and whom it would touch; `wanted` None takes it away. Nobody loses anything,
    and the next requests of whoever is over are refused. What was `seen` is only looked at for its form. Goes through
    all users: for a worker.
    """
    wanted = None if wanted is None else as_stored(wanted)
    root = storage.running()
    state, at = root.state, root.now()
    former = state.tiers.by_key.get(key)
    if wanted is None and former is None:
        return Refusal(Reason.NOT_FOUND, detail=key, what=TIER)
    asked = DefineTier(LIBRARY.by, key, None, DRY_RUN) if wanted is None else _definition(wanted, DRY_RUN, LIBRARY)
    if (sentence := malformed(asked._replace(seen=_seen_as_stored(seen)))) is not None:
        return Refusal(Reason.MALFORMED, detail=sentence)
    after = state.tiers.without(key) if wanted is None else state.tiers.defined(wanted)
    has, would, over = [], [], []
    for user in sorted({*state.users.users(), *(user for user, _ in state.ranks.members())}):
        now, then = benefits_at(state, user, at), benefits_of(after, _kept(state.member(user), after), at)
        has += [user] if key in now.tiers else []
        would += [user] if key in then.tiers else []
        if now.limits != then.limits and not _is_over(state, user, now, at) and _is_over(state, user, then, at):
            over.append(user)
    return TierStep(
        former=former,
        wanted=wanted,
        members=len(would),
        joining=len(set(would) - set(has)),
        leaving=len(set(has) - set(would)),
        over=len(over),
        named=tuple(over[:NAMED]),
    )


def as_stored(tier: Tier) -> Tier:
    """The tier as it is stored: names once each in the order of the alphabet, limits of windows in theirs."""
    windows = sorted(
        tier.limits.windows or (), key=lambda one: ALL_LIMITS.index(one[0]) if one[0] in ALL_LIMITS else -1
    )
    return tier._replace(
        limits=tier.limits._replace(windows=tuple(windows) or None),
        groups=tuple(sorted(set(tier.groups))),
        providers=_sorted(tier.providers),
        models=_sorted(tier.models),
        operations=_sorted(tier.operations),
    )


def _seen_as_stored(seen: SeenTier | None) -> SeenTier | None:
    return None if seen is None else SeenTier(None if seen.tier is None else as_stored(seen.tier))


def _sorted(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(sorted(set(names)))


def _definition(tier: Tier, reason: str, actor: Actor) -> DefineTier:
    return DefineTier(
        by=actor.by,
        tier=tier.tier,
        limits=tier.limits,
        reason=reason,
        groups=tier.groups,
        providers=tier.providers,
        models=tier.models,
        operations=tier.operations,
        weight=tier.weight,
        waiting=tier.waiting,
        origin=actor.origin,
    )


def _held(tiers: Tiers, member: Member, benefits: Benefits, at: str) -> tuple[Held, ...]:
    """Each reason why a user has a tier, the tiers by their keys."""
    held = [Held(one.tier, until=one.until) for one in member.assigned if not is_over(one, at)]
    for place, groups in member.seen:
        held += [Held(key, group, place) for group in groups for key in tiers.by_group.get(group, ())]
    held += [Held(EVERYBODY)] if benefits.tiers == (EVERYBODY,) else []
    return tuple(sorted(held, key=lambda one: (one.tier, one.group or "", one.place or "")))


def _kept(member: Member, tiers: Tiers) -> Member:
    """The member where these are the tiers: what was given by hand of another is theirs no more."""
    return member._replace(assigned=tuple(one for one in member.assigned if one.tier in tiers.by_key))


def _is_over(state: QuotaState, user: str, benefits: Benefits, at: str) -> bool:
    """Whether a user has more than their limits allow."""
    limits = limits_of(state, user, state.policy, at, benefits)
    usage, today = state.user(user), find_day(state.days(user), day_of(at))
    if usage.image_bytes + usage.held_bytes > limits.user_bytes or (today is not None and today.count > limits.daily):
        return True
    for limit in taken_apart(limits.windows):
        if limit.scope == USER:
            tally = state.tally(f"{USER}:{user}", window_named(at, limit.window))
            if (tally.credits if limit.unit == CREDITS else tally.generations) > limit.most:
                return True
    return False
