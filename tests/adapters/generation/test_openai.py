"""The openai provider against an emulator that holds it to the published description: what it sends, says and costs."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image

from adapters.generation import FailureKind, GenerationFailure, GenerationRequest, GenerationResult, Operation, series
from adapters.generation.generator import Generator
from adapters.generation.openai import EDITS, GENERATIONS, MODELS, make_provider, missing
from adapters.generation.openai_models import GPT_IMAGE, SQUARE_BYTES, cut_square, family_of, nearest_size
from adapters.generation.providers import ProviderSettings, choose_provider
from adapters.generation.series import NO_TIME
from adapters.studio import Generated
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.effects import effect_of
from tests.adapters.generation.making import opened, png
from tests.emulators.emulator import Drop, Reply, Scripted
from tests.emulators.openai import KEY, PICTURE, OpenAIEmulator, answer_of, error

STABILITY_KEY = "sk-of-another-service"
TEXT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a red fox", width=1024, height=1024)
CHANGE = GenerationRequest(Operation.IMAGE_TO_IMAGE, "a red fox", image=png((800, 600)))
BYTES = {"response_format": "b64_json"}


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait a moment only."""
    monkeypatch.setattr("adapters.generation.calls.FIRST_BACKOFF_SECONDS", 0.001)


def settings_for(emulator: OpenAIEmulator, model: str = "gpt-image-1", **changes: Any) -> ProviderSettings:
    """Settings for the emulator, with a key of another service beside."""
    return ProviderSettings(
        "openai", STABILITY_KEY, openai_key=emulator.key, openai_host=emulator.address, openai_model=model, **changes
    )


async def outcome_of(
    emulator: OpenAIEmulator, request: GenerationRequest, model: str = "gpt-image-1", **changes: Any
) -> GenerationResult | GenerationFailure:
    """What one request comes to, from the check to the pictures."""
    async with emulator.serving():
        generator = Generator(make_provider(settings_for(emulator, model, **changes)))
        try:
            return await generator.generate(request)
        finally:
            await generator.aclose()


async def made_by(
    emulator: OpenAIEmulator, request: GenerationRequest, model: str = "gpt-image-1", **changes: Any
) -> GenerationResult:
    """The same, for a request that must succeed and leave no complaint."""
    outcome = await outcome_of(emulator, request, model, **changes)
    assert isinstance(outcome, GenerationResult), outcome
    assert emulator.complaints == []
    return outcome


def near(width: int, height: int) -> str:
    """The note of a size that is not what was asked for."""
    return f"Made at {width} by {height} pixels, the nearest size that the service has."


@pytest.mark.parametrize(
    ("model", "changes", "fields", "note"),
    [
        ("gpt-image-1", {}, {"n": 1, "size": "1024x1024"}, ""),
        ("gpt-image-1-mini", {"count": 3}, {"n": 3, "size": "1024x1024"}, ""),
        ("gpt-image-2", {"width": 1600, "height": 900}, {"n": 1, "size": "1536x1024"}, near(1536, 1024)),
        ("gpt-image-1", {"width": 640, "height": None}, {"n": 1, "size": "1024x1536"}, near(1024, 1536)),
        ("gpt-image-1", {"width": None, "height": None}, {"n": 1, "size": "1024x1024"}, ""),
        ("dall-e-3", {"width": 1792}, {"n": 1, "size": "1792x1024", **BYTES}, ""),
        ("dall-e-2", {"width": 300, "height": 300, "count": 2}, {"n": 2, "size": "256x256", **BYTES}, near(256, 256)),
    ],
)
async def test_a_picture_from_words_is_asked_for_as_each_model_takes_it(
    model: str, changes: dict[str, Any], fields: dict[str, object], note: str
) -> None:
    """The fields on the wire are these and no others; the pictures have the size that was sent."""
    emulator = OpenAIEmulator()
    result = await made_by(emulator, replace(TEXT, **changes), model)
    (heard,) = emulator.heard
    assert (heard.path, heard.fields) == (GENERATIONS, {"model": model, "prompt": "a red fox", **fields})
    assert ["x".join(map(str, opened(image).size)) for image in result.images] == [fields["size"]] * int(
        str(fields["n"])
    )
    assert (result.provider, result.model, result.note) == ("openai", model, note)
    assert {(image.seed, image.media_type) for image in result.images} == {(None, "image/png")}


