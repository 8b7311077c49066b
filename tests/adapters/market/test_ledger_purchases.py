"""Rules of purchases in the real ledger: each is a grant once, whatever is asked again, and the log tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.application import market
from adapters.application.granting import grants_of, void_grant_blocking
from adapters.application.results import Actor
from adapters.application.storage import Storage
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.market.http_currency import CurrencySettings, HttpCurrency
from adapters.market.ledger_purchases import LedgerPurchases
from adapters.market.paid_outside import PaidOutside
from adapters.ports.faults import StorageUnavailable
from adapters.ports.purchases import Bought, NotBought, Purchase, Recorded, Standing
from domain.instants import later
from domain.point_commands import Offer
from domain.refusals import Reason, Refusal
from tests.adapters.market.shop import KEY
from tests.emulators.currency import CurrencyEmulator

MANAGER = Actor("discord:1")
OFFER = Offer("ten", "generations", 10, 25, 30)
PURCHASE = Purchase("k-1", "ann", "ten", 25, "guild:9", "discord:7")
Opening = Callable[[], Storage]


@pytest.fixture
def clock() -> list[str]:
    """The present, which a test may change."""
    return ["2026-03-10T12:00:00.000000Z"]


@pytest.fixture
def opening(tmp_path: Path, clock: list[str]) -> Iterator[Opening]:
    """Opens the storage; what was open before is closed."""
    stores: list[Storage] = []

    def opened() -> Storage:
        while stores:
            stores.pop().close()
        stores.append(open_store(tmp_path / "root", clock=lambda: clock[0]))
        return stores[-1]

    yield opened
    while stores:
        stores.pop().close()


async def offered(store: Storage, offer: Offer = OFFER) -> None:
    """A manager offers something."""
    assert not isinstance(await market.set_offer(store, offer, "a fair", actor=MANAGER), Refusal)


async def test_a_purchase_is_one_grant_however_often_and_late_it_is_asked_for(
    opening: Opening, clock: list[str]
) -> None:
    """Also after a restart, and when the ledger no longer remembers the request."""
    store = opening()
    await offered(store)
    purchases = LedgerPurchases(store)
    assert await purchases.standing(PURCHASE) is Standing.ABSENT
    first = await purchases.record(PURCHASE)
    assert isinstance(first, Recorded)
    for days in (0, 8):
        clock[0] = later(clock[0], seconds=days * 86_400)
        purchases.close()
        purchases = LedgerPurchases(opening())
        assert await purchases.record(PURCHASE) == first
        assert await purchases.standing(PURCHASE) is Standing.RECORDED
    told = grants_of(opening(), "ann")
    assert [(one.grant, one.amount, one.source) for one in told] == [(first.grant, 10, "bought")]
    purchases.close()


async def test_another_purchase_under_the_key_and_another_price_are_refused(opening: Opening) -> None:
    """Nothing is given then."""
    store = opening()
    await offered(store)
    purchases = LedgerPurchases(store)
    dear = await purchases.record(Purchase("k-2", "ann", "ten", 24))
    assert isinstance(dear, Refusal)
    assert dear.reason is Reason.OFFER_CHANGED
    assert isinstance(await purchases.record(PURCHASE), Recorded)
    other = await purchases.record(Purchase(PURCHASE.key, "bob", "ten", 25, by=PURCHASE.by))
    assert isinstance(other, Refusal)
    assert other.reason is Reason.REQUEST_CONFLICT
    assert grants_of(store, "bob") == ()
    purchases.close()


async def test_what_is_undone_is_void_and_known_as_undone(opening: Opening) -> None:
    """Once; what a manager takes away stays a purchase that has to be paid."""
    store = opening()
    await offered(store)
    purchases = LedgerPurchases(store)
    await purchases.undo(PURCHASE)
    assert await purchases.standing(PURCHASE) is Standing.ABSENT
    await purchases.record(PURCHASE)
    for _ in range(2):
        await purchases.undo(PURCHASE)
    assert await purchases.standing(PURCHASE) is Standing.UNDONE
    assert [one.voided for one in grants_of(store, "ann")] == [True]
    second = Purchase("k-2", "ann", "ten", 25)
    recorded = await purchases.record(second)
    assert isinstance(recorded, Recorded)
    void_grant_blocking(store, "ann", recorded.grant, "a mistake", actor=MANAGER)
    assert await purchases.standing(second) is Standing.RECORDED
    purchases.close()


async def test_beside_the_service_a_grant_of_the_real_ledger_is_paid_for(opening: Opening) -> None:
    """The coins are taken once, and the grant is there once; who has too few gets nothing, and nobody has to look."""
    store = opening()
    await offered(store)
    bank = CurrencyEmulator(KEY, begin_with=30)
    async with bank.serving():
        paid_outside = PaidOutside(store, HttpCurrency(CurrencySettings(bank.address, KEY)), Files())
        with pytest.raises(StorageUnavailable):
            await paid_outside.buy(PURCHASE)
        paid_outside.start()
        async with asyncio.timeout(10):
            while True:
                with suppress(StorageUnavailable):
                    bought = await paid_outside.buy(PURCHASE)
                    break
                await asyncio.sleep(0.01)
        assert isinstance(bought, Bought)
        assert bought.paid
        assert await paid_outside.buy(PURCHASE) == bought
        short = await paid_outside.buy(Purchase("k-2", "ann", "ten", 25))
        assert isinstance(short, NotBought)
        assert paid_outside.notes() == ()
        assert [(one.name, one.value) for one in paid_outside.measured()] == [
            ("abby_purchases_unsettled", 0),
            ("abby_purchases_disputed", 0),
        ]
        await paid_outside.stop()
    assert (bank.paid, bank.held, bank.complaints) == (25, 0, [])
    assert [one.amount for one in grants_of(store, "ann")] == [10]
