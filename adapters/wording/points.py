"""Points in words: movements, offers, marks."""

from __future__ import annotations

from typing import assert_never

from adapters.wording.figures import counted, size_in_words
from domain.credits import PER_CREDIT
from domain.point_events import (
    BURNED,
    CLAIM,
    FAVOURITE,
    GIFT,
    MINTED,
    PURCHASE,
    FavouriteSet,
    OfferSet,
    OfferWithdrawn,
    PointEvent,
    PointsMoved,
    user_of,
)

FOR_WHAT = {
    MINTED: "made for {payee}",
    BURNED: "taken from {payer}",
    GIFT: "from {payer} to {payee}",
    CLAIM: "for the day to {payee}",
    FAVOURITE: "to {payee}, whose picture was marked",
    PURCHASE: "paid by {payer} for {offer}",
}
"""What a movement was for."""


def points_in_words(event: PointEvent) -> str:
    """What happened, without the time and the type."""
    match event:
        case PointsMoved():
            return movement_in_words(event)
        case OfferSet():
            what = offered(event.unit, event.amount, event.days)
            return f"{event.offer}: {what} for {_points(event.price)}{_why(event)}"
        case OfferWithdrawn():
            return f"{event.offer} is no longer offered{_why(event)}"
        case FavouriteSet():
            return f"{event.name} of {event.owner} {'is' if event.on else 'is no longer'} a favourite"
        case _:
            assert_never(event)


def movement_in_words(event: PointsMoved) -> str:
    """How many points went where, and why."""
    sides = {"payer": user_of(event.payer), "payee": user_of(event.payee), "offer": event.offer}
    return f"{_points(event.amount)} {FOR_WHAT[event.kind].format(**sides)}{_why(event)}"


def offered(unit: str, amount: int, days: int | None) -> str:
    """What an offer is of."""
    match unit:
        case "generations":
            what = counted(amount, "generation")
        case "credits":
            whole, rest = divmod(amount, PER_CREDIT)
            decimals = f".{rest:03}".rstrip("0") if rest else ""
            what = f"{whole:,}{decimals} {'credit' if amount == PER_CREDIT else 'credits'}"
        case _:
            what = size_in_words(amount)
    return what if days is None else f"{what} for {counted(days, 'day')}"


def _points(amount: int) -> str:
    return counted(amount, "point")


def _why(event: PointsMoved | OfferSet | OfferWithdrawn) -> str:
    return f": {event.reason}" if event.reason else ""
