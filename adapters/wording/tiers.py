"""A tier in a sentence: its limits, what it allows, how it stands in the line, which groups give it; and why somebody
has it.
"""

from __future__ import annotations

from typing import assert_never

from adapters.wording.figures import counted, minute, size_in_words
from domain.credits import in_credits
from domain.limit_names import CREDITS
from domain.limits import UserLimits
from domain.tier_events import GroupsSeen, TierAssigned, TierDefined, TierEvent, TierUnassigned
from domain.tiers import Tier

BY_HAND = "by hand"
BY_NONE = "as whoever has no other"


def tier_in_words(tier: Tier | TierDefined) -> str:
    """All of a tier, as "tier gold: 20 a day; models core; weight 3; by guild:9/role:5"."""
    if tier.limits is None:
        return f"tier {tier.tier} is no more"
    parts = limits_in_words(tier.limits)
    for what, names in (("providers", tier.providers), ("models", tier.models), ("operations", tier.operations)):
        parts += [f"{what} {', '.join(names)} alone"] if names is not None else []
    parts += [f"weight {tier.weight}"] if tier.weight is not None else []
    parts += [f"{counted(tier.waiting, 'request')} under way"] if tier.waiting is not None else []
    parts += [f"by {', '.join(tier.groups)}"] if tier.groups else []
    return f"tier {tier.tier}: {'; '.join(parts) or 'as everybody'}"


def about_tiers(event: TierEvent) -> str:
    """An event about tiers."""
    match event:
        case TierDefined():
            return f"{tier_in_words(event)}: {event.reason}"
        case TierAssigned():
            until = f" until {minute(event.until)}" if event.until else ""
            return f"tier {event.tier} given by hand{until}: {event.reason}"
        case TierUnassigned():
            return f"tier {event.tier} taken back: {event.reason}"
        case GroupsSeen():
            return f"in {', '.join(event.groups) or 'no group of a tier'} at {event.place}"
        case _:
            assert_never(event)


def limits_in_words(limits: UserLimits) -> list[str]:
    """Each limit of a tier, those of windows by their names."""
    parts = [] if limits.daily is None else [f"{limits.daily} a day"]
    parts += [] if limits.user_bytes is None else [f"{size_in_words(limits.user_bytes)} of storage"]
    for name, most in limits.windows or ():
        parts.append(f"{name} {in_credits(most) if name.endswith(CREDITS) else most}")
    return parts


def held_in_words(by: str, place: str | None, until: str | None) -> str:
    """Why somebody has a tier, and until when."""
    if place is not None:
        return f"by {by}, as last seen at {place}"
    end = f" until {minute(until)}" if until else ""
    return f"{by}{end}"
