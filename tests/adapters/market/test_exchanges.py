"""Purchases that are paid outside, by the rows of docs/market-currency.md: what is told, paid, recorded, left open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.disk.files import Files
from adapters.generation import calls as calls_module
from adapters.market import exchanges as exchanges_module
from adapters.market.exchanges import MOST_OPEN_OF_A_USER
from adapters.ports.currency import CurrencyFailure, Trouble
from adapters.ports.faults import StorageUnavailable
from adapters.ports.purchases import Bought, NotBought, Unclear, Unpaid
from domain.refusals import Reason, Refusal
from tests.adapters.market.shop import KEY, Shop, purchase
from tests.emulators.currency import CurrencyEmulator
from tests.emulators.emulator import After, Drop, Hang, Reply, Scripted

GRANT = "grant-k-1"
NO = Reply(400)
OPEN: list[Scripted] = [After(Reply(500)), Reply(500)]
"""A purchase stays open: it is held without a word, and the release fails."""
LOST_THRICE: list[Scripted] = [Drop()] * 3
DONE_AND_LOST: list[Scripted] = [After(Drop())] * 3


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries are short; how long they are is tested apart."""
    monkeypatch.setattr(calls_module, "FIRST_BACKOFF_SECONDS", 0.001)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop whose customers have 100 each."""
    bank = CurrencyEmulator(KEY, begin_with=100)
    async with bank.serving():
        shop = Shop(tmp_path, bank)
        yield shop
        await shop.exchanges.close()
    assert bank.complaints == []


def is_settled(shop: Shop, *, paid: int) -> bool:
    """Whether all agree: so much is paid and bought, nothing held, nothing open, nothing noted."""
    assert (shop.bank.paid, shop.ledger.standing_amount) == (paid, paid)
    assert (shop.bank.held, shop.exchanges.unsettled, shop.notes) == (0, 0, [])
    return True


async def test_an_offer_is_held_recorded_and_paid_in_that_order(shop: Shop) -> None:
    """And nothing is left of the way."""
    assert await shop.exchanges.buy(purchase()) == Bought(GRANT, paid=True)
    assert [heard.path.rpartition("/")[2] for heard in shop.bank.heard] == ["holds", "commit"]
    assert shop.ledger.asked == ["standing", "record"]
    assert is_settled(shop, paid=25)


@pytest.mark.parametrize(("amount", "paid"), [(99, 99), (100, 100), (101, 0)])
async def test_nothing_is_bought_for_more_than_there_is(shop: Shop, amount: int, paid: int) -> None:
    """One under, on, one over."""
    outcome = await shop.exchanges.buy(purchase(amount=amount))
    assert outcome == (Bought(GRANT, paid=True) if paid else NotBought(Unpaid.INSUFFICIENT))
    assert is_settled(shop, paid=paid)


async def test_what_the_ledger_refuses_is_given_back(shop: Shop) -> None:
    """With the ledger's reason."""
    shop.ledger.refuses.add("gone")
    outcome = await shop.exchanges.buy(purchase(offer="gone"))
    assert outcome == NotBought(Refusal(Reason.NOT_FOUND, "ann", "gone"))
    assert is_settled(shop, paid=0)


async def test_a_service_that_says_no_before_any_work_leaves_nothing(shop: Shop) -> None:
    """Nothing is released, as nothing can be held."""
    shop.bank.script.append(NO)
    outcome = await shop.exchanges.buy(purchase())
    assert outcome == NotBought(CurrencyFailure(Trouble.NOT_TAKEN, surely_not_done=True))
    assert len(shop.bank.heard) == 1
    assert is_settled(shop, paid=0)


GARBLED = Reply(200, b'{"hold": "another", "state": "held", "account": "bob", "amount": -25}')


