"""Where each limit of a user is from: own, by which tiers, or everybody's."""

from __future__ import annotations

import pytest

from domain.events import Event
from domain.limit_names import ALL_LIMITS
from domain.tiers import OF_TIER, OWN, Source, sources_of
from tests.domain.examples import NOON, OTHER, USER, assigned, no_tier, overridden, policy, tier
from tests.domain.history import Past, given

DAY, MONTH = "user/day/generations", "user/month/credits"
GOLD: list[Event] = [policy(daily=1), tier(daily=3)]
SOURCES: list[tuple[str, list[Event], dict[str, Source]]] = [
    ("no tier", [policy(daily=1)], {}),
    ("a tier of others", [*GOLD, assigned(user=OTHER)], {}),
    ("a tier", [*GOLD, assigned()], {DAY: Source(OF_TIER, ("gold",))}),
    ("a tier that gives less", [policy(daily=9), tier(daily=3), assigned()], {DAY: Source(OF_TIER, ("gold",))}),
    ("everybody's tier", [tier("everybody", daily=3)], {DAY: Source(OF_TIER, ("everybody",))}),
    (
        "of several the one that gives most",
        [tier(daily=3), tier("blue", daily=2, user_bytes=9), assigned(), assigned("blue")],
        {DAY: Source(OF_TIER, ("gold",)), "user/storage": Source(OF_TIER, ("blue",))},
    ),
    (
        "both where they give the same",
        [tier(daily=3), tier("blue", daily=3), assigned(), assigned("blue")],
        {DAY: Source(OF_TIER, ("blue", "gold"))},
    ),
    (
        "a further limit that nobody else has",
        [tier(windows=((MONTH, 5),)), assigned()],
        {MONTH: Source(OF_TIER, ("gold",))},
    ),
    ("an own limit over a tier", [*GOLD, assigned(), overridden(daily=2)], {DAY: Source(OWN)}),
    (
        "an own limit that is over",
        [*GOLD, assigned(), overridden(daily=2, until=NOON)],
        {DAY: Source(OF_TIER, ("gold",))},
    ),
    ("a tier that is over", [*GOLD, assigned(until=NOON)], {}),
    ("a tier that is taken away", [*GOLD, assigned(), no_tier()], {}),
    ("what is the wallet's", [policy(windows=(("pool/month/credits", 9),)), *GOLD[1:], assigned()],
     {DAY: Source(OF_TIER, ("gold",)), "pool/month/credits": Source()}),
]  # fmt: skip


@pytest.mark.parametrize(("past", "others"), [row[1:] for row in SOURCES], ids=[row[0] for row in SOURCES])
def test_it_is_told_where_each_limit_is_from(past: Past, others: dict[str, Source]) -> None:
    """Own, by which tiers, or everybody's; for each limit that there is, in the order in which they are asked."""
    told = given(*past).state
    found = sources_of(told, USER, told.policy, NOON)
    assert found == {DAY: Source(), "user/storage": Source(), "pool/storage": Source()} | others
    assert list(found) == [name for name in ALL_LIMITS if name in found]
