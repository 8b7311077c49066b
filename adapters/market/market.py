"""The market of a storage as every door has it: what offers are paid with, what a user has of that, and buying.

Prices are in points, or in an external currency where one is set up; nobody who asks has to know which.
"""

from __future__ import annotations

from adapters.application.granting import ID_BYTES
from adapters.application.market import PointsChanged, buy_offer
from adapters.application.results import Actor
from adapters.application.storage import Storage
from adapters.market.paid_outside import PaidOutside
from adapters.ports.currency import LARGEST_AMOUNT, CurrencyFailure
from adapters.ports.purchases import NotBought, Outcome, Purchase
from adapters.ports.random_hex import random_hex
from domain.point_commands import BuyOffer, Offer
from domain.point_events import account_of
from domain.refusals import Reason, Refusal
from domain.validation import malformed

Sale = PointsChanged | Refusal | Outcome
"""What became of a purchase: paid in points it is one of the first two. `wording/purchases.py` has the sentences of the
others.
"""
TOO_DEAR = "The service that keeps {name} takes no more than {most:,} at once."


class Market:
    """The market of one storage. Without `paid_outside`, and no external currency set, points pay for its offers."""

    def __init__(self, store: Storage, paid_outside: PaidOutside | None = None) -> None:
        self._store = store
        self._paid_outside = paid_outside

    @property
    def is_paid_outside(self) -> bool:
        """Whether prices are in an external currency."""
        return bool(self._store.settings.currency)

    @property
    def called(self) -> str:
        """What people call what prices are in."""
        return self._store.settings.currency or self._store.settings.points_name

    async def balance(self, user: str) -> int | CurrencyFailure:
        """What a user has of what prices are in; of an external currency its service is asked. Raises Faults."""
        if self._paid_outside is not None:
            return await self._paid_outside.balance(user)
        return self._store.running().state.points.balance(account_of(user))

    async def buy(
        self, user: str, offer: str, seen: Offer, *, actor: Actor, idempotency_key: str | None = None
    ) -> Sale:
        """A user buys an offer, where it still is as it was seen; a repeat under its key is answered as the first was.
        Raises Faults; of what is paid outside, where nothing was asked for.
        """
        if self._paid_outside is None:
            return await buy_offer(self._store, user, offer, seen, actor=actor, idempotency_key=idempotency_key)
        grant = random_hex(ID_BYTES)
        wrong = malformed(
            BuyOffer(
                user=user,
                by=actor.by,
                offer=offer,
                grant=grant,
                seen=seen,
                outside=seen.price,
            )
        )
        if wrong is None and seen.price > LARGEST_AMOUNT:
            wrong = TOO_DEAR.format(name=self.called, most=LARGEST_AMOUNT)
        if wrong is not None:
            return Refusal(Reason.MALFORMED, user, wrong)
        purchase = Purchase(
            key=idempotency_key or grant,
            user=user,
            offer=offer,
            amount=seen.price,
            origin=actor.origin,
            by=actor.by,
            seen=seen,
        )
        outcome = await self._paid_outside.buy(purchase)
        if isinstance(outcome, NotBought) and isinstance(outcome.why, Refusal) and not outcome.held:
            return outcome.why
        return outcome
