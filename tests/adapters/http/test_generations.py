"""Pictures over HTTP: made within the quota, once for each key, and released where they fail."""

from __future__ import annotations

import asyncio
import base64
import io
from typing import Any

import orjson
import pytest
from PIL import Image

from adapters.generation.provider import STYLES, GenerationRequest, GenerationResult, OnFraction, ignore_fraction
from adapters.generation.sketch.provider import SketchProvider
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.failures import GenerationFailure
from adapters.wording.failures import sentence_of_failure
from domain.commands import SetPolicy
from tests.adapters.http.conftest import JSON, Running, Serve
from tests.adapters.http.wire import Wire, request
from tests.adapters.ports.every_reason import failure_of_kind

PATH = "/v1/users/1/generations"
GENERATION_FIELDS = {"prompt": "a paper boat", "width": 256, "height": 192, "seed": 7, "style": "origami"}


class Gate(SketchProvider):
    """The offline provider behind a gate: it counts its calls, and answers once it is opened."""

    name = "gate"

    def __init__(self, fault: GenerationFailure | None = None) -> None:
        super().__init__()
        self.calls = 0
        self.called = asyncio.Event()
        self.open = asyncio.Event()
        self._fault = fault

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """A sketch, or the fault that was asked for."""
        self.calls += 1
        self.called.set()
        await self.open.wait()
        return self._fault or await super().generate(request, on_fraction)

    async def close(self) -> None:
        """Lets nobody wait any longer."""
        self.open.set()
        await super().close()


async def test_a_wish_becomes_a_kept_picture_of_the_size_asked(service: Running) -> None:
    """201, the picture at its address, its details beside it, one generation used."""
    made = await service.send_json("POST", PATH, GENERATION_FIELDS)
    assert made.status == 201
    picture = made.json["pictures"][0]
    assert made.headers["location"] == picture["image"]["url"]
    assert (picture["seed"], picture["not_kept"], made.json["provider"]) == (7, None, "sketch")
    assert "offline sketch" in made.json["note"]
    fetched = await service.ask("GET", picture["image"]["url"])
    assert Image.open(io.BytesIO(fetched.body)).size == (256, 192)
    told = (await service.ask("GET", f"/v1/users/1/details/{picture['image']['name']}")).json
    known, generation = told["details"], told["generation"]
    assert (known["prompt"], known["style"], known["seed"]) == ("a paper boat", "origami", 7)
    assert (generation["counted"], generation["open"], generation["provider"]) == (1, 0, "sketch")
    assert f"kept as {picture['image']['name']}" in generation["sentence"]
    daily = (await service.quota("1"))["daily"]
    assert (daily["used"], daily["remaining"]) == (1, 4)


async def test_several_pictures_of_one_wish_count_each(service: Running) -> None:
    """They are asked for at once, and each is kept under a name of its own."""
    made = await service.send_json("POST", PATH, GENERATION_FIELDS | {"count": 3})
    assert made.status == 201
    assert len({picture["image"]["name"] for picture in made.json["pictures"]}) == 3
    assert [picture["seed"] for picture in made.json["pictures"]] == [7, 8, 9]
    assert (await service.quota("1"))["daily"]["used"] == 3


async def test_the_sixth_generation_is_refused_with_the_time_of_the_reset(service: Running) -> None:
    """429 with the registered problem type, `Retry-After` and `resets_at` at midnight UTC."""
    for _ in range(5):
        assert (await service.send_json("POST", PATH, GENERATION_FIELDS)).status == 201
    refused = await service.send_json("POST", PATH, GENERATION_FIELDS)
    assert refused.status == 429
    assert refused.json["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert refused.json["violated-policies"] == ["daily"]
    assert (refused.json["used"], refused.json["limit"]) == (5, 5)
    assert refused.json["resets_at"].endswith("T00:00:00.000000Z")
    assert 1 <= int(refused.headers["retry-after"]) <= 86_401
    assert refused.json["detail"].startswith("Daily limit reached")


async def test_the_styles_are_those_the_generator_has(service: Running) -> None:
    """All 17, and who makes the pictures."""
    assert (await service.ask("GET", "/v1/styles")).json == {"styles": list(STYLES), "provider": "sketch"}


BAD_WISHES: dict[str, Any] = {
    "no prompt": {},
    "an empty prompt": {"prompt": "  "},
    "a prompt that is too long": {"prompt": "a" * 2_001},
    "an unknown style": {"prompt": "x", "style": "oil"},
    "a size that is too large": {"prompt": "x", "width": 100_000},
    "a size of another type": {"prompt": "x", "width": "512"},
    "a seed below zero": {"prompt": "x", "seed": -1},
    "an unknown field": {"prompt": "x", "quota": 999},
    "a count that is too large": {"prompt": "x", "count": 100},
    "a count of none": {"prompt": "x", "count": 0},
    "another user": {"prompt": "x", "user": "2"},
    "an operation": {"prompt": "x", "operation": "upscale"},
}


@pytest.mark.parametrize("wish", BAD_WISHES.values(), ids=BAD_WISHES.keys())
async def test_a_wish_that_cannot_be_costs_nothing(service: Running, wish: dict[str, Any]) -> None:
    """400 and no event."""
    before = (await service.quota("1"))["position"]
    refused = await service.send_json("POST", PATH, wish)
    assert refused.status == 400
    assert (await service.quota("1"))["position"] == before


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FailureKind.UPSTREAM, 502),
        (FailureKind.AUTH, 502),
        (FailureKind.MODERATED_PROMPT, 422),
        (FailureKind.UNAVAILABLE, 503),
    ],
)
async def test_a_provider_that_fails_gives_the_place_back(serve: Serve, kind: FailureKind, status: int) -> None:
    """The failure's sentence is the answer, and the day's count is as before."""
    failure = failure_of_kind(kind)
    gate = Gate(failure)
    gate.open.set()
    service: Running = await serve(provider=gate)
    failed = await service.send_json("POST", PATH, GENERATION_FIELDS)
    assert (failed.status, failed.json["detail"]) == (status, sentence_of_failure(failure))
    status_after = await service.quota("1")
    assert (status_after["daily"]["used"], status_after["user"]["reserved_mb"]) == (0, 0)


