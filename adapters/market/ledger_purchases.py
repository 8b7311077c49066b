"""Purchases that are paid outside, in the one ledger: what is bought is a grant, under the key of its request.

The log alone says what became of a purchase, however long ago: its grant carries the request, and one that can never be
paid is voided by the system with that as its reason.
"""

from __future__ import annotations

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from adapters.application.granting import ID_BYTES
from adapters.application.idempotency import keyed
from adapters.application.results import SYSTEM
from adapters.application.storage import Storage
from adapters.application.workers import Workers
from adapters.ledger.codec import decode
from adapters.ports.purchases import Purchase, Recorded, Standing
from adapters.ports.random_hex import random_hex
from domain.commands import ReleaseExpired, VoidGrant
from domain.events import Event, GrantGiven, GrantVoided, idempotency_tag
from domain.point_commands import BuyOffer
from domain.refusals import Reason, Refusal

NOT_PAID = "it was not paid"
"""Why the grant of a purchase is voided."""
THREADS = 1


class LedgerPurchases:
    """The purchases of one storage."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._threads = Workers("abby-purchases", THREADS)

    async def record(self, purchase: Purchase) -> Recorded | Refusal:
        """As the port's. A repeat is answered from the log where the ledger no longer remembers it."""
        opened = self._storage.opened()
        command = BuyOffer(
            user=purchase.user,
            by=purchase.by,
            offer=purchase.offer,
            grant=random_hex(ID_BYTES),
            seen=purchase.seen,
            outside=purchase.amount,
            origin=purchase.origin,
        )
        request = keyed(purchase.key, command, secret=opened.recorder.secret)
        known = await self._threads.run(self._given, purchase)
        if known is not None:
            is_the_same = known.request is not None and known.request.digest == request.digest
            return Recorded(known.grant) if is_the_same else Refusal(Reason.REQUEST_CONFLICT, purchase.user)
        outcome = await opened.ledger.submit(command._replace(idempotency_key=request))
        if isinstance(outcome, Refusal):
            return outcome
        given = next(event for event in outcome.events if isinstance(event, GrantGiven))
        return Recorded(given.grant)

    async def undo(self, purchase: Purchase) -> None:
        """As the port's. A grant of which nothing is left, and which is forgotten, has nothing to be taken away."""
        given = await self._threads.run(self._given, purchase)
        if given is not None:
            command = VoidGrant(purchase.user, SYSTEM.by, given.grant, NOT_PAID, purchase.origin)
            await self._storage.opened().ledger.submit(command)

    async def standing(self, purchase: Purchase) -> Standing:
        """As the port's. What was submitted before has its place in the log, or none, once the sweep is done."""
        await self._storage.opened().ledger.submit(ReleaseExpired())
        return await self._threads.run(self._standing, purchase)

    def close(self) -> None:
        """Ends the thread that reads."""
        self._threads.close()

    def _standing(self, purchase: Purchase) -> Standing:
        given = self._given(purchase)
        if given is None:
            return Standing.ABSENT
        voided = self._recorded(GrantVoided.__name__, f"user:{purchase.user}")
        is_undone = any(
            isinstance(event, GrantVoided)
            and (event.grant, event.by, event.reason) == (given.grant, SYSTEM.by, NOT_PAID)
            for event in voided
        )
        return Standing.UNDONE if is_undone else Standing.RECORDED

    def _given(self, purchase: Purchase) -> GrantGiven | None:
        """The grant under the purchase's key."""
        found = self._recorded(GrantGiven.__name__, idempotency_tag(purchase.by, purchase.key))
        return next((event for event in found if isinstance(event, GrantGiven)), None)

    def _recorded(self, type_name: str, tag: str) -> list[Event]:
        query = DCBQuery(items=[DCBQueryItem(types=[type_name], tags=[tag])])
        return [decode(stored) for stored in self._storage.running().recorder.read(query, after=0)]
