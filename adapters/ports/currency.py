"""An external currency, as the market sees it: amounts are held, and then taken or given back.

Amounts are whole numbers of the currency's smallest unit. A hold has a name of our making, and every call can be made
again under it. How a service is asked is its client's matter; docs/market-currency.md has the form over HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Protocol

LARGEST_AMOUNT = 10**15
"""What any reader of JSON can hold as a whole number, with room for sums."""


@dataclass(frozen=True)
class Hold:
    """So much of an account that is kept back for one purchase, from 1 to LARGEST_AMOUNT."""

    name: str
    account: str
    amount: int

    def __post_init__(self) -> None:
        assert self.name, "a hold has a name"
        assert self.account, "a hold has an account"
        assert 0 < self.amount <= LARGEST_AMOUNT, self.amount


class HoldState(StrEnum):
    """What a service knows of a hold. COMMITTED, RELEASED and LAPSED are for ever."""

    HELD = "held"  # kept back
    COMMITTED = "committed"  # taken: paid
    RELEASED = "released"  # given back because we asked
    LAPSED = "lapsed"  # given back by the service itself, as nobody asked for it in time
    INSUFFICIENT = "insufficient"  # never held: the account has less
    UNKNOWN = "unknown"  # the service knows no hold of that name


class Trouble(Enum):
    """Why a service gave no state."""

    KEY_REFUSED = auto()
    NOT_TAKEN = auto()  # it says that it does not take such a request
    BUSY = auto()
    NOT_REACHED = auto()
    FAILED = auto()
    GARBLED = auto()  # a success that does not say what was promised, of this hold
    LOST = auto()


@dataclass(frozen=True)
class CurrencyFailure:
    """No answer that says what a hold is now. `surely_not_done`: the service has done nothing of what was asked."""

    trouble: Trouble
    surely_not_done: bool = False
    retry_after_seconds: float | None = None


class Currency(Protocol):
    """A service that keeps accounts. Each call may be made again, and then has the same effect as one."""

    async def reserve(self, hold: Hold) -> HoldState | CurrencyFailure:
        """Keeps the amount back."""

    async def commit(self, hold: Hold) -> HoldState | CurrencyFailure:
        """Takes what is held."""

    async def release(self, hold: Hold) -> HoldState | CurrencyFailure:
        """Gives back what is held; of a name that the service does not know, none can be held from now on."""

    async def balance(self, account: str) -> int | CurrencyFailure:
        """What the account has, without what is held."""
