"""`GET /v1/price`: what pictures would cost, asked before anything is spent."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.generation.providers import ProviderSettings, choose_provider
from adapters.generation.sketch.provider import SketchProvider
from adapters.settings.prices import price_list
from tests.adapters.http.conftest import Running, Serve

NOBODY = "http://127.0.0.1:9"


async def paid(serve: Serve, prices: str = "") -> Running:
    """A service whose pictures are paid for, at an address where nobody stands."""
    settings = ProviderSettings("stability", "sk-test", NOBODY, stability_model="core", credits_each=price_list(prices))
    service: Running = await serve(provider=choose_provider(settings))
    return service


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", {"model": "core", "count": 1, "credits_each": 3.0, "credits": 3.0, "width": 1024, "height": 1024}),
        ("?operation=text_to_image&count=10&style=anime", {"count": 10, "credits": 30.0}),
        ("?width=640&height=1536&steps=10", {"width": 640, "height": 1536, "credits": 3.25}),
        ("?operation=image_to_image", {"model": "sd3.5-large", "credits": 6.5}),
        ("?operation=upscale&width=4096", {"model": "fast", "width": 4096, "height": None, "credits": 2.0}),
    ],
)
async def test_what_pictures_would_cost(serve: Serve, query: str, told: dict[str, Any]) -> None:
    """Of each operation, in the size in which it would be sent; nothing is counted."""
    service = await paid(serve, "core/640x1536=3.25")
    answer = await service.ask("GET", f"/v1/price{query}")
    assert answer.status == 200
    assert answer.json | told == answer.json
    assert (await service.quota("1"))["daily"]["used"] == 0


async def test_a_price_that_is_not_known_is_null_with_what_to_do(serve: Serve) -> None:
    """An answer, not a failure."""
    settings = ProviderSettings("stability", "sk-test", NOBODY)
    service: Running = await serve(provider=choose_provider(settings))
    answer = await service.ask("GET", "/v1/price")
    assert (answer.status, answer.json["credits_each"], answer.json["credits"]) == (200, None, None)
    assert answer.json["sentence"].endswith("is not known: add it to CREDITS_EACH.")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?operation=paint", "operation"),
        ("?style=none", "style"),
        ("?width=63", "width"),
        ("?width=4097", "width"),
        ("?height=2049", "height"),
        ("?count=0", "count"),
        ("?count=11", "count"),
        ("?count=1&count=2", "count"),
        ("?steps=0", "steps"),
        ("?prompt=a", "prompt"),
    ],
)
async def test_what_is_no_request_is_400_and_names_its_field(service: Running, query: str, field: str) -> None:
    """One under and one over each bound."""
    answer = await service.ask("GET", f"/v1/price{query}")
    assert (answer.status, answer.json["field"]) == (400, field)


async def test_what_the_provider_does_not_make_is_its_refusal(serve: Serve) -> None:
    """The same problem that the request would have."""
    settings = ProviderSettings("openai", openai_host=NOBODY)
    service: Running = await serve(provider=choose_provider(settings))
    answer = await service.ask("GET", "/v1/price?operation=upscale")
    assert (answer.status, answer.json["reason"]) == (400, "bad_request")


async def test_without_a_provider_it_is_503(serve: Serve) -> None:
    """There is nobody whose price could be told."""
    service: Running = await serve(provider=choose_provider(ProviderSettings("stability")))
    assert (await service.ask("GET", "/v1/price")).status == 503


async def test_sketches_cost_nothing(serve: Serve) -> None:
    """And whoever prices them pays that."""
    service: Running = await serve(provider=SketchProvider())
    assert (await service.ask("GET", "/v1/price")).json["credits"] == 0
