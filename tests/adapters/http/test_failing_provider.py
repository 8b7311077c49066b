"""What clients see while the image service fails: Stability's API on loopback, behind the whole service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.generation import calls as calls_module
from adapters.generation.breaker import FAILURES_TO_OPEN
from adapters.generation.configured import provider_settings
from adapters.generation.stability import StabilityProvider, make_provider
from adapters.settings.config import load_config
from domain.commands import SetPolicy
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.wire import GenerationOutcome
from tests.emulators.emulator import Endless, Reply
from tests.emulators.stability import KEY, StabilityEmulator
from tests.hostile.builders import png

HTML = Reply(200, b"<!doctype html><title>Welcome</title>", "text/html")
MEGABYTE = 1024 * 1024
UNREACHABLE = "http://no-such-host.invalid"


@pytest.fixture
async def stability() -> AsyncIterator[StabilityEmulator]:
    """The image service, listening."""
    emulator = StabilityEmulator()
    async with emulator.serving():
        yield emulator


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries are short; how long they are is tested with the calls."""
    monkeypatch.setattr(calls_module, "FIRST_BACKOFF_SECONDS", 0.001)


def provider_at(address: str, **settings: object) -> StabilityProvider:
    """The provider as the settings of a program make it."""
    given = {"GENERATOR": "stability", "API_HOST": address, "STABILITY_API_KEY": KEY, **settings}
    return make_provider(provider_settings(load_config(given, env_file=Path("no such file"))))


async def wish(service: Running) -> GenerationOutcome:
    """A user's wish for one picture."""
    return await service.send_json("POST", "/v1/users/1/generations", {"prompt": "a paper boat"})


async def assert_given_back(service: Running, reason: str = "failed", times: int = 1) -> None:
    """Each place that was reserved is released, nothing is charged or held, and there is no file."""
    status = await service.quota("1")
    assert (status["daily"]["used"], status["user"]["reserved_mb"], status["user"]["images"]) == (0, 0, 0)
    types = [event["type"] for event in events_of(service.store.root) if event["type"] != "PolicyChanged"]
    assert types == ["GenerationReserved", "GenerationReleased"] * times
    released = events_of(service.store.root, "GenerationReleased")
    assert [event["data"]["reason"] for event in released] == [reason] * times
    assert service.files() == []


async def test_a_service_that_asks_to_wait_an_hour_is_asked_once(serve: Serve, stability: StabilityEmulator) -> None:
    """503 with the hour in `Retry-After`; until then every wish is answered so, unasked and without a reservation."""
    stability.script.append(Reply(429, b'{"name": "rate_limit_exceeded"}', headers={"Retry-After": "3600"}))
    service: Running = await serve(provider=provider_at(stability.address))
    first = await wish(service)
    again = await wish(service)
    assert (first.status, first.headers["retry-after"]) == (503, "3600")
    assert again.status == 503
    assert 3_500 <= int(again.headers["retry-after"]) <= 3_600
    assert "nothing was charged" in first.json["detail"]
    assert len(stability.heard) == 1
    await assert_given_back(service)


@pytest.mark.parametrize(
    "answer",
    [HTML, Reply(200, b"{}"), Reply(200, b'{"artifacts": []}'), Reply(200)],
    ids=["a page", "an empty object", "no artifact", "nothing"],
)
async def test_an_answer_without_a_picture_is_a_bad_gateway(
    serve: Serve, stability: StabilityEmulator, answer: Reply
) -> None:
    """502; no image is recorded, nothing is charged, and the next wish is made."""
    stability.script.append(answer)
    service: Running = await serve(provider=provider_at(stability.address))
    failed = await wish(service)
    assert (failed.status, failed.json["reason"]) == (502, "upstream")
    await assert_given_back(service)
    assert (await wish(service)).status == 201
    assert_disk_and_log_agree(service.store.root)


