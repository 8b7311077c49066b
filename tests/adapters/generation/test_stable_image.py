"""Pictures of Stability AI's v2beta: what is sent for each wish, and what each answer comes to."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
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
    series,
)
from adapters.generation.series import NO_TIME
from adapters.generation.stability.v2beta import MODELS, StableImage
from adapters.images.shaping import size_of
from adapters.ports.failure_reasons import PlainReason
from adapters.settings.prices import Price
from adapters.studio import Generated
from adapters.wording.failures import sentence_of_failure, sentence_of_notes
from tests.adapters.generation.effects import effect_of
from tests.adapters.generation.making import png
from tests.adapters.generation.stable_image import PartProvider
from tests.emulators.emulator import CutOff, Drop, Endless, Heard, Reply, Scripted
from tests.emulators.stability_v2beta import StableImageEmulator

TEXT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a quiet place")
IMAGE = GenerationRequest(Operation.IMAGE_TO_IMAGE, "a quiet place", image=png((200, 100)))
PICTURE = png((80, 64))
GENERATE = "/v2beta/stable-image/generate"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once."""
    monkeypatch.setattr("adapters.generation.calls.FIRST_BACKOFF_SECONDS", 0.001)


@pytest.fixture
async def emulator() -> AsyncIterator[StableImageEmulator]:
    """The service on loopback."""
    made = StableImageEmulator()
    async with made.serving():
        yield made


def provider(emulator: StableImageEmulator, model: str = "core", **settings: Any) -> PartProvider:
    """A provider with this model."""
    return PartProvider(emulator, ProviderSettings(stability_model=model, **settings), StableImage)


async def made(
    emulator: StableImageEmulator, request: GenerationRequest, model: str = "core", **settings: Any
) -> GenerationResult:
    """What comes of a request that must succeed, with its notes as users see them."""
    generator = Generator(provider(emulator, model, **settings))
    result = await generator.generate(request)
    await generator.aclose()
    assert isinstance(result, GenerationResult), result
    assert emulator.complaints == []
    return result


def only(emulator: StableImageEmulator) -> Heard:
    """The one request that was heard."""
    assert len(emulator.heard) == 1
    return emulator.heard[0]


PLAIN = {"prompt": "a quiet place", "output_format": "png", "seed": "0", "aspect_ratio": "1:1"}


ENDPOINTS = {
    "core": ("core", PLAIN, 3.0),
    "ultra": ("ultra", PLAIN, 8.0),
    "sd3.5-large": ("sd3", PLAIN | {"model": "sd3.5-large"}, 6.5),
    "sd3.5-large-turbo": ("sd3", PLAIN | {"model": "sd3.5-large-turbo"}, 4.0),
    "sd3.5-medium": ("sd3", PLAIN | {"model": "sd3.5-medium"}, 3.5),
}


@pytest.mark.parametrize("model", sorted(MODELS))
async def test_each_model_has_its_endpoint_its_fields_and_its_price(emulator: StableImageEmulator, model: str) -> None:
    """The least wish is a form of these fields and no others, and comes back with the seed that was used."""
    result = await made(emulator, TEXT, model)
    heard = only(emulator)
    path, fields, credits_each = ENDPOINTS[model]
    assert (heard.method, heard.path, heard.fields) == ("POST", f"{GENERATE}/{path}", fields)
    assert heard.headers["Accept"] == "image/*"
    assert (result.provider, result.model, result.credits) == ("stability", model, credits_each)
    assert (result.images[0].media_type, result.images[0].seed) == ("image/png", 1_001)


async def test_all_that_a_wish_may_hold_is_sent(emulator: StableImageEmulator) -> None:
    """Negative words, style, seed and shape go where the model takes them; settings know newer prices."""
    wish = replace(TEXT, negative_prompt="noise", style="anime", seed=7, cfg_scale=4.5, width=1_536, height=640)
    result = await made(emulator, wish, "sd3.5-medium", credits_each=(Price("sd3.5-medium", 5_000),))
    sent = {"negative_prompt": "noise", "style_preset": "anime", "seed": "7", "cfg_scale": "4.5"}
    assert only(emulator).fields == PLAIN | sent | {"model": "sd3.5-medium", "aspect_ratio": "21:9"}
    assert (result.images[0].seed, result.credits) == (7, 5.0)


