"""Rules of the market as the doors have it: points or the external currency pay, and nobody who buys asks which."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from adapters.application import market as use_cases
from adapters.application.granting import grants_of
from adapters.application.market import PointsChanged
from adapters.application.results import Actor, StoreSettings
from adapters.application.storage import Storage
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.market.http_currency import CurrencySettings, HttpCurrency
from adapters.market.market import Market
from adapters.market.paid_outside import PaidOutside
from adapters.ports.faults import StorageUnavailable
from adapters.ports.purchases import Bought, NotBought, Unpaid
from domain.point_commands import Offer
from domain.refusals import Reason, Refusal
from tests.adapters.market.shop import KEY
from tests.emulators.currency import CurrencyEmulator

MANAGER, ANN = Actor("discord:1"), Actor("discord:7", "guild:9")
TEN = Offer("ten", "generations", 10, 25, 30)


@asynccontextmanager
async def market_of(root: Path, bank: CurrencyEmulator | None = None) -> AsyncIterator[tuple[Storage, Market]]:
    """A storage that offers ten pictures for 25, and its market."""
    store = open_store(root, settings=StoreSettings(currency="coins" if bank else "", points_name="stars"))
    assert not isinstance(await use_cases.set_offer(store, TEN, "a fair", actor=MANAGER), Refusal)
    if bank is None:
        yield store, Market(store)
        store.close()
        return
    async with bank.serving():
        paid_outside = PaidOutside(store, HttpCurrency(CurrencySettings(bank.address, KEY)), Files())
        market = Market(store, paid_outside)
        with pytest.raises(StorageUnavailable):
            await market.buy("7", "ten", TEN, actor=ANN, idempotency_key="early")
        paid_outside.start()
        async with asyncio.timeout(10):
            while True:
                with suppress(StorageUnavailable):  # it begins when the log is open
                    await market.buy("7", "other", TEN._replace(offer="other", price=10**12), actor=ANN)
                    break
                await asyncio.sleep(0.01)
        bank.heard.clear()
        yield store, market
        await paid_outside.stop()
    store.close()


async def test_points_pay_where_nothing_else_is_set_up(tmp_path: Path) -> None:
    """A repeat under the key buys once, and says the same."""
    async with market_of(tmp_path) as (store, market):
        await use_cases.move_points(store, "7", "mint", 60, "a game", actor=MANAGER)
        assert (market.called, market.is_paid_outside, await market.balance("7")) == ("stars", False, 60)
        first = await market.buy("7", "ten", TEN, actor=ANN, idempotency_key="k")
        again = await market.buy("7", "ten", TEN, actor=ANN, idempotency_key="k")
        assert isinstance(first, PointsChanged)
        assert again == first._replace(replayed=True)
        assert await market.balance("7") == 35


async def test_the_external_currency_pays_where_it_is_set_up(tmp_path: Path) -> None:
    """However often the request comes; points stay as they are."""
    bank = CurrencyEmulator(KEY, begin_with=60)
    async with market_of(tmp_path, bank) as (store, market):
        assert (market.called, market.is_paid_outside, await market.balance("7")) == ("coins", True, 60)
        for _ in range(2):
            bought = await market.buy("7", "ten", TEN, actor=ANN, idempotency_key="k")
            assert isinstance(bought, Bought)
        both = await asyncio.gather(*(market.buy("7", "ten", TEN, actor=ANN, idempotency_key="m") for _ in range(2)))
        assert both[0] == both[1]
        assert (bank.paid, await market.balance("7"), len(grants_of(store, "7"))) == (50, 10, 2)
        short = await market.buy("7", "ten", TEN, actor=ANN)
        assert short == NotBought(Unpaid.INSUFFICIENT)


async def test_another_offer_than_was_seen_is_bought_with_neither(tmp_path: Path) -> None:
    """Also where only what it is of has changed, and not its price: what is held goes back."""
    bank = CurrencyEmulator(KEY, begin_with=60)
    for one in (None, bank):
        async with market_of(tmp_path / str(one is None), one) as (store, market):
            await use_cases.move_points(store, "7", "mint", 60, "a game", actor=MANAGER)
            for other in (TEN._replace(amount=11), TEN._replace(price=24), TEN._replace(days=None)):
                refused = await market.buy("7", "ten", other, actor=ANN)
                assert isinstance(refused, Refusal)
                assert refused.reason is Reason.OFFER_CHANGED
            assert (await market.balance("7"), grants_of(store, "7")) == (60, ())
    assert (bank.paid, bank.held) == (0, 0)


@pytest.mark.parametrize(
    "seen",
    [TEN._replace(price=0), TEN._replace(price=-1), TEN._replace(price=10**15 + 1), TEN._replace(unit="hearts"),
     TEN._replace(offer="../ten")],
)  # fmt: skip
async def test_what_is_no_offer_is_refused_before_anybody_is_asked(tmp_path: Path, seen: Offer) -> None:
    """What a program says that it saw may be anything."""
    bank = CurrencyEmulator(KEY)
    async with market_of(tmp_path, bank) as (_, market):
        refused = await market.buy("7", seen.offer, seen, actor=ANN)
        assert isinstance(refused, Refusal)
        assert refused.reason is Reason.MALFORMED
    assert bank.heard == []
