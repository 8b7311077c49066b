"""The client of a currency's service, against the example of one on loopback that fails in every way."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
import pytest
from structlog.testing import capture_logs

from adapters.generation import calls as calls_module
from adapters.market.http_currency import CurrencySettings, HttpCurrency
from adapters.ports.currency import CurrencyFailure, Hold, HoldState, Trouble
from tests.emulators.currency import CurrencyEmulator
from tests.emulators.emulator import After, CutOff, Drop, Endless, Hang, Reply, Scripted

KEY = "no-shape-of-a-key-0815"
HOLD = Hold("abby-1", "ann", 25)


@pytest.fixture
async def bank() -> AsyncIterator[CurrencyEmulator]:
    """The service, listening; everybody has 100."""
    emulator = CurrencyEmulator(KEY, begin_with=100)
    async with emulator.serving():
        yield emulator
    assert emulator.complaints == []


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries are short; how long they are is tested apart."""
    monkeypatch.setattr(calls_module, "FIRST_BACKOFF_SECONDS", 0.001)


def asking(bank: CurrencyEmulator, key: str = KEY) -> HttpCurrency:
    """The client."""
    return HttpCurrency(CurrencySettings(bank.address, key), answer_seconds=0.5)


async def test_an_amount_is_held_and_taken(bank: CurrencyEmulator) -> None:
    """What is held is not in the balance, and what was taken does not come back."""
    currency = asking(bank)
    assert await currency.reserve(HOLD) is HoldState.HELD
    assert await currency.balance("ann") == 75
    assert await currency.commit(HOLD) is HoldState.COMMITTED
    assert await currency.release(HOLD) is HoldState.COMMITTED
    assert (await currency.balance("ann"), bank.paid) == (75, 25)


async def test_an_amount_is_held_and_given_back(bank: CurrencyEmulator) -> None:
    """A commit of it comes too late."""
    currency = asking(bank)
    await currency.reserve(HOLD)
    assert await currency.release(HOLD) is HoldState.RELEASED
    assert await currency.commit(HOLD) is HoldState.RELEASED
    assert (await currency.balance("ann"), bank.paid) == (100, 0)


@pytest.mark.parametrize(("amount", "state"), [(99, "held"), (100, "held"), (101, "insufficient")])
async def test_no_more_is_held_than_the_account_has(bank: CurrencyEmulator, amount: int, state: str) -> None:
    """One under, on, one over."""
    assert await asking(bank).reserve(Hold("abby-1", "ann", amount)) == state


async def test_every_call_that_comes_twice_has_one_effect(bank: CurrencyEmulator) -> None:
    """And is answered with yes both times."""
    currency = asking(bank)
    assert [await currency.reserve(HOLD) for _ in range(2)] == [HoldState.HELD] * 2
    assert bank.held == 25
    assert [await currency.commit(HOLD) for _ in range(2)] == [HoldState.COMMITTED] * 2
    assert (bank.paid, await currency.balance("ann")) == (25, 75)


async def test_a_reserve_that_comes_after_its_release_holds_nothing(bank: CurrencyEmulator) -> None:
    """It was on its way for long."""
    currency = asking(bank)
    assert await currency.release(HOLD) is HoldState.RELEASED
    assert await currency.reserve(HOLD) is HoldState.RELEASED
    assert bank.held == 0


async def test_a_hold_that_ended_by_itself_is_told(bank: CurrencyEmulator) -> None:
    """Remembered, and forgotten."""
    currency = asking(bank)
    await currency.reserve(HOLD)
    bank.holds_lapse()
    assert await currency.commit(HOLD) is HoldState.LAPSED
    await currency.reserve(other := Hold("abby-2", "ann", 1))
    bank.holds_forgotten()
    assert await currency.commit(other) is HoldState.UNKNOWN
    assert bank.paid == 0


TOLD = {"hold": "abby-1", "state": "held", "account": "ann", "amount": 25}


def telling(**changes: object) -> Reply:
    """A success with other members; None leaves one out."""
    told = {name: value for name, value in (TOLD | changes).items() if value is not None}
    return Reply(200, orjson.dumps(told))


LOST = CurrencyFailure(Trouble.LOST)
GARBLED = CurrencyFailure(Trouble.GARBLED)
FAILED = CurrencyFailure(Trouble.FAILED)
# What comes, how often the service is asked, and what that is taken for.
FAILURES: list[tuple[str, Scripted, int, CurrencyFailure]] = [
    ("dropped before the work", Drop(), 3, LOST),
    ("dropped after the work", After(Drop()), 3, LOST),
    ("silent after the work", After(Hang()), 3, LOST),
    ("cut off", After(CutOff()), 3, LOST),
    ("500", Reply(500), 1, FAILED),
    ("500 after the work", After(Reply(500)), 1, FAILED),
    ("503", Reply(503), 3, FAILED),
    ("429", Reply(429), 3, CurrencyFailure(Trouble.BUSY, surely_not_done=True)),
    ("429, an hour", Reply(429, headers={"Retry-After": "3600"}), 1, CurrencyFailure(Trouble.BUSY, True, 3600.0)),
    ("400", Reply(400), 1, CurrencyFailure(Trouble.NOT_TAKEN, surely_not_done=True)),
    ("404", Reply(404, b"<html>"), 1, CurrencyFailure(Trouble.NOT_TAKEN, surely_not_done=True)),
    ("a redirect", Reply(302, headers={"Location": "/holds"}), 1, FAILED),
    ("huge, told", Reply(200, b"x" * 2_000_000), 1, FAILED),
    ("huge, untold", Endless(2**31), 1, FAILED),
    ("no JSON", Reply(200, b"<html>"), 1, GARBLED),
    ("empty", Reply(200), 1, GARBLED),
    ("a list", Reply(200, b"[]"), 1, GARBLED),
    ("no state", telling(state=None), 1, GARBLED),
    ("a state that there is not", telling(state="perhaps"), 1, GARBLED),
    ("a state that is no word", telling(state=["held"]), 1, GARBLED),
    ("another hold", telling(hold="abby-2"), 1, GARBLED),
    ("another's account", telling(account="bob"), 1, GARBLED),
    ("no account", telling(account=None), 1, GARBLED),
    ("another amount", telling(amount=24), 1, GARBLED),
    ("a negative amount", telling(amount=-25), 1, GARBLED),
    ("an amount with a point", telling(amount=25.0), 1, GARBLED),
    ("an amount in words", telling(amount="25"), 1, GARBLED),
    ("no amount", telling(amount=None), 1, GARBLED),
    ("an end, of another amount", telling(state="released", amount=24), 1, GARBLED),
]


