"""Rules of points: every movement has two sides, nobody has less than nothing, what is earned is earned once."""

from __future__ import annotations

from typing import Any

import pytest

from domain.commands import Command
from domain.events import Event, GrantGiven
from domain.grants_given import MAX_GRANTS
from domain.instants import later
from domain.point_commands import (
    BuyOffer,
    ClaimDaily,
    GivePoints,
    MovePoints,
    Offer,
    SetFavourite,
    SetOffer,
    WithdrawOffer,
)
from domain.point_events import FavouriteSet, OfferSet, OfferWithdrawn, PointsMoved
from domain.points import MAX_OFFERS, MOST_POINTS
from domain.refusals import Reason
from tests.domain.examples import (
    CORRECT_CLOCK,
    NOON,
    OTHER,
    USER,
    adopted,
    corrected,
    deleted,
    key,
    on,
    saved,
)
from tests.domain.history import given

MINE, THEIRS = f"user:{USER}", f"user:{OTHER}"
OFFER = Offer("ten", "generations", 10, 5, 30)
KEY = key("k")


def moved(payer: str, payee: str, amount: int = 3, kind: str = "gift", *, at: str = NOON, **more: Any) -> PointsMoved:
    return PointsMoved(at, more.pop("by", "cli"), payer, payee, amount, kind, **more)


def minted(amount: int = 3, account: str = MINE, **more: Any) -> PointsMoved:
    return moved("mint", account, amount, "mint", **{"reason": "a game", **more})


def claimed(amount: int = 3, *, at: str = NOON) -> PointsMoved:
    return moved("mint", MINE, amount, "claim", at=at)


def offered(offer: Offer = OFFER, **more: Any) -> OfferSet:
    return OfferSet(at=NOON, by="cli", **offer._asdict(), reason="a game", **more)


def paid(amount: int = 5, **more: Any) -> PointsMoved:
    return moved(MINE, "market", amount, "purchase", offer="ten", **more)


def given_for(offer: Offer = OFFER, **more: Any) -> GrantGiven:
    told = {"expires_at": later(NOON, seconds=30 * 86_400), **more}
    members = {"at": NOON, "user": USER, "by": "cli", "grant": "g1", "unit": offer.unit, "amount": offer.amount}
    return GrantGiven(**{**members, "source": "bought", "reason": "the offer ten", **told})


def withdrawn(offer: str = "ten") -> OfferWithdrawn:
    return OfferWithdrawn(NOON, "cli", offer, "it is over")


def marked(*, on: bool = True, image: int = 1, owner: str = OTHER, **more: Any) -> FavouriteSet:
    return FavouriteSet(NOON, USER, "cli", owner, "cat.png", image, on, **more)


def mint(amount: int = 3, kind: str = "mint", **more: Any) -> MovePoints:
    return MovePoints(USER, "cli", kind, amount, "a game", **more)


def give(amount: int = 3, to: str = OTHER, **more: Any) -> GivePoints:
    return GivePoints(USER, "cli", to, amount, **more)


def mark(*, on: bool = True, owner: str = OTHER, reward: int = 2, **more: Any) -> SetFavourite:
    return SetFavourite(USER, "cli", owner, "cat.png", on, reward=reward, **more)


def claim(amount: int = 3, **more: Any) -> ClaimDaily:
    return ClaimDaily(USER, "cli", amount, **more)


def buy(seen: Offer | None = OFFER, **more: Any) -> BuyOffer:
    return BuyOffer(USER, "cli", "ten", more.pop("grant", "g1"), seen, **more)


def set_offer(offer: Offer = OFFER) -> SetOffer:
    return SetOffer("cli", offer, "a game")


WITHDRAW = WithdrawOffer("cli", "ten", "it is over")
PICTURE = adopted("cat.png", user=OTHER)


