"""Stability AI's v1 when it fails: each error with the user's words and the quota after it, and what is retried."""

from __future__ import annotations

import base64
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest

from adapters.generation import (
    FailureKind,
    GenerationFailure,
    GenerationRequest,
    GenerationResult,
    Generator,
    Operation,
    ProviderSettings,
)
from adapters.generation.answers import parsed
from adapters.generation.stability import ERROR_NAMES, StabilityProvider
from adapters.generation.told_errors import told_in
from adapters.studio import Generated
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.effects import effect_of
from tests.adapters.generation.making import png
from tests.emulators.emulator import CutOff, Drop, Endless, Hang, Reply, Scripted
from tests.emulators.stability import KEY, SDXL_ENGINES, StabilityEmulator
from tests.hostile.builders import png_of_size

SDXL = SDXL_ENGINES[0]
TEXT_PATH = f"/v1/generation/{SDXL}/text-to-image"
TEXT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a quiet place", width=1024, height=1024)
REQUESTS = {
    "text_to_image": TEXT,
    "image_to_image": GenerationRequest(Operation.IMAGE_TO_IMAGE, "a quiet place", image=png((1024, 1024))),
    "upscale": GenerationRequest(Operation.UPSCALE, width=1200, image=png((600, 400))),
}
GIGABYTE = 1024**3
PICTURE = base64.b64encode(png()).decode()
PAGE = b"<!doctype html><title>Bad gateway</title>"


def error(status: int, name: str, message: str = "it is so", **headers: str) -> Reply:
    """An error as v1 tells it."""
    return Reply(status, orjson.dumps({"id": "9160aa70", "name": name, "message": message}), headers=headers)


def artifacts(*reasons: str, text: object = PICTURE) -> Reply:
    """An answer with an artifact for each reason."""
    made = [{"base64": text, "finishReason": reason, "seed": number} for number, reason in enumerate(reasons)]
    return Reply(200, orjson.dumps({"artifacts": made}))


class Row(NamedTuple):
    """What the service does, and what becomes of it. `says` is the beginning of the user's message."""

    what: str
    script: list[Scripted]
    kind: FailureKind
    says: str
    released: str = "failed"
    calls: int = 1
    charged: int = 0
    delivered: int = 0


NOT_THIS = "Non-200 response: 400. The image service cannot make this: it is so. Nothing was charged"
FAILED = "Non-200 response: {}. The image service failed; whether it charged anything is not known"
REFUSED = "The image service refused the request by its content rules; nothing was charged"
NO_CREDIT = "Non-200 response: {}. The image service's account is out of credit; nothing was charged"
NO_KEY = "Non-200 response: {}. The image service does not accept its key; nothing was charged"
BUSY = "Non-200 response: 429. The image service has too much to do; nothing was charged"
LOST = "Connection timeout: Stability AI gave no answer"
NOT_PICTURES = "Stability AI answered with something other than pictures. Whether it charged anything is not known"