@pytest.mark.parametrize("row", FAILURES, ids=lambda row: row[0])
async def test_what_fails_is_asked_again_only_if_no_answer_came(
    bank: CurrencyEmulator, row: tuple[str, Scripted, int, CurrencyFailure]
) -> None:
    """And is known not to be done only where the service said no before any work."""
    _, script, times, failure = row
    bank.script.extend([script] * 9)
    assert await asking(bank).reserve(HOLD) == failure
    assert [heard.headers["Idempotency-Key"] for heard in bank.heard] == ["abby-1.reserve"] * times
    assert bank.sent_bytes < 20_000_000


async def test_a_lost_answer_is_asked_for_again_under_the_same_key(bank: CurrencyEmulator) -> None:
    """So it is known, and nothing is held twice."""
    bank.script.extend([After(Drop()), Drop()])
    assert await asking(bank).reserve(HOLD) is HoldState.HELD
    assert (bank.held, len(bank.heard)) == (25, 3)


async def test_a_lost_answer_before_a_clear_no_is_not_forgotten(bank: CurrencyEmulator) -> None:
    """The last try was surely not worked on; the one before it may have been."""
    bank.script.extend([After(Drop()), Reply(400)])
    failure = await asking(bank).reserve(HOLD)
    assert failure == CurrencyFailure(Trouble.NOT_TAKEN)
    assert bank.held == 25


async def test_a_service_that_is_not_there_was_surely_not_asked(bank: CurrencyEmulator) -> None:
    """Nobody listens on port 9 of this machine."""
    failure = await HttpCurrency(CurrencySettings("http://127.0.0.1:9", KEY)).reserve(HOLD)
    assert failure == CurrencyFailure(Trouble.NOT_REACHED, surely_not_done=True)
    assert bank.heard == []


@pytest.mark.parametrize(
    ("body", "balance"),
    [
        (b'{"account": "ann", "balance": 0}', 0),
        (b'{"account": "ann", "balance": -1}', GARBLED),
        (b'{"account": "ann", "balance": 1.5}', GARBLED),
        (b'{"account": "ann", "balance": true}', GARBLED),
        (b'{"account": "bob", "balance": 5}', GARBLED),
        (b"7", GARBLED),
    ],
)
async def test_a_balance_is_a_whole_number_of_the_account(
    bank: CurrencyEmulator, body: bytes, balance: int | CurrencyFailure
) -> None:
    """Anything else is no answer."""
    bank.script.append(Reply(200, body))
    assert await asking(bank).balance("ann") == balance


async def test_an_account_is_one_part_of_a_path_whatever_its_name(bank: CurrencyEmulator) -> None:
    """It reaches nothing else of the service."""
    assert await asking(bank).balance("a/../b?c=d#e%2F ü") == 100
    assert set(bank.service.accounts) == {"a/../b?c=d#e%2F ü"}


async def test_the_key_is_sent_to_the_service_and_told_to_nobody(bank: CurrencyEmulator) -> None:
    """Neither in a log line, where the service quotes it, nor where a redirect leads."""
    elsewhere = CurrencyEmulator(KEY)
    async with elsewhere.serving():
        bank.script.append(Reply(307, headers={"Location": f"{elsewhere.address}/holds"}))
        bank.script.append(Reply(400, orjson.dumps({"error": f"Bearer {KEY} is odd"})))
        with capture_logs() as logged:
            await asking(bank).reserve(HOLD)
            await asking(bank).reserve(HOLD)
    assert [heard.headers["Authorization"] for heard in bank.heard] == [f"Bearer {KEY}"] * 2
    assert elsewhere.heard == []
    assert KEY not in f"{logged} {CurrencySettings(bank.address, KEY)}"
    assert "is odd" in f"{logged}"


@pytest.mark.parametrize("key", ["another", ""])
async def test_a_key_that_is_refused_is_told_as_that(bank: CurrencyEmulator, key: str) -> None:
    """Nothing was done; without a key no header is sent."""
    failure = await asking(bank, key).reserve(HOLD)
    assert failure == CurrencyFailure(Trouble.KEY_REFUSED, surely_not_done=True)
    assert ("Authorization" in bank.heard[0].headers) is bool(key)
