"""What goes wrong at OpenAI's service: the kind of each failure, what the user reads, and what it costs."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from adapters.generation import FailureKind, GenerationFailure, GenerationRequest, Operation, openai
from adapters.generation.openai import OpenAIProvider, make_provider
from adapters.generation.providers import ProviderSettings
from adapters.studio import Generated
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.effects import Effect, effect_of
from tests.adapters.generation.making import png
from tests.emulators.emulator import CutOff, Drop, Endless, Hang, Reply, Scripted
from tests.emulators.openai import KEY, PICTURE, OpenAIEmulator, answer_of, error

TEXT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a red fox", width=1024, height=1024)
IMAGE_BYTES = 4 * 1024 * 1024


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait a moment only."""
    monkeypatch.setattr("adapters.generation.calls.FIRST_BACKOFF_SECONDS", 0.001)


def provider_at(address: str, model: str = "gpt-image-1") -> OpenAIProvider:
    """The provider of a service at this address."""
    return make_provider(
        ProviderSettings("openai", openai_key=KEY, openai_host=address, openai_model=model, image_bytes=IMAGE_BYTES)
    )


def refusal(
    status: int, code: str | None, kind: str = "invalid_request_error", headers: dict[str, str] | None = None
) -> Reply:
    """An error as the service gives it; its sentence is for a request that was at fault."""
    return Reply(status, orjson.dumps(error(f"It said {code}.", code, kind=kind)), headers=headers or {})


class Row(NamedTuple):
    """What the service does, and what comes of it; `calls` to the service in all, places `released` for a reason."""

    script: list[Scripted]
    kind: FailureKind
    begins: str
    calls: int = 1
    released: str = "failed"


