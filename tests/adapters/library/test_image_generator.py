"""ImageGenerator: the seeds' names, defaults and 3-tuples, without a running loop, with any kind of key."""

from __future__ import annotations

import asyncio
import inspect
import io
import socket
import sys
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr

from adapters.generation import (
    STYLES,
    GenerationFailure,
    GenerationRequest,
)
from adapters.generation.image_url import REFUSED
from adapters.generation.provider import GeneratedImage
from adapters.generation.sketch.provider import UPSCALE_PIXELS, SketchProvider
from adapters.library.image_generator import ImageGenerator
from adapters.ports.failure_reasons import PlainReason
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.in_memory_providers import CountingProvider, InMemoryProvider, ProviderAnswer
from tests.adapters.generation.making import png

KEY = "sk-not-a-real-key"
FAILED = GenerationFailure(PlainReason.SERVICE_FAILED)


@pytest.mark.parametrize(
    ("call", "signature"),
    [
        (
            "text_to_image",
            "prompt, style_preset=None, width=1024, height=1024, steps=50, seed=0, cfg_scale=7.0",
        ),
        ("image_to_image", "image_data, prompt, style_preset=None, strength=0.35, steps=30"),
        ("upscale_image", "image_data, width=2048"),
    ],
)
def test_the_calls_have_the_seeds_names_and_defaults(call: str, signature: str) -> None:
    """By position and by name, the seeds' code runs unchanged."""
    parameters = list(inspect.signature(getattr(ImageGenerator, call)).parameters.values())[1:]
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    assert ", ".join(map(str, bare)) == signature


def test_the_17_styles_are_listed_without_an_instance() -> None:
    """Each style under its own name, as the seeds show."""
    styles = ImageGenerator.get_available_styles()
    assert styles == {style: style for style in STYLES}
    assert len(styles) == 17
    assert {"3d-model", "anime", "enhance", "tile-texture"} <= set(styles)


async def test_the_seeds_script_gets_a_picture_with_the_sketch_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """`ImageGenerator(api_key="your_key")` alone: the provider comes from GENERATOR through the configuration."""
    monkeypatch.setenv("GENERATOR", "sketch")
    generator = ImageGenerator(api_key="your_key")
    success, img_bytes, msg = await generator.text_to_image("test")
    await generator.aclose()
    assert success, msg
    assert img_bytes is not None
    assert Image.open(io.BytesIO(img_bytes)).size == (1024, 1024)
    assert msg == "Image generated successfully"


async def test_no_key_and_no_page_is_a_clear_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """No exception, no image, the seeds' words."""
    monkeypatch.setenv("GENERATOR", "auto")
    monkeypatch.setenv("DISCORD_TOKEN", "a-token")
    success, data, message = await ImageGenerator(api_key="").text_to_image("test")
    assert (success, data) == (False, None)
    assert message.startswith("Image generation services are not available")


async def test_the_three_calls_answer_as_the_seeds_expect() -> None:
    """(ok, bytes, message) each; the upscale has the width asked, the transformed image its own size."""
    generator = ImageGenerator(provider=SketchProvider())
    made = await generator.text_to_image("A cute rabbit", "fantasy-art", 128, 96)
    changed = await generator.image_to_image(image_data=png(), prompt="mystical", style_preset="enhance")
    grown = await generator.upscale_image(image_data=png(), width=320)
    await generator.aclose()
    sizes = []
    for ok, data, _ in (made, changed, grown):
        assert ok
        assert data is not None
        sizes.append(Image.open(io.BytesIO(data)).size)
    assert sizes == [(128, 96), (80, 64), (320, 240)]
    assert changed[2] == "Image transformed successfully. The input was fitted to 80 by 64 pixels."


@pytest.mark.parametrize(
    ("key", "name"),
    [(None, "sketch"), ("", "sketch"), (KEY, "stability"), (SecretStr(KEY), "stability"), (SecretStr(""), "sketch")],
    ids=["none", "empty", "text", "masked", "masked empty"],
)
def test_a_key_may_be_masked_and_is_never_shown(key: str | SecretStr | None, name: str) -> None:
    """The configuration's key type fits; an empty key is none, so that the sketch serves; nothing shows the key."""
    generator = ImageGenerator(api_key=key, generator="auto")
    assert generator.provider.name == name
    assert KEY not in repr(generator) + repr(vars(generator)) + repr(vars(generator.provider))
    generator.close()


