"""A shop for tests: real exchanges with a service on loopback, a journal on the disk, and a ledger in memory."""

from __future__ import annotations

from pathlib import Path

from adapters.disk.files import Files
from adapters.generation.breaker import CircuitBreaker
from adapters.market.exchanges import Exchanges
from adapters.market.http_currency import CurrencySettings, HttpCurrency
from adapters.market.journal import ExchangeJournal
from adapters.ports.purchases import Purchase
from tests.adapters.market.in_memory_ledger import InMemoryPurchaseLedger
from tests.emulators.currency import CurrencyEmulator

KEY = "no-shape-of-a-key-0815"


class Shop:
    """One ledger and one service through any number of processes. `breaker_now` is what its breakers' clock says."""

    def __init__(self, root: Path, bank: CurrencyEmulator) -> None:
        (root / "logs").mkdir(exist_ok=True)
        self.root = root
        self.bank = bank
        self.ledger = InMemoryPurchaseLedger()
        self.breaker_now = 0.0
        self.exchanges = self.opened()

    def opened(self, files: Files | None = None) -> Exchanges:
        """The parts of a new process; nothing is asked yet."""
        currency = HttpCurrency(
            CurrencySettings(self.bank.address, KEY),
            answer_seconds=0.5,
            breaker=CircuitBreaker(lambda: self.breaker_now),
        )
        self.journal = ExchangeJournal(self.root, files or Files(), "log-1")
        return Exchanges(currency, self.ledger, self.journal)

    async def crash(self) -> None:
        """The process is killed: what it was doing stops where it is. The next one starts."""
        await self.exchanges.close()
        self.exchanges = self.opened()
        await self.exchanges.start()

    async def later(self) -> int:
        """Some time after, another pass."""
        self.breaker_now += 10_000
        return await self.exchanges.settle()

    @property
    def notes(self) -> list[str]:
        """The files of the journal."""
        folder = self.root / "logs" / "exchanges"
        return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def purchase(key: str = "k-1", user: str = "ann", offer: str = "ten-pictures", amount: int = 25) -> Purchase:
    """One that anybody could ask for."""
    return Purchase(key, user, offer, amount)
