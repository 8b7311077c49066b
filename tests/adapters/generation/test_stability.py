"""Stability AI: what goes over the wire to v1, which API makes what, sizes and inputs, and the report."""

from __future__ import annotations

import io
import random
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from adapters.generation import (
    FailureKind,
    GenerationFailure,
    GenerationRequest,
    GenerationResult,
    Generator,
    Operation,
    ProviderSettings,
    choose_provider,
)
from adapters.generation.stability import StabilityProvider
from adapters.generation.stability.v1 import SDXL_SIZES, nearest_size
from adapters.generation.stability.v2beta import MODELS
from adapters.settings.prices import Price
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.making import opened, png
from tests.emulators.emulator import Reply
from tests.emulators.stability import KEY, SDXL_ENGINES, StabilityEmulator

SDXL = SDXL_ENGINES[0]
ESRGAN = "esrgan-v1-x2plus"
TEXT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a quiet place", width=1024, height=1024)
IMAGE = GenerationRequest(Operation.IMAGE_TO_IMAGE, "a quiet place", image=png((1152, 896)))
UPSCALE = GenerationRequest(Operation.UPSCALE, width=1200, image=png((600, 400)))
TEXT_PATH, IMAGE_PATH = f"/v1/generation/{SDXL}/text-to-image", f"/v1/generation/{SDXL}/image-to-image"
UPSCALE_PATH = f"/v1/generation/{ESRGAN}/image-to-image/upscale"


@pytest.fixture
async def emulator() -> AsyncIterator[StabilityEmulator]:
    emulator = StabilityEmulator()
    async with emulator.serving():
        yield emulator


def settings_for(emulator: StabilityEmulator, **changes: Any) -> ProviderSettings:
    given = ProviderSettings(
        generator="stability", api_key=KEY, api_host=emulator.address, stability_model=SDXL, stability_upscaler=ESRGAN
    )
    return replace(given, **changes)


async def answered(
    emulator: StabilityEmulator, request: GenerationRequest, **settings: Any
) -> GenerationResult | GenerationFailure:
    """What a generator with this provider answers."""
    generator = Generator(StabilityProvider(settings_for(emulator, **settings)))
    try:
        return await generator.generate(request)
    finally:
        await generator.aclose()


async def made(emulator: StabilityEmulator, request: GenerationRequest, **settings: Any) -> GenerationResult:
    """The same, for a request that must succeed without a complaint."""
    outcome = await answered(emulator, request, **settings)
    assert isinstance(outcome, GenerationResult), outcome
    assert emulator.complaints == []
    return outcome


async def test_a_picture_from_words_is_asked_for_with_every_field(emulator: StabilityEmulator) -> None:
    """The JSON of the description, the negative prompt as one of weight -1, and the headers that say who asks."""
    request = replace(
        TEXT, negative_prompt="noise", style="line-art", width=896, height=1152, steps=20, seed=77, cfg_scale=5, count=2
    )
    result = await made(emulator, request, credits_each=(Price(SDXL, 900),))
    (heard,) = emulator.asked(TEXT_PATH)
    assert heard.fields == {
        "text_prompts": [{"text": "a quiet place", "weight": 1.0}, {"text": "noise", "weight": -1.0}],
        "width": 896,
        "height": 1152,
        "steps": 20,
        "seed": 77,
        "cfg_scale": 5,
        "samples": 2,
        "style_preset": "line-art",
    }
    assert heard.headers["Authorization"] == f"Bearer {KEY}"
    assert heard.headers["Accept"] == heard.headers["Content-Type"] == "application/json"
    assert heard.headers["Stability-Client-ID"] == "abby-ledger"
    assert [(opened(image).size, image.seed, image.media_type) for image in result.images] == [
        ((896, 1152), 77, "image/png"),
        ((896, 1152), 78, "image/png"),
    ]
    assert (result.provider, result.model, result.credits, result.note) == ("stability", SDXL, 1.8, "")


