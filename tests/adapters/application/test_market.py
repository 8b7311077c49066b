"""Rules of the use cases of points: what is told, what settings earn, how repeats are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.application import market
from adapters.application.deleting import delete_image
from adapters.application.erasing import forget_user
from adapters.application.granting import grants_of
from adapters.application.reading import quota_status
from adapters.application.results import Actor, StoreSettings
from adapters.application.saves import position_now
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from domain.commands import AdoptImage
from domain.point_commands import Offer
from domain.refusals import Reason, Refusal

DISCORD = Actor("discord:1", "guild:9")
OFFER = Offer("ten", "generations", 10, 5, 30)
Clock = list[str]
Opening = Callable[..., Storage]


@pytest.fixture
def clock() -> Clock:
    """The present, which a test may change."""
    return ["2026-03-10T12:00:00.000000Z"]


@pytest.fixture
def opening(tmp_path: Path, clock: Clock) -> Iterator[Opening]:
    """Opens the storage with settings; what was open before is closed."""
    stores: list[Storage] = []

    def opened(**settings: object) -> Storage:
        while stores:
            stores.pop().close()
        stores.append(open_store(tmp_path / "root", settings=StoreSettings(**settings), clock=lambda: clock[0]))  # type: ignore[arg-type]  # of any setting
        return stores[-1]

    yield opened
    while stores:
        stores.pop().close()


def done(outcome: market.PointsChanged | Refusal) -> market.PointsChanged:
    """What was carried out."""
    assert isinstance(outcome, market.PointsChanged), outcome
    return outcome


async def test_a_user_sees_what_they_have_and_the_latest_movements(opening: Opening) -> None:
    """Newest first, from either side, and as many as were asked for; also after a restart."""
    store = opening(points_name="stars")
    assert market.points_of(store, "1") == market.PointsOf("1", 0, "stars", 0, False, ())
    done(await market.move_points(store, "1", "mint", 50, "a game", actor=DISCORD))
    given = done(await market.give_points(store, "1", "2", 6, "thanks", actor=DISCORD))
    assert (given.balance, given.moved and given.moved.payee) == (44, "user:2")
    for settings in ({}, {"points_name": "stars"}):
        store = opening(**settings)
        told = market.points_of(store, "2")
        assert [(one.position, one.event.amount) for one in told.movements] == [(given.position, 6)]
        assert (told.balance, told.called) == (6, settings.get("points_name", "points"))
        told = market.points_of(store, "1", 1)
        assert (told.balance, [one.event.kind for one in told.movements]) == (44, ["gift"])
        assert [one.event.kind for one in market.points_of(store, "1").movements] == ["gift", "mint"]


async def test_the_quota_tells_points_where_they_are_in_use(opening: Opening) -> None:
    """Of everybody, from the first movement or offer on; until then its members are those of before."""
    store = opening(earn_daily=3)
    before = quota_status(store, "1")
    assert "points" not in before
    done(await market.set_offer(store, OFFER, "a fair", actor=DISCORD))
    assert quota_status(store, "1")["points"] == 0
    done(await market.claim_daily(store, "1", actor=DISCORD))
    done(await market.withdraw_offer(store, "ten", "over", actor=DISCORD))
    assert [quota_status(opening(), user)["points"] for user in ("1", "2")] == [3, 0]
    assert set(quota_status(opening(), "1")) == {*before, "points"}


async def test_a_day_gives_what_the_setting_says(opening: Opening, clock: Clock) -> None:
    """Once; another value changes nothing that was given; with 0 nothing is given, and it is said so."""
    store = opening(earn_daily=3)
    assert done(await market.claim_daily(store, "1", actor=DISCORD)).balance == 3
    refused = await market.claim_daily(store, "1", actor=DISCORD)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.resets_at) == (Reason.CLAIMED_TODAY, "2026-03-11T00:00:00.000000Z")
    assert market.points_of(store, "1").claimed
    clock[0] = "2026-03-11T00:00:00.000000Z"
    store = opening(earn_daily=7)
    assert not market.points_of(store, "1").claimed
    assert done(await market.claim_daily(store, "1", actor=DISCORD)).balance == 10
    refused = await market.claim_daily(opening(), "1", actor=DISCORD)
    assert refused == Refusal(Reason.MALFORMED, "1", market.NOTHING_A_DAY)


async def test_a_marked_picture_earns_its_owner_what_the_setting_says(opening: Opening) -> None:
    """Once for each other user."""
    store = opening(earn_favourite=2)
    picture = AdoptImage("1", "cli", "cat.png", 4, "ab" * 32, "image/png", 1, 1, "5a" * 16)
    assert not isinstance(store.opened().ledger.execute(picture), Refusal)
    for on in (True, False, True):
        done(await market.set_favourite(store, "2", "1", "cat.png", on=on, actor=DISCORD))
    assert done(await market.set_favourite(store, "2", "1", "cat.png", on=True, actor=DISCORD)).position == 0
    assert market.points_of(store, "1").balance == 2
    gone = await market.set_favourite(store, "2", "1", "dog.png", on=True, actor=DISCORD)
    assert isinstance(gone, Refusal)
    assert gone.reason is Reason.NOT_FOUND


async def test_marks_are_counted_of_a_picture_as_it_stands(opening: Opening) -> None:
    """Those that were taken back, of others' pictures, and of what stood under the name before, are not."""
    store = opening()

    def kept(user: str, name: str, fresh: str) -> None:
        picture = AdoptImage(user, "cli", name, 4, "ab" * 32, "image/png", 1, 1, fresh * 16)
        assert not isinstance(store.opened().ledger.execute(picture), Refusal)

    for user, name, fresh in (("1", "cat.png", "5a"), ("1", "dog.png", "5b"), ("2", "cat.png", "5c")):
        kept(user, name, fresh)
    for user, owner, name in (
        ("2", "1", "cat.png"),
        ("3", "1", "cat.png"),
        ("1", "2", "cat.png"),
        ("3", "1", "dog.png"),
    ):
        done(await market.set_favourite(store, user, owner, name, on=True, actor=DISCORD))
    done(await market.set_favourite(store, "3", "1", "dog.png", on=False, actor=DISCORD))
    names = ["cat.png", "dog.png", "none.png"]
    assert market.marks_of(store, "1", names) == {"cat.png": 2}
    assert market.marks_of(opening(), "2", names) == {"cat.png": 1}
    store = opening()
    assert not isinstance(await delete_image(store, "1", "cat.png", actor=DISCORD), Refusal)
    kept("1", "cat.png", "5d")
    assert market.marks_of(store, "1", names) == {}