@pytest.mark.parametrize(
    ("model", "fields", "size", "mode", "notes"),
    [
        ("gpt-image-1", {"size": "1536x1024"}, (800, 600), "RGB", [near(1536, 1024)]),
        (
            "dall-e-2",
            {"size": "512x512", **BYTES},
            (600, 600),
            "RGBA",
            [near(512, 512), "The input was cut to a square of 600 by 600 pixels."],
        ),
    ],
)
async def test_a_picture_is_changed_through_edits(
    model: str, fields: dict[str, object], size: tuple[int, int], mode: str, notes: list[str]
) -> None:
    """A PNG part named image, texts beside it; without a size, the input's own is nearest."""
    emulator = OpenAIEmulator()
    result = await made_by(emulator, replace(CHANGE, count=2), model)
    (heard,) = emulator.heard
    sent = dict(heard.fields)
    picture = Image.open(io.BytesIO(sent.pop("image")))  # type: ignore[arg-type]  # a part of a file holds bytes
    assert heard.path == EDITS
    assert sent == {"model": model, "prompt": "a red fox", "n": "2", **fields}
    assert (picture.format, picture.size, picture.mode) == ("PNG", size, mode)
    assert (len(result.images), result.note) == (2, " ".join(notes))


@pytest.mark.parametrize("model", ["stablediffusion", "flux/dev"])
async def test_another_server_is_asked_for_what_the_user_asked_without_a_key(model: str) -> None:
    """A model of no known family gets sizes as asked, and an address may end in /v1."""
    emulator = OpenAIEmulator(None, any_model=True)
    async with emulator.serving() as address:
        provider = make_provider(ProviderSettings(openai_host=f"{address}/v1/", openai_model=model))
        generator = Generator(provider)
        made = await generator.generate(replace(TEXT, width=320, height=200))
        changed = await generator.generate(CHANGE)
        await generator.aclose()
    assert isinstance(made, GenerationResult)
    assert isinstance(changed, GenerationResult)
    assert [heard.fields["size"] for heard in emulator.heard] == ["320x200", "800x600"]
    assert [heard.fields["response_format"] for heard in emulator.heard] == ["b64_json"] * 2
    assert (emulator.complaints, made.note, changed.note) == ([], "", "")
    assert not any("Authorization" in heard.headers for heard in emulator.heard)


@pytest.mark.parametrize(
    ("changes", "prompt"),
    [
        ({"style": "enhance"}, "a red fox"),
        ({"style": "comic-book"}, "a red fox\nStyle: comic book."),
        ({"negative_prompt": " snow "}, "a red fox\nLeave out: snow"),
        ({"style": "3d-model", "negative_prompt": "snow, ice"}, "a red fox\nStyle: 3d model.\nLeave out: snow, ice"),
        ({"steps": 40, "cfg_scale": 12.0, "negative_prompt": "  "}, "a red fox"),
    ],
)
async def test_what_has_no_field_goes_into_the_words(changes: dict[str, Any], prompt: str) -> None:
    """Style and what to leave out; steps and cfg_scale are not sent at all."""
    emulator = OpenAIEmulator()
    await made_by(emulator, replace(TEXT, **changes))
    assert emulator.heard[0].fields == {"model": "gpt-image-1", "prompt": prompt, "n": 1, "size": "1024x1024"}


SEED = "The service takes no seed, so the picture cannot be made again from one."
STRENGTH = "The service takes no strength; how much of the input is kept was its own choice."


@pytest.mark.parametrize(
    ("request_", "note"),
    [
        (replace(TEXT, seed=7), SEED),
        (replace(TEXT, strength=0.9), ""),
        (replace(CHANGE, strength=0.35, width=1024, height=1024), ""),
        (replace(CHANGE, strength=0.9, seed=7, width=1024, height=1024), f"{SEED} {STRENGTH}"),
        (
            replace(CHANGE, image=png((2100, 1050)), width=1024, height=1024),
            "The input was scaled down to 2048 by 1024 pixels.",
        ),
    ],
)
async def test_the_user_is_told_what_could_not_be_heeded(request_: GenerationRequest, note: str) -> None:
    """A seed and a changed strength are lost, and a large input is scaled: said once, and only then."""
    result = await made_by(OpenAIEmulator(), request_)
    assert result.note == note


@pytest.mark.parametrize(
    ("model", "request_", "words"),
    [
        ("dall-e-3", CHANGE, "The model dall-e-3 makes pictures from words alone"),
        ("dall-e-2", replace(TEXT, prompt="x" * 1_001), "has 1001 characters; the model dall-e-2 takes at most 1000"),
        ("dall-e-3", replace(TEXT, prompt="x" * 2_000, negative_prompt="y" * 2_000), "has 4012 characters"),
        ("gpt-image-1", replace(TEXT, prompt="x" * 2_001), "at most 2000 are taken"),
        ("gpt-image-1", replace(CHANGE, operation=Operation.UPSCALE), "does not do upscale"),
        ("gpt-image-1", replace(CHANGE, image=png(size=(64, 64))[:60]), "The input image is damaged"),
    ],
)
async def test_what_the_model_cannot_do_is_refused_before_it_is_asked(
    model: str, request_: GenerationRequest, words: str
) -> None:
    """A sentence, and nothing on the wire."""
    emulator = OpenAIEmulator()
    outcome = await outcome_of(emulator, request_, model)
    assert isinstance(outcome, GenerationFailure)
    assert (outcome.kind, emulator.heard) == (FailureKind.BAD_REQUEST, [])
    assert words in sentence_of_failure(outcome)


