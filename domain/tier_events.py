"""The facts about tiers. As with every fact, the names of classes and members are those that are stored."""

from __future__ import annotations

from typing import NamedTuple

from domain.idempotency import IdempotencyKey
from domain.limits import UserLimits


class TierDefined(NamedTuple):
    """A tier is so from here on, whatever it was; `limits` None takes it away, and from all who had it by hand.

    `providers`, `models`, `operations`: what is allowed, everything where nothing is said. `weight` and `waiting` are
    for the line of requests that wait.
    """

    at: str
    by: str
    tier: str
    limits: UserLimits | None
    groups: tuple[str, ...]
    reason: str
    providers: tuple[str, ...] | None = None
    models: tuple[str, ...] | None = None
    operations: tuple[str, ...] | None = None
    weight: int | None = None
    waiting: int | None = None
    origin: str | None = None
    request: IdempotencyKey | None = None


class TierAssigned(NamedTuple):
    """A user has a tier by hand, until a time where one is given; replaces a former assignment of the same tier."""

    at: str
    user: str
    by: str
    tier: str
    reason: str
    until: str | None = None
    origin: str | None = None
    request: IdempotencyKey | None = None


class TierUnassigned(NamedTuple):
    """A user has a tier by hand no more; by a group they may have it all the same."""

    at: str
    user: str
    by: str
    tier: str
    reason: str
    origin: str | None = None
    request: IdempotencyKey | None = None


class GroupsSeen(NamedTuple):
    """The groups of a user at a place, of those that any tier names; they hold until others are seen there. What a
    command asked with them is decided with them already.
    """

    at: str
    user: str
    by: str
    place: str
    groups: tuple[str, ...]
    origin: str | None = None


TierEvent = TierDefined | TierAssigned | TierUnassigned | GroupsSeen
