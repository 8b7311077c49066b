"""By which lines a user has a limit from a tier, in sentences: how the tier was set, and by which hand or group it is
theirs. Who did it, why, and which group it was is for operators alone.
"""

from __future__ import annotations

from collections.abc import Collection

from adapters.wording.figures import minute
from adapters.wording.limits import joined, own_parts, tiers_in_words
from domain.events import Event
from domain.limits import UserLimits
from domain.tier_events import GroupsSeen, TierAssigned, TierDefined
from domain.tiers import OF_TIER, OWN, Source
from projections.explanation import Explanation


def whose_in_words(source: Source) -> str:
    """Where a limit is from: "by the tier gold"."""
    if source.whose == OF_TIER:
        return f"by the {tiers_in_words(source.tiers)}"
    return "the user's own limit" if source.whose == OWN else "the limit for everybody"


def lines_of_tiers(explanation: Explanation, names: Collection[str], *, is_operator: bool) -> list[str]:
    """A sentence for each line by which a tier gives some of these limits: `daily`, `user_bytes`, or those of windows
    by their names; the limits are told that are among them.
    """
    defined = [event for _, event in explanation.tier_lines if isinstance(event, TierDefined)]
    giving = {event.tier: event.groups for event in defined if _among(event, names) != UserLimits()}
    lines = []
    for position, event in explanation.tier_lines:
        said = _said(event, names, giving, is_operator=is_operator)
        if said:
            lines.append(f"Position {position}, {minute(event.at)}: {said}.")
    return lines


def _said(event: Event, names: Collection[str], giving: dict[str, tuple[str, ...]], *, is_operator: bool) -> str:
    """A line's sentence without its stop; "" where it is about none of the tiers that are meant."""
    match event:
        case TierDefined() if event.tier in giving:
            what = f"the tier {event.tier} was set to {joined(own_parts(_among(event, names)))}"
        case TierAssigned() if event.tier in giving:
            until = f" until {minute(event.until)}" if event.until else ""
            what = f"the user was given the tier {event.tier} by hand{until}"
        case GroupsSeen():
            tiers = sorted(tier for tier, groups in giving.items() if set(groups) & set(event.groups))
            seen = f" ({', '.join(event.groups)} at {event.place})" if is_operator else ""
            return f"the user was seen in a group of the {tiers_in_words(tiers)}{seen}" if tiers else ""
        case _:
            return ""
    return f"{what} ({event.by}): {event.reason}" if is_operator else what


def _among(event: TierDefined, names: Collection[str]) -> UserLimits:
    """Of a tier's limits those that are asked for."""
    own = event.limits or UserLimits()
    return UserLimits(
        user_bytes=own.user_bytes if "user_bytes" in names else None,
        daily=own.daily if "daily" in names else None,
        windows=tuple((name, most) for name, most in own.windows or () if name in names) or None,
    )
