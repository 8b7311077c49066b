"""Decisions about points: who may move how many, what is earned once, what is offered and bought.

All points come from the account of the mint, which alone may be below 0. No more than `MOST_POINTS` are ever out, so no
account has more. What a movement does to accounts is the fold's.
"""

from __future__ import annotations

from typing import assert_never

from domain.commands import GiveGrant
from domain.events import Event
from domain.grants import BOUGHT
from domain.grants_given import give
from domain.instants import day_of, later, next_midnight
from domain.names import name_key
from domain.point_commands import (
    BuyOffer,
    ClaimDaily,
    GivePoints,
    MovePoints,
    Offer,
    PointCommand,
    SetFavourite,
    SetOffer,
    WithdrawOffer,
)
from domain.point_events import (
    CLAIM,
    FAVOURITE,
    GIFT,
    MARKET,
    MINT,
    MINTED,
    PURCHASE,
    FavouriteSet,
    OfferSet,
    OfferWithdrawn,
    PointEvent,
    PointsMoved,
    account_of,
)
from domain.refusals import Reason, Refusal
from domain.view import View

MOST_POINTS = 2**53 - 1
"""All points that are out at once: every program and every stored form of a number can have it."""
DAY_SECONDS = 86_400
MAX_OFFERS = 100
"""Offers of the market at one time."""


