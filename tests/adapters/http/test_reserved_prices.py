"""What a reservation costs: said by who makes the pictures, or by the price book; held with it, and spent with it.

| what a program says | what it gets |
|---|---|
| `credits_each`, as a number or as text | exactly that is held, to the thousandth |
| `provider` and `model` that the price book knows | its price is held, the operator's own before the built-in one |
| neither, or what the book does not know, while credits are limited | 422 before anybody is paid, and what to say |
| a price that is none, or is not exact in thousandths | 400 that names the field, and nothing is held |
| at its completion a `cost` | that is spent, and what was held beyond it is free again |
| at its completion nothing | the price is spent |
| `cost` and `credits`, or a `cost` that is none | 400, and nothing is told |
| the same key again | the first answer, also where the book has another price by then; with another price, 422 |
"""

from __future__ import annotations

from typing import Any

import pytest

from adapters.application.idempotency import keyed
from adapters.generation.prices import PriceBook
from adapters.ledger.codec import decode
from adapters.settings.prices import price_list
from domain.commands import ReserveGeneration, SetPolicy
from domain.events import GenerationReserved
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.test_reservations import reserve, send
from tests.hostile.builders import png

MONTH = "user/month/credits"
LIMITED = SetPolicy(windows=((MONTH, 20_000),))


@pytest.fixture
async def service(serve: Serve) -> Running:
    """A user may spend 20 credits a month; the operator has a price of their own."""
    running: Running = await serve(LIMITED, prices=PriceBook(price_list("my-gpu/flux=0.75, core=5")))
    return running


async def month(service: Running) -> tuple[float, float]:
    """Credits that user 1 has spent in the month, and that are held."""
    (window,) = (one for one in (await service.quota("1"))["windows"] if one["limit"] == MONTH)
    return window["used"], window["held"]


@pytest.mark.parametrize(
    ("said", "held"),
    [
        ({"credits_each": 0.75}, 1.5),
        ({"credits_each": "0.75"}, 1.5),
        ({"credits_each": "1.001"}, 2.002),
        ({"credits_each": 3}, 6),
        ({"credits_each": 0}, 0),
        ({"provider": "my-gpu", "model": "flux"}, 1.5),
        ({"model": "core"}, 10),
        ({"provider": "stability", "model": "ultra"}, 16),
        ({"provider": "sketch"}, 0),
        ({"provider": "my-gpu", "model": "flux", "credits_each": "2"}, 4),
    ],
)
async def test_what_is_said_or_the_book_has_is_held(service: Running, said: dict[str, Any], held: float) -> None:
    """For each place, to the thousandth; who would make them is in the log."""
    assert (await reserve(service, count=2, **said)).status == 201
    assert await month(service) == (0, held)
    (event,) = (
        event
        for stored in service.store.opened().recorder.read()
        if isinstance(event := decode(stored), GenerationReserved)
    )
    assert (event.provider, event.model) == (said.get("provider"), said.get("model"))


@pytest.mark.parametrize("said", [{}, {"provider": "my-gpu", "model": "other"}, {"model": "flux"}])
async def test_without_a_price_nothing_is_held_while_credits_count(service: Running, said: dict[str, str]) -> None:
    """It is told before anybody is paid, with both ways to go on."""
    told = await reserve(service, **said)
    assert (told.status, told.json["reason"]) == (422, "PRICE_UNKNOWN")
    assert "CREDITS_EACH" in told.json["detail"]
    assert "credits_each" in told.json["detail"]
    assert await month(service) == (0, 0)


async def test_a_limit_of_credits_refuses_what_is_priced(service: Running) -> None:
    """The last thousandth is there, one more is not."""
    assert (await reserve(service, credits_each="20.001")).status == 429
    assert (await reserve(service, credits_each="20")).status == 201
    refused = await reserve(service, credits_each="0.001")
    assert refused.status == 429
    told = {name: refused.json[name] for name in ("window", "violated-policies", "limit", "used", "held")}
    assert told == {"window": MONTH, "violated-policies": [MONTH], "limit": 20, "used": 0, "held": 20}
    (window,) = (one for one in (await service.quota("1"))["windows"] if one["limit"] == MONTH)
    assert refused.json["resets_at"] == window["resets_at"]
    assert window["resets_at"].endswith("-01T00:00:00.000000Z")


NO_PRICES = (-1, "-1", 0.7505, "0.7505", "1e3", "", " 1", "1,5", "9" * 13, 1e300, True, "\u0661")