@pytest.mark.parametrize(
    ("size", "ratio", "exact"),
    [
        ((1_024, 1_024), "1:1", True),
        ((512, 512), "1:1", True),
        ((1_344, 576), "21:9", True),
        ((2_048, 64), "21:9", False),
        ((1_024, 576), "16:9", True),
        ((1_344, 768), "16:9", False),
        ((1_536, 1_024), "3:2", True),
        ((1_024, 768), "5:4", False),
        ((1_280, 1_024), "5:4", True),
        ((1_024, 1_280), "4:5", True),
        ((768, 1_024), "4:5", False),
        ((1_024, 1_536), "2:3", True),
        ((576, 1_024), "9:16", True),
        ((576, 1_344), "9:21", True),
        ((64, 2_048), "9:21", False),
    ],
)
async def test_a_size_becomes_the_nearest_shape_and_a_note_where_it_is_another(
    emulator: StableImageEmulator, size: tuple[int, int], ratio: str, exact: bool
) -> None:
    """The service knows nine shapes; the user is told before anything is reserved."""
    source = provider(emulator)
    prepared = await source.prepare(replace(TEXT, width=size[0], height=size[1]))
    assert not isinstance(prepared, GenerationFailure)
    await source.generate(prepared.request)
    await source.close()
    assert only(emulator).fields["aspect_ratio"] == ratio
    assert prepared.note == ("" if exact else f"Made in the shape {ratio}, the nearest that the service has.")


@pytest.mark.parametrize(
    ("model", "note"),
    [("sd3.5-large", ""), ("core", "It has 1536 by 1536 pixels: the service chooses the size.")],
)
async def test_the_size_of_the_picture_is_told_where_it_is_not_the_one_asked_for(
    emulator: StableImageEmulator, model: str, note: str
) -> None:
    """1024 by 1024 are asked for; core makes more of it."""
    assert (await made(emulator, replace(TEXT, width=1_024, height=1_024), model)).note == note


@pytest.mark.parametrize(
    ("asked", "sent", "note"),
    [
        (7.0, None, ""),
        (1.0, "1", ""),
        (10.0, "10", ""),
        (10.1, "10", "Made with cfg_scale 10, the nearest that is taken."),
        (0.0, "1", "Made with cfg_scale 1, the nearest that is taken."),
    ],
)
async def test_cfg_scale_is_the_models_own_unless_it_is_asked_for(
    emulator: StableImageEmulator, asked: float, sent: str | None, note: str
) -> None:
    """7 is the port's default and nobody's wish; what the service does not take comes nearest to it."""
    result = await made(emulator, replace(TEXT, cfg_scale=asked, width=1_024), "sd3.5-large-turbo")
    assert (only(emulator).fields.get("cfg_scale"), result.note) == (sent, note)


@pytest.mark.parametrize("model", ["core", "ultra"])
async def test_a_cfg_scale_that_a_model_does_not_take_is_said_to_be_left_out(
    emulator: StableImageEmulator, model: str
) -> None:
    """Whatever it is; the one that nobody asked for is not worth a word."""
    result = await made(emulator, replace(TEXT, cfg_scale=20.0), model)
    assert f"The model {model} takes no cfg_scale, so it was left out." in result.note
    assert "cfg_scale" not in only(emulator).fields


