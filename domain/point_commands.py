"""What callers ask about points, the community's own currency: see `commands.py` for what all commands have.

Amounts and prices are whole points, from 1 up. What points are called, and what is earned by what, are settings: so a
command that earns something carries how much.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.idempotency import IdempotencyKey

OFFER_UNITS = ("generations", "credits", "bytes")
"""What offers are of: places, thousandths of credits, bytes."""
MAX_OFFER_DAYS = 36_500
"""Days for which what is bought lasts at the longest, where it does not last for ever."""


class Offer(NamedTuple):
    """So much of a unit for so many points; it lasts for `days`, or for ever."""

    offer: str
    unit: str
    amount: int
    price: int
    days: int | None = None


class MovePoints(NamedTuple):
    """A manager makes points for a user out of nothing (`mint`), or takes them out of the world again (`burn`)."""

    user: str
    by: str
    kind: str
    amount: int
    reason: str
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class GivePoints(NamedTuple):
    """A user gives points to another one, perhaps with a few words."""

    user: str
    by: str
    to: str
    amount: int
    reason: str | None = None
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class ClaimDaily(NamedTuple):
    """A user takes what a day gives, once a day (UTC)."""

    user: str
    by: str
    amount: int
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class SetFavourite(NamedTuple):
    """A user marks a kept picture of an owner as a favourite, or no longer. `image` is the position of the save that is
    meant; None means whichever stands. For the first mark of a user and picture the owner gets `reward` points, where
    it is not the user's own.
    """

    user: str
    by: str
    owner: str
    name: str
    on: bool
    image: int | None = None
    reward: int = 0
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class SetOffer(NamedTuple):
    """A manager offers something for points, or something else under the same id."""

    by: str
    wanted: Offer
    reason: str
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class WithdrawOffer(NamedTuple):
    """A manager takes an offer back."""

    by: str
    offer: str
    reason: str
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class BuyOffer(NamedTuple):
    """A user buys what is offered, and gets it as a grant of a new id. `seen` is the offer as the user saw it: it is
    refused where it is another by now. `outside`: so much of an external currency is held for it, which must be its
    price; no points are paid then.
    """

    user: str
    by: str
    offer: str
    grant: str
    seen: Offer | None = None
    outside: int | None = None
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


PointCommand = MovePoints | GivePoints | ClaimDaily | SetFavourite | SetOffer | WithdrawOffer | BuyOffer
"""The closed union of these commands."""
