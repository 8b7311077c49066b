"""Buying over HTTP: once, as it was seen, with points or with an external currency; nothing is paid for nothing.

| what is in the way | the answer |
|---|---|
| the offer is another by now, or gone | 412 OFFER_CHANGED, also where it is paid outside |
| fewer points, or less of the currency, than it costs | 409 |
| what was seen is no offer | 400 with the field, before anybody is asked |
| the currency's service cannot be asked | 503, refuses its key, or drops its answer: 502; nothing is bought |
| the answer to the payment is lost | 201, and `paid` is false |
| fifty at once, the same key again | so many as there is money for; once |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from adapters.application.results import StoreSettings
from adapters.generation import calls as calls_module
from adapters.market.http_currency import CurrencySettings, HttpCurrency
from adapters.ports.currency import CurrencyFailure, Hold, HoldState, Trouble
from adapters.tokens.token import Scope
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.test_market import OFFER, TERMS, balance, minted
from tests.adapters.http.test_tokens import given
from tests.adapters.market.shop import KEY
from tests.emulators.currency import CurrencyEmulator
from tests.emulators.emulator import After, Drop, Reply, Scripted

BUY, FUNDS = "/v1/users/1/purchases", "/v1/users/1/funds"
WANTED: dict[str, Any] = {"offer": "ten", "seen": TERMS}


async def offered(service: Running) -> None:
    """Ten pictures for 5."""
    assert (await service.send_json("PUT", OFFER, {**TERMS, "reason": "a fair"})).status == 200


async def grants(service: Running) -> list[Any]:
    """What the user was given."""
    return list((await service.ask("GET", "/v1/admin/users/1/grants")).json["grants"])


async def test_what_is_bought_is_paid_and_given_together(service: Running) -> None:
    """The buyer has a grant and fewer points; the movement says of which offer."""
    await offered(service)
    await minted(service, 8)
    bought = await service.send_json("POST", BUY, WANTED)
    (grant,) = await grants(service)
    assert (bought.status, bought.json["grant"], bought.json["paid"]) == (201, grant["grant"], True)
    assert bought.json["sentence"] == "Bought for 5 points."
    assert (grant["source"], grant["left"], grant["unit"]) == ("bought", 10, "generations")
    told = (await service.ask("GET", "/v1/users/1/points")).json
    assert (told["balance"], told["movements"][0]["offer"], told["movements"][0]["payee"]) == (3, "ten", "market")
    short = await service.send_json("POST", BUY, WANTED)
    assert (short.status, short.json["reason"], len(await grants(service))) == (409, "POINTS_SHORT", 1)


async def test_what_a_user_can_pay_with_is_told(service: Running) -> None:
    """Points, where nothing else is set up."""
    await minted(service, 8)
    told = (await service.ask("GET", FUNDS)).json
    assert told == {"called": "points", "outside": False, "balance": 8, "sentence": None}


@pytest.mark.parametrize("other", [{"price": 4}, {"amount": 11}, {"days": None}, {"unit": "bytes"}], ids=str)
async def test_another_offer_than_was_seen_is_not_bought(service: Running, other: dict[str, Any]) -> None:
    """Nor one that is gone."""
    await offered(service)
    await minted(service, 8)
    refused = await service.send_json("POST", BUY, {"offer": "ten", "seen": {**TERMS, **other}})
    assert (refused.status, refused.json["reason"]) == (412, "OFFER_CHANGED")
    await service.ask("DELETE", OFFER)
    assert (await service.send_json("POST", BUY, WANTED)).status == 412
    assert (await balance(service, "1"), await grants(service)) == (8, [])


async def test_fifty_at_once_buy_no_more_than_there_are_points_for(service: Running) -> None:
    """And under one key once."""
    await offered(service)
    await minted(service, 18)
    answers = await asyncio.gather(*(service.send_json("POST", BUY, WANTED) for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [201] * 3 + [409] * 47
    await minted(service, 7)
    key = {"Idempotency-Key": "k"}
    again = await asyncio.gather(*(service.send_json("POST", BUY, WANTED, headers=key) for _ in range(5)))
    assert ({answer.status for answer in again}, len({answer.body for answer in again})) == ({201}, 1)
    assert (await balance(service, "1"), len(await grants(service))) == (5, 4)


async def test_a_token_for_one_user_buys_for_that_user_alone(serve: Serve) -> None:
    """With that user's points."""
    service: Running = await serve(needs_token=True)
    own = given(service, Scope.WRITE, user="2")
    assert (await service.send_json("POST", BUY, WANTED, headers=own)).status == 403
    assert (await service.send_json("POST", "/v1/users/2/purchases", WANTED, headers=own)).status == 412


BAD: list[tuple[dict[str, Any], str]] = [
    ({"offer": "ten"}, "seen"),
    ({"seen": TERMS}, "offer"),
    ({"offer": "-", "seen": TERMS}, "offer"),
    ({"offer": "ten", "seen": {**TERMS, "price": 0}}, "seen"),
    ({"offer": "ten", "seen": {**TERMS, "price": 10**15 + 1}}, "seen"),
    ({"offer": "ten", "seen": {**TERMS, "days": 0}}, "seen"),
    ({"offer": "ten", "seen": {**TERMS, "amount": 0}}, "seen"),
    ({"offer": "ten", "seen": {**TERMS, "amount": 1.5}}, "seen"),
    ({"offer": "ten", "seen": {**TERMS, "reason": "a"}}, "seen"),
    ({"offer": "ten", "seen": TERMS, "price": 5}, "price"),
]


