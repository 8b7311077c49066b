"""No picture is lost over the form in which its service sends it, whichever service it is.

Providers and forms are ranged over: every operation that makes pictures, every form of `tests.emulators.forms`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image, ImageChops

from adapters.generation import GenerationRequest, GenerationResult, Generator, Operation, ProviderSettings
from adapters.generation.providers import choose_provider
from adapters.images.formats import MEDIA_TYPES
from adapters.studio import Generated
from tests.adapters.generation.effects import effect_of
from tests.adapters.generation.making import png
from tests.emulators.automatic1111 import Automatic1111Emulator
from tests.emulators.emulator import Emulator
from tests.emulators.forms import FORMS, Form
from tests.emulators.openai import KEY as OPENAI_KEY
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.stability import KEY, StabilityEmulator
from tests.emulators.stability_v2beta import StableImageEmulator

TEXT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a red fox", width=64, height=72, seed=7)
CHANGE = replace(TEXT, operation=Operation.IMAGE_TO_IMAGE, image=png((64, 72)))
LARGER = GenerationRequest(Operation.UPSCALE, width=256, image=png((64, 64)))
LARGE = frozenset({"v1", "v1, upscale", "v2beta", "openai"})
"""Ways whose pictures are of a million pixels."""
NEAR = 24
"""How far a level may be off in a format that loses something."""


class Way(NamedTuple):
    """One operation at one service."""

    emulator: Callable[[], Emulator]
    settings: Callable[[str], ProviderSettings]
    request: GenerationRequest


def _stability(**changes: Any) -> Callable[[str], ProviderSettings]:
    return lambda address: ProviderSettings("stability", KEY, address, **changes)


WAYS = {
    "v1": Way(StabilityEmulator, _stability(), TEXT),
    "v1, upscale": Way(
        StabilityEmulator, _stability(stability_upscaler="esrgan-v1-x2plus"), replace(LARGER, width=512)
    ),
    "v2beta": Way(StableImageEmulator, _stability(stability_model="core"), TEXT),
    "v2beta, upscale": Way(StableImageEmulator, _stability(), LARGER),
    "openai": Way(
        OpenAIEmulator,
        lambda address: ProviderSettings("openai", openai_key=OPENAI_KEY, openai_host=address),
        TEXT,
    ),
    "openai, change": Way(
        lambda: OpenAIEmulator(None, any_model=True),
        lambda address: ProviderSettings("openai", openai_host=address, openai_model="stablediffusion"),
        CHANGE,
    ),
    "automatic1111": Way(
        Automatic1111Emulator, lambda address: ProviderSettings("automatic1111", api_host=address), TEXT
    ),
    "automatic1111, upscale": Way(
        Automatic1111Emulator, lambda address: ProviderSettings("automatic1111", api_host=address), LARGER
    ),
}


_PLAIN: dict[str, Image.Image] = {}
"""What each way gives where the service answers as it describes itself."""


async def made(way: Way, form: Form | None) -> Image.Image:
    """The one picture that a generator gives out; it is of a format that is kept, and was asked for once."""
    emulator = way.emulator()
    emulator.form = form
    async with emulator.serving() as address:
        generator = Generator(choose_provider(way.settings(address)))
        result = await generator.generate(way.request)
        await generator.aclose()
    assert isinstance(result, GenerationResult), result
    assert [heard.method for heard in emulator.heard].count("POST") == 1
    assert emulator.complaints == []
    (image,) = result.images
    picture = Image.open(io.BytesIO(image.data))
    assert MEDIA_TYPES[picture.format or ""] == image.media_type
    return picture.convert("RGB")


def cases() -> Iterator[object]:
    """Each form at each way; of those whose pictures are large one form in eight, the rest in the long form."""
    for place, name in enumerate(WAYS):
        for number, form in enumerate(FORMS):
            seldom = name in LARGE and (number + place) % 8 != 0
            yield pytest.param(name, form, marks=[pytest.mark.thorough] if seldom else [])


@pytest.mark.parametrize(("name", "form"), list(cases()))
async def test_a_picture_in_any_form_is_the_picture(name: str, form: str) -> None:
    """It has the size and the colours that it has when it comes as the service describes itself."""
    if name not in _PLAIN:
        _PLAIN[name] = await made(WAYS[name], None)
    plain, shown = _PLAIN[name], await made(WAYS[name], FORMS[form])
    assert shown.size == plain.size
    assert max(ImageChops.difference(shown, plain).tobytes()) <= NEAR


@pytest.mark.parametrize("form", ["picture: AVIF", "picture: a line behind it", "packed: gzip", "base64: URL-safe"])
async def test_what_came_in_another_form_is_kept_and_counted(form: str, tmp_path: Path) -> None:
    """Of what the storage does not keep as it is, a PNG."""
    emulator = Automatic1111Emulator()
    emulator.form = FORMS[form]
    async with emulator.serving() as address:
        provider = choose_provider(ProviderSettings("automatic1111", api_host=address))
        effect = await effect_of(tmp_path, provider, TEXT)
    assert isinstance(effect.answer, Generated), effect.answer
    (picture,) = effect.answer.pictures
    assert picture.not_kept is None
    assert (picture.media_type, effect.charged, effect.kept, effect.released) == ("image/png", 1, 1, [])