async def test_an_answer_larger_than_the_largest_image_is_cut_off(serve: Serve, stability: StabilityEmulator) -> None:
    """Of 2 GB little more is taken than IMAGE_GENERATION_SIZE_MB, in base64, and what the sockets hold."""
    stability.script.append(Endless(2_048 * MEGABYTE))
    service: Running = await serve(provider=provider_at(stability.address, IMAGE_GENERATION_SIZE_MB=2))
    failed = await wish(service)
    assert (failed.status, failed.json["reason"]) == (502, "upstream")
    assert "larger than" in failed.json["detail"]
    assert stability.sent_bytes < 32 * MEGABYTE
    await assert_given_back(service)


async def test_a_service_that_fails_five_times_is_left_alone(serve: Serve, stability: StabilityEmulator) -> None:
    """502 for each, as one that failed may have been paid and is not asked again; then 503 and when to come back."""
    stability.script.extend([Reply(500, b'{"name": "internal_error"}')] * (FAILURES_TO_OPEN + 1))
    service: Running = await serve(provider=provider_at(stability.address))
    for _ in range(FAILURES_TO_OPEN):
        assert (await wish(service)).status == 502
    refused = await wish(service)
    assert refused.status == 503
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    assert len(stability.heard) == FAILURES_TO_OPEN
    await assert_given_back(service, times=FAILURES_TO_OPEN)


async def test_images_are_saved_while_the_image_service_has_no_address(serve: Serve) -> None:
    """503 for wishes, first after three tries and then at once; uploads, quota and readiness are as ever."""
    service: Running = await serve(provider=provider_at(UNREACHABLE))
    answers = [await wish(service) for _ in range(3)]
    assert [answer.status for answer in answers] == [503] * 3
    assert "retry-after" in answers[-1].headers
    await assert_given_back(service, times=2)
    assert (await service.upload("1", png(), "kept.png")).status == 201
    assert (await service.ask("GET", "/v1/users/1/images/kept.png")).body == png()
    assert (await service.ask("GET", "/readyz")).status == 200
    assert (await service.quota("1"))["daily"]["used"] == 1
    assert_disk_and_log_agree(service.store.root)


FILTERED: dict[str, tuple[bool, int, str]] = {
    "charged": (False, 1, "It was made, so it counts as generated today."),
    "free": (True, 0, "What is filtered does not count."),
}


@pytest.mark.parametrize(("free", "used", "said"), FILTERED.values(), ids=FILTERED.keys())
async def test_a_filtered_picture_is_charged_by_the_setting_and_the_user_is_told(
    serve: Serve, stability: StabilityEmulator, *, free: bool, used: int, said: str
) -> None:
    """422, delivered and released as moderated; no image is recorded, and no file is there."""
    stability.finish = {0: "CONTENT_FILTERED"}
    service: Running = await serve(
        SetPolicy(moderated_free=free, source="environment"), provider=provider_at(stability.address)
    )
    refused = await wish(service)
    assert (refused.status, refused.json["reason"]) == (422, "moderated_output")
    assert refused.json["detail"].endswith(said)
    assert (await service.quota("1"))["daily"]["used"] == used
    (released,) = events_of(service.store.root, "GenerationReleased")
    data: dict[str, Any] = released["data"]
    assert (data["reason"], data["count"], data["delivered"], data["refunded"]) == ("moderated", 1, 1, 1 - used)
    assert events_of(service.store.root, "ImageSaved") == []
    assert service.files() == []


async def test_a_key_that_the_image_service_quotes_back_is_not_in_the_answer(
    serve: Serve, stability: StabilityEmulator
) -> None:
    """400, with the rest of what it said of the request."""
    said = {"name": "bad_request", "message": f"cfg_scale: not with Bearer {KEY}"}
    stability.script.append(Reply(400, orjson.dumps(said)))
    service: Running = await serve(provider=provider_at(stability.address))
    refused = await wish(service)
    assert (refused.status, KEY.encode() in refused.body) == (400, False)
    assert "cfg_scale: not with Bearer [redacted]" in refused.json["detail"]
