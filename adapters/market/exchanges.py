"""Purchases that are paid outside, carried through: each act of the table in `exchange` is done here.

An exchange goes on though its caller has gone. What could not be ended waits in memory and in the journal, and is tried
again by `settle`; after a start the log says of each whether it is to be paid or given back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from adapters.application.workers import Workers
from adapters.market.exchange import ACTS, ENDS, NEXT, UNBEGUN, Act, Answer, Heard, State, rests
from adapters.market.journal import ExchangeJournal
from adapters.market.outcomes import outcome_of
from adapters.ports.currency import Currency, CurrencyFailure, Hold, HoldState
from adapters.ports.faults import Fault
from adapters.ports.purchases import NotBought, Outcome, Purchase, PurchaseLedger, Recorded, Standing, Unpaid
from domain.refusals import Refusal

MOST_OPEN = 1_000
MOST_OPEN_OF_A_USER = 5
"""So many that are not settled; who asks for one more is told so, and nothing is asked outside."""
SETTLE_SECONDS = 30.0
"""Between two passes over what is not settled."""
THREADS = 2

_OF_STANDING = {
    Standing.ABSENT: Heard.ABSENT,
    Standing.RECORDED: Heard.RECORDED,
    Standing.UNDONE: Heard.UNDONE,
}
_log = structlog.wrap_logger(logging.getLogger(__name__))


@dataclass
class Exchange:
    """One purchase under way, with what was heard last of those who can say why it ends."""

    purchase: Purchase
    hold: Hold
    state: State = State.NEW
    grant: str = ""
    why: Refusal | CurrencyFailure | HoldState | None = None


class Exchanges:
    """All exchanges of one ledger with one currency, for one event loop."""

    def __init__(self, currency: Currency, ledger: PurchaseLedger, journal: ExchangeJournal) -> None:
        self._currency = currency
        self._ledger = ledger
        self._journal = journal
        self._open: dict[str, Exchange] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._threads = Workers("abby-exchange", THREADS)

    @property
    def unsettled(self) -> int:
        """How many exchanges have not ended."""
        return len(self._open)

    @property
    def disputed(self) -> int:
        """How many of them contradict themselves, so that people have to look."""
        return sum(exchange.state is State.DISPUTED for exchange in self._open.values())

    async def start(self) -> list[str]:
        """Takes up what a former process left and tries to settle it. Gives the names of files in the journal that
        cannot be read: they are left where they are. Raises OSError.
        """
        left = await self._threads.run(self._journal.left)
        for purchase in left.purchases:
            hold = self._journal.hold_of(purchase)
            self._open.setdefault(hold.name, Exchange(purchase, hold, State.FOUND))
        if left.strange:
            _log.error("files of exchanges cannot be read", files=left.strange)
        await self.settle()
        return left.strange

    async def buy(self, purchase: Purchase) -> Outcome:
        """Buys an offer, or tells what became of the same request. Goes on though the caller does not wait. Raises
        Faults where it could not be noted, and nothing was asked outside.
        """
        hold = self._journal.hold_of(purchase)
        exchange = self._open.get(hold.name)
        if exchange is None:
            if self._is_full(purchase.user):
                return NotBought(Unpaid.TOO_MANY_OPEN)
            exchange = self._open[hold.name] = Exchange(purchase, hold)
        elif exchange.purchase != purchase:
            return NotBought(Unpaid.OTHER_PURCHASE)
        await asyncio.shield(self._going(exchange))
        return outcome_of(exchange.state, exchange.grant, exchange.why)

    async def settle(self) -> int:
        """Tries again what has not ended and is not under way; how many are left."""
        for name, exchange in list(self._open.items()):
            if self._open.get(name) is exchange and name not in self._running:
                await asyncio.shield(self._going(exchange))
        return len(self._open)

    async def keep_settling(self) -> None:
        """Settles again and again, until it is cancelled."""
        while True:
            await asyncio.sleep(SETTLE_SECONDS)
            try:
                await self.settle()
            except Exception as error:  # noqa: BLE001 - what one pass meets is looked at again in the next
                _log.error("exchanges could not be settled", reason=type(error).__name__)

    async def close(self) -> None:
        """Leaves what is under way to the next start."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._threads.close()

    def _is_full(self, user: str) -> bool:
        own = sum(exchange.purchase.user == user for exchange in self._open.values())
        return own >= MOST_OPEN_OF_A_USER or len(self._open) >= MOST_OPEN

    def _going(self, exchange: Exchange) -> asyncio.Task[None]:
        """The task that carries an exchange on: the one there is, or a new one."""
        name = exchange.hold.name
        if name not in self._running:
            task = self._running[name] = asyncio.create_task(self._carry_on(exchange))
            task.add_done_callback(_heard_of)
        return self._running[name]

    async def _carry_on(self, exchange: Exchange) -> None:
        try:
            await self._advance(exchange)
            if exchange.state in ENDS:
                await self._forget(exchange)
        finally:
            del self._running[exchange.hold.name]
            if exchange.state in ENDS or exchange.state in UNBEGUN:
                del self._open[exchange.hold.name]

    async def _advance(self, exchange: Exchange) -> None:
        while exchange.state not in ENDS:
            before = exchange.state
            heard = await self._do(ACTS[before], exchange)
            exchange.state = NEXT[before][heard]
            if exchange.state is State.DISPUTED:
                _log.error("a payment is disputed", hold=exchange.hold.name, state=before.name, heard=heard.name)
            if rests(before, exchange.state):
                return

    async def _do(self, act: Act, exchange: Exchange) -> Answer:
        match act:
            case Act.NOTE:
                await self._on_disk(self._journal.add, exchange.purchase)
                return Heard.NOTED
            case Act.RESERVE:
                return _of_service(exchange, await self._currency.reserve(exchange.hold), tells_why=True)
            case Act.COMMIT:
                return _of_service(exchange, await self._currency.commit(exchange.hold))
            case Act.RELEASE:
                return _of_service(exchange, await self._currency.release(exchange.hold))
            case Act.ASK_LOG | Act.RECORD | Act.UNDO:
                try:
                    return await self._of_ledger(act, exchange)
                except Fault as fault:
                    _log.warning("the ledger does not say", hold=exchange.hold.name, reason=type(fault).__name__)
                    return Heard.NO_ANSWER

    async def _of_ledger(self, act: Act, exchange: Exchange) -> Heard:
        if act is Act.ASK_LOG:
            return _OF_STANDING[await self._ledger.standing(exchange.purchase)]
        if act is Act.UNDO:
            await self._ledger.undo(exchange.purchase)
            return Heard.UNDONE
        answer = await self._ledger.record(exchange.purchase)
        if isinstance(answer, Recorded):
            exchange.grant = answer.grant
            return Heard.RECORDED
        exchange.why = answer
        return Heard.REFUSED

    async def _forget(self, exchange: Exchange) -> None:
        """Takes it out of the journal. Where that fails, the next start asks once more, which changes nothing."""
        try:
            await self._on_disk(self._journal.remove, exchange.purchase)
        except FileNotFoundError:
            return  # ended before it was noted
        except OSError as error:
            _log.warning("an exchange that has ended stays noted", hold=exchange.hold.name, reason=error.strerror)

    async def _on_disk(self, work: Callable[[Purchase], None], purchase: Purchase) -> None:
        """Does it to its end, also where this is cancelled: behind `close` no thread changes the notes."""
        working = asyncio.ensure_future(self._threads.run(work, purchase))
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            await asyncio.wait({working})
            raise


def _of_service(exchange: Exchange, answer: HoldState | CurrencyFailure, *, tells_why: bool = False) -> Answer:
    if tells_why:
        exchange.why = answer
    if isinstance(answer, HoldState):
        return answer
    return Heard.NOT_DONE if answer.surely_not_done else Heard.NO_ANSWER


def _heard_of(task: asyncio.Task[None]) -> None:
    """So that a fault whose caller has gone is not told as one that nobody asked for."""
    if not task.cancelled():
        task.exception()
