"""What callers ask of the ledger about tiers."""

from __future__ import annotations

from typing import NamedTuple

from domain.idempotency import IdempotencyKey
from domain.limits import UserLimits
from domain.tiers import Tier


class SeenTier(NamedTuple):
    """A tier as whoever changes it saw it; None: there was none."""

    tier: Tier | None


class DefineTier(NamedTuple):
    """Defines a tier anew, whole; `limits` None takes it away. With `seen` it is refused where the tier is another by
    now, unless it is as it shall be.
    """

    by: str
    tier: str
    limits: UserLimits | None
    reason: str
    groups: tuple[str, ...] = ()
    providers: tuple[str, ...] | None = None
    models: tuple[str, ...] | None = None
    operations: tuple[str, ...] | None = None
    weight: int | None = None
    waiting: int | None = None
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None
    seen: SeenTier | None = None


class AssignTier(NamedTuple):
    """Gives a user a tier by hand, until a time where one is given."""

    user: str
    by: str
    tier: str
    reason: str
    until: str | None = None
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class UnassignTier(NamedTuple):
    """Takes a tier back that a user was given by hand."""

    user: str
    by: str
    tier: str
    reason: str
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class SeeGroups(NamedTuple):
    """Tells which groups a user is in at a place, without asking for anything."""

    user: str
    by: str
    place: str
    groups: tuple[str, ...]
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


TierCommand = DefineTier | AssignTier | UnassignTier | SeeGroups
