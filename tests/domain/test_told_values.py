"""What a refusal says of amounts and lists can be written as it is told: no thousandths, and no program's own forms."""

from __future__ import annotations

import re
from typing import Any

import pytest

from domain.commands import ChangePolicy, Command, OverrideLimits
from domain.decisions import decide
from domain.events import Event
from domain.limits import MEGABYTE, Override, SharedLimits, UserLimits
from domain.refusals import Reason, Refusal
from domain.tier_commands import SeenTier
from projections.quota_state import QuotaState
from tests.domain.examples import BY, NOON, USER, define, overridden, policy, tier
from tests.domain.test_asks import ask

OWN = (("user/day/credits", 2_500), ("user/month/credits", 40_000))
SHARED: dict[str, Any] = {"windows": OWN, "unenforced": ("user/day/generations", "user/day/credits"), "daily": 0}
GROUPS = tuple(sorted(f"guild:9/role:{number}" for number in range(1, 8)))
GOLD: dict[str, Any] = {"daily": 0, "windows": OWN, "groups": GROUPS, "models": ("core", "ultra"), "weight": 3}
LIMITS = "user/day/credits=2.5, user/month/credits=40"
CHANGED: dict[str, tuple[list[Event], Command, str]] = {
    "everybody": (
        [policy(**SHARED)],
        ChangePolicy(BY, "why", SharedLimits(daily=4), SharedLimits(windows=(), unenforced=(), daily=3)),
        f"daily is 0, windows is {LIMITS}, unenforced is user/day/generations=false, user/day/credits=false",
    ),
    "nothing": (
        [policy(daily=1)],
        ChangePolicy(BY, "why", SharedLimits(daily=4), SharedLimits(windows=OWN, unenforced=("pool/storage",))),
        "windows is none, unenforced is none",
    ),
    "one user": (
        [policy(), overridden(windows=OWN, daily=0, until="2027-01-01T00:00:00.000000Z")],
        OverrideLimits(USER, BY, "why", daily=3, seen=Override(UserLimits(daily=1), None)),
        f"daily is 0, windows is {LIMITS}, until is 2027-01-01T00:00:00.000000Z",
    ),
    "tier": (
        [policy(), tier(**GOLD)],
        define(daily=5, seen=SeenTier(None)),
        (
            f"of the tier gold daily is 0, windows is {LIMITS}, groups is {', '.join(GROUPS[:5])} and 2 more, "
            "models is core, ultra, weight is 3"
        ),
    ),
}


def refusal_after(events: list[Event], command: Command) -> Refusal:
    state = QuotaState()
    for position, event in enumerate(events, 1):
        state.apply(position, event)
    refused = decide(command, state, state.policy, NOON)
    assert isinstance(refused, Refusal)
    return refused


@pytest.mark.parametrize(("events", "command", "told"), CHANGED.values(), ids=CHANGED)
def test_limits_that_are_others_by_now_are_told_as_they_are_written(
    events: list[Event], command: Command, told: str
) -> None:
    """By their members; of a long list its beginning."""
    refused = refusal_after(events, command)
    assert (refused.reason, refused.detail) == (Reason.LIMITS_CHANGED, told)
    assert not re.search(r"[()\[\]{}']", refused.detail)


@pytest.mark.parametrize(
    ("limit", "amount", "told"),
    [
        ("user/day/generations", 1_001, "1000 generations"),
        ("user/month/credits", 1_000_001, "1000 credits"),
        ("user/storage", 10_240 * MEGABYTE + 1, "10 GB (10737418240 bytes)"),
    ],
)
def test_how_much_can_be_asked_for_is_told_in_its_unit(limit: str, amount: int, told: str) -> None:
    """One over the bound; a credit is a thousand in the log alone."""
    refused = refusal_after([], ask(limit=limit, amount=amount))
    assert (refused.reason, refused.detail) == (Reason.MALFORMED, f"At most {told} can be asked for at once.")
