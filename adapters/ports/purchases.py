"""A purchase that is paid outside: what is bought, what a ledger does for it, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from adapters.ports.currency import CurrencyFailure
from domain.point_commands import Offer
from domain.refusals import Refusal


@dataclass(frozen=True)
class Purchase:
    """An offer for an amount of the external currency. `key` is the request's, and that of `by` alone. `seen` is the
    offer as the buyer saw it: another one is not bought.
    """

    key: str
    user: str
    offer: str
    amount: int
    origin: str | None = None
    by: str = "system"
    seen: Offer | None = None


@dataclass(frozen=True)
class Recorded:
    """A purchase that is in the log; what it gave is this grant."""

    grant: str


class Standing(Enum):
    """What the log says of a purchase."""

    ABSENT = auto()
    RECORDED = auto()
    UNDONE = auto()


class PurchaseLedger(Protocol):
    """The ledger, for purchases. Every call may be made again under the same key; each raises Faults where it cannot
    be known what was recorded.
    """

    async def record(self, purchase: Purchase) -> Recorded | Refusal:
        """Gives the grant of the offer, if the rules and the offer's price allow it; a repeat is answered alike."""

    async def undo(self, purchase: Purchase) -> None:
        """Voids the grant of a recorded purchase that can never be paid, with that as its reason."""

    async def standing(self, purchase: Purchase) -> Standing:
        """What is recorded under the purchase's key, however long ago. ABSENT is said only where nothing of it is on
        its way to the log: after a start it never is.
        """


class Unpaid(Enum):
    """Why a purchase was not paid, where neither ledger nor service failed."""

    INSUFFICIENT = auto()  # the account has less
    ENDED = auto()  # the same request was given up before
    LAPSED = auto()  # what was held went back before it was taken; the purchase is undone
    OTHER_PURCHASE = auto()  # the request's key belongs to another one
    TOO_MANY_OPEN = auto()  # too many of this user, or of all, are not settled


@dataclass(frozen=True)
class Bought:
    """The grant is there; its name, "" where a former process recorded it. `paid`: so is the payment; else it is asked
    for until it is.
    """

    grant: str
    paid: bool


@dataclass(frozen=True)
class NotBought:
    """There is no grant and nothing is paid. `held`: the amount may still be kept back, and goes back by itself."""

    why: Refusal | CurrencyFailure | Unpaid
    held: bool = False


class Unclear(Enum):
    """What cannot be said yet."""

    LEDGER = auto()  # whether the purchase is recorded: it is finished or given back once that is known
    DISPUTED = auto()  # the service contradicts what it said, or the log: people have to look


Outcome = Bought | NotBought | Unclear