async def test_what_is_offered_is_bought_as_it_was_seen(opening: Opening) -> None:
    """The cheapest is told first; what is withdrawn, or dearer by now, is not bought."""
    store = opening()
    dear = Offer("big", "bytes", 1_048_576, 9)
    for offer in (dear, OFFER):
        done(await market.set_offer(store, offer, "a fair", actor=DISCORD))
    assert market.offers(store) == [OFFER, dear]
    done(await market.move_points(store, "1", "mint", 8, "a game", actor=DISCORD))
    bought = done(await market.buy_offer(store, "1", "ten", OFFER, actor=DISCORD))
    assert (bought.balance, bought.moved and bought.moved.offer) == (3, "ten")
    assert bought.given is not None
    assert [(grant.grant, grant.balance) for grant in grants_of(store, "1")] == [(bought.given.grant, 10)]
    short = await market.buy_offer(store, "1", "big", dear, actor=DISCORD)
    assert isinstance(short, Refusal)
    assert (short.reason, short.limit, short.used) == (Reason.POINTS_SHORT, 3, 9)
    done(await market.set_offer(store, OFFER._replace(price=1), "a sale", actor=DISCORD))
    other = await market.buy_offer(store, "1", "ten", OFFER, actor=DISCORD)
    assert isinstance(other, Refusal)
    assert other.reason is Reason.OFFER_CHANGED
    done(await market.withdraw_offer(store, "big", "it is over", actor=DISCORD))
    assert market.offers(store) == [OFFER._replace(price=1)]


async def test_where_offers_are_paid_outside_no_points_buy_them(opening: Opening) -> None:
    """Their price is of another currency then: it is said so, and nothing is moved."""
    store = opening(currency="coins")
    done(await market.set_offer(store, OFFER, "a fair", actor=DISCORD))
    done(await market.move_points(store, "1", "mint", 8, "a game", actor=DISCORD))
    refused = await market.buy_offer(store, "1", "ten", OFFER, actor=DISCORD)
    assert refused == Refusal(Reason.MALFORMED, "1", "Offers are paid in coins here, and not in points.")
    assert (market.points_of(store, "1").balance, grants_of(store, "1")) == (8, ())


async def test_a_repeat_is_answered_as_the_first_was_and_another_request_under_its_key_is_refused(
    opening: Opening,
) -> None:
    """Also where a setting gives otherwise by now, which no caller asked for."""
    store = opening(earn_daily=3)
    first = done(await market.claim_daily(store, "1", actor=DISCORD, idempotency_key="k"))
    store = opening(earn_daily=7)
    again = done(await market.claim_daily(store, "1", actor=DISCORD, idempotency_key="k"))
    assert again == first._replace(replayed=True)
    conflict = await market.give_points(store, "1", "2", 1, actor=DISCORD, idempotency_key="k")
    assert isinstance(conflict, Refusal)
    assert conflict.reason is Reason.REQUEST_CONFLICT
    set_once = done(await market.set_offer(store, OFFER, "a fair", actor=DISCORD, idempotency_key="o"))
    assert done(await market.set_offer(store, OFFER, "a fair", actor=DISCORD, idempotency_key="o")).replayed
    dearer = await market.set_offer(store, OFFER._replace(price=6), "a fair", actor=DISCORD, idempotency_key="o")
    assert isinstance(dearer, Refusal)
    assert (dearer.reason, set_once.moved) == (Reason.REQUEST_CONFLICT, None)


async def test_fifty_at_once_spend_no_point_twice(opening: Opening) -> None:
    """Of fifty gifts exactly so many are made as there are points for."""
    store = opening()
    done(await market.move_points(store, "1", "mint", 20, "a game", actor=DISCORD))
    outcomes = await asyncio.gather(
        *(market.give_points(store, "1", f"u{number}", 3, actor=DISCORD) for number in range(50))
    )
    short = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert (len(outcomes) - len(short), {one.reason for one in short}) == (6, {Reason.POINTS_SHORT})
    assert market.points_of(store, "1").balance == 2


async def test_whoever_is_forgotten_keeps_their_points(opening: Opening) -> None:
    """They are what the log says, and the log stays; nobody else's change."""
    store = opening()
    done(await market.move_points(store, "1", "mint", 5, "a game", actor=DISCORD))
    done(await market.give_points(store, "1", "2", 2, actor=DISCORD))
    await forget_user(store, "1", up_to=position_now(store), actor=DISCORD)
    assert [market.points_of(store, user).balance for user in ("1", "2")] == [3, 2]
