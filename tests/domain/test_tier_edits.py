"""A tier is changed as it was seen: somebody else may have changed it meanwhile."""

from __future__ import annotations

import pytest

from domain.events import Event
from domain.limits import UserLimits
from domain.refusals import Reason
from domain.tier_commands import SeenTier
from domain.tiers import Tier
from tests.domain.examples import define, no_tier, policy, take_away, tier
from tests.domain.history import given

GOLD = Tier("gold", UserLimits(daily=3), ("guild:9/role:5",))
DEFINED: list[Event] = [policy(daily=1), tier(daily=3, groups=GOLD.groups)]
OTHERS = (
    ("another limit", GOLD._replace(limits=UserLimits(daily=4))),
    ("another group", GOLD._replace(groups=())),
    ("another list", GOLD._replace(models=("core",))),
    ("there was none", None),
)


@pytest.mark.parametrize("seen", [None, SeenTier(GOLD)], ids=["nothing was told", "as it is"])
def test_a_tier_is_changed_that_is_as_it_was_seen(seen: SeenTier | None) -> None:
    """Defined anew, or taken away."""
    given(*DEFINED).when(define(daily=5, seen=seen)).then(tier(daily=5))
    given(*DEFINED).when(take_away(seen=seen)).then(no_tier())


@pytest.mark.parametrize("seen", [row[1] for row in OTHERS], ids=[row[0] for row in OTHERS])
def test_a_tier_that_is_another_by_now_is_not_changed(seen: Tier | None) -> None:
    """And the refusal tells what it is now."""
    detail = "of the tier gold daily is 3, groups is guild:9/role:5"
    for command in (define(daily=5, seen=SeenTier(seen)), take_away(seen=SeenTier(seen))):
        given(*DEFINED).when(command).then_refused(Reason.LIMITS_CHANGED, detail=detail)


def test_a_tier_that_is_gone_by_now_is_not_defined_anew() -> None:
    """Whoever took it away meant it; and what nobody had seen is there by now."""
    given(*DEFINED, no_tier()).when(define(daily=5, seen=SeenTier(GOLD))).then_refused(
        Reason.LIMITS_CHANGED, detail="there is no tier gold"
    )
    given(policy()).when(define(daily=5, seen=SeenTier(None))).then(tier(daily=5))


def test_what_was_seen_is_a_tier() -> None:
    """As whatever is told to the ledger."""
    for wrong in (
        GOLD._replace(weight=0),
        GOLD._replace(groups=("nobody",)),
        GOLD._replace(limits=UserLimits(daily=-1)),
    ):
        given(*DEFINED).when(define(daily=5, seen=SeenTier(wrong))).then_refused(Reason.MALFORMED)


def test_what_is_so_already_is_no_change() -> None:
    """Whatever was seen: somebody else wanted the same."""
    given(*DEFINED).when(define(daily=3, groups=GOLD.groups, seen=SeenTier(None))).then()