@pytest.mark.parametrize("field", ["credits_each", "cost"])
async def test_a_price_that_is_none_names_its_field(service: Running, field: str) -> None:
    """Nothing is rounded, held or told."""
    path = (await reserve(service, credits_each=1)).headers["location"]
    before = (await service.quota("1"))["position"]
    for price in NO_PRICES:
        if field == "cost":
            told = await service.send_json("POST", f"{path}/completion", {"provider": "me", "cost": price})
        else:
            told = await reserve(service, credits_each=price)
        assert (told.status, told.json["field"]) == (400, field), price
    assert (await service.quota("1"))["position"] == before


@pytest.mark.parametrize(
    ("told", "spent"),
    [({}, 0.75), ({"cost": "0.001"}, 0.001), ({"cost": 0}, 0), ({"cost": 1.25}, 1.25), ({"credits": 0.33349}, 0.333)],
)
async def test_a_completion_spends_what_it_cost_else_the_price(
    service: Running, told: dict[str, Any], spent: float
) -> None:
    """Of two places one is delivered: what it did not cost is free again, what the other costs stays held."""
    path = (await reserve(service, count=2, credits_each="0.75")).headers["location"]
    done = await service.send_json("POST", f"{path}/completion", {"provider": "me", **told})
    assert done.status == 200
    assert await month(service) == (spent, 0.75)


async def test_a_cost_is_of_all_pictures_that_it_is_told_of(service: Running) -> None:
    """Two for 1.5 in all; it comes with a picture too."""
    path = (await reserve(service, count=3, credits_each=1)).headers["location"]
    await service.send_json("POST", f"{path}/completion", {"provider": "me", "count": 2, "cost": "1.5"})
    assert await month(service) == (1.5, 1)
    assert (await send(service, path, image=png(), provider="me", cost="0.125")).status == 201
    assert await month(service) == (1.625, 0)


async def test_a_cost_is_told_once(service: Running) -> None:
    """Exactly or as reported, not both."""
    path = (await reserve(service, credits_each=1)).headers["location"]
    told = await service.send_json("POST", f"{path}/completion", {"provider": "me", "cost": 1, "credits": 1})
    assert (told.status, told.json["field"]) == (400, "cost")
    assert await month(service) == (0, 1)


async def test_a_key_stands_for_what_was_said(serve: Serve) -> None:
    """Another price, model or style under it is another request; a price that the book has by then is not."""
    service: Running = await serve(LIMITED, prices=PriceBook(price_list("flux=1")))
    said = {"model": "flux", "style": "anime"}
    first, again = [await reserve(service, "k", **said) for _ in range(2)]
    assert (again.json, again.headers["idempotency-replayed"]) == (first.json, "true")
    for other in ({"model": "core"}, {"credits_each": 1}, {"provider": "me"}, {"style": "enhance"}):
        assert (await reserve(service, "k", **{**said, **other})).status == 422
    await service.stop()
    service.store.close()
    service = await serve(LIMITED, prices=PriceBook(price_list("flux=2")))
    assert (await reserve(service, "k", **said)).json == first.json
    assert await month(service) == (0, 1)


async def test_a_cost_is_part_of_what_a_key_stands_for(service: Running) -> None:
    """A repeat with another one is no repeat."""
    path = (await reserve(service, count=2, credits_each=1)).headers["location"]
    costs = [(0.5, 200), (0.5, 200), ("0.5", 200), (0.75, 422)]
    for cost, status in costs:
        told = await service.send_json(
            "POST", f"{path}/completion", {"provider": "me", "cost": cost}, headers={"Idempotency-Key": "c"}
        )
        assert told.status == status, cost
    assert await month(service) == (0.5, 1)


async def test_a_reservation_of_a_former_version_has_its_digest(service: Running) -> None:
    """Where nothing is said of its price, the log holds what one without such members has always held."""
    assert (await reserve(service, "k", count=1, credits_each=None)).status == 422
    lifted = await service.send_json(
        "PATCH", "/v1/admin/policy", {"windows": {}, "was": {"windows": {MONTH: 20}}, "reason": "none"}
    )
    assert lifted.status == 200, lifted.body
    assert (await reserve(service, "k", count=1)).status == 201
    events = [decode(stored) for stored in service.store.opened().recorder.read()]
    (event,) = (event for event in events if isinstance(event, GenerationReserved))
    former = ReserveGeneration("1", event.by, "r", 900)
    assert event.request == keyed("k", former, secret=service.store.opened().recorder.secret)