@pytest.mark.parametrize("name", ["db_path", "max_user_daily_gens"])
def test_an_argument_that_moved_names_its_new_place(name: str) -> None:
    """One of the seeds gives limits here; they belong to the ledger."""
    moved: dict[str, Any] = {name: 5}
    with pytest.raises(TypeError, match=rf"{name}.*StorageManager"):
        ImageGenerator(api_key=KEY, **moved)


def test_an_unknown_argument_is_a_type_error() -> None:
    """What moved is named; what never was is refused like anywhere."""
    with pytest.raises(TypeError, match="colour"):
        ImageGenerator(colour="red")


@pytest.mark.parametrize("size", [(100, 300), (64, 4000), (1, 2000)])
async def test_an_upscale_past_the_bound_is_as_large_as_may_be_and_says_so(size: tuple[int, int]) -> None:
    """A tall image at a great width would fill memory."""
    generator = ImageGenerator(provider=SketchProvider())
    ok, data, message = await generator.upscale_image(png(size), width=4096)
    await generator.aclose()
    assert ok
    assert data is not None
    width, height = Image.open(io.BytesIO(data)).size
    assert width * height <= UPSCALE_PIXELS
    assert width < 4096
    assert f"{width} by {height} pixels" in message


@pytest.mark.parametrize(("width", "ok"), [(79, False), (80, False), (81, True)])
async def test_an_upscale_to_less_than_there_is_is_refused_unasked(width: int, *, ok: bool) -> None:
    """A paid call that makes an image smaller serves nobody."""
    provider = InMemoryProvider()
    done = await ImageGenerator(provider=provider).upscale_image(png(), width=width)
    assert (done[0], len(provider.asked)) == (ok, int(ok))
    assert ok or "80 pixels wide already" in done[2]


async def test_an_upscale_has_the_width_asked_whatever_the_provider_made() -> None:
    """One provider knows factors alone, another sizes; the user asked for a width."""

    async def quadrupled(_: GenerationRequest) -> ProviderAnswer:
        return provider.result([GeneratedImage(png((320, 240)), None, "image/png")])

    provider = InMemoryProvider(quadrupled)
    done = await ImageGenerator(provider=provider).upscale_image(png(), width=200)
    assert done[1] is not None
    assert Image.open(io.BytesIO(done[1])).size == (200, 150)


async def test_an_address_that_is_not_listed_is_a_clear_failure() -> None:
    """By the hosts of the configuration; the provider never sees it."""
    provider = CountingProvider(FAILED)
    generator = ImageGenerator(provider=provider)
    for answer in (
        await generator.image_to_image("https://example.org/a.png", "x"),
        await generator.upscale_image("https://127.0.0.1/a.png"),
    ):
        assert answer == (False, None, sentence_of_failure(REFUSED))
    assert provider.asked == []


async def test_a_bad_request_never_reaches_the_provider() -> None:
    """Checked before anything could be paid."""
    provider = CountingProvider(FAILED)
    generator = ImageGenerator(provider=provider)
    refused = await generator.text_to_image("x" * 2001)
    assert refused[0] is False
    assert provider.asked == []
    assert await generator.text_to_image("x") == (False, None, sentence_of_failure(FAILED))
    assert [request.steps for request in provider.asked] == [50]


def test_a_generator_is_made_used_and_closed_without_a_running_loop() -> None:
    """`close` ends what is open, once, and a second close does nothing."""
    provider = CountingProvider(FAILED)
    generator = ImageGenerator(provider=provider)
    assert asyncio.run(generator.text_to_image("x"))[0] is False
    generator.close()
    generator.close()
    assert provider.closed == 1
    ImageGenerator(api_key=KEY).close()


_seen: list[str] = []
_watching: list[bool] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _watching and event in {"socket.connect", "socket.getaddrinfo"}:
        _seen.append(f"{event} {arguments[1:]}")


async def test_a_sketch_uses_no_network() -> None:
    """No name is looked up and no connection opened; the watch itself is shown to see both."""
    sys.addaudithook(_watch)
    generator = ImageGenerator(provider=SketchProvider())
    _watching.append(True)
    try:
        assert (await generator.text_to_image("x", width=64, height=64))[0]
        assert (await generator.image_to_image(png(), "x"))[0]
        assert (await generator.upscale_image(png(), 128))[0]
        assert _seen == []
        socket.getaddrinfo("127.0.0.1", 9)
        assert len(_seen) == 1
    finally:
        _watching.clear()
        await generator.aclose()