TABLE = [
    *(
        Row(name, [error(400, name)], FailureKind.BAD_REQUEST, NOT_THIS)
        for name in (
            "bad_request",
            "invalid_samples",
            "invalid_height_or_width",
            "invalid_file_size",
            "invalid_mime_type",
            "invalid_image_dimensions",
            "invalid_pixel_count",
            "invalid_sdxl_v1_dimensions",
            "a_name_of_tomorrow",
        )
    ),
    Row("invalid_prompts", [error(400, "invalid_prompts")], FailureKind.MODERATED_PROMPT, REFUSED, "rejected"),
    Row("content_moderation", [error(403, "content_moderation")], FailureKind.MODERATED_PROMPT, REFUSED, "rejected"),
    Row("unauthorized", [error(401, "unauthorized")], FailureKind.AUTH, NO_KEY.format(401)),
    Row("permission_denied", [error(403, "permission_denied")], FailureKind.AUTH, NO_KEY.format(403)),
    Row("payment_required", [error(402, "payment_required")], FailureKind.NO_CREDIT, NO_CREDIT.format(402)),
    Row("insufficient_balance", [error(429, "insufficient_balance")], FailureKind.NO_CREDIT, NO_CREDIT.format(429)),
    Row("not_found", [error(404, "not_found")], FailureKind.BAD_REQUEST, NOT_THIS.replace("400", "404")),
    Row("413", [error(413, "payload_too_large")], FailureKind.BAD_REQUEST, NOT_THIS.replace("400", "413")),
    Row("422", [Reply(422)], FailureKind.BAD_REQUEST, "Non-200 response: 422. The image service cannot make this."),
    Row("server_error", [error(500, "server_error")], FailureKind.UPSTREAM, FAILED.format(500)),
    Row("500 as a page", [Reply(500, PAGE, "text/html")], FailureKind.UPSTREAM, FAILED.format(500)),
    Row("500 cut off", [CutOff(status=500)], FailureKind.UPSTREAM, FAILED.format(500)),
    Row("502 three times", [Reply(502, PAGE, "text/html")] * 3, FailureKind.UPSTREAM, FAILED.format(502), calls=3),
    Row("503 three times", [Reply(503)] * 3, FailureKind.UPSTREAM, FAILED.format(503), calls=3),
    Row("504 three times", [Reply(504)] * 3, FailureKind.UPSTREAM, FAILED.format(504), calls=3),
    Row("429 three times", [error(429, "rate_limit_exceeded")] * 3, FailureKind.RATE_LIMITED, BUSY, calls=3),
    Row("429 without a name", [Reply(429)] * 3, FailureKind.RATE_LIMITED, BUSY, calls=3),
    Row(
        "429 with a long wait",
        [error(429, "rate_limit_exceeded", **{"Retry-After": "3600"})],
        FailureKind.RATE_LIMITED,
        f"{BUSY}. Try again in 3600 seconds.",
    ),
    Row("redirect", [Reply(302, headers={"Location": TEXT_PATH})], FailureKind.UPSTREAM, FAILED.format(302)),
    Row("dropped", [Drop()], FailureKind.UNKNOWN, LOST, "unknown"),
    Row("hanging", [Hang()], FailureKind.UNKNOWN, f"{LOST} within 1 seconds", "unknown"),
    Row("cut off", [CutOff(sent=b'{"artifacts": [')], FailureKind.UNKNOWN, LOST, "unknown"),
    Row("endless", [Endless(2 * GIGABYTE)], FailureKind.UPSTREAM, "The image service's answer is larger than 26 MB"),
    Row("a page", [Reply(200, PAGE, "text/html")], FailureKind.UPSTREAM, NOT_PICTURES),
    Row("an empty answer", [Reply(200)], FailureKind.UPSTREAM, NOT_PICTURES),
    Row("another JSON", [Reply(200, b'{"images": []}')], FailureKind.UPSTREAM, NOT_PICTURES),
    Row("a list", [Reply(200, b"[]")], FailureKind.UPSTREAM, NOT_PICTURES),
    Row("no artifacts", [artifacts()], FailureKind.UPSTREAM, NOT_PICTURES),
    Row("an artifact of text", [Reply(200, b'{"artifacts": ["x"]}')], FailureKind.UPSTREAM, NOT_PICTURES),
    Row("another reason", [artifacts("CANCELLED")], FailureKind.UPSTREAM, NOT_PICTURES),
    Row("no base64", [artifacts("SUCCESS", text=None)], FailureKind.UPSTREAM, NOT_PICTURES),
    Row(
        "base64 with a hole",
        [artifacts("SUCCESS", text=f"{PICTURE[:40]}*{PICTURE[40:]}")],
        FailureKind.UPSTREAM,
        NOT_PICTURES,
    ),
    Row("base64 of a word", [artifacts("SUCCESS", text="cGljdHVyZQ==")], FailureKind.UPSTREAM, NOT_PICTURES),
    Row(
        "in error",
        [artifacts("ERROR")],
        FailureKind.UPSTREAM,
        "The image service answered with no picture. Whether it charged",
    ),
    Row(
        "filtered",
        [artifacts("CONTENT_FILTERED")],
        FailureKind.MODERATED_OUTPUT,
        "The image service filtered the picture it made",
        "moderated",
        charged=1,
        delivered=1,
    ),
]


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first wait is the unit of the others."""
    monkeypatch.setattr("adapters.generation.calls.FIRST_BACKOFF_SECONDS", 0.001)


@pytest.fixture
async def emulator() -> AsyncIterator[StabilityEmulator]:
    emulator = StabilityEmulator()
    async with emulator.serving():
        yield emulator


def provider_for(emulator: StabilityEmulator, *, answer_seconds: float = 30.0, **changes: Any) -> StabilityProvider:
    settings = ProviderSettings(
        api_key=KEY, api_host=emulator.address, stability_model=SDXL, stability_upscaler="esrgan-v1-x2plus"
    )
    return StabilityProvider(replace(settings, **changes), answer_seconds=answer_seconds)


async def answered(provider: StabilityProvider, request: GenerationRequest) -> GenerationResult | GenerationFailure:
    """What a generator with this provider answers."""
    generator = Generator(provider)
    try:
        return await generator.generate(request)
    finally:
        await generator.aclose()


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.what)
async def test_the_table_of_errors(
    row: Row, emulator: StabilityEmulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kind and words, how often the service was asked, and the quota after it; the key is nowhere."""
    emulator.script.extend(row.script)
    provider = provider_for(emulator, answer_seconds=1.0 if row.what == "hanging" else 30.0)
    effect = await effect_of(tmp_path, provider, TEXT)
    assert isinstance(effect.answer, GenerationFailure)
    assert effect.answer.kind is row.kind
    assert sentence_of_failure(effect.answer).startswith(row.says)
    assert len(emulator.heard) == row.calls
    assert (effect.charged, effect.held_mb, effect.released) == (row.charged, 0, [row.released])
    assert (effect.delivered, effect.kept) == (row.delivered, 0)
    printed = capsys.readouterr()
    assert KEY not in repr(effect.answer) + printed.out + printed.err


