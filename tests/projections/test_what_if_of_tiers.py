"""The same history where a tier had other limits: everybody else's stay as they were."""

from __future__ import annotations

import pytest

from domain.events import Event
from domain.limits import UserLimits
from projections.quota_state import QuotaState
from projections.what_if import AS_THEY_WERE, Further, WhatIf, requests_of
from tests.domain.examples import (
    OTHER,
    USER,
    assigned,
    no_tier,
    overridden,
    policy,
    refused,
    reserved,
    tier,
)

MONTHLY = "user/month/credits"
GOLD: list[Event] = [policy(daily=1), tier(daily=3), assigned()]
THREE: list[Event] = [reserved(), reserved("r2"), reserved("r3")]


def decided(
    history: list[Event], further: Further = AS_THEY_WERE, *, begun: list[Event] | None = None, **given: int
) -> WhatIf:
    """The history under another tier gold; what was `begun` is folded before."""
    state = QuotaState()
    for position, event in enumerate(begun or [], 1):
        state.apply(position, event)
    story = WhatIf(state, given, further, "gold")
    for position, event in enumerate(history, 1 + len(begun or [])):
        story.take(requests_of([(position, event)]))
    return story


@pytest.mark.parametrize(("daily", "refused_here"), [(0, 3), (1, 2), (2, 1), (3, 0), (4, 0)])
def test_whoever_has_the_tier_is_held_to_its_other_limit(daily: int, refused_here: int) -> None:
    """Wherever the history begins; others have what everybody has."""
    for begun in ([], GOLD):
        history = [*([] if begun else GOLD), *THREE, reserved("o1", user=OTHER)]
        story = decided(history, begun=begun, daily=daily)
        assert (story.users[USER].refused_here, story.users[OTHER].refused_here) == (refused_here, 0)
        assert story.under(story.state.policy).daily == 1


def test_what_was_refused_then_is_allowed_by_a_more_generous_tier() -> None:
    """As with the limits of everybody."""
    whole = decided([*GOLD, *THREE, refused(limit=3, used=3)], daily=4).whole
    assert (whole.refused_then, whole.refused_here, whole.newly_allowed, whole.more_made) == (1, 0, 1, 1)


def test_a_tier_has_them_each_time_that_it_is_defined_and_no_longer_than_it_is_there() -> None:
    """The rest of each definition is as it was; where it is taken away its members have everybody's limits."""
    again = tier(daily=9, user_bytes=2**30, models=("core",))
    story = decided([*GOLD, *THREE, again, no_tier(), reserved("r4"), tier("blue", daily=9)], daily=2)
    assert [one.limits for one in story.tier.then] == [UserLimits(daily=3), UserLimits(2**30, 9)]  # type: ignore[union-attr]  # it is asked for
    assert story.tier.here.limits == UserLimits(2**30, 2)  # type: ignore[union-attr]  # it was defined
    assert story.whole.refused_here == 2
    assert story.state.tiers.by_key["blue"].limits == UserLimits(daily=9)


def test_further_limits_are_the_tiers_and_none_leaves_its_own_out() -> None:
    """`alone`: without those that it had."""
    history: list[Event] = [policy(daily=9), tier(windows=((MONTHLY, 500),)), assigned(),
                            reserved(credits_each=400), reserved("r2", credits_each=400)]  # fmt: skip
    assert decided(history, Further(((MONTHLY, 700),))).whole.windows == {MONTHLY: 1}
    assert decided(history, Further(((MONTHLY, 800),))).whole.refused_here == 0
    assert decided(history, Further(alone=True)).whole.refused_here == 0


def test_an_own_limit_still_wins_and_whose_it_is_is_told() -> None:
    """Over the tier as it is here, as over the one that was."""
    story = decided([*GOLD, overridden(daily=3), *THREE], daily=0)
    assert (story.whole.refused_here, story.own_limits) == (0, {USER})


def test_a_tier_that_was_never_defined_is_none() -> None:
    """Nothing is otherwise, and it says so."""
    story = decided([policy(daily=1), reserved()], daily=0)
    assert (story.tier.here, story.whole.refused_here) == (None, 0)  # type: ignore[union-attr]  # it is asked for