def test_managers_make_points_and_take_them_out_of_the_world() -> None:
    """With a reason each; the mint is as far below 0 as points are out."""
    told = given().when(mint(5)).then(minted(5))
    assert (told.state.points.balance(MINE), told.state.points.out) == (5, 5)
    told.when(mint(2, "burn")).then(moved(MINE, "mint", 2, "burn", reason="a game"))
    assert (told.state.points.balance(MINE), told.state.points.out) == (3, 3)


def test_a_gift_goes_from_one_user_to_another() -> None:
    """With a few words, where there are some."""
    told = given(minted(5)).when(give(2, reason="thanks")).then(moved(MINE, THEIRS, 2, reason="thanks"))
    assert told.state.points.accounts() == {"mint": -5, MINE: 3, THEIRS: 2}


@pytest.mark.parametrize("takes", [give, lambda amount: mint(amount, "burn")], ids=["a gift", "a burn"])
def test_nobody_gives_more_than_they_have(takes: Any) -> None:
    """One less, all, one more."""
    given(minted(3)).when(takes(2)).then_allowed()
    given(minted(3)).when(takes(3)).then_allowed()
    given(minted(3)).when(takes(4)).then_refused(Reason.POINTS_SHORT, user=USER, limit=3, used=4, record=None)
    given().when(takes(1)).then_refused(Reason.POINTS_SHORT, limit=0, used=1)


def test_no_more_points_are_out_than_every_program_can_count() -> None:
    """One less, all, one more; a reward beyond it is not given, and the picture is marked all the same."""
    all_but_one = minted(MOST_POINTS - 1, THEIRS)
    told = given(all_but_one).when(mint(1)).then_allowed()
    told.when(mint(1)).then_refused(Reason.MALFORMED)
    told.when(claim(1)).then_refused(Reason.MALFORMED)
    told.then_impossible(minted(1), "mint")
    given(PICTURE, all_but_one).when(mark(reward=2)).then(marked())


def test_a_day_is_claimed_once() -> None:
    """At its first and at its last microsecond, and then the next."""
    told = given().when(claim(), at=on(10, "00:00")).then(claimed(at=on(10, "00:00")))
    told.when(claim(), at=on(10, "23:59:59.999999")).then_refused(Reason.CLAIMED_TODAY, resets_at=on(11, "00:00"))
    told.when(claim(), at=on(11, "00:00")).then_allowed()
    given(claimed()).when(ClaimDaily(OTHER, "cli", 3)).then_allowed()


def test_a_claim_of_a_clock_that_went_wrong_counts_as_of_the_day_it_went_back_to() -> None:
    """That day is not claimed again, and the wrong one can be once it is there."""
    told = given(claimed(at=on(12)), corrected(was=on(12), now=on(10)))
    told.when(claim(), at=on(10)).then_refused(Reason.CLAIMED_TODAY)
    told.when(claim(), at=on(11)).then_allowed()
    told.when(claim(), at=on(12)).then_allowed()
    untouched = given(claimed(at=on(9)), saved("t", temp=True, at=on(12)), corrected(was=on(12), now=on(10)))
    untouched.when(claim(), at=on(10)).then_allowed()


def test_the_owner_of_a_marked_picture_is_rewarded_once() -> None:
    """For each user and picture; what is no longer marked takes nothing back."""
    reward = moved("mint", THEIRS, 2, "favourite")
    told = given(PICTURE).when(mark()).then(marked(), reward)
    told.when(mark()).then()
    told.when(mark(on=False)).then(marked(on=False))
    assert told.state.points.balance(THEIRS) == 2
    told.when(mark(on=False)).then()
    told.when(mark()).then(marked())
    told.when(mark()._replace(user="8")).then(marked()._replace(user="8"), reward)
    assert told.state.points.accounts() == {"mint": -4, THEIRS: 4}


def test_nobody_is_rewarded_for_their_own_pictures_nor_where_nothing_is_earned() -> None:
    """They can mark them all the same."""
    given(adopted("cat.png")).when(mark(owner=USER)).then(marked(owner=USER))
    given(PICTURE).when(mark(reward=0)).then(marked())