def test_every_name_of_v1_has_its_row() -> None:
    """Names of v2beta, and one of an engine that is gone, are left out; and no row stands twice."""
    elsewhere = {"internal_error", "invalid_language", "invalid_sdxl_v222_dimensions"}
    replies = [reply for row in TABLE for reply in row.script if isinstance(reply, Reply)]
    names = {told_in(parsed(reply.body), ERROR_NAMES).name for reply in replies}
    assert set(ERROR_NAMES) - elsewhere <= names
    assert len({row.what for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize(
    ("scripted", "kind"),
    [
        (Drop(), FailureKind.UNKNOWN),
        (error(429, "insufficient_balance"), FailureKind.NO_CREDIT),
        (Reply(200, PAGE, "text/html"), FailureKind.UPSTREAM),
        (artifacts("CONTENT_FILTERED"), FailureKind.MODERATED_OUTPUT),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_every_operation_fails_the_same_way(
    name: str, scripted: Scripted, kind: FailureKind, emulator: StabilityEmulator
) -> None:
    """Forms and JSON go through the same calls."""
    emulator.script.append(scripted)
    outcome = await answered(provider_for(emulator), REQUESTS[name])
    assert isinstance(outcome, GenerationFailure)
    assert outcome.kind is kind
    assert len(emulator.heard) == 1


@pytest.mark.parametrize("name", REQUESTS)
async def test_the_third_try_may_succeed(name: str, emulator: StabilityEmulator, tmp_path: Path) -> None:
    """Two times too busy, then a picture: a form is made anew for each try, and the quota is charged once."""
    emulator.script.extend([Reply(503), error(429, "rate_limit_exceeded", **{"Retry-After": "0"})])
    effect = await effect_of(tmp_path, provider_for(emulator), REQUESTS[name])
    assert isinstance(effect.answer, Generated)
    assert len(emulator.heard) == 3
    assert emulator.heard[0].fields == emulator.heard[2].fields
    assert (effect.charged, effect.held_mb, effect.released, effect.delivered, effect.kept) == (1, 0, [], 1, 1)
    assert emulator.complaints == []


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_long_wait_is_reported_and_kept(form: str, emulator: StabilityEmulator) -> None:
    """A caller learns how long; until then the service is left alone, and says so without a call."""
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=3600), usegmt=True)
    waits = {"Retry-After": "3600" if form == "seconds" else later}
    emulator.script.append(error(429, "rate_limit_exceeded", **waits))
    provider = provider_for(emulator)
    first = await provider.generate(TEXT)
    second = await provider.generate(TEXT)
    standing = provider.outage()
    await provider.close()
    assert isinstance(first, GenerationFailure)
    assert first.retry_after_seconds == pytest.approx(3600, abs=60)
    assert (first.kind, first.upstream_status) == (FailureKind.RATE_LIMITED, 429)
    assert isinstance(second, GenerationFailure)
    assert standing is not None
    assert second.kind is standing.kind is FailureKind.UNAVAILABLE
    assert len(emulator.heard) == 1


async def test_an_endless_answer_is_cut_off(emulator: StabilityEmulator) -> None:
    """2 GB are promised to nobody: not much more is taken in than the largest picture that is kept."""
    emulator.script.append(Endless(2 * GIGABYTE))
    outcome = await answered(provider_for(emulator, image_bytes=1024 * 1024), TEXT)
    assert isinstance(outcome, GenerationFailure)
    assert outcome.kind is FailureKind.UPSTREAM
    assert emulator.sent_bytes < 64 * 1024 * 1024


async def test_an_answer_as_large_as_allowed_is_taken(emulator: StabilityEmulator) -> None:
    """The bound counts what base64 adds, for each picture."""
    picture = png_of_size(400_000)
    emulator.script.append(artifacts("SUCCESS", "SUCCESS", "SUCCESS", text=base64.b64encode(picture).decode()))
    outcome = await answered(provider_for(emulator, image_bytes=len(picture)), replace(TEXT, count=3))
    assert isinstance(outcome, GenerationResult)
    assert len(outcome.images) == 3


async def test_a_host_that_nobody_listens_at_is_tried_again(emulator: StabilityEmulator, tmp_path: Path) -> None:
    """Nothing was sent, so nothing was paid; the user is told that it cannot be reached."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    effect = await effect_of(tmp_path, provider_for(emulator, api_host=address), TEXT)
    assert isinstance(effect.answer, GenerationFailure)
    assert effect.answer.kind is FailureKind.UNAVAILABLE
    assert sentence_of_failure(effect.answer).startswith(
        "Image generation services are not available: Stability AI cannot be reached"
    )
    assert (effect.charged, effect.released) == (0, ["failed"])


async def test_credits_run_out_between_two_pictures(emulator: StabilityEmulator, tmp_path: Path) -> None:
    """The emulator's own account: what was paid is kept, and what was not is given back."""
    emulator.credits = 1.0
    first = await effect_of(tmp_path / "first", provider_for(emulator), TEXT)
    second = await effect_of(tmp_path / "second", provider_for(emulator), TEXT)
    assert isinstance(first.answer, Generated)
    assert isinstance(second.answer, GenerationFailure)
    assert second.answer.kind is FailureKind.NO_CREDIT
    assert (first.charged, second.charged) == (1, 0)


@pytest.mark.parametrize(
    ("finish", "shown", "filtered"),
    [
        ({}, [50, 51, 52], 0),
        ({0: "CONTENT_FILTERED"}, [51, 52], 1),
        ({1: "ERROR"}, [50, 52], 0),
        ({0: "CONTENT_FILTERED", 2: "ERROR"}, [51], 1),
        ({0: "CONTENT_FILTERED", 1: "CONTENT_FILTERED", 2: "CONTENT_FILTERED"}, [], 3),
    ],
)
async def test_what_is_filtered_or_failed_is_left_out(
    finish: dict[int, str], shown: list[int], filtered: int, emulator: StabilityEmulator
) -> None:
    """A filtered picture is a blurred one: it is counted, and never shown."""
    emulator.finish = finish
    provider = provider_for(emulator)
    result = await provider.generate(replace(TEXT, seed=50, count=3))
    await provider.close()
    assert isinstance(result, GenerationResult)
    assert [image.seed for image in result.images] == shown
    assert result.filtered == filtered


@pytest.mark.parametrize(
    "junk",
    [
        {"base64": "cGljdHVyZQ==", "finishReason": "SUCCESS", "seed": 2},
        {"base64": None, "finishReason": "SUCCESS", "seed": 2},
        {"base64": PICTURE, "finishReason": "CANCELLED", "seed": 2},
        "no artifact",
    ],
    ids=["no picture", "no base64", "another reason", "text"],
)
async def test_pictures_beside_junk_are_delivered(junk: object, emulator: StabilityEmulator, tmp_path: Path) -> None:
    """They were paid for; the place of what is none is given back, and the user is told."""
    good = {"base64": PICTURE, "finishReason": "SUCCESS", "seed": 1}
    emulator.script.append(Reply(200, orjson.dumps({"artifacts": [junk, good, good]})))
    effect = await effect_of(tmp_path, provider_for(emulator), replace(TEXT, count=3))
    assert isinstance(effect.answer, Generated)
    assert effect.answer.notes == ("1 of the 3 pictures did not come; nothing is counted for that.",)
    assert (effect.charged, effect.kept, effect.released) == (2, 2, ["failed"])