async def test_a_prompt_of_exactly_the_models_length_is_taken() -> None:
    """The boundary belongs to the prompt."""
    await made_by(OpenAIEmulator(), replace(TEXT, prompt="x" * 1_000), "dall-e-2")


async def test_dall_e_3_is_asked_for_one_picture_after_the_other() -> None:
    """Each call asks for one, and each that came is told."""
    emulator = OpenAIEmulator()
    fractions: list[float] = []
    async with emulator.serving():
        provider = make_provider(settings_for(emulator, "dall-e-3"))
        outcome = await provider.generate(replace(TEXT, count=4), fractions.append)
    assert isinstance(outcome, GenerationResult)
    assert (len(outcome.images), outcome.note, emulator.complaints) == (4, "", [])
    assert [heard.fields["n"] for heard in emulator.heard] == [1] * 4
    assert fractions == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("ends", [Drop(), Reply(400, orjson.dumps(error("No.", "moderation_blocked"))), Reply(500)])
async def test_what_came_before_a_failure_is_delivered_and_the_rest_given_back(tmp_path: Path, ends: Scripted) -> None:
    """Two of three: the note says so, two are kept and charged, one place is released, and no more is asked for."""
    emulator = OpenAIEmulator()
    emulator.script.extend([answer_of(PICTURE), answer_of(PICTURE), ends])
    async with emulator.serving():
        provider = make_provider(settings_for(emulator, "dall-e-3"))
        effect = await effect_of(tmp_path, provider, replace(TEXT, count=3))
    assert isinstance(effect.answer, Generated)
    few, reason = effect.answer.notes
    assert few == "1 of the 3 pictures did not come; nothing is counted for that."
    assert isinstance(reason, GenerationFailure)
    assert effect[1:] == (2, 0.0, ["failed"], 2, 2)
    assert len(emulator.heard) == 3


async def test_a_long_series_ends_before_its_pictures_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """After SERIES_SECONDS no further picture is begun, and what came is delivered."""
    monkeypatch.setattr(series, "SERIES_SECONDS", 0.0)
    emulator = OpenAIEmulator()
    result = await made_by(emulator, replace(TEXT, count=3), "dall-e-3")
    assert (len(result.images), len(emulator.heard)) == (1, 1)
    assert result.note == f"2 of the 3 pictures did not come; nothing is counted for that. {NO_TIME}"


async def test_a_service_that_makes_fewer_than_asked_is_taken_at_its_word() -> None:
    """What came is delivered, with how many did not; more than asked is cut off."""
    emulator = OpenAIEmulator()
    emulator.fewer = 1
    result = await made_by(emulator, replace(TEXT, count=3))
    assert len(result.images) == 2
    assert result.note == "1 of the 3 pictures did not come; nothing is counted for that."
    emulator.fewer = -1
    result = await made_by(emulator, replace(TEXT, count=3))
    assert (len(result.images), result.note) == (3, "")


async def test_a_key_goes_to_its_own_service_alone() -> None:
    """Not another service's key here, and this key nowhere else: a redirection is not followed."""
    emulator, elsewhere = OpenAIEmulator(), OpenAIEmulator()
    async with elsewhere.serving() as address:
        emulator.script.append(Reply(307, headers={"Location": f"{address}{GENERATIONS}"}))
        outcome = await outcome_of(emulator, TEXT)
    assert isinstance(outcome, GenerationFailure)
    assert elsewhere.heard == []
    (heard,) = emulator.heard
    assert heard.headers["Authorization"] == f"Bearer {KEY}"
    assert STABILITY_KEY not in str(heard)
    assert KEY not in sentence_of_failure(outcome)


@pytest.mark.parametrize(
    ("settings", "needs"),
    [
        (ProviderSettings("openai"), "OPENAI_API_KEY is not set."),
        (ProviderSettings("openai", api_key=STABILITY_KEY), "OPENAI_API_KEY is not set."),
        (ProviderSettings("openai", openai_host="https://API.OpenAI.com/v1"), "OPENAI_API_KEY is not set."),
        (ProviderSettings("openai", openai_key=KEY), None),
        (ProviderSettings("openai", openai_host="http://localhost:8080"), None),
        (ProviderSettings("openai", openai_host="https://api.openai.com.example.org"), None),
    ],
)
def test_openai_itself_needs_a_key_and_other_servers_do_not(settings: ProviderSettings, needs: str | None) -> None:
    """The sentence names the setting; the table of providers knows the word."""
    sentence = missing(settings)
    assert (sentence is None) if needs is None else (sentence or "").startswith(needs)
    assert choose_provider(settings).name == ("none" if needs else "openai")