@pytest.mark.parametrize(
    "script",
    [LOST_THRICE, DONE_AND_LOST, [Reply(500)], [After(Reply(500))], [GARBLED], [After(GARBLED)]],
    ids=["lost", "done and lost", "500", "done and 500", "garbled", "done and garbled"],
)
async def test_a_reserve_without_an_answer_is_released(shop: Shop, script: list[Scripted]) -> None:
    """Whether it held or not, and nothing is recorded."""
    shop.bank.script.extend(script)
    outcome = await shop.exchanges.buy(purchase())
    assert isinstance(outcome, NotBought)
    assert not outcome.held
    assert shop.bank.heard[-1].path.endswith("/release")
    assert shop.ledger.log == {}
    assert is_settled(shop, paid=0)


async def test_a_release_without_an_answer_is_asked_for_until_it_is_done(shop: Shop) -> None:
    """The member hears that the amount may be held for now."""
    shop.bank.script.extend([*OPEN, Reply(500)])
    assert await shop.exchanges.buy(purchase()) == NotBought(CurrencyFailure(Trouble.FAILED), held=True)
    assert (shop.bank.held, shop.exchanges.unsettled, len(shop.notes)) == (25, 1, 1)
    assert await shop.later() == 1
    assert await shop.later() == 0
    assert is_settled(shop, paid=0)


@pytest.mark.parametrize(
    "script",
    [LOST_THRICE, DONE_AND_LOST, [Reply(500)], [After(Reply(500))], [NO], [GARBLED], [After(GARBLED)]],
    ids=["lost", "done and lost", "500", "done and 500", "400", "garbled", "done and garbled"],
)
@pytest.mark.parametrize("crashes", [False, True], ids=["goes on", "crashes"])
async def test_a_commit_without_an_answer_is_asked_for_until_it_is_done(
    shop: Shop, script: list[Scripted], *, crashes: bool
) -> None:
    """The member has what was bought, and is told that the payment is not confirmed. A restart changes nothing."""
    shop.ledger.meanwhile = lambda: shop.bank.script.extend(script)
    assert await shop.exchanges.buy(purchase()) == Bought(GRANT, paid=False)
    assert (shop.ledger.standing_amount, len(shop.notes)) == (25, 1)
    if crashes:
        await shop.crash()
    assert await shop.later() == 0
    assert is_settled(shop, paid=25)


@pytest.mark.parametrize("crashes", [False, True], ids=["goes on", "crashes"])
async def test_a_hold_that_lapsed_before_it_was_taken_undoes_the_purchase(shop: Shop, *, crashes: bool) -> None:
    """Nothing is bought without being paid; so too where the process ended in between, for a day."""
    if crashes:
        shop.ledger.meanwhile = lambda: shop.bank.script.extend(LOST_THRICE)
        assert await shop.exchanges.buy(purchase()) == Bought(GRANT, paid=False)
        shop.bank.holds_lapse()
        await shop.crash()
    else:
        shop.ledger.meanwhile = shop.bank.holds_lapse
        assert await shop.exchanges.buy(purchase()) == NotBought(Unpaid.LAPSED)
    assert await shop.exchanges.buy(purchase()) == NotBought(Unpaid.LAPSED)
    assert shop.ledger.undone == {"k-1"}
    assert is_settled(shop, paid=0)


async def test_an_undoing_that_is_not_known_is_tried_again(shop: Shop) -> None:
    """Until the ledger has it."""
    shop.ledger.meanwhile = shop.bank.holds_lapse
    shop.ledger.faults.extend(["", "", "before", "after"])
    assert await shop.exchanges.buy(purchase()) == NotBought(Unpaid.LAPSED)
    assert [await shop.later(), await shop.later()] == [1, 0]
    assert is_settled(shop, paid=0)


async def test_a_hold_that_the_service_forgot_is_for_people_to_look_at(shop: Shop) -> None:
    """Perhaps it was taken: nothing is undone, and it stays noted through restarts until the two agree."""
    shop.ledger.meanwhile = lambda: shop.bank.script.extend(DONE_AND_LOST)
    assert await shop.exchanges.buy(purchase()) == Bought(GRANT, paid=False)
    kept = shop.bank.service.holds
    shop.bank.service.holds = {}
    assert await shop.later() == 1
    await shop.crash()
    assert (shop.exchanges.disputed, len(shop.notes)) == (1, 1)
    assert await shop.exchanges.buy(purchase()) is Unclear.DISPUTED
    shop.bank.service.holds = kept
    assert await shop.later() == 0
    assert is_settled(shop, paid=25)