async def test_what_is_not_asked_for_is_not_sent(emulator: StabilityEmulator) -> None:
    """A random seed and no style are left out, and credits are not guessed where no price is set."""
    result = await made(emulator, TEXT)
    (heard,) = emulator.asked(TEXT_PATH)
    assert set(heard.fields) == {"text_prompts", "width", "height", "steps", "cfg_scale", "samples"}
    assert heard.fields["text_prompts"] == [{"text": "a quiet place", "weight": 1.0}]
    assert result.credits is None


async def test_a_picture_from_a_picture_is_a_form(emulator: StabilityEmulator) -> None:
    """Numbers as text, strength as image_strength, no sizes, and the input as a file."""
    request = replace(IMAGE, negative_prompt="noise", style="anime", strength=0.8, seed=5, count=3)
    result = await made(emulator, request)
    (heard,) = emulator.asked(IMAGE_PATH)
    sent = dict(heard.fields)
    init_image = sent.pop("init_image")
    assert sent == {
        "text_prompts[0][text]": "a quiet place",
        "text_prompts[0][weight]": "1.0",
        "text_prompts[1][text]": "noise",
        "text_prompts[1][weight]": "-1.0",
        "init_image_mode": "IMAGE_STRENGTH",
        "image_strength": "0.8",
        "cfg_scale": "7.0",
        "steps": "30",
        "samples": "3",
        "seed": "5",
        "style_preset": "anime",
    }
    assert isinstance(init_image, bytes)
    assert Image.open(io.BytesIO(init_image)).size == (1152, 896)
    assert [image.seed for image in result.images] == [5, 6, 7]
    assert result.note == ""


async def test_an_upscale_has_the_width_asked(emulator: StabilityEmulator) -> None:
    """A form with the image and one side."""
    result = await made(emulator, UPSCALE, credits_each=(Price(ESRGAN, 200),))
    (heard,) = emulator.asked(UPSCALE_PATH)
    assert set(heard.fields) == {"image", "width"}
    assert heard.fields["width"] == "1200"
    assert opened(result.images[0]).size == (1200, 800)
    assert (result.model, result.credits) == (ESRGAN, 0.2)


@pytest.mark.parametrize("request_", [TEXT, IMAGE, UPSCALE], ids=lambda request: request.operation)
async def test_the_end_is_told(request_: GenerationRequest, emulator: StabilityEmulator) -> None:
    """v1 tells no progress, so a caller hears that it is done, once."""
    provider = StabilityProvider(settings_for(emulator))
    fractions: list[float] = []
    assert isinstance(await provider.generate(request_, fractions.append), GenerationResult)
    await provider.close()
    assert fractions == [1.0]


@pytest.mark.parametrize(
    ("engine", "asked", "size"),
    [
        *((SDXL, size, size) for size in SDXL_SIZES),
        (SDXL, (64, 64), (1024, 1024)),
        (SDXL, (2048, 2048), (1024, 1024)),
        (SDXL, (1920, 1080), (1344, 768)),
        (SDXL, (1080, 1920), (768, 1344)),
        (SDXL, (4, 3), (1152, 896)),
        (SDXL, (3, 2), (1216, 832)),
        (SDXL, (2048, 64), (1536, 640)),
        (SDXL, (64, 2048), (640, 1536)),
        ("stable-diffusion-v1-6", (512, 512), (512, 512)),
        ("stable-diffusion-v1-6", (64, 64), (512, 512)),
        ("stable-diffusion-v1-6", (2048, 2048), (1024, 1024)),
        ("stable-diffusion-v1-6", (1000, 700), (1024, 704)),
        ("stable-diffusion-v1-6", (1536, 640), (1536, 640)),
        ("stable-diffusion-768-v2-1", (512, 512), (768, 768)),
        ("stable-diffusion-768-v2-1", (1024, 1024), (1024, 1024)),
    ],
)
def test_the_nearest_size_that_an_engine_has(engine: str, asked: tuple[int, int], size: tuple[int, int]) -> None:
    """By shape where an engine has a list, else by both sides, within the pixels that the engine makes."""
    assert nearest_size(engine, asked) == size