@pytest.mark.parametrize(
    ("script", "models", "trouble"),
    [
        ([], ("gpt-image-1", "dall-e-2"), ""),
        ([Reply(200, b'{"data": [{"id": "a"}, {"no": 1}, {"id": 2}, "x", {"id": "b"}]}')], ("a", "b"), ""),
        ([Reply(200, orjson.dumps({"data": [{"id": str(n)} for n in range(30)]}))], ("0", "19"), ""),
        ([Reply(200, b"<html>", "text/html")], (), "The image service answered with something other than its models"),
        ([Reply(401, orjson.dumps(error("No.", "invalid_api_key")))], (), "Non-200 response: 401."),
        ([Reply(404)], (), ""),
        ([Drop()] * 6, (), "Connection timeout"),  # aiohttp sends a GET twice by itself, in each of three tries
        ([Drop(), Reply(503)], ("gpt-image-1", "dall-e-2"), ""),
    ],
    ids=["all", "no picture in a name", "many", "a page", "key", "no such list", "gone", "back again"],
)
async def test_a_report_names_the_models_or_the_trouble(
    script: list[Scripted], models: tuple[str, ...], trouble: str
) -> None:
    """Those for pictures where names tell, at most 20; the list costs nothing, so it is asked for again."""
    emulator = OpenAIEmulator()
    emulator.script.extend(script)
    async with emulator.serving():
        provider = make_provider(settings_for(emulator))
        report = await provider.report()
        await provider.close()
    sentence = "" if report.trouble is None else sentence_of_failure(report.trouble)
    assert sentence.startswith(trouble)
    assert bool(sentence) is bool(trouble)
    assert set(models) <= set(report.models)
    assert len(report.models) <= 20
    assert not {"gpt-4o", "20"} & set(report.models)
    assert report.credits is None
    assert {heard.path for heard in emulator.heard} == {MODELS}


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ((1024, 1024), (1024, 1024)),
        ((64, 64), (1024, 1024)),
        ((1280, 1024), (1536, 1024)),
        ((1253, 1024), (1024, 1024)),
        ((1255, 1024), (1536, 1024)),
        ((1024, 1255), (1024, 1536)),
        ((2048, 64), (1536, 1024)),
    ],
)
def test_the_nearest_shape_is_taken(asked: tuple[int, int], size: tuple[int, int]) -> None:
    """Between square and 3:2 the border is the square root of 3/2; upright mirrors lying."""
    assert nearest_size(asked, GPT_IMAGE.sizes) == size


@pytest.mark.parametrize(
    ("side", "nearest"), [(64, 256), (362, 256), (363, 512), (724, 512), (725, 1024), (2048, 1024)]
)
def test_of_one_shape_the_nearest_area_is_taken(side: int, nearest: int) -> None:
    """The border between two sizes is their geometric mean; without sizes it stays as asked."""
    assert nearest_size((side, side), family_of("dall-e-2").sizes) == (nearest, nearest)
    assert nearest_size((side, 77), family_of("other").sizes) == (side, 77)


@pytest.mark.parametrize(
    ("model", "like"),
    [
        ("gpt-image-2-2026-04-21", "gpt-image-1"),
        ("chatgpt-image-latest", "gpt-image-1"),
        ("openai/gpt-image-1", "gpt-image-1"),
        ("GPT-Image-1", "gpt-image-1"),
        ("my-dall-e-3", "stablediffusion"),
    ],
)
def test_a_model_belongs_to_the_family_that_its_name_begins_with(model: str, like: str) -> None:
    """A maker before a slash does not matter."""
    assert family_of(model) is family_of(like)


def test_a_square_that_cannot_be_packed_is_made_small_enough() -> None:
    """A thousand pixels of noise are more than 4 MB as a PNG; what is sent is less."""
    buffer = io.BytesIO()
    Image.frombytes("RGBA", (1100, 1030), os.urandom(1100 * 1030 * 4)).save(buffer, "PNG")
    square = cut_square(buffer.getvalue())
    assert len(square.picture.data) <= SQUARE_BYTES
    assert (square.picture.width, square.note) == (512, "The input was cut to a square of 512 by 512 pixels.")
    untouched = cut_square(png((64, 64)))
    assert (untouched.picture.width, untouched.note) == (64, "")