async def test_a_payment_without_a_purchase_is_for_people_to_look_at(shop: Shop) -> None:
    """The log comes from an old backup: what was paid is not released, nor bought a second time."""
    await shop.exchanges.buy(purchase())
    shop.ledger.log.clear()
    assert await shop.exchanges.buy(purchase()) is Unclear.DISPUTED
    assert await shop.later() == 1
    assert (shop.exchanges.disputed, shop.bank.paid, shop.ledger.log) == (1, 25, {})


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("crashes", [False, True], ids=["goes on", "crashes"])
async def test_a_ledger_that_does_not_answer_decides_later(shop: Shop, fault: str, *, crashes: bool) -> None:
    """In the same process it is asked to record again; the next one goes by what the log has."""
    shop.ledger.faults.extend(["", fault])
    assert await shop.exchanges.buy(purchase()) is Unclear.LEDGER
    assert (shop.bank.held, len(shop.notes)) == (25, 1)
    if crashes:
        await shop.crash()
    assert await shop.later() == 0
    assert is_settled(shop, paid=0 if crashes and fault == "before" else 25)


async def test_a_ledger_that_cannot_be_asked_first_leaves_everything(shop: Shop) -> None:
    """Nobody outside is asked, and nothing is noted."""
    shop.ledger.faults.append("before")
    assert await shop.exchanges.buy(purchase()) is Unclear.LEDGER
    assert shop.bank.heard == []
    assert is_settled(shop, paid=0)


async def test_a_repeat_is_told_what_became_of_it(shop: Shop) -> None:
    """And pays nothing, also in another process."""
    first = await shop.exchanges.buy(purchase())
    await shop.crash()
    heard = len(shop.bank.heard)
    assert await shop.exchanges.buy(purchase()) == first
    assert len(shop.bank.heard) == heard
    assert is_settled(shop, paid=25)


async def test_the_same_request_at_the_same_time_is_one(shop: Shop) -> None:
    """Both hear the same."""
    outcomes = await asyncio.gather(*(shop.exchanges.buy(purchase()) for _ in range(5)))
    assert outcomes == [Bought(GRANT, paid=True)] * 5
    assert is_settled(shop, paid=25)


async def test_a_key_belongs_to_one_purchase(shop: Shop) -> None:
    """While it is open and after it."""
    under_way = asyncio.create_task(shop.exchanges.buy(purchase()))
    await asyncio.sleep(0)
    assert await shop.exchanges.buy(purchase(amount=1)) == NotBought(Unpaid.OTHER_PURCHASE)
    await under_way
    assert await shop.exchanges.buy(purchase(amount=1)) == NotBought(Refusal(Reason.REQUEST_CONFLICT))
    assert is_settled(shop, paid=25)


async def test_a_request_that_was_given_up_stays_so(shop: Shop) -> None:
    """Whoever wants it after all asks anew."""
    shop.bank.script.extend(DONE_AND_LOST)
    await shop.exchanges.buy(purchase())
    assert await shop.exchanges.buy(purchase()) == NotBought(Unpaid.ENDED)
    assert await shop.exchanges.buy(purchase("k-2")) == Bought("grant-k-2", paid=True)
    assert is_settled(shop, paid=25)


async def test_who_goes_away_leaves_the_purchase_to_its_end(shop: Shop) -> None:
    """A client that hangs up while the service works."""
    shop.bank.delay_seconds = 0.05
    asked = asyncio.create_task(shop.exchanges.buy(purchase()))
    while not shop.bank.heard:  # noqa: ASYNC110 - the emulator hears in the same loop
        await asyncio.sleep(0.001)
    asked.cancel()
    assert await shop.exchanges.buy(purchase()) == Bought(GRANT, paid=True)
    assert is_settled(shop, paid=25)


