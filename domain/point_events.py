"""Facts about points, the community's own currency: movements between accounts, offers of the market, favourites.

An account is `user:ID`, `mint`, from which all points come and to which burned ones go back, or `market`, which is paid
for offers. Every movement has two sides, so the sum over all accounts is 0. What a movement may be is `points.py`'s.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.idempotency import IdempotencyKey

OF_A_USER = "user:"
MINT = "mint"
MARKET = "market"

MINTED, BURNED, GIFT, CLAIM, FAVOURITE, PURCHASE = KINDS = (
    "mint",
    "burn",
    "gift",
    "claim",
    "favourite",
    "purchase",
)
"""What a movement was for."""


def account_of(user: str) -> str:
    """A user's account."""
    return f"{OF_A_USER}{user}"


def user_of(account: str) -> str | None:
    """Whose account it is; None for those of nobody."""
    return account[len(OF_A_USER) :] if account.startswith(OF_A_USER) else None


class PointsMoved(NamedTuple):
    """`amount` points went from the account `payer` to `payee`. `kind` is what for; `reason` a manager's, or what a
    giver wrote; `offer` is that of a purchase.
    """

    at: str
    by: str
    payer: str
    payee: str
    amount: int
    kind: str
    reason: str | None = None
    offer: str | None = None
    origin: str | None = None
    request: IdempotencyKey | None = None

    @property
    def users(self) -> tuple[str, ...]:
        """The users whose accounts it touches, who pays first."""
        sides = dict.fromkeys((user_of(self.payer), user_of(self.payee)))
        return tuple(user for user in sides if user is not None)


class OfferSet(NamedTuple):
    """Under the id `offer`, `amount` places, thousandths of credits or bytes cost `price` points from here on; they
    last for `days`, or for ever. A former offer of this id is replaced whole.
    """

    at: str
    by: str
    offer: str
    unit: str
    amount: int
    price: int
    reason: str
    days: int | None = None
    origin: str | None = None
    request: IdempotencyKey | None = None


class OfferWithdrawn(NamedTuple):
    """This offer is no longer there to buy; what was bought stands."""

    at: str
    by: str
    offer: str
    reason: str
    origin: str | None = None
    request: IdempotencyKey | None = None


class FavouriteSet(NamedTuple):
    """A user marks a kept picture as a favourite, or no longer. `image` is the position of the picture's ImageSaved."""

    at: str
    user: str
    by: str
    owner: str
    name: str
    image: int
    on: bool
    origin: str | None = None
    request: IdempotencyKey | None = None


PointEvent = PointsMoved | OfferSet | OfferWithdrawn | FavouriteSet
"""The closed union of these facts."""
