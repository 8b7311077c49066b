"""Tiers: limits and rights that users have together, who has which, and what several of them give.

A user has a tier by a group that was last seen, or by hand until an end; whoever has no other has the one named
`everybody`, where there is such. Of several the most generous value of each limit counts, where none gives one the
policy's, and a user's own limits stand over all of them. Left to others: which groups somebody has now.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, Protocol

from domain.limit_names import DAILY, POOL_STORAGE, USER_STORAGE, in_order
from domain.limits import Limits, Override, UserLimits, by_name, effective, own_at, with_own

EVERYBODY = "everybody"
"""The tier of whoever has no other; and whose a limit is that neither a tier gives nor the user has alone."""
OWN, OF_TIER = "own", "tier"
"""Whose a limit is otherwise."""
MAX_TIERS = 64
MAX_GROUPS = 64
"""Groups that give one tier."""
MAX_ALLOWED = 64
"""Names in one list of what is allowed."""
MAX_GROUPS_SEEN = 256
"""Groups that are kept of a user at one place: a guild has at most 250 roles."""
PLACES_KEPT = 32
"""Places of one user whose groups are kept; where another is seen, the one that was seen longest ago is forgotten."""
MAX_WEIGHT = 100
MAX_WAITING = 100
REMEMBERED = 1_024

STORED_GROUP = r"(?:guild:[0-9]{1,20}/role:[0-9]{1,20}|group:[a-z0-9][a-z0-9_-]{0,63})"
"""What groups are called: a role of a guild, or a group of programs."""
STORED_PLACE = r"(?:guild:[0-9]{1,20}|api:[a-z0-9][a-z0-9_-]{0,63})"
"""Where groups are seen: in a guild, or at a program by its token."""
_GROUP, _PLACE = re.compile(STORED_GROUP), re.compile(STORED_PLACE)

Allowed = tuple[str, ...] | None
"""Names that are allowed; None: all are."""


class Tier(NamedTuple):
    """A tier as it is defined. Of `limits` None leaves the policy's; `waiting`: the most requests under way of a
    member.
    """

    tier: str
    limits: UserLimits = UserLimits()
    groups: tuple[str, ...] = ()
    providers: Allowed = None
    models: Allowed = None
    operations: Allowed = None
    weight: int | None = None
    waiting: int | None = None


class Assignment(NamedTuple):
    """A tier that a user was given by hand, in force while `at < until` (for ever, where `until` is None)."""

    tier: str
    until: str | None = None


class SeenAt(NamedTuple):
    """The groups of a user that were last seen at a place: those that a tier named then."""

    place: str
    groups: tuple[str, ...]


class Member(NamedTuple):
    """What a user's tiers follow from; places in the order in which they were seen."""

    assigned: tuple[Assignment, ...] = ()
    seen: tuple[SeenAt, ...] = ()


NO_MEMBER = Member()


class Benefits(NamedTuple):
    """What a user's tiers give together; None where none of them says anything, or one allows everything."""

    tiers: tuple[str, ...] = ()
    limits: UserLimits = UserLimits()
    providers: Allowed = None
    models: Allowed = None
    operations: Allowed = None
    weight: int | None = None
    waiting: int | None = None


class Source(NamedTuple):
    """Where a limit of a user is from: it is `own`, of `everybody`, or by a `tier`; then `tiers` are all that give just
    so much.
    """

    whose: str = EVERYBODY
    tiers: tuple[str, ...] = ()


class Tiers:
    """Every tier that there is, in the order in which they were first defined. It never changes, and is equal to itself
    alone: what follows from it is remembered by that.
    """

    __slots__ = ("by_group", "by_key")

    def __init__(self, tiers: Iterable[Tier] = ()) -> None:
        self.by_key: dict[str, Tier] = {tier.tier: tier for tier in tiers}
        self.by_group: dict[str, list[str]] = {}
        for tier in self.by_key.values():
            for group in tier.groups:
                self.by_group.setdefault(group, []).append(tier.tier)

    def defined(self, tier: Tier) -> Tiers:
        """These, with one defined anew."""
        return Tiers({**self.by_key, tier.tier: tier}.values())

    def without(self, key: str) -> Tiers:
        """These, without one."""
        return Tiers(tier for tier in self.by_key.values() if tier.tier != key)


NO_TIERS = Tiers()
_NO_LIMITS = UserLimits()
NO_BENEFITS = Benefits(limits=_NO_LIMITS)


class Known(Protocol):
    """What of a state is asked for somebody's limits."""

    @property
    def tiers(self) -> Tiers:
        """Every tier that there is."""

    def member(self, user: str) -> Member:
        """What a user's tiers follow from."""

    def override(self, user: str) -> Override | None:
        """A user's own limits."""


