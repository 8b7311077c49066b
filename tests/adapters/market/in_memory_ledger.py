"""A ledger for purchases that keeps its log in memory: it survives the crash of whoever asks it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from adapters.ports.faults import OutcomeUnknown
from adapters.ports.purchases import Purchase, Recorded, Standing
from domain.refusals import Reason, Refusal


class InMemoryPurchaseLedger:
    """`refuses` are offers that it refuses. `faults` are played one a call: "before" and "after" its work, "" none;
    "stuck before" and "stuck after" never end, and `stuck` is set. `meanwhile` is what happens elsewhere while it
    records.
    """

    def __init__(self) -> None:
        self.log: dict[str, Purchase] = {}
        self.undone: set[str] = set()
        self.refuses: set[str] = set()
        self.faults: deque[str] = deque()
        self.asked: list[str] = []
        self.stuck = False
        self.meanwhile: Callable[[], object] = lambda: None

    @property
    def standing_amount(self) -> int:
        """The price of all that is bought."""
        return sum(bought.amount for key, bought in self.log.items() if key not in self.undone)

    async def record(self, purchase: Purchase) -> Recorded | Refusal:
        """As the port's."""
        fault = await self._next("record")
        known = self.log.get(purchase.key)
        if known is None and purchase.offer not in self.refuses:
            known = self.log[purchase.key] = purchase
        self.meanwhile()
        await self._fail("after", fault)
        if known is None:
            return Refusal(Reason.NOT_FOUND, purchase.user, purchase.offer)
        return Recorded(f"grant-{purchase.key}") if known == purchase else Refusal(Reason.REQUEST_CONFLICT)

    async def undo(self, purchase: Purchase) -> None:
        """As the port's."""
        fault = await self._next("undo")
        self.undone.add(purchase.key)
        await self._fail("after", fault)

    async def standing(self, purchase: Purchase) -> Standing:
        """As the port's."""
        await self._next("standing")
        if purchase.key in self.undone:
            return Standing.UNDONE
        return Standing.RECORDED if purchase.key in self.log else Standing.ABSENT

    async def _next(self, asked: str) -> str:
        self.asked.append(asked)
        fault = self.faults.popleft() if self.faults else ""
        await self._fail("before", fault)
        return fault

    async def _fail(self, when: str, fault: str) -> None:
        if fault == when:
            raise OutcomeUnknown("the disk has not answered")
        if fault == f"stuck {when}":
            self.stuck = True
            await asyncio.Event().wait()