@pytest.mark.parametrize(("at", "paid"), [("holds", 0), ("commit", 25)], ids=["while it reserves", "while it commits"])
async def test_a_process_that_ends_while_the_service_works(shop: Shop, at: str, paid: int) -> None:
    """What the log has is paid by the next one, anything else is given back."""
    hang = After(Hang())
    if at == "holds":
        shop.bank.script.append(hang)
    else:
        shop.ledger.meanwhile = lambda: shop.bank.script.append(hang)
    asked = asyncio.create_task(shop.exchanges.buy(purchase()))
    while not (shop.bank.heard and shop.bank.heard[-1].path.endswith(at)):  # noqa: ASYNC110 - the same
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.02)
    await shop.crash()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert is_settled(shop, paid=paid)


async def test_a_note_that_cannot_be_removed_does_no_harm(shop: Shop) -> None:
    """The next start asks the service once more, which changes nothing."""

    class Keeping(Files):
        """A disk from which nothing can be removed."""

        def unlink(self, path: Path) -> None:
            """Only what was never put in place."""
            if path.suffix == ".json":
                raise OSError(13, "no", str(path))
            super().unlink(path)

    shop.exchanges = shop.opened(Keeping())
    assert await shop.exchanges.buy(purchase()) == Bought(GRANT, paid=True)
    assert len(shop.notes) == 1
    await shop.crash()
    assert is_settled(shop, paid=25)


async def test_what_cannot_be_noted_is_not_begun(shop: Shop) -> None:
    """A file stands in the folder's place: the service is never asked."""
    (shop.root / "logs" / "exchanges").write_bytes(b"")
    with pytest.raises(StorageUnavailable, match="nothing was asked"):
        await shop.exchanges.buy(purchase())
    (shop.root / "logs" / "exchanges").unlink()
    assert shop.bank.heard == []
    assert is_settled(shop, paid=0)


async def test_a_note_that_cannot_be_read_is_told_and_left(shop: Shop) -> None:
    """It holds up none of the others."""
    (shop.root / "logs" / "exchanges").mkdir()
    (shop.root / "logs" / "exchanges" / "odd.json").write_bytes(b"{")
    assert await shop.opened().start() == ["odd.json"]
    assert shop.notes == ["odd.json"]


@pytest.mark.parametrize("already", [MOST_OPEN_OF_A_USER - 1, MOST_OPEN_OF_A_USER])
async def test_a_user_has_a_bound_of_what_is_open(shop: Shop, already: int) -> None:
    """One under it and on it; another user has their own."""
    shop.bank.service.accounts["ann"] = 1_000
    for number in range(already):
        shop.bank.script.extend(OPEN)
        await shop.exchanges.buy(purchase(f"open-{number}"))
        shop.breaker_now += 10_000  # five failures in a row are the breaker's to end, and not this test's
    shop.bank.script.clear()
    is_more = isinstance(await shop.exchanges.buy(purchase()), Bought)
    assert is_more is (already < MOST_OPEN_OF_A_USER)
    assert isinstance(await shop.exchanges.buy(purchase("k-2", "bob")), Bought)
    assert await shop.later() == 0


async def test_all_users_together_have_a_bound_of_what_is_open(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two here."""
    monkeypatch.setattr(exchanges_module, "MOST_OPEN", 2)
    for user in ("ann", "bob"):
        shop.bank.script.extend(OPEN)
        await shop.exchanges.buy(purchase(f"open-{user}", user))
    assert await shop.exchanges.buy(purchase("k-3", "cleo")) == NotBought(Unpaid.TOO_MANY_OPEN)


async def test_what_is_open_is_settled_by_itself(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """One pass after the other, whatever one of them meets."""
    monkeypatch.setattr(exchanges_module, "SETTLE_SECONDS", 0.01)
    shop.ledger.meanwhile = lambda: shop.bank.script.extend([Reply(500)] * 3)
    await shop.exchanges.buy(purchase())
    settling = asyncio.create_task(shop.exchanges.keep_settling())
    while shop.exchanges.unsettled:  # noqa: ASYNC110 - ends with the pass that settles
        await asyncio.sleep(0.005)
    settling.cancel()
    assert is_settled(shop, paid=25)