def test_a_picture_that_was_saved_anew_is_another_picture() -> None:
    """The position of its save says which is meant."""
    past: list[Event] = [PICTURE, deleted("cat.png", user=OTHER), PICTURE]
    told = given(*past).when(mark()).then(marked(image=3), moved("mint", THEIRS, 2, "favourite"))
    told.when(mark(image=1)).then_refused(Reason.NOT_FOUND, user=OTHER, detail="cat.png")
    told.when(mark(image=3, on=False)).then(marked(on=False, image=3))


def test_a_mark_of_a_picture_that_is_gone_can_be_taken_back_by_its_position() -> None:
    """A new one cannot be made; a temp file is no kept picture."""
    gone = given(PICTURE, marked(), deleted("cat.png", user=OTHER))
    gone.when(mark()).then_refused(Reason.NOT_FOUND)
    gone.when(mark(on=False)).then_refused(Reason.NOT_FOUND)
    gone.when(mark(on=False, image=2)).then_refused(Reason.NOT_FOUND)
    gone.when(mark(on=False, image=1)).then(marked(on=False))
    given(saved("cat.png", user=OTHER, temp=True)).when(mark()).then_refused(Reason.NOT_FOUND)


def test_what_is_offered_can_be_set_set_otherwise_and_withdrawn() -> None:
    """The same again changes nothing; what is not there cannot be withdrawn."""
    dearer = OFFER._replace(price=6, days=None)
    told = given().when(set_offer()).then(offered())
    told.when(set_offer()).then()
    told.when(set_offer(dearer)).then(offered(dearer))
    assert told.state.points.offers() == [dearer]
    told.when(WITHDRAW).then(withdrawn())
    told.when(WITHDRAW).then_refused(Reason.OFFER_CHANGED, detail="ten")
    assert told.state.points.offers() == []


def test_there_are_so_many_offers_and_no_more() -> None:
    """One of them can be another."""
    full = given(*(offered(OFFER._replace(offer=f"o{number}")) for number in range(MAX_OFFERS - 1)))
    full.when(set_offer()).then_allowed()
    full.when(set_offer(OFFER._replace(offer="eleven"))).then_refused(Reason.MALFORMED)
    full.when(set_offer(OFFER._replace(price=1))).then_allowed()


def test_a_purchase_pays_the_market_and_gives_what_was_offered() -> None:
    """In one decision: its price, as it is now, and a grant that lasts as long as the offer says; one point less is too
    little.
    """
    told = given(offered(), minted(5)).when(buy()).then(paid(), given_for())
    assert told.state.points.accounts() == {"mint": -5, MINE: 0, "market": 5}
    grant = told.state.grant(USER, "g1")
    assert grant is not None
    assert (grant.unit, grant.balance, grant.source) == ("generations", 10, "bought")
    given(offered(), minted(4)).when(buy()).then_refused(Reason.POINTS_SHORT, limit=4, used=5)
    given(offered(), minted(6)).when(buy(None)).then_allowed()


def test_what_is_paid_outside_is_given_alone() -> None:
    """Without points, where the offer's price is what is held; at another price it is refused."""
    told = given(offered()).when(buy(outside=5)).then(given_for())
    assert told.state.points.accounts() == {}
    told.when(buy(outside=4, grant="g2")).then_refused(Reason.OFFER_CHANGED, detail="ten")
    given(offered()).when(buy(outside=0)).then_refused(Reason.MALFORMED)


def test_what_is_bought_for_ever_has_no_end() -> None:
    """An offer without days."""
    for_ever = OFFER._replace(days=None)
    given(offered(for_ever), minted(5)).when(buy(None)).then(paid(), given_for(expires_at=None))