FAILED = "openai answered with "
TABLE = {
    "wrong key": Row([refusal(401, "invalid_api_key")], FailureKind.AUTH, "Non-200 response: 401. The image service"),
    "no rights": Row(
        [refusal(403, None)], FailureKind.AUTH, "Non-200 response: 403. The image service does not accept"
    ),
    "country": Row(
        [refusal(403, "unsupported_country_region_territory", "request_forbidden")],
        FailureKind.BAD_REQUEST,
        "Non-200 response: 403. The image service cannot make this: It said unsupported_country_region_territory.",
    ),
    "hard limit": Row(
        [refusal(400, "billing_hard_limit_reached")],
        FailureKind.NO_CREDIT,
        "Non-200 response: 400. The image service's",
    ),
    "no quota": Row(
        [refusal(429, "insufficient_quota", "insufficient_quota")],
        FailureKind.NO_CREDIT,
        "Non-200 response: 429. The image service's account is out of credit; nothing was charged.",
    ),
    "no balance": Row(
        [refusal(429, "credit_balance_exhausted", "insufficient_quota")],
        FailureKind.NO_CREDIT,
        "Non-200 response: 429.",
    ),
    "new word for no quota": Row(
        [refusal(429, "team_limit_exceeded", "insufficient_quota")], FailureKind.NO_CREDIT, "Non-200 response: 429."
    ),
    "prompt, gpt-image": Row(
        [refusal(400, "moderation_blocked", "image_generation_user_error")],
        FailureKind.MODERATED_PROMPT,
        "The image service refused the request by its content rules",
        released="rejected",
    ),
    "prompt, dall-e": Row(
        [refusal(400, "content_policy_violation")],
        FailureKind.MODERATED_PROMPT,
        "The image service refused the request by its content rules",
        released="rejected",
    ),
    "bad value": Row(
        [refusal(400, "invalid_value")],
        FailureKind.BAD_REQUEST,
        "Non-200 response: 400. The image service cannot make this: It said invalid_value. Nothing was charged",
    ),
    "no such model": Row(
        [refusal(404, "model_not_found")], FailureKind.BAD_REQUEST, "Non-200 response: 404. The image service"
    ),
    "busy for a moment": Row(
        [refusal(429, "rate_limit_exceeded", "requests")] * 3,
        FailureKind.RATE_LIMITED,
        "Non-200 response: 429. The image service has too much to do; nothing was charged. Try again in a moment.",
        calls=3,
    ),
    "busy for long": Row(
        [refusal(429, "rate_limit_exceeded", "requests", {"Retry-After": "60"})],
        FailureKind.RATE_LIMITED,
        "Non-200 response: 429. The image service has too much to do; nothing was charged. Try again in 60 seconds.",
    ),
    "its fault": Row(
        [refusal(500, None, "server_error")], FailureKind.UPSTREAM, "Non-200 response: 500. The image service failed"
    ),
    "down": Row([Reply(503)] * 3, FailureKind.UPSTREAM, "Non-200 response: 503. The image service failed", calls=3),
    "a page": Row([Reply(200, b"<html>Hi</html>", "text/html")], FailureKind.UPSTREAM, f"{FAILED}something other than"),
    "an empty list": Row([Reply(200, b"[]")], FailureKind.UPSTREAM, f"{FAILED}no picture"),
    "nothing": Row([answer_of()], FailureKind.UPSTREAM, f"{FAILED}no picture"),
    "null": Row([answer_of({"b64_json": None})], FailureKind.UPSTREAM, f"{FAILED}no picture"),
    "text": Row([answer_of("x", 5, None)], FailureKind.UPSTREAM, f"{FAILED}something that is not"),
    "not base64": Row(
        [answer_of({"b64_json": "!!" + PICTURE["b64_json"]})], FailureKind.UPSTREAM, f"{FAILED}something that is not"
    ),
    "not a picture": Row(
        [answer_of({"b64_json": base64.b64encode(b"hello").decode()})],
        FailureKind.UPSTREAM,
        f"{FAILED}something that is not a picture",
    ),
    "flood": Row([Endless(64 * 1024 * 1024)], FailureKind.UPSTREAM, "The image service's answer is larger than 5 MB"),
    "dropped": Row([Drop()], FailureKind.UNKNOWN, "Connection timeout: openai gave no answer.", released="unknown"),
    "cut off": Row([CutOff()], FailureKind.UNKNOWN, "Connection timeout: openai gave no answer.", released="unknown"),
    "silence": Row(
        [Hang()], FailureKind.UNKNOWN, "Connection timeout: openai gave no answer within", released="unknown"
    ),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
async def test_a_failure_has_its_kind_its_words_and_costs_the_user_nothing(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No picture, no charge, nothing held; a paid call is made again only where the service said that it was not."""
    if isinstance(row.script[0], Hang):
        monkeypatch.setattr(openai, "ANSWER_SECONDS", 0.3)
    emulator = OpenAIEmulator()
    emulator.script.extend(row.script)
    async with emulator.serving() as address:
        effect = await effect_of(tmp_path, provider_at(address), TEXT)
    failure = effect.answer
    assert isinstance(failure, GenerationFailure)
    assert failure.kind is row.kind
    assert sentence_of_failure(failure).startswith(row.begins), sentence_of_failure(failure)
    assert KEY not in sentence_of_failure(failure)
    assert len(emulator.heard) == row.calls
    assert effect == Effect(failure, 0, 0.0, [row.released], 0, 0)


@pytest.mark.parametrize(
    "script",
    [
        [Reply(503)],
        [Reply(502), Reply(504)],
        [refusal(429, "rate_limit_exceeded", "requests")],
        [refusal(429, "rate_limit_exceeded", "tokens", {"Retry-After": "0"})],
    ],
    ids=["503", "502 and 504", "429", "429 with a wait"],
)
@pytest.mark.parametrize("image", [None, png((64, 64))], ids=["words", "picture"])
async def test_a_service_that_recovers_is_asked_again_and_charged_once(
    script: list[Scripted], image: bytes | None, tmp_path: Path
) -> None:
    """The same request is sent whole again, its form too, and one picture is kept."""
    emulator = OpenAIEmulator()
    emulator.script.extend(script)
    operation = Operation.TEXT_TO_IMAGE if image is None else Operation.IMAGE_TO_IMAGE
    request = GenerationRequest(operation, "a red fox", width=1024, height=1024, image=image)
    async with emulator.serving() as address:
        effect = await effect_of(tmp_path, provider_at(address), request)
    assert isinstance(effect.answer, Generated), effect.answer
    assert effect[1:] == (1, 0.0, [], 1, 1)
    assert [heard.fields for heard in emulator.heard] == [emulator.heard[0].fields] * (len(script) + 1)
    assert emulator.complaints == []


@pytest.mark.parametrize("model", ["gpt-image-1", "dall-e-3", "dall-e-2"])
async def test_an_address_at_another_host_is_not_fetched(model: str, tmp_path: Path) -> None:
    """Bytes were asked for: the answer is refused, nothing is counted, and nobody goes to another host's address."""
    emulator = OpenAIEmulator()
    emulator.answers_with_url = "http://pictures.example/made/{number}.png"
    async with emulator.serving() as address:
        effect = await effect_of(tmp_path, provider_at(address, model), TEXT)
    assert isinstance(effect.answer, GenerationFailure)
    assert effect.answer.kind is FailureKind.UPSTREAM
    assert sentence_of_failure(effect.answer).startswith(f"{FAILED}an address instead of a picture")
    assert effect[1:] == (0, 0.0, ["failed"], 0, 0)
    assert len(emulator.heard) == 1


async def test_pictures_beside_junk_are_delivered(tmp_path: Path) -> None:
    """One of three places holds a picture: it is kept, and two places are given back."""
    emulator = OpenAIEmulator()
    emulator.script.append(answer_of({"b64_json": ""}, PICTURE, {"url": "http://127.0.0.1:9/a.png"}))
    request = GenerationRequest(Operation.TEXT_TO_IMAGE, "a red fox", count=3)
    async with emulator.serving() as address:
        effect = await effect_of(tmp_path, provider_at(address), request)
    assert isinstance(effect.answer, Generated)
    assert effect.answer.notes == ("2 of the 3 pictures did not come; nothing is counted for that.",)
    assert effect[1:] == (1, 0.0, ["failed"], 1, 1)


async def test_a_service_that_is_not_there_cannot_be_reached(tmp_path: Path) -> None:
    """Nothing was sent, so nothing can have been paid."""
    async with OpenAIEmulator().serving() as address:
        pass
    effect = await effect_of(tmp_path, provider_at(address), TEXT)
    assert isinstance(effect.answer, GenerationFailure)
    assert effect.answer.kind is FailureKind.UNAVAILABLE
    assert effect[1:] == (0, 0.0, ["failed"], 0, 0)


async def test_a_service_that_fails_again_and_again_is_left_alone() -> None:
    """After five failures in a row it is not asked, and says so before anything is reserved."""
    emulator = OpenAIEmulator()
    emulator.script.extend([Reply(500)] * 5)
    async with emulator.serving() as address:
        provider = provider_at(address)
        for _ in range(5):
            assert provider.outage() is None
            await provider.generate(TEXT)
        resting = provider.outage()
        outcome = await provider.generate(TEXT)
    assert resting is not None
    assert resting.kind is FailureKind.UNAVAILABLE
    assert isinstance(outcome, GenerationFailure)
    assert outcome.kind is FailureKind.UNAVAILABLE
    assert len(emulator.heard) == 5
