"""What would this cost: of any request, without words, without an input and without anybody being asked."""

from __future__ import annotations

import pytest

from adapters.generation import GenerationFailure, GenerationRequest, Generator, Operation, ProviderSettings
from adapters.generation.pricing import Estimate, price_of, refused_unpriced
from adapters.generation.provider import Prepared
from adapters.generation.providers import choose_provider
from adapters.ports.failure_reasons import AskedToWait, FailureKind
from adapters.settings.prices import price_list
from adapters.wording.failures import sentence_of_failure
from adapters.wording.prices import credits_in_words, price_in_words
from domain.limits import Limits
from tests.adapters.generation.in_memory_providers import InMemoryProvider
from tests.adapters.generation.making import png

WORDS, PICTURE, LARGER = Operation
KEY = "sk-not-a-real-key"
STABILITY = ProviderSettings("stability", KEY, stability_model="core")
V1 = ProviderSettings("stability", KEY, stability_upscaler="esrgan-v1-x2plus", credits_each=price_list("stability=0.2"))
OPENAI = ProviderSettings("openai", openai_key=KEY, openai_model="dall-e-3")
DALL_E_2 = ProviderSettings("openai", openai_key=KEY, openai_model="dall-e-2")
OWN = ProviderSettings("automatic1111", api_host="http://127.0.0.1:9")
SKETCH = ProviderSettings("sketch")

Row = tuple[ProviderSettings, GenerationRequest, str, tuple[int | None, int | None], int | None]
ROWS: tuple[Row, ...] = (
    (STABILITY, GenerationRequest(WORDS), "core", (1024, 1024), 3_000),
    (STABILITY, GenerationRequest(WORDS, width=640, height=1536, count=10), "core", (640, 1536), 3_000),
    (STABILITY, GenerationRequest(PICTURE), "sd3.5-large", (1024, 1024), 6_500),
    (STABILITY, GenerationRequest(PICTURE, width=700), "sd3.5-large", (700, 1024), 6_500),
    (STABILITY, GenerationRequest(LARGER), "fast", (2048, None), 2_000),
    (STABILITY, GenerationRequest(LARGER, width=4096), "fast", (4096, None), 2_000),
    (STABILITY, GenerationRequest(LARGER, width=65), "fast", (65, None), 2_000),
    (V1, GenerationRequest(WORDS), "stable-diffusion-xl-1024-v1-0", (1024, 1024), 200),
    (V1, GenerationRequest(PICTURE, width=64, height=64), "stable-diffusion-xl-1024-v1-0", (1024, 1024), 200),
    (V1, GenerationRequest(LARGER), "esrgan-v1-x2plus", (2048, None), 200),
    (OPENAI, GenerationRequest(WORDS, width=1600, height=900), "dall-e-3", (1792, 1024), 8_000),
    (DALL_E_2, GenerationRequest(WORDS, width=300, height=300), "dall-e-2", (256, 256), 1_600),
    (DALL_E_2, GenerationRequest(PICTURE), "dall-e-2", (1024, 1024), 2_000),
    (OWN, GenerationRequest(WORDS), "", (1024, 1024), 0),
    (OWN, GenerationRequest(PICTURE, width=2048, height=2048), "", (2048, 2048), 0),
    (OWN, GenerationRequest(LARGER, width=4096), "R-ESRGAN 4x+", (4096, None), 0),
    (SKETCH, GenerationRequest(WORDS), "sketch-1", (None, None), 0),
    (SKETCH, GenerationRequest(LARGER), "sketch-1", (2048, None), 0),
)


async def priced(settings: ProviderSettings, request: GenerationRequest) -> Estimate | GenerationFailure:
    """The answer of a generator over one provider."""
    generator = Generator(choose_provider(settings))
    try:
        return await price_of(generator, request)
    finally:
        await generator.aclose()


@pytest.mark.parametrize(("settings", "request_", "model", "size", "each"), ROWS)
async def test_it_needs_neither_words_nor_an_input(
    settings: ProviderSettings,
    request_: GenerationRequest,
    model: str,
    size: tuple[int | None, int | None],
    each: int | None,
) -> None:
    """Each operation of each provider, in the size in which it would be sent; no service stands at these addresses."""
    told = await priced(settings, request_)
    assert isinstance(told, Estimate), told
    assert (told.provider, told.model, told.operation) == (settings.generator, model, request_.operation)
    assert ((told.width, told.height), told.credits_each) == (size, each)
    assert told.credits_in_all == (None if each is None else each * request_.count)


async def test_an_input_that_there_is_decides_itself() -> None:
    """Its own size is what an edit is sent in."""
    told = await priced(DALL_E_2, GenerationRequest(PICTURE, image=png((300, 280))))
    assert isinstance(told, Estimate)
    assert ((told.width, told.height), told.credits_each) == ((256, 256), 1_600)