async def test_a_picture_that_finds_no_room_is_shown_all_the_same(serve: Serve) -> None:
    """200 with its bytes, marked not kept; it was paid for, so it counts."""
    service: Running = await serve(SetPolicy(user_bytes=2_000, gen_bytes=100))
    made = await service.send_json("POST", PATH, GENERATION_FIELDS)
    assert made.status == 200
    picture = made.json["pictures"][0]
    assert picture["image"] is None
    assert picture["not_kept"].startswith("not kept: Your storage quota is full")
    shown = base64.b64decode(picture["shown"]["data"])
    assert Image.open(io.BytesIO(shown)).size == (256, 192)
    assert (await service.quota("1"))["daily"]["used"] == 1
    assert service.files() == []


async def test_a_repeat_with_the_same_key_is_the_same_picture(service: Running) -> None:
    """The stored answer again, marked; quoted and bare keys are one; one generation is used."""
    first = await service.send_json("POST", PATH, GENERATION_FIELDS, headers={"Idempotency-Key": '"k-1"'})
    again = await service.send_json("POST", PATH, GENERATION_FIELDS, headers={"Idempotency-Key": "k-1"})
    assert (first.status, again.status) == (201, 201)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert first.json["pictures"][0]["image"] == again.json["pictures"][0]["image"]
    assert (await service.quota("1"))["daily"]["used"] == 1


async def test_a_key_with_another_wish_is_a_conflict(service: Running) -> None:
    """422, and nothing is made."""
    await service.send_json("POST", PATH, GENERATION_FIELDS, headers={"Idempotency-Key": "k"})
    other = await service.send_json(
        "POST", PATH, GENERATION_FIELDS | {"prompt": "another"}, headers={"Idempotency-Key": "k"}
    )
    assert (other.status, other.json["reason"]) == (422, "REQUEST_CONFLICT")
    assert (await service.quota("1"))["daily"]["used"] == 1


async def test_a_repeat_while_the_first_runs_is_told_to_wait_and_then_gets_its_picture(serve: Serve) -> None:
    """409 with `Retry-After`; the provider is called once."""
    gate = Gate()
    service: Running = await serve(provider=gate)
    headers = {"Idempotency-Key": "double-click"}
    first = asyncio.create_task(service.send_json("POST", PATH, GENERATION_FIELDS, headers=headers))
    await gate.called.wait()
    second = await service.send_json("POST", PATH, GENERATION_FIELDS, headers=headers)
    assert (second.status, second.json["reason"], second.headers["retry-after"]) == (409, "REQUEST_RUNNING", "1")
    gate.open.set()
    made = (await first).json["pictures"][0]["image"]
    third = await service.send_json("POST", PATH, GENERATION_FIELDS, headers=headers)
    assert third.json["pictures"][0]["image"] == made
    assert gate.calls == 1


async def test_a_client_that_hangs_up_still_has_its_picture_kept_once(serve: Serve) -> None:
    """A disconnect tears nothing: the picture is in the gallery, and the key answers with it."""
    gate = Gate()
    service: Running = await serve(provider=gate)
    headers = {"Idempotency-Key": "gone"}
    wire = await Wire.open(service.address)
    await wire.send(
        request("POST", PATH, headers=headers | {"Content-Type": JSON}, body=orjson.dumps(GENERATION_FIELDS))
    )
    await gate.called.wait()
    await wire.close()
    gate.open.set()
    for _ in range(100):
        again = await service.send_json("POST", PATH, GENERATION_FIELDS, headers=headers)
        if again.status != 409:
            break
        await asyncio.sleep(0.05)
    assert again.status == 201
    assert gate.calls == 1
    assert (await service.quota("1"))["user"]["images"] == 1