def decide_points(command: PointCommand, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """What follows from a command about points. An empty tuple: nothing changes."""
    match command:
        case MovePoints():
            return _move(command, view, at)
        case GivePoints():
            return _give(command, view, at)
        case ClaimDaily():
            return _claim(command, view, at)
        case SetFavourite():
            return _set_favourite(command, view, at)
        case SetOffer():
            return _set_offer(command, view, at)
        case WithdrawOffer():
            return _withdraw_offer(command, view, at)
        case BuyOffer():
            return _buy(command, view, at)
        case _:
            assert_never(command)


def _move(command: MovePoints, view: View, at: str) -> tuple[PointEvent, ...] | Refusal:
    """Points come from the mint, or go back to it."""
    account = account_of(command.user)
    if command.kind == MINTED:
        if refusal := _beyond_all(command, view):
            return refusal
        return (_moved(command, MINT, account, at, kind=MINTED, amount=command.amount),)
    if refusal := _short(command.user, command.amount, view):
        return refusal
    return (_moved(command, account, MINT, at, kind=command.kind, amount=command.amount),)


def _give(command: GivePoints, view: View, at: str) -> tuple[PointEvent, ...] | Refusal:
    if refusal := _short(command.user, command.amount, view):
        return refusal
    return (_moved(command, account_of(command.user), account_of(command.to), at, kind=GIFT, amount=command.amount),)


def _claim(command: ClaimDaily, view: View, at: str) -> tuple[PointEvent, ...] | Refusal:
    """What a day gives, to whom it was not given on this day. A day is over for good: of a clock that went wrong, and
    was corrected, the ledger counts claims as of the day that it went back to.
    """
    if (view.points.claimed(command.user) or "") >= day_of(at):
        return Refusal(Reason.CLAIMED_TODAY, command.user, resets_at=next_midnight(at))
    if refusal := _beyond_all(command, view):
        return refusal
    return (_moved(command, MINT, account_of(command.user), at, kind=CLAIM, amount=command.amount),)


def _set_favourite(command: SetFavourite, view: View, at: str) -> tuple[PointEvent, ...] | Refusal:
    """A mark of a picture that stands, and with the first one of a user the reward of its owner. What was marked is
    found again by its position, also where the picture is gone.
    """
    image = _marked_image(command, view)
    if image is None:
        return Refusal(Reason.NOT_FOUND, command.owner, command.name)
    former = view.points.favourite(command.user, image)
    if bool(former) is command.on:
        return ()
    marked = FavouriteSet(
        at=at,
        user=command.user,
        by=command.by,
        owner=command.owner,
        name=command.name,
        image=image,
        on=command.on,
        origin=command.origin,
        request=command.idempotency_key,
    )
    is_earned = former is None and command.reward and command.owner != command.user
    if not is_earned or view.points.out + command.reward > MOST_POINTS:
        return (marked,)
    return marked, _moved(command, MINT, account_of(command.owner), at, kind=FAVOURITE, amount=command.reward)


def _marked_image(command: SetFavourite, view: View) -> int | None:
    """The position of the save that is meant, where it stands or was marked before."""
    standing = view.current_image(command.owner, name_key(command.name), temp=False)
    if standing is not None and command.image in {None, standing.position}:
        return standing.position
    if command.image is not None and not command.on and view.points.favourite(command.user, command.image) is not None:
        return command.image
    return None


def _set_offer(command: SetOffer, view: View, at: str) -> tuple[PointEvent, ...] | Refusal:
    former = view.points.offer(command.wanted.offer)
    if former == command.wanted:
        return ()
    if former is None and len(view.points.offers()) >= MAX_OFFERS:
        return Refusal(Reason.MALFORMED, detail=f"There are at most {MAX_OFFERS} offers. Withdraw one first.")
    return (
        OfferSet(
            at=at,
            by=command.by,
            **command.wanted._asdict(),
            reason=command.reason,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def _withdraw_offer(command: WithdrawOffer, view: View, at: str) -> tuple[PointEvent, ...] | Refusal:
    if view.points.offer(command.offer) is None:
        return Refusal(Reason.OFFER_CHANGED, detail=command.offer)
    return (
        OfferWithdrawn(
            at=at,
            by=command.by,
            offer=command.offer,
            reason=command.reason,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def _buy(command: BuyOffer, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """The offer, where it still is as it was seen and the user has its price; of one paid outside the grant alone."""
    offer = view.points.offer(command.offer)
    if offer is None or command.seen not in {None, offer} or command.outside not in {None, offer.price}:
        return Refusal(Reason.OFFER_CHANGED, command.user, command.offer)
    if command.outside is not None:
        return give(bought(command, offer, at), view, at)
    if refusal := _short(command.user, offer.price, view):
        return refusal
    return purchased(command, offer, view, at)


def purchased(command: BuyOffer, offer: Offer, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """All that a purchase leaves, decided and written together: the price goes from the buyer to the market, and the
    buyer is given what was offered.
    """
    given = give(bought(command, offer, at), view, at)
    if isinstance(given, Refusal):
        return given
    paid = _moved(command, account_of(command.user), MARKET, at, kind=PURCHASE, amount=offer.price, offer=command.offer)
    return paid, *given


def bought(command: BuyOffer, offer: Offer, at: str) -> GiveGrant:
    """The grant of an offer that is bought at a time."""
    return GiveGrant(
        user=command.user,
        by=command.by,
        grant=command.grant,
        unit=offer.unit,
        amount=offer.amount,
        reason=f"the offer {offer.offer}",
        source=BOUGHT,
        expires_at=expiry_of(offer.days, at),
        origin=command.origin,
        idempotency_key=command.idempotency_key,
    )


def expiry_of(days: int | None, at: str) -> str | None:
    """When what is bought at a time ends; None for never."""
    return None if days is None else later(at, seconds=days * DAY_SECONDS)


def _short(user: str, amount: int, view: View) -> Refusal | None:
    balance = view.points.balance(account_of(user))
    return Refusal(Reason.POINTS_SHORT, user, limit=balance, used=amount) if balance < amount else None


def _beyond_all(command: MovePoints | ClaimDaily, view: View) -> Refusal | None:
    if view.points.out + command.amount <= MOST_POINTS:
        return None
    sentence = f"There can be {MOST_POINTS} points at most, and {view.points.out} are out."
    return Refusal(Reason.MALFORMED, command.user, sentence)


def _moved(  # noqa: PLR0913 - keywords that are given by name
    command: MovePoints | GivePoints | ClaimDaily | SetFavourite | BuyOffer,
    payer: str,
    payee: str,
    at: str,
    *,
    kind: str,
    amount: int,
    offer: str | None = None,
) -> PointsMoved:
    return PointsMoved(
        at=at,
        by=command.by,
        payer=payer,
        payee=payee,
        amount=amount,
        kind=kind,
        reason=getattr(command, "reason", None),
        offer=offer,
        origin=command.origin,
        request=command.idempotency_key,
    )