def test_nothing_is_paid_for_what_cannot_be_given() -> None:
    """An id that a grant of the buyer has, or more grants than a user may have."""
    told = given(offered(), minted(10)).when(buy()).then_allowed()
    told.when(buy()).then_refused(Reason.NAME_TAKEN, detail="g1")
    full = given(offered(), minted(5), *(given_for(grant=f"o{number}") for number in range(MAX_GRANTS)))
    full.when(buy()).then_refused(Reason.MALFORMED)
    assert (told.state.points.balance(MINE), full.state.points.balance(MINE)) == (5, 5)


@pytest.mark.parametrize(
    "seen",
    [
        OFFER._replace(price=4),
        OFFER._replace(amount=11),
        OFFER._replace(days=None),
        OFFER._replace(unit="credits"),
    ],
)
def test_nobody_buys_another_offer_than_they_saw(seen: Offer) -> None:
    """Nor one that is gone; that comes before whether they could pay for it."""
    given(offered(seen)).when(buy()).then_refused(Reason.OFFER_CHANGED, user=USER, detail="ten")
    given().when(buy(seen)).then_refused(Reason.OFFER_CHANGED)


KEYED: list[tuple[list[Event], Command, tuple[int, ...]]] = [
    ([], mint(idempotency_key=KEY), (1,)),
    ([minted(5)], give(idempotency_key=KEY), (2,)),
    ([], claim(idempotency_key=KEY), (1,)),
    ([PICTURE], mark(idempotency_key=KEY), (2, 3)),
    ([], set_offer()._replace(idempotency_key=KEY), (1,)),
    ([offered()], WITHDRAW._replace(idempotency_key=KEY), (2,)),
    ([offered(), minted(5)], buy(idempotency_key=KEY), (3, 4)),
]


@pytest.mark.parametrize(("past", "command", "positions"), KEYED, ids=[type(row[1]).__name__ for row in KEYED])
def test_a_repeat_is_answered_and_moves_nothing(
    past: list[Event], command: Command, positions: tuple[int, ...]
) -> None:
    """Even where the first left nothing to take, and the day was claimed."""
    told = given(*past).when(command).then_allowed()
    before = told.state.points.accounts()
    told.when(command).then_answered(*positions)
    assert told.state.points.accounts() == before


MALFORMED: list[Command] = [
    mint(0),
    mint(-1),
    mint(MOST_POINTS + 1),
    mint(True),
    mint(1.5),  # type: ignore[arg-type]  # what a caller may hand in
    mint(kind="gift"),
    mint()._replace(reason=""),
    mint()._replace(user="A"),
    give(0),
    give(to=USER),
    give(to="../x"),
    give(reason=""),
    give(reason="a\nb"),
    claim(0),
    mark(owner="A"),
    mark()._replace(name="../cat.png"),
    mark(image=0),
    mark(reward=-1),
    set_offer(OFFER._replace(offer="a b")),
    set_offer(OFFER._replace(unit="apples")),
    set_offer(OFFER._replace(amount=0)),
    set_offer(OFFER._replace(price=0)),
    set_offer(OFFER._replace(days=0)),
    set_offer(OFFER._replace(days=36_501)),
    set_offer()._replace(reason=""),
    WITHDRAW._replace(offer=""),
    WITHDRAW._replace(reason=""),
    buy()._replace(offer=""),
    buy(grant="a b"),
    buy(OFFER._replace(price=0)),
]


@pytest.mark.parametrize("command", MALFORMED, ids=repr)
def test_what_cannot_be_asked_is_malformed(command: Command) -> None:
    """Whatever stands."""
    given(minted(9), offered(), PICTURE).when(command).then_refused(Reason.MALFORMED)