@pytest.mark.parametrize("engine", [SDXL, "stable-diffusion-v1-6", "stable-diffusion-768-v2-1"])
@pytest.mark.parametrize("sides", [(64, 64), (2048, 2048), (64, 2048), (2048, 64), (777, 555), (1536, 1536)])
async def test_every_size_that_passes_the_check_is_made(
    engine: str, sides: tuple[int, int], emulator: StabilityEmulator
) -> None:
    """From words and from a picture; the user is told the size, and that is the size it has."""
    wanted = replace(TEXT, width=sides[0], height=sides[1])
    changed = replace(IMAGE, image=png(sides))
    for request in (wanted, changed):
        result = await made(emulator, request, stability_model=engine)
        size = opened(result.images[0]).size
        assert result.note == f"Made at {size[0]} by {size[1]} pixels, the nearest size that the service has."


def noise(side: int) -> bytes:
    """A picture that compresses badly: about three bytes a pixel."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", (side, side), random.Random(7).randbytes(side * side * 3)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_an_input_of_any_kind_is_sent_as_the_service_takes_it(kind: str, emulator: StabilityEmulator) -> None:
    """WEBP and GIF are not sent on; 1024 by 1024 stays as large as it is, without a note."""
    buffer = io.BytesIO()
    Image.new("RGB", (1024, 1024), "teal").save(buffer, kind)
    result = await made(emulator, replace(IMAGE, image=buffer.getvalue()))
    assert result.note == ""
    upscaled = await made(emulator, replace(UPSCALE, image=buffer.getvalue(), width=2048))
    assert (opened(upscaled.images[0]).size, upscaled.note) == ((2048, 2048), "")


async def test_an_input_over_5_mb_is_made_smaller(emulator: StabilityEmulator) -> None:
    """The service would refuse it; the note says what became of it."""
    image = noise(1400)
    assert len(image) > 5 * 1024 * 1024
    changed = await made(emulator, replace(IMAGE, image=image))
    upscaled = await made(emulator, replace(UPSCALE, image=image, width=2048))
    assert changed.note == "Made at 1024 by 1024 pixels, the nearest size that the service has."
    assert upscaled.note == "The input was scaled to 1024 by 1024 pixels first, the most the upscaler takes."


@pytest.mark.parametrize("size", [(1000, 999), (1920, 1080), (333, 1000), (1544, 1861), (1725, 1212), (697, 1308)])
async def test_the_largest_upscale_of_every_shape_is_made(size: tuple[int, int], emulator: StabilityEmulator) -> None:
    """However the height is rounded, the service is not asked for a pixel too many, and the width is as told."""
    result = await made(emulator, replace(UPSCALE, image=png(size), width=4096))
    width, height = opened(result.images[0]).size
    assert re.search(rf"It is {width} by \d+ pixels, the largest that is made of this shape\.", result.note)
    assert 4_100_000 < width * height <= 4_194_304 + width


@pytest.mark.parametrize(
    ("width", "beginning"),
    [
        (511, "The picture would be 511 pixels wide, and this upscaler makes 512 and more."),
        (2509, "The picture would have more than 4,194,304 pixels, the most that this upscaler makes."),
    ],
)
async def test_an_upscale_out_of_bounds_is_refused_unasked(
    width: int, beginning: str, emulator: StabilityEmulator
) -> None:
    """In prepare, so that nothing is reserved and nothing sent."""
    provider = StabilityProvider(settings_for(emulator))
    request = replace(UPSCALE, image=png((300, 200)), width=width)
    refused = await provider.prepare(request)
    largest = await provider.prepare(replace(request, width=2508))
    smallest = await provider.prepare(replace(request, width=512))
    await provider.close()
    assert isinstance(refused, GenerationFailure)
    assert refused.kind is FailureKind.BAD_REQUEST
    assert sentence_of_failure(refused).startswith(beginning)
    assert not isinstance(largest, GenerationFailure)
    assert not isinstance(smallest, GenerationFailure)
    assert emulator.heard == []


@pytest.mark.parametrize("request_", [IMAGE, UPSCALE], ids=lambda request: request.operation)
async def test_a_damaged_input_is_refused_unasked(request_: GenerationRequest, emulator: StabilityEmulator) -> None:
    """A picture that ends in its middle."""
    outcome = await answered(emulator, replace(request_, image=noise(600)[:90_000]))
    assert isinstance(outcome, GenerationFailure)
    assert outcome.kind is FailureKind.BAD_REQUEST
    assert "damaged or cut short" in sentence_of_failure(outcome)
    assert emulator.heard == []


@pytest.mark.parametrize(
    ("request_", "settings", "path"),
    [
        *((TEXT, {"stability_model": model}, "/v2beta/stable-image/generate/") for model in sorted(MODELS)),
        *((IMAGE, {"stability_model": model}, "/v2beta/stable-image/generate/") for model in sorted(MODELS)),
        (TEXT, {}, TEXT_PATH),
        (IMAGE, {}, IMAGE_PATH),
        (UPSCALE, {"stability_upscaler": "fast"}, "/v2beta/stable-image/upscale/fast"),
        (UPSCALE, {"stability_upscaler": "conservative"}, "/v2beta/stable-image/upscale/conservative"),
        (UPSCALE, {"stability_model": "core"}, UPSCALE_PATH),
    ],
)
async def test_each_name_goes_to_the_api_it_belongs_to(
    request_: GenerationRequest, settings: dict[str, Any], path: str, emulator: StabilityEmulator
) -> None:
    """The model decides for pictures, the upscaler for upscales, and both get the same key."""
    await answered(emulator, request_, **settings)
    (heard,) = emulator.heard
    assert heard.path.startswith(path)
    assert heard.headers["Authorization"] == f"Bearer {KEY}"
    assert heard.headers["Stability-Client-ID"] == "abby-ledger"


@pytest.mark.parametrize(
    ("generator", "gets_it"), [("auto", False), ("", False), ("automatic1111", False), ("stability", True)]
)
async def test_another_host_gets_the_key_only_when_asked_by_name(
    generator: str, *, gets_it: bool, emulator: StabilityEmulator
) -> None:
    """API_HOST may be a server of one's own, or anybody's."""
    provider = choose_provider(settings_for(emulator, generator=generator))
    await provider.report()
    await provider.generate(TEXT)
    await provider.close()
    assert any(KEY in str(heard.headers) for heard in emulator.heard) is gets_it


async def test_a_key_with_a_line_end_is_taken_without_it(emulator: StabilityEmulator) -> None:
    """It was read from a file, and no header may hold a line's end."""
    await made(emulator, TEXT, api_key=f"{KEY}\n")


