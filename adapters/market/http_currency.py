"""A currency that a service keeps and tells over HTTP, in the form of docs/market-currency.md.

Calls go the way of all calls to services: bounded, not redirected, repeated under their idempotency key. Whatever does
not say, in whole numbers, what the hold that was asked for is now, is no answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

from adapters.generation.breaker import CircuitBreaker
from adapters.generation.calls import Outcome, ProviderCalls, Service
from adapters.ports.currency import CurrencyFailure, Hold, HoldState, Trouble
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.failures import GenerationFailure

ANSWER_SECONDS = 10.0
MOST_ANSWER_BYTES = 16 * 1024
SERVICE = "The currency's service"
KEY_SETTING = "CURRENCY_KEY"
ADDRESS_SETTING = "CURRENCY_URL"

TROUBLES = MappingProxyType(
    {
        FailureKind.AUTH: Trouble.KEY_REFUSED,
        FailureKind.RATE_LIMITED: Trouble.BUSY,
        FailureKind.UNAVAILABLE: Trouble.NOT_REACHED,
        FailureKind.UPSTREAM: Trouble.FAILED,
        FailureKind.UNKNOWN: Trouble.LOST,
    }
)
"""Every other kind says that the service does not take the request."""
MATTERS = frozenset({HoldState.HELD, HoldState.COMMITTED})
"""States of money that is kept back or gone: whose, and how much, must be told with them."""


@dataclass(frozen=True)
class CurrencySettings:
    """Where the service is, its key, and what people call its units."""

    address: str
    key: str = field(default="", repr=False)
    name: str = "coins"


class HttpCurrency:
    """The client. Holds a connection only while a call runs."""

    def __init__(
        self,
        settings: CurrencySettings,
        *,
        answer_seconds: float = ANSWER_SECONDS,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        """`answer_seconds` bounds each call, from the connection to the last byte."""
        service = Service(
            name=SERVICE,
            address=settings.address.rstrip("/"),
            key_setting=KEY_SETTING,
            headers={"Authorization": f"Bearer {settings.key}"} if settings.key else {},
            answer_seconds=answer_seconds,
            at_setting=ADDRESS_SETTING,
        )
        self.name = settings.name
        self._calls = ProviderCalls(service, breaker)

    async def reserve(self, hold: Hold) -> HoldState | CurrencyFailure:
        """Keeps the amount back."""
        body = {"hold": hold.name, "account": hold.account, "amount": hold.amount}
        return await self._post("/holds", body, hold, "reserve")

    async def commit(self, hold: Hold) -> HoldState | CurrencyFailure:
        """Takes what is held."""
        return await self._post(f"/holds/{hold.name}/commit", {}, hold, "commit")

    async def release(self, hold: Hold) -> HoldState | CurrencyFailure:
        """Gives back what is held."""
        return await self._post(f"/holds/{hold.name}/release", {}, hold, "release")

    async def balance(self, account: str) -> int | CurrencyFailure:
        """What the account has, without what is held."""
        outcome = await self._calls.get(f"/accounts/{quote(account, safe='')}", at_most_bytes=MOST_ANSWER_BYTES)
        if isinstance(outcome, GenerationFailure):
            return _failure(outcome)
        body = await outcome.json()
        if not isinstance(body, dict) or body.get("account") != account:
            return CurrencyFailure(Trouble.GARBLED)
        balance = body.get("balance")
        return balance if type(balance) is int and balance >= 0 else CurrencyFailure(Trouble.GARBLED)

    async def _post(self, path: str, body: object, hold: Hold, act: str) -> HoldState | CurrencyFailure:
        key = f"{hold.name}.{act}"
        outcome = await self._calls.post_json(path, body, at_most_bytes=MOST_ANSWER_BYTES, idempotency_key=key)
        return await _state(outcome, hold)


async def _state(outcome: Outcome, hold: Hold) -> HoldState | CurrencyFailure:
    if isinstance(outcome, GenerationFailure):
        return _failure(outcome)
    state = state_in(await outcome.json(), hold)
    return CurrencyFailure(Trouble.GARBLED) if state is None else state


def state_in(body: object, hold: Hold) -> HoldState | None:
    """What an answer says of this hold; None where it says nothing of it, or contradicts it."""
    if not isinstance(body, dict) or body.get("hold") != hold.name:
        return None
    state = next((state for state in HoldState if state == body.get("state")), None)
    for member, wanted in (("account", hold.account), ("amount", hold.amount)):
        told = body.get(member)
        if (state in MATTERS or told is not None) and (type(told) is not type(wanted) or told != wanted):
            return None
    return state


def _failure(failure: GenerationFailure) -> CurrencyFailure:
    return CurrencyFailure(
        TROUBLES.get(failure.kind, Trouble.NOT_TAKEN),
        surely_not_done=failure.surely_unpaid,
        retry_after_seconds=failure.retry_after_seconds,
    )
