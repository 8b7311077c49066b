"""What routes answer of points and the market: accounts and their movements, offers, what was bought, marks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from adapters.http.contract.shapes import Count, Credits, Instant, Position


class MovedPoints(TypedDict):
    """A movement of points between two accounts: `user:ID`, `mint`, or `market`. `reason` is a manager's, or what a
    giver wrote; `offer` is that of a purchase.
    """

    position: Position
    at: Instant
    kind: Literal["mint", "burn", "gift", "claim", "favourite", "purchase"]
    payer: str
    payee: str
    amount: Count
    reason: str | None
    offer: str | None


class PointsOfUser(TypedDict):
    """What a user has. `called` is what points are called here; `daily` is what a day gives, 0 for nothing, and
    `claimed` says whether that of today was taken. The latest movements come first.
    """

    user: str
    balance: Count
    called: str
    daily: Count
    claimed: bool
    movements: list[MovedPoints]


class ChangedPoints(TypedDict):
    """What was moved, and what the user whom it was asked for has now."""

    moved: MovedPoints
    balance: Count


class ToldOffer(TypedDict):
    """Generations, credits with at most three decimals, or bytes for a price; they last for `days` (None: for good)."""

    offer: str
    unit: Literal["generations", "credits", "bytes"]
    amount: Credits
    price: Count
    days: Annotated[int, Field(ge=1)] | None


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


class BoughtOffer(TypedDict):
    """What was bought for how much of what `called` names. `grant` is its id among the user's grants; None where it is
    an external purchase that a former start of the service recorded. `paid` is false where the payment is not confirmed
    yet, and `sentence` says so.
    """

    offer: str
    grant: str | None
    price: Count
    called: str
    paid: bool
    sentence: str


class MarkedImage(TypedDict):
    """Whether a user marks this picture of an owner; `changed` is false where that was so before."""

    owner: str
    name: str
    favourite: bool
    changed: bool