def limits_of(known: Known, user: str, policy: Limits, at: str, benefits: Benefits | None = None) -> Limits:
    """The limits of a user at a time: the policy's, or what their tiers give, or what is their own. `benefits`: those
    of their tiers, where they are told already.
    """
    if benefits is None:
        benefits = benefits_at(known, user, at)
    if benefits.limits is not _NO_LIMITS:
        policy = _given(policy, benefits.limits)
    return effective(policy, known.override(user), at)


def sources_of(known: Known, user: str, policy: Limits, at: str) -> dict[str, Source]:
    """Where each limit of `limits_of` is from, by the names of `limit_names.py` in their order. It is for who is told
    of limits; no decision asks it.
    """
    benefits = benefits_at(known, user, at)
    own, given = by_name(own_at(known.override(user), at)), by_name(benefits.limits)
    each = {key: by_name(known.tiers.by_key[key].limits) for key in benefits.tiers}
    found = {}
    for name in (DAILY, *dict(limits_of(known, user, policy, at, benefits).windows), USER_STORAGE, POOL_STORAGE):
        if name in own:
            found[name] = Source(OWN)
        elif name in given:
            found[name] = Source(OF_TIER, tuple(key for key, most in each.items() if most.get(name) == given[name]))
        else:
            found[name] = Source()
    return found


def benefits_at(known: Known, user: str, at: str) -> Benefits:
    """What a user's tiers give together at a time, by all that is known."""
    tiers = known.tiers
    return benefits_of(tiers, known.member(user), at) if tiers.by_key else NO_BENEFITS


def benefits_of(tiers: Tiers, member: Member, at: str) -> Benefits:
    """What a user's tiers give together at a time."""
    if not tiers.by_key:
        return NO_BENEFITS
    assigned = member.assigned
    if assigned:
        assigned = tuple([one for one in assigned if not is_over(one, at)])
    return _together(tiers, assigned, member.seen)


def is_over(assignment: Assignment, at: str) -> bool:
    """Whether an assignment is in force no more."""
    return assignment.until is not None and assignment.until <= at


def groups_at(member: Member, place: str) -> tuple[str, ...]:
    """The groups that were last seen at a place."""
    return next((seen.groups for seen in member.seen if seen.place == place), ())


def seen_at(member: Member, place: str, groups: tuple[str, ...]) -> Member:
    """The member after groups were seen at a place; none there: the place is forgotten."""
    others = tuple([seen for seen in member.seen if seen.place != place])
    return member._replace(seen=(*others, SeenAt(place, groups))[-PLACES_KEPT:] if groups else others)


def is_group(text: object) -> bool:
    """Whether it can be the name of a group."""
    return isinstance(text, str) and _GROUP.fullmatch(text) is not None


def is_place(text: object) -> bool:
    """Whether it can be a place where groups are seen."""
    return isinstance(text, str) and _PLACE.fullmatch(text) is not None


@lru_cache(maxsize=REMEMBERED)
def _given(policy: Limits, own: UserLimits) -> Limits:
    return with_own(policy, own)


@lru_cache(maxsize=REMEMBERED)
def _together(tiers: Tiers, assigned: tuple[Assignment, ...], seen: tuple[SeenAt, ...]) -> Benefits:
    keys = {one.tier for one in assigned}
    keys.update(key for place in seen for group in place.groups for key in tiers.by_group.get(group, ()))
    having = [tiers.by_key[key] for key in sorted(keys) if key in tiers.by_key]
    if not having and EVERYBODY in tiers.by_key:
        having = [tiers.by_key[EVERYBODY]]
    if not having:
        return NO_BENEFITS
    limits = _most_generous([tier.limits for tier in having])
    return Benefits(
        tiers=tuple(tier.tier for tier in having),
        limits=_NO_LIMITS if limits == _NO_LIMITS else limits,
        providers=_all_of([tier.providers for tier in having]),
        models=_all_of([tier.models for tier in having]),
        operations=_all_of([tier.operations for tier in having]),
        weight=_most([tier.weight for tier in having]),
        waiting=_most([tier.waiting for tier in having]),
    )


def _most_generous(limits: list[UserLimits]) -> UserLimits:
    windows: dict[str, int] = {}
    for name, most in (one for own in limits for one in own.windows or ()):
        windows[name] = max(most, windows.get(name, most))
    return UserLimits(
        _most([own.user_bytes for own in limits]), _most([own.daily for own in limits]), in_order(windows) or None
    )


def _most(values: list[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _all_of(lists: list[Allowed]) -> Allowed:
    """All that some list allows; a tier without one allows everything."""
    told = [names for names in lists if names is not None]
    return None if len(told) < len(lists) else tuple(sorted({name for names in told for name in names}))
