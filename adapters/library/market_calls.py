"""The calls of `StorageManager` about points and the market: what a user has, gifts, the day's claim, offers and what
is bought, and marks of pictures. Each change blocks until it is durable and is safe inside a coroutine.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, Literal, cast

from adapters.application import market
from adapters.application.following import FollowedStorage
from adapters.application.market_figures import PointsOfUser, ToldOffer, market_figures, offer_of, points_figures
from adapters.application.results import LIBRARY, StoreSettings
from adapters.application.storage import Storage
from adapters.ports.faults import Fault
from adapters.ports.purchases import Bought
from adapters.wording.figures import counted, echo
from adapters.wording.points import movement_in_words, offered
from adapters.wording.purchases import sentence_of_purchase
from adapters.wording.refusals import sentence_of
from domain.credits import CREDITS_RULE, thousandths
from domain.limit_names import CREDITS
from domain.names import malformed_user
from domain.point_commands import OFFER_UNITS, Offer
from domain.refusals import Refusal

BY_DEFAULT = "by an operator"
Unit = Literal["generations", "credits", "bytes"]
Amount = int | float | str | Decimal
"""Of credits with at most three decimals; as text or as a Decimal nothing is rounded on the way."""
Change = Callable[[Storage], Coroutine[Any, Any, market.PointsChanged | Refusal]]


class MarketCalls(ABC):
    """Of whoever has a storage, or reads one beside its writer."""

    _reader: Storage | FollowedStorage

    @abstractmethod
    def _writer(self) -> Storage:
        """The storage, open for writing. Raises StorageUnavailable."""

    def points_of(self, user_id: str, most: int = market.MOST_MOVEMENTS) -> PointsOfUser:
        """What a user has of the community's own currency, and at most so many of the latest movements, newest first:
        user, balance, called, daily, claimed, movements. Raises ValueError for a malformed id.
        """
        if sentence := malformed_user(user_id):
            raise ValueError(sentence)
        return points_figures(market.read_points(self._reader, self._told(), user_id, most))

    def offers(self) -> list[ToldOffer]:
        """All that is offered, the cheapest first: offer (its id), unit, amount, price, days."""
        return market_figures(self._reader, self._told())["offers"]

    def move_points(
        self,
        user_id: str,
        kind: Literal["mint", "burn"],
        amount: int,
        *,
        reason: str = BY_DEFAULT,
        request: str | None = None,
    ) -> tuple[bool, str]:
        """Makes points for a user, or takes some out of the world: `(ok, message)`. The same `request` does it once."""
        return self._moved(
            lambda store: market.move_points(
                store, user_id, kind, amount, reason, actor=LIBRARY, idempotency_key=request
            )
        )

    def give_points(
        self, user_id: str, to: str, amount: int, *, reason: str | None = None, request: str | None = None
    ) -> tuple[bool, str]:
        """Gives points of a user's to another, at once and for good: `(ok, message)`."""
        return self._moved(
            lambda store: market.give_points(store, user_id, to, amount, reason, actor=LIBRARY, idempotency_key=request)
        )

    def claim_daily(self, user_id: str, *, request: str | None = None) -> tuple[bool, str]:
        """Takes what a day gives, once a day (UTC): `(ok, message)`."""
        return self._moved(lambda store: market.claim_daily(store, user_id, actor=LIBRARY, idempotency_key=request))

    def set_favourite(
        self, user_id: str, owner: str, image_name: str, *, on: bool = True, request: str | None = None
    ) -> tuple[bool, str]:
        """Marks a kept picture of an owner as a favourite of a user's, or takes the mark away: `(ok, message)`."""
        changed = self._changed(
            lambda store: market.set_favourite(
                store, user_id, owner, image_name, on=on, actor=LIBRARY, idempotency_key=request
            )
        )
        if isinstance(changed, str):
            return False, f"Error marking an image: {changed}"
        is_so = f"{image_name} of {owner} is {'a' if on else 'no'} favourite of {user_id}"
        return True, f"{is_so}." if changed.position else f"{is_so} already. Nothing was changed."

    def set_offer(  # noqa: PLR0913 - each is said of the offer by its name
        self,
        offer: str,
        unit: Unit,
        amount: Amount,
        price: int,
        *,
        days: int | None = None,
        reason: str = BY_DEFAULT,
        request: str | None = None,
    ) -> tuple[bool, str]:
        """Offers so much for so many points, for `days` or for good, in the place of a former offer of this id: `(ok,
        message)`. Raises ValueError for a unit or an amount that can be none.
        """
        wanted = Offer(offer, unit, _stored(amount, unit), price, days)
        changed = self._changed(
            lambda store: market.set_offer(store, wanted, reason, actor=LIBRARY, idempotency_key=request)
        )
        if isinstance(changed, str):
            return False, f"Error offering: {changed}"
        return True, f"{offer} is offered: {offered(unit, wanted.amount, days)} for {counted(price, 'point')}."

    def withdraw_offer(self, offer: str, *, reason: str = BY_DEFAULT, request: str | None = None) -> tuple[bool, str]:
        """Takes an offer back: `(ok, message)`. What was bought of it stands."""
        changed = self._changed(
            lambda store: market.withdraw_offer(store, offer, reason, actor=LIBRARY, idempotency_key=request)
        )
        if isinstance(changed, str):
            return False, f"Error withdrawing an offer: {changed}"
        return True, f"{offer} is no longer offered."

    def buy(
        self, user_id: str, offer: Mapping[str, Any], *, request: str | None = None
    ) -> tuple[bool, str, str | None]:
        """Buys an offer as `offers` told it, paid with points: `(ok, message, grant)`, with the grant's id. One that is
        another by now is not bought; the same `request` buys once. Raises ValueError for what is no offer.
        """
        seen = _seen(offer)
        changed = self._changed(
            lambda store: market.buy_offer(store, user_id, seen.offer, seen, actor=LIBRARY, idempotency_key=request)
        )
        if isinstance(changed, str):
            return False, f"Error buying: {changed}", None
        grant = changed.given.grant if changed.given else ""
        called = self._told().points_name
        return True, sentence_of_purchase(Bought(grant, paid=True), amount=seen.price, name=called), grant

    def _told(self) -> StoreSettings:
        """What points are called and what is earned; whoever only reads knows no settings."""
        return self._reader.settings if isinstance(self._reader, Storage) else StoreSettings()

    def _moved(self, change: Change) -> tuple[bool, str]:
        changed = self._changed(change)
        if isinstance(changed, str):
            return False, f"Error moving points: {changed}"
        assert changed.moved is not None, "what was carried out moved points"
        return True, f"{movement_in_words(changed.moved)}."

    def _changed(self, change: Change) -> market.PointsChanged | str:
        """What was done, or why not: in a thread with a loop of its own, as this may be called inside one."""
        try:
            work = change(self._writer())
            with ThreadPoolExecutor(1, thread_name_prefix="market") as worker:
                done = worker.submit(asyncio.run, work).result()
        except Fault as error:
            return str(error)
        return sentence_of(done) if isinstance(done, Refusal) else done


def _stored(amount: object, unit: object) -> int:
    """Thousandths of credits, or a whole number of anything else. Raises ValueError."""
    if unit not in OFFER_UNITS:
        raise ValueError(f"unit is one of {', '.join(OFFER_UNITS)}, and not {echo(unit)}.")
    if unit == CREDITS and isinstance(amount, int | float | str | Decimal) and not isinstance(amount, bool):
        try:
            return thousandths(f"{amount:f}" if isinstance(amount, Decimal) else str(amount))
        except ValueError as error:
            raise ValueError(f"amount is {CREDITS_RULE}, and not {echo(amount)}.") from error
    if isinstance(amount, int) and not isinstance(amount, bool):
        return amount
    raise ValueError(f"amount is a whole number of {unit}, and not {echo(amount)}.")


def _seen(offer: Mapping[str, Any]) -> Offer:
    """The offer that is told so. Raises ValueError."""
    try:
        return offer_of(cast("ToldOffer", offer))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"An offer is one of those that offers() tells, and not {echo(offer)}.") from error
