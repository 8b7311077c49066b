"""Tiers as they leave here for programs, member by member. Sizes are bytes, times the ledger's; limits of windows are
text, as the setting LIMITS has them.
"""

from __future__ import annotations

from typing_extensions import TypedDict  # on Python 3.11 pydantic reads no other

from adapters.application.tiers import TierStep, UserTiers
from domain.limit_grammar import limits_in_text
from domain.tiers import Tier


class TierFigures(TypedDict):
    """A tier; None: everybody's limit, or everything is allowed."""

    tier: str
    daily: int | None
    user_bytes: int | None
    limits: str
    groups: list[str]
    providers: list[str] | None
    models: list[str] | None
    operations: list[str] | None
    weight: int | None
    waiting: int | None


class EveryTier(TypedDict):
    """The tiers that there are, by their keys."""

    tiers: list[TierFigures]


class TierChange(TypedDict):
    """A change of a tier from what to what (None: there is none), who has it before and after, and who would be over
    a limit then and is over none now; the first of these are named.
    """

    former: TierFigures | None
    wanted: TierFigures | None
    members: int
    joining: int
    leaving: int
    over: int
    named: list[str]
    changed: bool
    dry_run: bool


class HeldTier(TypedDict):
    """A tier that a user has: by a group that was last seen at a place, else by hand until a time (None: for good), or
    as who has no other.
    """

    tier: str
    group: str | None
    place: str | None
    until: str | None


class TiersOfUser(TypedDict):
    """A user's tiers, what they give together, and whether this request changed anything of them."""

    user: str
    held: list[HeldTier]
    together: TierFigures
    changed: bool


def tier_figures(tier: Tier) -> TierFigures:
    """A tier for programs."""
    return {
        "tier": tier.tier,
        "daily": tier.limits.daily,
        "user_bytes": tier.limits.user_bytes,
        "limits": limits_in_text(tier.limits.windows or ()),
        "groups": list(tier.groups),
        "providers": _listed(tier.providers),
        "models": _listed(tier.models),
        "operations": _listed(tier.operations),
        "weight": tier.weight,
        "waiting": tier.waiting,
    }


def change_figures(step: TierStep, *, changed: bool, dry_run: bool) -> TierChange:
    """A change of a tier for programs."""
    return {
        "former": step.former and tier_figures(step.former),
        "wanted": step.wanted and tier_figures(step.wanted),
        "members": step.members,
        "joining": step.joining,
        "leaving": step.leaving,
        "over": step.over,
        "named": list(step.named),
        "changed": changed,
        "dry_run": dry_run,
    }


def user_figures(user: str, found: UserTiers, *, changed: bool = False) -> TiersOfUser:
    """A user's tiers for programs."""
    benefits = found.benefits
    together = Tier("+".join(benefits.tiers), benefits.limits, (), *benefits[2:])
    return {
        "user": user,
        "held": [{"tier": one.tier, "group": one.group, "place": one.place, "until": one.until} for one in found.held],
        "together": tier_figures(together),
        "changed": changed,
    }


def _listed(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)