async def test_the_report_tells_balance_and_engines(emulator: StabilityEmulator) -> None:
    """Asked of the service, before and after it was paid."""
    provider = StabilityProvider(settings_for(emulator))
    before = await provider.report()
    await provider.generate(replace(TEXT, count=2))
    after = await provider.report()
    await provider.close()
    assert (before.trouble, before.credits) == (None, 100.0)
    assert SDXL in before.models
    assert after.credits == pytest.approx(98.2)
    assert emulator.complaints == []


@pytest.mark.parametrize(
    ("script", "trouble", "credit"),
    [
        (
            [Reply(401, b'{"name": "unauthorized", "message": "x"}')],
            "Non-200 response: 401. The image service does",
            None,
        ),
        ([Reply(200, b"<html></html>", "text/html")], "Stability AI answered with no balance", None),
        ([Reply(200, b'{"credits": true}')], "Stability AI answered with no balance", None),
        ([Reply(200, b'{"credits": 7}'), Reply(500)], "Non-200 response: 500. The image service failed", 7.0),
        ([Reply(200, b'{"credits": 7}'), Reply(200, b"{}")], "Stability AI answered with no list of engines", 7.0),
    ],
)
async def test_trouble_is_reported_in_words(
    script: list[Reply], trouble: str, credit: float | None, emulator: StabilityEmulator
) -> None:
    """What is known by then is told all the same, and the key is not."""
    emulator.script.extend(script)
    provider = StabilityProvider(settings_for(emulator))
    report = await provider.report()
    await provider.close()
    assert report.trouble is not None
    assert sentence_of_failure(report.trouble).startswith(trouble)
    assert KEY not in sentence_of_failure(report.trouble)
    assert (report.credits, report.models) == (credit, ())
