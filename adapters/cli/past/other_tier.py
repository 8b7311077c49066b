"""The tier that is another in `abby what-if --tier`, for programs and for people."""

from __future__ import annotations

from typing import Any

from adapters.application.window_figures import told_windows
from adapters.wording.limits import joined, own_parts
from domain.limits import megabytes
from domain.tiers import Tier
from projections.what_if_tiers import OtherTier

AS_EVERYBODY = "the limits of everybody"


def tier_as_data(tier: OtherTier | None) -> dict[str, Any] | None:
    """What it was, one after the other, and what it is in the end; None where no tier is another."""
    if tier is None or tier.here is None:
        return None
    return {"here": _as_data(tier.here), "then": [_as_data(one) for one in tier.then]}


def given_by(tier: Tier) -> str:
    """Its limits, as "9 generations a day and 20 credits a month"."""
    return joined(own_parts(tier.limits)) or AS_EVERYBODY


def _as_data(tier: Tier) -> dict[str, Any]:
    limits = tier.limits
    return {
        "tier": tier.tier,
        "daily": limits.daily,
        "user_mb": None if limits.user_bytes is None else megabytes(limits.user_bytes),
        "windows": told_windows(limits.windows),
    }