async def test_a_long_series_ends_before_its_pictures_would_be_lost(
    emulator: StableImageEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After SERIES_SECONDS no further picture is begun and paid, and what came is delivered."""
    monkeypatch.setattr(series, "SERIES_SECONDS", 0.0)
    result = await made(emulator, replace(TEXT, count=3))
    assert (len(result.images), len(emulator.heard), result.credits) == (1, 1, 3.0)
    assert result.note.endswith(NO_TIME)


@pytest.mark.parametrize("model", sorted(MODELS))
@pytest.mark.parametrize(("kept", "strength"), [(1.0, "0"), (0.0, "1"), (0.35, "0.65"), (0.9, "0.1")])
async def test_strength_is_turned_round_and_the_input_goes_along(
    emulator: StableImageEmulator, model: str, kept: float, strength: str
) -> None:
    """Ours says how much of the input is kept, theirs how much is ignored; core leaves it to sd3.5-large."""
    result = await made(emulator, replace(IMAGE, strength=kept), model)
    heard = only(emulator)
    used = "sd3.5-large" if model == "core" else model
    own = {"aspect_ratio": "16:9"} if model == "ultra" else {"mode": "image-to-image", "model": used}
    assert heard.path == f"{GENERATE}/{'ultra' if model == 'ultra' else 'sd3'}"
    assert {name: heard.fields[name] for name in ("strength", *own)} == {"strength": strength} | own
    assert isinstance(heard.fields["image"], bytes)
    assert size_of(heard.fields["image"]) == (200, 100)
    assert result.model == used
    assert ("Made with sd3.5-large, as core takes no input image." in result.note) == (model == "core")


@pytest.mark.parametrize(
    ("size", "asked", "sent"),
    [
        ((3_000, 2_000), {}, (2_508, 1_672)),
        ((200, 100), {"width": 640, "height": 320}, (640, 320)),
        ((200, 100), {"width": 640}, (640, 100)),
        ((16_400, 64), {"height": 64}, (16_384, 64)),
        ((64, 64), {}, (64, 64)),
    ],
)
async def test_an_input_is_brought_within_the_bounds_and_to_the_size_asked_for(
    emulator: StableImageEmulator, size: tuple[int, int], asked: dict[str, Any], sent: tuple[int, int]
) -> None:
    """What is larger than anything made of it is scaled down; a size that is asked for is given."""
    await made(emulator, replace(IMAGE, image=png(size), **asked), "ultra")
    image = only(emulator).fields["image"]
    assert isinstance(image, bytes)
    assert size_of(image) == sent


@pytest.mark.parametrize("size", [(63, 100), (100, 63), (6_400, 64)])
async def test_an_input_that_is_too_small_or_too_narrow_is_refused_unsent(
    emulator: StableImageEmulator, size: tuple[int, int]
) -> None:
    """Sides of 64 pixels are the least; (6400, 64) has them, and is taken."""
    source = provider(emulator, "ultra")
    prepared = await source.prepare(replace(IMAGE, image=png(size)))
    await source.close()
    assert isinstance(prepared, GenerationFailure) == (min(size) < 64)
    if isinstance(prepared, GenerationFailure):
        assert prepared.kind is FailureKind.BAD_REQUEST
        assert sentence_of_failure(prepared).startswith(f"The input image comes to {size[0]} by {size[1]} pixels")


async def test_several_pictures_are_made_one_after_the_other(emulator: StableImageEmulator) -> None:
    """Each has a seed of its own, counted from the one asked for, and how far it is is told after each."""
    heard: list[float] = []
    source = provider(emulator, "sd3.5-large")
    result = await source.generate(replace(TEXT, count=3, seed=4_294_967_293), heard.append)
    await source.close()
    assert isinstance(result, GenerationResult)
    assert [image.seed for image in result.images] == [4_294_967_293, 4_294_967_294, 1]
    assert (emulator.most_at_once, heard, result.credits) == (1, [1 / 3, 2 / 3, 1.0], 19.5)


async def test_a_largest_seed_of_ours_is_one_of_theirs(emulator: StableImageEmulator) -> None:
    """Their seeds end one below ours."""
    assert (await made(emulator, replace(TEXT, seed=4_294_967_295))).images[0].seed == 1


async def test_what_came_before_a_failure_is_delivered(emulator: StableImageEmulator, tmp_path: Path) -> None:
    """The place of the picture that could not be made is released, and the note says why there is one less."""
    emulator.script.extend([picture(), picture(), refused(402, "payment_required")])
    effect = await effect_of(tmp_path, provider(emulator), replace(TEXT, count=4, width=80, height=64))
    assert isinstance(effect.answer, Generated)
    few = "2 of the 4 pictures did not come; nothing is counted for that."
    assert effect.answer.notes[-1] == GenerationFailure(
        PlainReason.OUT_OF_CREDIT, upstream_status=402, said="some-field: is wrong"
    )
    assert f"{few} The reason: Non-200 response: 402." in sentence_of_notes(effect.answer.notes)
    assert (effect.charged, effect.delivered, effect.kept, effect.held_mb) == (2, 2, 2, 0)
    assert effect.released == ["failed"]
    assert len(emulator.heard) == 3


async def test_a_filtered_picture_is_counted_and_the_others_are_delivered(emulator: StableImageEmulator) -> None:
    """It was made and paid, so its price is told."""
    emulator.finish_reasons.extend(["SUCCESS", "CONTENT_FILTERED", "SUCCESS"])
    result = await made(emulator, replace(TEXT, count=3))
    assert (len(result.images), result.filtered, result.credits) == (2, 1, 9.0)


async def test_a_picture_in_json_is_as_good(emulator: StableImageEmulator) -> None:
    """Some gateways answer so, whatever was accepted."""
    body = {"image": base64.b64encode(PICTURE).decode(), "finish_reason": "SUCCESS", "seed": 5}
    emulator.script.append(Reply(200, orjson.dumps(body), "application/json; type=image/png"))
    result = await made(emulator, TEXT)
    assert (result.images[0].data, result.images[0].seed, result.images[0].media_type) == (PICTURE, 5, "image/png")


def refused(status: int, name: str, sentence: str = "some-field: is wrong") -> Reply:
    """An error as v2beta tells it."""
    return Reply(status, orjson.dumps({"id": "a1", "name": name, "errors": [sentence]}))


def picture(data: bytes = PICTURE, finish_reason: str = "SUCCESS") -> Reply:
    """A success."""
    return Reply(200, data, "image/png", {"finish-reason": finish_reason, "seed": "3"})


def in_json(**body: object) -> Reply:
    """A success in JSON."""
    return Reply(200, orjson.dumps(body))


NOT_A_PICTURE = "Stability AI answered with something that is not a picture"


class Case(NamedTuple):
    """Answers of the service, and what becomes of a wish for one picture."""

    answers: list[Scripted]
    kind: FailureKind
    begins: str
    charged: int = 0
    released: str = "failed"
    calls: int = 1


FILTERED_JSON = {"image": base64.b64encode(PICTURE).decode(), "finish_reason": "CONTENT_FILTERED", "seed": 1}
BUSY = refused(503, "busy")
FAILURES = {
    "wrong key": Case(
        [refused(401, "unauthorized")], FailureKind.AUTH, "Non-200 response: 401. The image service does"
    ),
    "no credit": Case(
        [refused(402, "payment_required")], FailureKind.NO_CREDIT, "Non-200 response: 402. The image service's account"
    ),
    "moderated prompt": Case(
        [refused(403, "content_moderation")],
        FailureKind.MODERATED_PROMPT,
        "The image service refused the request by its content rules",
        released="rejected",
    ),
    "bad request": Case(
        [refused(400, "bad_request")],
        FailureKind.BAD_REQUEST,
        "Non-200 response: 400. The image service cannot make this: some-field: is wrong.",
    ),
    "too large a request": Case(
        [refused(413, "payload_too_large")], FailureKind.BAD_REQUEST, "Non-200 response: 413. The image service cannot"
    ),
    "rejected": Case(
        [refused(422, "invalid_language", "English is the only supported language")],
        FailureKind.BAD_REQUEST,
        "Non-200 response: 422. The image service cannot make this: English is the only supported language.",
    ),
    "asked too often": Case(
        [refused(429, "rate_limit_exceeded")] * 3,
        FailureKind.RATE_LIMITED,
        "Non-200 response: 429. The image service has too much to do",
        calls=3,
    ),
    "failed": Case([refused(500, "internal_error")], FailureKind.UPSTREAM, "Non-200 response: 500. The image service"),
    "busy": Case([BUSY, BUSY, BUSY], FailureKind.UPSTREAM, "Non-200 response: 503. The image service failed", calls=3),
    "a page of text": Case(
        [Reply(200, b"<html>", "text/html")], FailureKind.UPSTREAM, "Stability AI answered with something that is not"
    ),
    "junk as JSON": Case([Reply(200, b"{")], FailureKind.UPSTREAM, NOT_A_PICTURE),
    "JSON without a picture": Case([in_json(seed=1)], FailureKind.UPSTREAM, "Stability AI answered with no picture"),
    "no base64": Case([in_json(image="%%%")], FailureKind.UPSTREAM, NOT_A_PICTURE),
    "no bytes": Case([picture(b"")], FailureKind.UPSTREAM, "Stability AI answered with no picture"),
    "junk as a picture": Case([picture(b"hello")], FailureKind.UPSTREAM, NOT_A_PICTURE),
    "too many bytes": Case(
        [Endless(30 * 1024 * 1024, "image/png")], FailureKind.UPSTREAM, "The image service's answer is"
    ),
    "filtered": Case(
        [picture(finish_reason="CONTENT_FILTERED")],
        FailureKind.MODERATED_OUTPUT,
        "The image service filtered the picture it made",
        charged=1,
        released="moderated",
    ),
    "filtered, in JSON": Case(
        [in_json(**FILTERED_JSON)],
        FailureKind.MODERATED_OUTPUT,
        "The image service filtered the picture it made",
        charged=1,
        released="moderated",
    ),
    "dropped": Case(
        [Drop()], FailureKind.UNKNOWN, "Connection timeout: Stability AI gave no answer", released="unknown"
    ),
    "cut off": Case(
        [CutOff(sent=b"\x89PNG", content_type="image/png")],
        FailureKind.UNKNOWN,
        "Connection timeout: Stability AI gave no answer",
        released="unknown",
    ),
}


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
async def test_each_failure_has_its_kind_its_words_and_its_effect_on_the_quota(
    emulator: StableImageEmulator, tmp_path: Path, case: Case
) -> None:
    """Only what was made and filtered is charged; only what was surely not paid is asked for again."""
    emulator.script.extend(case.answers)
    effect = await effect_of(tmp_path, provider(emulator), TEXT)
    assert isinstance(effect.answer, GenerationFailure)
    assert (effect.answer.kind, sentence_of_failure(effect.answer)[: len(case.begins)]) == (case.kind, case.begins)
    assert (effect.charged, effect.kept, effect.held_mb) == (case.charged, 0, 0)
    assert effect.released == [case.released]
    assert len(emulator.heard) == case.calls