BOUGHT: list[Event] = [minted(9), offered(), paid()]
IMPOSSIBLE: list[tuple[str, list[Event], Event, str]] = [
    ("more than there is", [minted(2)], moved(MINE, THEIRS, 3), "3 points of user:42, where 2 are"),
    ("nothing", [], minted(0), "mint of 0 points"),
    ("to oneself", [minted(3)], moved(MINE, MINE), "gift of 3 points from user:42 to user:42"),
    ("a gift of the mint", [], moved("mint", MINE), "gift of 3"),
    ("a gift to the market", [minted()], moved(MINE, "market"), "gift of 3"),
    ("minted by a user", [minted()], moved(MINE, THEIRS, kind="mint", reason="x"), "mint of 3"),
    ("minted for the market", [], minted(account="market"), "mint of 3"),
    ("burned by the mint", [], moved("mint", "mint", kind="burn", reason="x"), "burn of 3"),
    ("minted without a reason", [], minted(reason=None), "with the reason None"),
    ("claimed with a reason", [], claimed()._replace(reason="x"), "with the reason x"),
    ("a purchase of nothing", [minted(5)], moved(MINE, "market", 5, "purchase"), "for the offer None"),
    ("a purchase of what is not offered", [minted(5)], moved(MINE, "market", 5, "purchase", offer="ten"), "offer ten"),
    ("a gift for an offer", [minted(5), offered()], moved(MINE, THEIRS, 5, offer="ten"), "for the offer ten"),
    ("another price", [minted(9), offered()], moved(MINE, "market", 6, "purchase", offer="ten"), "which costs 5"),
    ("what the market pays", [minted(9), offered()], moved("market", MINE, 5, "purchase", offer="ten"), "purchase of"),
    ("nothing given for a price", [minted(9), offered(), paid()], minted(), "is not given"),
    ("given to another", BOUGHT, given_for(user=OTHER), "is not given"),
    ("another unit given", BOUGHT, given_for(unit="bytes"), "is not given"),
    ("more given than bought", BOUGHT, given_for(amount=11), "is not given"),
    ("given for longer", BOUGHT, given_for(expires_at=None), "is not given"),
    ("given as by a manager", BOUGHT, given_for(source="manager"), "is not given"),
    ("given with a rollover", BOUGHT, given_for(rollover=1, rollover_until=on(30)), "is not given"),
    ("claimed twice", [claimed()], claimed(), "twice"),
    ("claimed of a day that is over", [claimed(at=on(11)), corrected(was=on(11), now=on(10))], claimed(), "twice"),
    ("a reward for nothing", [PICTURE], moved("mint", THEIRS, 2, "favourite"), "was not made"),
    ("a reward of another", [PICTURE, marked()], moved("mint", "user:8", 2, "favourite"), "was not made"),
    ("a reward later", [PICTURE, marked(), minted()], moved("mint", THEIRS, 2, "favourite"), "was not made"),
    (
        "a reward for one's own",
        [adopted("cat.png"), marked(owner=USER)],
        moved("mint", MINE, 2, "favourite"),
        "was not made",
    ),
    (
        "a second reward",
        [PICTURE, marked(), marked(on=False), marked()],
        moved("mint", THEIRS, 2, "favourite"),
        "was not made",
    ),
    ("marked twice", [PICTURE, marked()], marked(), "as it is marked"),
    ("unmarked before it was", [PICTURE], marked(on=False), "as it is marked"),
    ("withdrawn before it was offered", [], withdrawn(), "is not there"),
]


@pytest.mark.parametrize(("_what", "past", "event", "because"), IMPOSSIBLE, ids=[row[0] for row in IMPOSSIBLE])
def test_what_cannot_have_happened_stops_a_replay(_what: str, past: list[Event], event: Event, because: str) -> None:
    """And a draft alike."""
    given(*past).then_impossible(event, because)


def test_a_corrected_clock_leaves_points_as_they_are() -> None:
    """Only what was reserved is cancelled."""
    told = given(minted(5), saved("t", temp=True, at=on(12))).when(CORRECT_CLOCK, at=on(10)).then_allowed()
    assert told.state.points.accounts() == {"mint": -5, MINE: 5}
