"""The price book: what is built in, which price wins, and that what is told before is what is settled after.

| what is asked | what a picture costs |
|---|---|
| a price of the operator's fits | that, however little it says |
| several fit | the one of the more exact name, then the one that says more |
| the service chooses the quality | the dearest, and afterwards that of the quality it tells |
| no price fits | not known |
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from adapters.generation import GenerationRequest, GenerationResult, Generator, Operation, ProviderSettings
from adapters.generation.prices import Asked, PriceBook, in_all
from adapters.generation.provider import Prepared
from adapters.generation.providers import provider_module
from adapters.settings.prices import price_list
from domain.credits import of_reported
from tests.adapters.generation.making import png
from tests.emulators.automatic1111 import Automatic1111Emulator
from tests.emulators.emulator import Emulator, Reply
from tests.emulators.openai import KEY as OPENAI_KEY
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.stability import SDXL_ENGINES, StabilityEmulator
from tests.emulators.stability_v2beta import StableImageEmulator

SDXL, ESRGAN = SDXL_ENGINES[0], "esrgan-v1-x2plus"
WORDS = GenerationRequest(Operation.TEXT_TO_IMAGE, "a quiet place", width=1024, height=1024)
PICTURE = GenerationRequest(Operation.IMAGE_TO_IMAGE, "a quiet place", image=png((1152, 896)), width=1024, height=1024)
LARGER = GenerationRequest(Operation.UPSCALE, image=png((512, 512)), width=1024)
GPT_QUALITIES = ("low", "medium", "high")


def own(text: str) -> Any:
    """Prices as an operator writes them."""
    return price_list(text)


def asked(
    model: str = "m", *, provider: str = "p", operation: Operation = Operation.TEXT_TO_IMAGE, **more: Any
) -> Asked:
    """A question to the book."""
    return Asked(provider, model, operation, **more)


BUILT_IN = (
    (asked("core", provider="stability"), 3_000),
    (asked("ultra", provider="stability"), 8_000),
    (asked("sd3.5-large", provider="stability"), 6_500),
    (asked("sd3.5-large-turbo", provider="stability"), 4_000),
    (asked("sd3.5-medium", provider="stability"), 3_500),
    (asked("fast", provider="stability", operation=Operation.UPSCALE), 2_000),
    (asked("conservative", provider="stability", operation=Operation.UPSCALE), 40_000),
    (asked("creative", provider="stability", operation=Operation.UPSCALE), 60_000),
    (asked("esrgan-v1-x2plus", provider="stability", operation=Operation.UPSCALE), None),
    (asked(SDXL, provider="stability", steps=30), None),
    (asked("stable-diffusion-v1-6", provider="stability", steps=30), None),
    (asked("sketch-1", provider="sketch"), 0),
    (asked("", provider="automatic1111"), 0),
    (asked("core", provider="elsewhere"), None),
    *(
        (asked(model, provider="openai", size=size, qualities=(quality,)), thousandths)
        for model, quality, square, oblong in (
            ("gpt-image-1", "low", 1_100, 1_600),
            ("gpt-image-1", "medium", 4_200, 6_300),
            ("gpt-image-1", "high", 16_700, 25_000),
            ("gpt-image-1-mini", "low", 500, 600),
            ("gpt-image-1-mini", "medium", 1_100, 1_500),
            ("gpt-image-1-mini", "high", 3_600, 5_200),
            ("gpt-image-1.5", "low", 900, 1_300),
            ("gpt-image-1.5", "medium", 3_400, 5_000),
            ("gpt-image-1.5", "high", 13_300, 20_000),
            ("gpt-image-2", "low", 600, 500),
            ("gpt-image-2", "medium", 5_300, 4_100),
            ("gpt-image-2", "high", 21_100, 16_500),
            ("openai/GPT-Image-1.5-2025-12-16", "low", 900, 1_300),
        )
        for size, thousandths in (((1024, 1024), square), ((1536, 1024), oblong), ((1024, 1536), oblong))
    ),
    (asked("gpt-image-1", provider="openai", size=(512, 512), qualities=("low",)), None),
    (asked("gpt-image-1", provider="openai", size=(1024, 1024), qualities=("hd",)), None),
    (asked("gpt-image-1", provider="openai", size=(1024, 1024), qualities=GPT_QUALITIES), 16_700),
    (asked("gpt-image-2.6-flare", provider="openai", size=(1024, 1024), qualities=GPT_QUALITIES), None),
    (asked("dall-e-3", provider="openai", size=(1024, 1024), qualities=("standard",)), 4_000),
    (asked("dall-e-3", provider="openai", size=(1792, 1024), qualities=("standard",)), 8_000),
    (asked("dall-e-3", provider="openai", size=(1024, 1792), qualities=("hd",)), 12_000),
    (asked("dall-e-2", provider="openai", size=(256, 256)), 1_600),
    (asked("dall-e-2", provider="openai", size=(512, 512)), 1_800),
    (asked("dall-e-2", provider="openai", size=(1024, 1024)), 2_000),
    (asked("stablediffusion", provider="openai", size=(1024, 1024)), None),
)


@pytest.mark.parametrize(("question", "each"), BUILT_IN, ids=str)
def test_what_is_built_in(question: Asked, each: int | None) -> None:
    """The published prices, in thousandths of a US cent; None where none is published."""
    assert PriceBook().each(question) == each


SIZE = (64, 96)
PRECEDENCE = (
    ("", None),
    ("other=1", None),
    ("p=1", 1_000),
    ("p=1,m=2", 2_000),
    ("m=2,p=1", 2_000),
    ("m=2,p/m=3", 3_000),
    ("p/hd/64x96/text_to_image/9steps=1,m=2", 2_000),
    ("m=2,m/hd=3", 3_000),
    ("m/hd=3,m/64x96=4", 4_000),
    ("m/64x96=4,m/text_to_image=5", 5_000),
    ("m/9steps=6,m/hd=3", 3_000),
    ("m/text_to_image=5,m/64x96/hd=6", 6_000),
    ("m/upscale=1", None),
    ("m/64x64=1", None),
    ("m/low=1", None),
    ("m/8steps=1", None),
    ("m/9steps=1", 1_000),
    ("m/10steps=1", 1_000),
    ("m/50steps=3,m/10steps=1,m/30steps=2,m=9", 1_000),
    ("m/8steps=1,m=9", 9_000),
    ("m=0", 0),
)


@pytest.mark.parametrize(("prices", "each"), PRECEDENCE)
def test_the_most_specific_price_wins(prices: str, each: int | None) -> None:
    """First by its name, then by how much it says of the request; of the steps the fewest that hold it."""
    question = asked("m", provider="p", size=SIZE, qualities=("hd",), steps=9)
    assert PriceBook(own(prices)).each(question) == each


def test_an_own_price_stands_before_all_that_are_built_in() -> None:
    """Even one that says less: whoever writes `gpt-image-1=5` means every size and quality."""
    question = asked("gpt-image-1", provider="openai", size=(1024, 1024), qualities=("high",))
    assert PriceBook(own("gpt-image-1=5")).each(question) == 5_000
    assert PriceBook(own("openai=6")).each(question) == 6_000
    assert PriceBook(own("gpt-image-1/low=5")).each(question) == 16_700


@pytest.mark.parametrize(
    ("prices", "each"),
    [
        ("", 16_700),
        ("gpt-image-1/low=99", 99_000),
        ("gpt-image-1/high=1", 4_200),
        ("gpt-image-1=5", 5_000),
        ("gpt-image-1/auto=2", 2_000),
        ("gpt-image-1/auto=2,gpt-image-1=5", 2_000),
    ],
)
def test_a_quality_that_the_service_chooses_is_held_at_its_dearest(prices: str, each: int) -> None:
    """Unless there is a price of `auto`."""
    question = asked("gpt-image-1", provider="openai", size=(1024, 1024), qualities=GPT_QUALITIES)
    assert PriceBook(own(prices)).each(question) == each


def test_a_quality_without_a_price_leaves_all_of_them_unknown() -> None:
    """The dearest cannot be told where one is not known."""
    question = asked("m", qualities=GPT_QUALITIES)
    assert PriceBook(own("m/low=1,m/medium=2")).each(question) is None
    assert PriceBook(own("m/low=1,m/medium=2,m/high=3")).each(question) == 3_000


@pytest.mark.parametrize(
    ("each", "pictures", "credits_used"), [(None, 3, None), (0, 3, 0), (1, 3, 0.003), (16_700, 3, 50.1)]
)
def test_the_sum_of_several_is_exact(each: int | None, pictures: int, credits_used: float | None) -> None:
    """No float is added up."""
    assert in_all(each, pictures) == credits_used


Settled = tuple[str, type[Emulator], dict[str, Any], GenerationRequest, str, str, int | None]
V1, V2, GPT, OWN = StabilityEmulator, StableImageEmulator, OpenAIEmulator, Automatic1111Emulator
SETTLED: tuple[Settled, ...] = (
    ("stability", V2, {"stability_model": "core"}, replace(WORDS, count=2), "", "core", 3_000),
    ("stability", V2, {"stability_model": "ultra"}, WORDS, "", "ultra", 8_000),
    ("stability", V2, {"stability_model": "sd3.5-medium"}, PICTURE, "", "sd3.5-medium", 3_500),
    ("stability", V2, {"stability_model": "core"}, PICTURE, "", "sd3.5-large", 6_500),
    ("stability", V2, {"stability_model": "core"}, PICTURE, "sd3.5-large/image_to_image=7", "sd3.5-large", 7_000),
    ("stability", V2, {"stability_model": "core"}, WORDS, "core/1024x1024=3.25,core=9", "core", 3_250),
    ("stability", V2, {"stability_upscaler": "fast"}, LARGER, "", "fast", 2_000),
    ("stability", V2, {"stability_upscaler": "conservative"}, LARGER, "", "conservative", 40_000),
    ("stability", V2, {"stability_upscaler": "fast"}, LARGER, "stability/upscale=2.5", "fast", 2_500),
    ("stability", V2, {"stability_upscaler": "fast"}, LARGER, "fast/upscale=2.5", "fast", 2_500),
    ("stability", V1, {"stability_model": SDXL}, WORDS, "", SDXL, None),
    ("stability", V1, {"stability_model": SDXL}, replace(WORDS, count=3), f"{SDXL}=0.9", SDXL, 900),
    ("stability", V1, {"stability_model": SDXL}, PICTURE, f"{SDXL}/30steps=0.4,{SDXL}/50steps=0.9", SDXL, 400),
    ("stability", V1, {"stability_model": SDXL}, replace(WORDS, width=700), f"{SDXL}/832x1216=0.7", SDXL, 700),
    ("stability", V1, {"stability_upscaler": ESRGAN}, LARGER, "", "esrgan-v1-x2plus", None),
    (
        "stability",
        V1,
        {"stability_upscaler": ESRGAN},
        LARGER,
        "stability/upscale=0.2",
        "esrgan-v1-x2plus",
        200,
    ),
    ("openai", GPT, {"openai_model": "dall-e-3"}, replace(WORDS, count=2), "", "dall-e-3", 4_000),
    ("openai", GPT, {"openai_model": "dall-e-3"}, replace(WORDS, height=600), "", "dall-e-3", 8_000),
    ("openai", GPT, {"openai_model": "dall-e-2"}, replace(WORDS, width=500, height=500), "", "dall-e-2", 1_800),
    ("openai", GPT, {"openai_model": "dall-e-2"}, PICTURE, "", "dall-e-2", 2_000),
    ("openai", GPT, {"openai_model": "gpt-image-1"}, replace(WORDS, count=2), "gpt-image-1=5.5", "gpt-image-1", 5_500),
    (
        "openai",
        GPT,
        {"openai_model": "gpt-image-1"},
        replace(WORDS, width=2000),
        "gpt-image-1/1536x1024=7,gpt-image-1=5",
        "gpt-image-1",
        7_000,
    ),
    ("automatic1111", OWN, {}, replace(WORDS, count=2), "", "", 0),
    ("automatic1111", OWN, {}, PICTURE, "automatic1111/20steps=9,automatic1111=0.25", "", 250),
    ("automatic1111", OWN, {}, LARGER, "R-ESRGAN 4x+=0.5,automatic1111=0.25", "R-ESRGAN 4x+", 500),
    ("sketch", OWN, {}, replace(WORDS, count=2, width=64, height=64), "", "sketch-1", 0),
    ("sketch", OWN, {}, replace(WORDS, count=2, width=64, height=64), "sketch=0.001", "sketch-1", 1),
    ("sketch", OWN, {}, LARGER, "sketch-1/upscale=1,sketch=2", "sketch-1", 1_000),
)


async def both(
    name: str, emulator: Emulator, settings: dict[str, Any], request: GenerationRequest, prices: str
) -> tuple[Prepared, GenerationResult]:
    """What a provider says before, and what comes of it."""
    async with emulator.serving() as address:
        given = ProviderSettings(
            name, "sk-emulated", address, openai_key=OPENAI_KEY, openai_host=address, credits_each=own(prices)
        )
        generator = Generator(provider_module(name).make_provider(replace(given, **settings)))
        prepared = await generator.prepare(request)
        assert isinstance(prepared, Prepared), prepared
        result = await generator.finish(prepared, await generator.ask(prepared))
        await generator.aclose()
    assert isinstance(result, GenerationResult), result
    assert emulator.complaints == []
    return prepared, result


@pytest.mark.parametrize(("name", "kind", "settings", "request_", "prices", "model", "each"), SETTLED)
async def test_what_is_told_before_is_what_is_settled_after(  # noqa: PLR0917 - the columns of the table
    name: str,
    kind: type[Emulator],
    settings: dict[str, Any],
    request_: GenerationRequest,
    prices: str,
    model: str,
    each: int | None,
) -> None:
    """Of every provider, for the request as it is really sent: its model, its size, its steps."""
    prepared, result = await both(name, kind(), settings, request_, prices)
    assert (prepared.model, prepared.credits_each) == (model, each)
    assert result.model == model or not model
    told = None if result.credits is None else of_reported(result.credits)
    assert told == (None if each is None else each * request_.count)


async def test_what_moderation_withholds_was_paid_too() -> None:
    """The estimate holds for each that was made."""
    emulator = StableImageEmulator()
    emulator.finish_reasons.extend(["SUCCESS", "CONTENT_FILTERED"])
    prepared, result = await both("stability", emulator, {"stability_model": "core"}, replace(WORDS, count=2), "")
    assert (len(result.images), result.filtered) == (1, 1)
    assert (prepared.credits_each, result.credits) == (3_000, 6.0)


@pytest.mark.parametrize(
    ("prices", "before", "after"),
    [
        ("", 16_700, 4.2),
        ("gpt-image-1/auto=9", 9_000, 4.2),
        ("gpt-image-1=5", 5_000, 5.0),
        ("openai/medium=1", 16_700, 1.0),
    ],
)
async def test_the_quality_that_the_service_tells_is_what_is_settled(prices: str, before: int, after: float) -> None:
    """It was asked to choose; the dearest is held, and what it says it made is paid."""
    prepared, result = await both("openai", OpenAIEmulator(), {"openai_model": "gpt-image-1"}, WORDS, prices)
    assert (prepared.credits_each, result.credits) == (before, after)


@pytest.mark.parametrize(
    ("model", "quality", "each", "sent"),
    [
        ("gpt-image-1", "auto", 16_700, None),
        ("gpt-image-1", "low", 1_100, "low"),
        ("gpt-image-1", "medium", 4_200, "medium"),
        ("gpt-image-1", "high", 16_700, "high"),
        ("dall-e-3", "auto", 4_000, None),
        ("dall-e-3", "standard", 4_000, "standard"),
        ("dall-e-3", "hd", 8_000, "hd"),
    ],
)
async def test_the_quality_that_is_asked_for_is_sent_and_priced(
    model: str, quality: str, each: int, sent: str | None
) -> None:
    """Words and pictures alike; without one nothing is sent, and the service chooses."""
    for request in (WORDS, PICTURE) if model == "gpt-image-1" else (WORDS,):
        emulator = OpenAIEmulator()
        settings = {"openai_model": model, "openai_quality": quality}
        prepared, _ = await both("openai", emulator, settings, request, "")
        assert (prepared.credits_each, emulator.heard[0].fields.get("quality")) == (each, sent)


@pytest.mark.parametrize(
    ("model", "quality", "offered"),
    [
        ("gpt-image-1", "hd", "auto, low, medium, high, xhigh, max"),
        ("dall-e-3", "high", "auto, standard, hd"),
        ("dall-e-2", "hd", "auto, standard"),
        ("gpt-image-2.6-flare", "max", None),
        ("dall-e-2", "standard", None),
        ("stablediffusion", "hd", None),
    ],
)
def test_a_quality_that_the_model_does_not_have_is_refused(model: str, quality: str, offered: str | None) -> None:
    """Before any picture is asked for, with those that there are; of a model that nobody knows all are taken."""
    settings = ProviderSettings("openai", openai_key=OPENAI_KEY, openai_model=model, openai_quality=quality)
    told = provider_module("openai").missing(settings)
    refused = f"OPENAI_QUALITY={quality} is none of {model}'s. Set one of: {offered}."
    assert told == (None if offered is None else refused)


@pytest.mark.parametrize("told", ['"ultra"', "[]", "{}", "null", "7", '"auto"'])
async def test_a_quality_that_nobody_knows_settles_the_dearest(told: str) -> None:
    """What was held stays: nothing is guessed from what a service says otherwise."""
    emulator = OpenAIEmulator()
    picture = base64.b64encode(png((1024, 1024))).decode()
    emulator.script.append(Reply(200, f'{{"data": [{{"b64_json": "{picture}"}}], "quality": {told}}}'.encode()))
    _, result = await both("openai", emulator, {"openai_model": "gpt-image-1"}, WORDS, "")
    assert result.credits == 16.7
