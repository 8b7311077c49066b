"""Tiers as use cases: define, give, take back; who has which and why; what a change would be; a place in the line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.application.reading import quota_status
from adapters.application.reserving import WantedPlaces, refusal_of_places, reserve_places
from adapters.application.results import Actor, Changed, Reserved
from adapters.application.storage import Storage
from adapters.application.tiers import (
    Held,
    TierStep,
    assign_tier_blocking,
    define_tier_blocking,
    see_groups,
    standing_of,
    take_tier_away_blocking,
    tier_step,
    tiers_in_force,
    tiers_of,
    unassign_tier_blocking,
)
from adapters.engines.opening import open_store
from domain.commands import SetPolicy
from domain.limits import MEGABYTE, UserLimits
from domain.refusals import Reason, Refusal
from domain.tiers import SeenAt, Tier
from tests.adapters.application.evidence import events_of

ROLE = "guild:9/role:5"
GOLD = Tier("gold", UserLimits(daily=9), groups=(ROLE,), weight=3, waiting=7)
MANAGER = Actor("discord:1", "guild:9")
WHY = "boosters"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    """A storage in which everybody has 2 generations a day."""
    store = open_store(tmp_path, limits=SetPolicy(daily=2, source="environment"))
    yield store
    store.close()


def position_of(outcome: Changed | Refusal) -> int:
    assert isinstance(outcome, Changed), outcome
    return outcome.position


def daily_of(store: Storage, user: str = "1") -> int:
    return quota_status(store, user)["daily"]["limit"]


def test_a_tier_is_defined_given_and_taken_back(store: Storage, tmp_path: Path) -> None:
    """Each is one event, by whoever did it; the status tells the limits at once."""
    assert position_of(define_tier_blocking(store, GOLD, WHY, actor=MANAGER)) == 2
    assert tiers_in_force(store) == (GOLD,)
    assert position_of(define_tier_blocking(store, GOLD, "again", actor=MANAGER)) == 0
    assert position_of(assign_tier_blocking(store, "1", "gold", WHY, actor=MANAGER)) == 3
    assert (daily_of(store), daily_of(store, "2")) == (9, 2)
    assert position_of(unassign_tier_blocking(store, "1", "gold", WHY, actor=MANAGER)) == 4
    assert daily_of(store) == 2
    assert position_of(take_tier_away_blocking(store, "gold", WHY, actor=MANAGER)) == 5
    assert tiers_in_force(store) == ()
    events = events_of(tmp_path)[1:]
    assert [event["type"] for event in events] == ["TierDefined", "TierAssigned", "TierUnassigned", "TierDefined"]
    assert {(event["data"]["by"], event["data"]["origin"], event["data"]["reason"]) for event in events} == {
        (MANAGER.by, MANAGER.origin, WHY)
    }


def test_lists_are_stored_in_one_order(store: Storage) -> None:
    """Whatever the order in which somebody wrote them, so that the same tier is no change."""
    windows = (("user/month/credits", 9), ("user/week/generations", 8))
    tier = Tier("a", UserLimits(windows=windows), groups=("group:b", "group:a", "group:b"), models=("y", "x"))
    assert isinstance(define_tier_blocking(store, tier, WHY), Changed)
    assert tiers_in_force(store) == (
        Tier("a", UserLimits(windows=windows[::-1]), groups=("group:a", "group:b"), models=("x", "y")),
    )
    bad = define_tier_blocking(store, Tier("a", UserLimits(windows=(("user/hour/credits", 9),))), WHY)
    assert isinstance(bad, Refusal)
    assert (bad.reason, "user/hour/credits" in bad.detail) == (Reason.MALFORMED, True)


def test_a_repeat_under_a_key_is_answered_alike(store: Storage) -> None:
    """And another tier under it is a conflict, as is the same one with other groups."""
    first = define_tier_blocking(store, GOLD, WHY, idempotency_key="k")
    assert isinstance(first, Changed)
    assert define_tier_blocking(store, GOLD, WHY, idempotency_key="k") == first._replace(replayed=True)
    for other in (GOLD._replace(groups=()), GOLD._replace(weight=4), GOLD._replace(limits=UserLimits(daily=8))):
        refused = define_tier_blocking(store, other, WHY, idempotency_key="k")
        assert isinstance(refused, Refusal)
        assert refused.reason is Reason.REQUEST_CONFLICT


def test_who_has_which_and_why(store: Storage) -> None:
    """By hand and until when, by a group and where it was seen, or as whoever has no other."""
    until = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for tier in (GOLD, Tier("blue"), Tier("everybody", UserLimits(daily=1))):
        define_tier_blocking(store, tier, WHY)
    assert tiers_of(store, "1").held == (Held("everybody"),)
    assert tiers_of(store, "1").limits.daily == 1
    assign_tier_blocking(store, "1", "gold", WHY, until=until)
    assign_tier_blocking(store, "1", "blue", WHY, until="2020-01-01T00:00:00.000000Z")
    found = tiers_of(store, "1")
    assert (found.held, found.limits.daily) == ((Held("gold", until=until),), 9)
    with pytest.raises(ValueError, match="not allowed"):
        tiers_of(store, "NO")


async def test_groups_that_come_with_a_request_count_for_it(store: Storage) -> None:
    """And are known from then on; a question that holds nothing counts with them too, and records nothing."""
    define_tier_blocking(store, GOLD, WHY)
    wanted, boosted = WantedPlaces("1", count=5), MANAGER._replace(seen=SeenAt("guild:9", (ROLE,)))
    assert refusal_of_places(store, wanted, actor=MANAGER) is not None
    assert refusal_of_places(store, wanted, actor=boosted) is None
    assert tiers_of(store, "1").held == ()
    reserved = await reserve_places(store, wanted, actor=boosted, idempotency_key="k")
    assert isinstance(reserved, Reserved)
    assert tiers_of(store, "1").held == (Held("gold", ROLE, "guild:9"),)
    without = MANAGER._replace(seen=SeenAt("guild:9", ()))
    again = await reserve_places(store, wanted, actor=without, idempotency_key="k")
    assert again == Reserved(*reserved[:6], replayed=True)
    await see_groups(store, "1", "guild:9", (), actor=MANAGER)
    assert tiers_of(store, "1").held == ()


async def test_what_a_change_would_be_is_told_before(store: Storage) -> None:
    """Who has the tier then, who joins and leaves, and who would be over; nothing is recorded by asking."""
    define_tier_blocking(store, GOLD, WHY)
    for user in ("1", "2"):
        assign_tier_blocking(store, user, "gold", WHY)
    assert isinstance(await reserve_places(store, WantedPlaces("1", count=5)), Reserved)
    assert isinstance(await reserve_places(store, WantedPlaces("3", count=2)), Reserved)
    at = store.running().state.position
    less = GOLD._replace(limits=UserLimits(daily=4))
    assert tier_step(store, "gold", less) == TierStep(GOLD, less, 2, 0, 0, 1, ("1",))
    small = GOLD._replace(limits=UserLimits(user_bytes=MEGABYTE))
    assert tier_step(store, "gold", small) == TierStep(GOLD, small, 2, 0, 0, 1, ("1",))
    weekly = GOLD._replace(limits=UserLimits(daily=9, windows=(("user/week/generations", 4),)))
    assert tier_step(store, "gold", weekly) == TierStep(GOLD, weekly, 2, 0, 0, 1, ("1",))
    assert tier_step(store, "gold", None) == TierStep(GOLD, None, 0, 0, 2, 1, ("1",))
    others = Tier("everybody", UserLimits(daily=1))
    assert tier_step(store, "everybody", others) == TierStep(None, others, 1, 1, 0, 1, ("3",))
    assert store.running().state.position == at
    for refused in (tier_step(store, "blue", None), tier_step(store, "gold", GOLD._replace(weight=0))):
        assert isinstance(refused, Refusal)


def test_the_line_asks_for_a_users_weight_and_most_requests(store: Storage) -> None:
    """1 and no bound of their own where no tier says anything."""
    define_tier_blocking(store, GOLD, WHY)
    assign_tier_blocking(store, "1", "gold", WHY)
    assert (standing_of(store, "1"), standing_of(store, "2")) == ((3, 7), (1, None))


def test_tiers_hold_after_a_restart(tmp_path: Path) -> None:
    """As everything that is in the log."""
    with_tier = open_store(tmp_path, limits=SetPolicy(daily=2, source="environment"))
    define_tier_blocking(with_tier, GOLD, WHY)
    assign_tier_blocking(with_tier, "1", "gold", WHY)
    with_tier.close()
    again = open_store(tmp_path)
    assert (tiers_in_force(again), daily_of(again)) == ((GOLD,), 9)
    again.close()
