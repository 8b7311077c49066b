"""A purchase as it leaves here for programs, whichever way it was paid."""

from __future__ import annotations

from typing_extensions import TypedDict  # on Python 3.11 pydantic reads no other

from adapters.application.market import PointsChanged
from adapters.ports.purchases import Bought
from adapters.wording.purchases import sentence_of_purchase
from domain.point_commands import Offer


class BoughtOffer(TypedDict):
    """What was bought for how much of what `called` names. `grant` is its id among the user's grants; None where it is
    an external purchase that a former start of the service recorded. `paid` is false where the payment is not confirmed
    yet, and `sentence` says so.
    """

    offer: str
    grant: str | None
    price: int
    called: str
    paid: bool
    sentence: str


def sale_figures(sold: PointsChanged | Bought, seen: Offer, called: str) -> BoughtOffer:
    """What was bought, for programs; prices are in what people call so."""
    if isinstance(sold, PointsChanged):
        sold = Bought(sold.given.grant if sold.given else "", paid=True)
    return {
        "offer": seen.offer,
        "grant": sold.grant or None,
        "price": seen.price,
        "called": called,
        "paid": sold.paid,
        "sentence": sentence_of_purchase(sold, amount=seen.price, name=called),
    }
