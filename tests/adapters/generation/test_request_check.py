"""Every rule that a request is held to before anything is reserved: one row under, on and over each bound."""

from __future__ import annotations

import io
import zlib
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from adapters.generation import FailureKind, GenerationRequest, Operation, RequestLimits, check_request
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.making import TEXT, png

LIMITS = RequestLimits()
IMAGE = GenerationRequest(Operation.IMAGE_TO_IMAGE, "mystical", image=png())
UPSCALE = GenerationRequest(Operation.UPSCALE, width=2048, image=png())


def refused(request: GenerationRequest, limits: RequestLimits = LIMITS, **changes: Any) -> str:
    """The message of the refusal, empty for a request that may be sent."""
    failure = check_request(replace(request, **changes), limits)
    if failure is None:
        return ""
    assert failure.kind is FailureKind.BAD_REQUEST
    return sentence_of_failure(failure)


@pytest.mark.parametrize("request_", [TEXT, IMAGE, UPSCALE], ids=lambda request: request.operation)
def test_a_plain_request_of_each_operation_is_accepted(request_: GenerationRequest) -> None:
    """What the seeds send passes."""
    assert refused(request_) == ""


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("prompt", ["x", "x" * 2000, "ein schönes Häschen 🐇", " \n a"]),
        ("negative_prompt", ["", "x" * 2000]),
        ("style", [None, "3d-model", "tile-texture"]),
        ("width", [None, 64, 65, 2047, 2048]),
        ("height", [None, 64, 65, 2047, 2048]),
        ("steps", [10, 11, 49, 50]),
        ("seed", [0, 1, 4_294_967_294, 4_294_967_295]),
        ("cfg_scale", [0, 0.0, 7, 34.9, 35]),
        ("strength", [0, 0.0, 0.35, 1, 1.0]),
        ("count", [1, 2, 9, 10]),
    ],
)
def test_values_on_and_within_the_bounds_are_accepted(field: str, values: list[Any]) -> None:
    """A bound belongs to what is allowed."""
    assert [refused(TEXT, **{field: value}) for value in values] == [""] * len(values)


@pytest.mark.parametrize(
    ("field", "values", "words"),
    [
        ("operation", ["text_to_image", "delete", None], "There is no operation"),
        ("prompt", ["", "  \n\t "], "The prompt is empty"),
        ("prompt", ["x" * 2001], "2001 characters; at most 2000"),
        ("prompt", ["a\0b", "\ud800"], "not text"),
        ("prompt", [None, 5, b"bytes"], "is not text"),
        ("negative_prompt", ["x" * 2001], "The negative prompt has 2001 characters"),
        ("style", ["", "Anime", "oil", "x" * 5000], "There is no style"),
        ("width", [63, 2049, 0, -64, 512.0, "512", True], "of width is not usable"),
        ("height", [63, 2049, 0, -64, 512.0, "512", True], "of height is not usable"),
        ("steps", [9, 51, None, 30.5], "of steps is not usable"),
        ("seed", [-1, 4_294_967_296, "1", None], "of seed is not usable"),
        ("cfg_scale", [-0.1, 35.1, float("nan"), float("inf"), "7", None, True], "of cfg_scale is not usable"),
        ("strength", [-0.01, 1.01, float("nan"), float("-inf"), None, "1"], "of strength is not usable"),
        ("count", [0, 11, 1.0, None, True], "of count is not usable"),
        ("image", [png()], "takes no input image"),
    ],
)
def test_values_past_the_bounds_are_refused_in_words(field: str, values: list[Any], words: str) -> None:
    """Each sentence names the value, says what is accepted and stays short."""
    for value in values:
        message = refused(TEXT, **{field: value})
        assert words in message
        assert len(message) < 350
        assert message.isprintable()


@pytest.mark.parametrize("request_", [IMAGE, UPSCALE], ids=lambda request: request.operation)
@pytest.mark.parametrize(
    ("image", "words"),
    [
        (None, "There is no input image"),
        (b"", "There is no input image"),
        ("text", "There is no input image"),
        (b"not an image", "not an image that can be read"),
        (png()[:20], "not an image that can be read"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 300, "not an image that can be read"),
        (b"\0" * (20 * 1024 * 1024 + 1), "20.0 MB; at most 20 MB"),
    ],
    ids=["none", "empty", "text", "noise", "cut", "hollow", "large"],
)
def test_an_input_that_is_no_image_is_refused(request_: GenerationRequest, image: object, words: str) -> None:
    """What cannot be read is found before anything is reserved."""
    assert words in refused(request_, image=image)


def test_an_image_of_an_unlisted_format_is_refused() -> None:
    """Only PNG, JPEG, WEBP and GIF are decoded, whatever else the library could read."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "TIFF")
    assert "PNG, JPEG, WEBP or GIF" in refused(IMAGE, image=buffer.getvalue())


@pytest.mark.parametrize(("pixels", "accepted"), [(4799, False), (4800, True), (4801, True)])
def test_an_image_of_too_many_pixels_is_refused(pixels: int, *, accepted: bool) -> None:
    """The header is enough to know: nothing is decoded."""
    assert (refused(IMAGE, replace(LIMITS, image_pixels=pixels)) == "") is accepted


@pytest.mark.parametrize(("kind", "side", "most"), [("WEBP", 5_001, "25,000,000"), ("AVIF", 5_346, "28,571,428")])
def test_a_format_that_takes_more_memory_may_have_fewer_pixels(kind: str, side: int, most: str) -> None:
    """As with what is kept: one picture would else take more than there is for all together."""
    for sides, words in (((side - 1, side - 1), ""), ((side, side), f"more than {most} pixels")):
        buffer = io.BytesIO()
        Image.new("L", sides).save(buffer, kind, **({"lossless": True} if kind == "WEBP" else {"speed": 10}))
        found = refused(IMAGE, image=buffer.getvalue())
        assert words in found if words else not found


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    """A header that promises billions of pixels is a sentence, not a warning or an exception."""
    bomb = bytearray(png())
    bomb[16:24] = (60_000).to_bytes(4) * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4)
    assert "more than 50,000,000 pixels" in refused(IMAGE, image=bytes(bomb))


@pytest.mark.parametrize(("width", "accepted"), [(63, False), (64, True), (4096, True), (4097, False)])
def test_an_upscale_takes_its_own_widths(width: int, *, accepted: bool) -> None:
    """An upscale may be wider than a new picture."""
    assert (refused(UPSCALE, width=width) == "") is accepted


def test_an_upscale_takes_no_height() -> None:
    """Two sides could contradict the image's shape."""
    assert "Leave the height out" in refused(UPSCALE, height=512)


@pytest.mark.parametrize(("count", "accepted"), [(0, False), (1, True), (2, False)])
def test_an_upscale_gives_one_picture(count: int, *, accepted: bool) -> None:
    """A second one would be the same, paid again."""
    assert (refused(UPSCALE, count=count) == "") is accepted


def test_an_upscale_needs_no_prompt() -> None:
    """The seeds' call has none."""
    assert refused(UPSCALE, prompt="") == ""


def test_a_provider_with_other_limits_is_asked_by_them() -> None:
    """The limits belong to the provider; the rules are the same."""
    assert refused(TEXT, replace(LIMITS, prompt_length=10_000), prompt="x" * 9_999) == ""