@pytest.mark.parametrize(
    ("settings", "request_", "kind"),
    [
        (OPENAI, GenerationRequest(LARGER), FailureKind.BAD_REQUEST),
        (OPENAI, GenerationRequest(PICTURE), FailureKind.BAD_REQUEST),
        (STABILITY, GenerationRequest(WORDS, count=11), FailureKind.BAD_REQUEST),
        (STABILITY, GenerationRequest(WORDS, width=63), FailureKind.BAD_REQUEST),
        (ProviderSettings("stability"), GenerationRequest(WORDS), FailureKind.UNAVAILABLE),
    ],
)
async def test_what_would_be_refused_has_no_price(
    settings: ProviderSettings, request_: GenerationRequest, kind: FailureKind
) -> None:
    """The reason is the one that the request itself would be given."""
    told = await priced(settings, request_)
    assert isinstance(told, GenerationFailure)
    assert told.kind is kind
    assert sentence_of_failure(told)


async def test_a_provider_that_tells_no_price_has_none() -> None:
    """Not known, with what to do; of one that names no model, by its own name."""
    told = await price_of(Generator(InMemoryProvider()), GenerationRequest(WORDS))
    assert isinstance(told, Estimate)
    assert (told.credits_each, told.credits_in_all) == (None, None)
    assert told.sentence == "The price of in memory is not known: add it to CREDITS_EACH."
    assert (told.as_data()["credits_each"], told.as_data()["credits"]) == (None, None)


async def test_a_price_is_told_while_the_service_rests() -> None:
    """It is not asked; a request itself would be refused until then."""

    class Resting(InMemoryProvider):
        def outage(self) -> GenerationFailure | None:
            return GenerationFailure(AskedToWait(30.0))

        async def prepare(self, request: GenerationRequest) -> Prepared:
            return Prepared(request, model="m", credits_each=400)

    generator = Generator(Resting())
    told = await price_of(generator, GenerationRequest(WORDS, count=2))
    assert isinstance(told, Estimate)
    assert told.sentence == "2 pictures by m would cost 0.8 credits, 0.4 each."
    assert isinstance(await generator.prepare(GenerationRequest(WORDS, "a boat")), GenerationFailure)


@pytest.mark.parametrize(
    ("count", "each", "sentence"),
    [
        (1, 1_000, "1 picture by m would cost 1 credit."),
        (1, 16_700, "1 picture by m would cost 16.7 credits."),
        (2, 500, "2 pictures by m would cost 1 credit, 0.5 each."),
        (3, 0, "3 pictures by m would cost nothing."),
        (1, 1, "1 picture by m would cost 0.001 credits."),
        (1, None, "The price of m is not known: add it to CREDITS_EACH."),
    ],
)
def test_a_price_in_words(count: int, each: int | None, sentence: str) -> None:
    """With its noun, and for several with that of one."""
    assert price_in_words("m", count, each) == sentence


def test_credits_have_their_noun() -> None:
    """One is a credit, all else are credits."""
    assert [credits_in_words(amount) for amount in (0, 999, 1_000, 1_001)] == [
        "0 credits",
        "0.999 credits",
        "1 credit",
        "1.001 credits",
    ]


CREDITS, PLACES = (("pool/month/credits", 9),), (("pool/month/generations", 9),)
V1_UNPRICED = ProviderSettings("stability", KEY)
UNPRICED = [
    (V1_UNPRICED, Limits(windows=CREDITS), "STABILITY_MODEL=core"),
    (
        ProviderSettings("openai", openai_key=KEY, openai_model="gpt-image-2.6-flare"),
        Limits(windows=CREDITS),
        "gpt-image-2",
    ),
    (V1_UNPRICED, Limits(), ""),
    (V1_UNPRICED, Limits(windows=PLACES), ""),
    (V1_UNPRICED, Limits(windows=CREDITS, unenforced=("pool/month/credits",)), ""),
    (V1, Limits(windows=CREDITS), ""),
    (STABILITY, Limits(windows=CREDITS), ""),
    (ProviderSettings("openai", openai_key=KEY), Limits(windows=CREDITS), ""),
    (SKETCH, Limits(windows=CREDITS), ""),
    (ProviderSettings("openai"), Limits(windows=CREDITS), ""),
]


@pytest.mark.parametrize(("settings", "limits", "instead"), UNPRICED)
async def test_operators_hear_that_all_pictures_are_refused_for_want_of_a_price(
    settings: ProviderSettings, limits: Limits, instead: str
) -> None:
    """Where a limit of credits is in force alone; with what to set. A default has a price, but for v1."""
    generator = Generator(choose_provider(settings))
    told = await refused_unpriced(generator, limits)
    await generator.aclose()
    assert bool(told) == bool(instead)
    if instead:
        assert told.startswith("The limit pool/month/credits is in force, and the price of ")
        assert f"{instead}, whose price is known." in told
