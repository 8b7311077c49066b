"""Points and the market as they leave here for programs, member by member. Times are the ledger's; amounts of offers
are generations, credits with at most three decimals, or bytes; prices and points are whole numbers.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict  # on Python 3.11 pydantic reads no other

from adapters.application.market import Movement, PointsChanged, PointsOf, offers
from adapters.application.reading import ReadableStorage
from adapters.application.results import StoreSettings
from adapters.application.window_figures import told_amount
from domain.credits import PER_CREDIT
from domain.limit_names import CREDITS
from domain.point_commands import Offer


class MovedPoints(TypedDict):
    """A movement of points between two accounts: `user:ID`, `mint`, or `market`. `reason` is a manager's, or what a
    giver wrote; `offer` is that of a purchase.
    """

    position: int
    at: str
    kind: Literal["mint", "burn", "gift", "claim", "favourite", "purchase"]
    payer: str
    payee: str
    amount: int
    reason: str | None
    offer: str | None


class PointsOfUser(TypedDict):
    """What a user has. `called` is what points are called here; `daily` is what a day gives, 0 for nothing, and
    `claimed` says whether that of today was taken. The latest movements come first.
    """

    user: str
    balance: int
    called: str
    daily: int
    claimed: bool
    movements: list[MovedPoints]


class ChangedPoints(TypedDict):
    """What was moved, and what the user whom it was asked for has now."""

    moved: MovedPoints
    balance: int


class ToldOffer(TypedDict):
    """Generations, credits with at most three decimals, or bytes for a price; they last for `days` (None: for good)."""

    offer: str
    unit: Literal["generations", "credits", "bytes"]
    amount: float
    price: int
    days: int | None


class OffersOfMarket(TypedDict):
    """All that is offered, the cheapest first. Prices are in what `called` names: points, or with `outside` the units
    of a currency that another service keeps.
    """

    called: str
    outside: bool
    offers: list[ToldOffer]


class ChangedOffer(TypedDict):
    """An offer that is there now, or is gone; `changed` is false where that was so before."""

    offer: str
    changed: bool


def points_figures(found: PointsOf) -> PointsOfUser:
    """What a user has, for programs."""
    return {
        "user": found.user,
        "balance": found.balance,
        "called": found.called,
        "daily": found.daily,
        "claimed": found.claimed,
        "movements": [moved_figures(one) for one in found.movements],
    }


def moved_figures(movement: Movement) -> MovedPoints:
    """A movement, for programs."""
    event = movement.event
    return {
        "position": movement.position,
        "at": event.at,
        "kind": event.kind,  # type: ignore[typeddict-item]  # it is one of KINDS
        "payer": event.payer,
        "payee": event.payee,
        "amount": event.amount,
        "reason": event.reason,
        "offer": event.offer,
    }


def changed_figures(changed: PointsChanged) -> ChangedPoints:
    """What was moved, for programs."""
    assert changed.moved is not None, "what was carried out moved points"
    return {"moved": moved_figures(Movement(changed.position, changed.moved)), "balance": changed.balance}


def market_figures(storage: ReadableStorage, settings: StoreSettings) -> OffersOfMarket:
    """All that is offered, for programs."""
    return {
        "called": settings.currency or settings.points_name,
        "outside": bool(settings.currency),
        "offers": [offer_figures(offer) for offer in offers(storage)],
    }


def offer_figures(offer: Offer) -> ToldOffer:
    """An offer, for programs."""
    return {
        "offer": offer.offer,
        "unit": offer.unit,  # type: ignore[typeddict-item]  # it is one of OFFER_UNITS
        "amount": told_amount(offer.amount, offer.unit),
        "price": offer.price,
        "days": offer.days,
    }


def offer_of(told: ToldOffer) -> Offer:
    """The offer that is told so."""
    each = PER_CREDIT if told["unit"] == CREDITS else 1
    return Offer(told["offer"], told["unit"], round(told["amount"] * each), told["price"], told["days"])