class Losing(HttpCurrency):
    """A client that does not hear of its payments, as often as `lost` says."""

    lost = 0

    async def commit(self, hold: Hold) -> HoldState | CurrencyFailure:
        """Done, and perhaps not heard of."""
        state = await super().commit(hold)
        self.lost -= 1
        return state if self.lost < 0 else CurrencyFailure(Trouble.LOST)


class Outside(NamedTuple):
    """A service, who keeps the currency, and how it is asked."""

    service: Running
    bank: CurrencyEmulator
    currency: Losing


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries are short; how long they are is tested apart."""
    monkeypatch.setattr(calls_module, "FIRST_BACKOFF_SECONDS", 0.001)


@pytest.fixture
async def outside(serve: Serve) -> AsyncIterator[Outside]:
    """A service whose offers are paid in coins, of which everybody has 12. Purchases begin once the log is open."""
    bank = CurrencyEmulator(KEY, begin_with=12)
    async with bank.serving(), asyncio.timeout(30):
        currency = Losing(CurrencySettings(bank.address, KEY), answer_seconds=0.5)
        service: Running = await serve(settings=StoreSettings(currency="coins"), currency=currency)
        await offered(service)
        too_dear = {"offer": "ten", "seen": {**TERMS, "price": 10**12}}
        while (await service.send_json("POST", BUY, too_dear)).status == 503:
            pass
        bank.heard.clear()
        yield Outside(service, bank, currency)


@pytest.mark.parametrize(("body", "field"), BAD, ids=str)
async def test_what_is_no_offer_is_bought_by_nobody(outside: Outside, body: dict[str, Any], field: str) -> None:
    """400, and nobody outside is asked."""
    service, bank, _ = outside
    refused = await service.send_json("POST", BUY, body)
    assert (refused.status, refused.json["field"], bank.heard) == (400, field, []), refused.json


async def test_the_external_currency_pays_once_for_each_key(outside: Outside) -> None:
    """What is not there is not spent; points stay as they are."""
    service, bank, _ = outside
    await minted(service, 8)
    answers = [
        await service.send_json("POST", BUY, WANTED, headers={"Idempotency-Key": key}) for key in ("a", "a", "b", "c")
    ]
    assert [answer.status for answer in answers] == [201, 201, 201, 409]
    assert answers[0].json == answers[1].json
    assert (answers[0].json["called"], answers[0].json["sentence"]) == ("coins", "Bought for 5 coins.")
    assert answers[3].json["reason"] == "POINTS_SHORT"
    assert answers[3].json["detail"] == "You have fewer than 5 coins. Nothing was bought."
    assert (bank.paid, len(await grants(service)), await balance(service, "1")) == (10, 2, 8)


async def test_of_an_external_currency_its_service_is_asked(outside: Outside) -> None:
    """Where it does not tell, that is said, and nobody is kept from buying."""
    service, bank, _ = outside
    assert (await service.ask("GET", FUNDS)).json == {
        "called": "coins", "outside": True, "balance": 12, "sentence": None,
    }  # fmt: skip
    for script in ([Reply(401)], [Reply(200, b'{"account": "2", "balance": 9}')]):
        bank.script.extend(script)
        told = await service.ask("GET", FUNDS)
        assert (told.status, told.json["balance"]) == (200, None)
        assert told.json["sentence"].startswith("The service that keeps coins")
        bank.script.clear()
    assert (await service.send_json("POST", BUY, WANTED)).status == 201


ON_THE_WAY: list[tuple[list[Scripted], int, str]] = [
    ([Reply(401)], 502, "CURRENCY_KEY_REFUSED"),
    ([Reply(429, headers={"Retry-After": "0"})] * 3, 503, "CURRENCY_BUSY"),
    ([Drop()] * 3, 502, "CURRENCY_LOST"),
    ([After(Drop())] * 3, 502, "CURRENCY_LOST"),
    ([Reply(200, b"nonsense")], 502, "CURRENCY_GARBLED"),
]


@pytest.mark.parametrize(("script", "status", "reason"), ON_THE_WAY, ids=str)
async def test_what_cannot_be_held_is_not_bought(
    outside: Outside, script: list[Scripted], status: int, reason: str
) -> None:
    """And nobody has paid; the sentence says whose fault it is, and never that of the offer."""
    service, bank, _ = outside
    bank.script.extend(script)
    refused = await service.send_json("POST", BUY, WANTED)
    assert (refused.status, refused.json["reason"]) == (status, reason), refused.json
    assert "Nothing was bought" in refused.json["detail"]
    assert (refused.headers.get("retry-after") is not None) is (status == 503)
    assert (bank.paid, await grants(service)) == (0, [])


async def test_a_payment_whose_answer_is_lost_is_told_as_not_confirmed(outside: Outside) -> None:
    """The grant is there, and the same request says later that it is paid."""
    service, bank, currency = outside
    currency.lost = 1
    key = {"Idempotency-Key": "a"}
    answers = [await service.send_json("POST", BUY, WANTED, headers=key) for _ in range(2)]
    assert [(answer.status, answer.json["paid"]) for answer in answers] == [(201, False), (201, True)]
    assert "not confirmed yet" in answers[0].json["sentence"]
    assert {answer.json["grant"] for answer in answers} == {(await grants(service))[0]["grant"]}
    assert bank.paid == 5
