"""What is bought with an external currency, beside the service: it begins when the log is open, settles what is left of
former processes, and tells an operator of payments on which both sides do not agree.
"""

from __future__ import annotations

import asyncio
import logging
from hashlib import sha256

import structlog

from adapters.application.notes import Note, NoteKind
from adapters.application.storage import Storage
from adapters.disk.files import Files
from adapters.disk.ways import resolved
from adapters.market.exchanges import Exchanges
from adapters.market.journal import ExchangeJournal
from adapters.market.ledger_purchases import LedgerPurchases
from adapters.ports.currency import Currency, CurrencyFailure
from adapters.ports.faults import Fault, StorageUnavailable
from adapters.ports.measured import Measured
from adapters.ports.purchases import Outcome, Purchase

RETRY_SECONDS = 5.0
"""Between two attempts to begin, where the log or its folder cannot be opened."""
DISPUTED = (
    "{count} payments with the external currency are disputed: its service and the log do not agree. Nothing is paid "
    "twice; the log lines of the service name the holds, and docs/market-currency.md says what each side may have."
)
STRANGE = (
    "Files of purchases that are not settled cannot be read, in logs/exchanges: {files}. They are left as they are."
)
NOT_YET = "Purchases with the external currency begin when the log can be written. Nothing was bought."

_log = structlog.wrap_logger(logging.getLogger(__name__))


class PaidOutside:
    """The purchases of one storage with one currency, for one event loop."""

    def __init__(self, store: Storage, currency: Currency, files: Files) -> None:
        self._store = store
        self._currency = currency
        self._files = files
        self._exchanges: Exchanges | None = None
        self._purchases = LedgerPurchases(store)
        self._strange: list[str] = []
        self._living: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins, and returns at once."""
        self._living = asyncio.get_running_loop().create_task(self._live())

    async def stop(self) -> None:
        """Leaves what is under way to the next start."""
        if self._living is not None:
            self._living.cancel()
            await asyncio.wait({self._living})
        if self._exchanges is not None:
            await self._exchanges.close()
        self._purchases.close()

    async def buy(self, purchase: Purchase) -> Outcome:
        """Buys an offer, or tells what became of the same request. Raises Faults where nothing was asked outside."""
        if self._exchanges is None:
            raise StorageUnavailable(NOT_YET)
        return await self._exchanges.buy(purchase)

    async def balance(self, account: str) -> int | CurrencyFailure:
        """What an account has, without what is held."""
        return await self._currency.balance(account)

    def notes(self) -> tuple[Note, ...]:
        """What people have to look at."""
        notes = []
        if self._exchanges is not None and self._exchanges.disputed:
            notes.append(Note(NoteKind.PAYMENTS_DISPUTED, DISPUTED.format(count=self._exchanges.disputed)))
        if self._strange:
            files = ", ".join(sorted(self._strange))
            notes.append(Note(NoteKind.PURCHASES_UNREADABLE, STRANGE.format(files=files)))
        return tuple(notes)

    def measured(self) -> list[Measured]:
        """Purchases that are not settled, and those on which both sides do not agree."""
        unsettled, disputed = (0, 0)
        if self._exchanges is not None:
            unsettled, disputed = self._exchanges.unsettled, self._exchanges.disputed
        return [Measured("abby_purchases_unsettled", unsettled), Measured("abby_purchases_disputed", disputed)]

    async def _live(self) -> None:
        while True:
            try:
                exchanges = await self._opened()
                self._strange = await exchanges.start()
            except (Fault, OSError) as fault:
                _log.warning("purchases cannot begin yet", reason=type(fault).__name__)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                await exchanges.keep_settling()

    async def _opened(self) -> Exchanges:
        """The exchanges, once the log is open: holds are named by its key, which is its own."""
        if self._exchanges is None:
            opened = await asyncio.to_thread(self._store.opened)
            ledger_id = sha256(b"exchanges\0" + opened.recorder.secret).hexdigest()
            journal = ExchangeJournal(resolved(self._store.root), self._files, ledger_id)
            self._exchanges = Exchanges(self._currency, self._purchases, journal)
        return self._exchanges
