"""Every mode of a picture becomes RGB or RGBA with its levels scaled: what is grey stays grey, what is clear, clear."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from adapters.generation import GenerationRequest, Operation, ProviderSettings
from adapters.generation.provider import Prepared
from adapters.generation.providers import choose_provider
from adapters.images.levels import in_eight_bits
from adapters.images.shaping import decoded
from tests.hostile.builders import png_chunk

BLACK, DARK, GREY, WHITE = (0, 0, 0), (16, 16, 16), (128, 128, 128), (255, 255, 255)
CLEAR = 0
DEEP = struct.pack(">4H", 0, 0x1000, 0x8000, 0xFFFF)


def png(depth: int, kind: int, row: bytes, width: int, transparent: bytes = b"", height: int = 1) -> bytes:
    """A PNG of rows that are alike. `kind` is its colour type: 0 grey, 2 RGB, 3 a palette, 4 and 6 with alpha."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    palette = png_chunk(b"PLTE", bytes([0, 0, 0, 128, 128, 128])) if kind == 3 else b""
    clear = png_chunk(b"tRNS", transparent) if transparent else b""
    pixels = png_chunk(b"IDAT", zlib.compress((b"\0" + row) * height))
    return b"\x89PNG\r\n\x1a\n" + header + palette + clear + pixels + png_chunk(b"IEND", b"")


def saved(picture: Image.Image, kind: str) -> bytes:
    """The picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def level(value: int) -> bytes:
    """One level as tRNS tells it."""
    return struct.pack(">H", value)


FILES = {
    "grey of 16 bits": (png(16, 0, DEEP, 4), [BLACK, DARK, GREY, WHITE]),
    "grey of 16 bits, one of them clear": (
        png(16, 0, DEEP, 4, level(0x8000)),
        [(*BLACK, 255), (*DARK, 255), (*GREY, CLEAR), (*WHITE, 255)],
    ),
    "grey of 16 bits with alpha": (png(16, 4, struct.pack(">2H", 0x8000, 0x8000), 1), [(*GREY, 128)]),
    "RGB of 16 bits": (png(16, 2, struct.pack(">3H", 0, 0x8000, 0xFFFF), 1), [(0, 128, 255)]),
    "RGB of 16 bits, one of them clear": (
        png(16, 2, struct.pack(">6H", 0, 0x8000, 0xFFFF, *[0x1000] * 3), 2, level(0x1000) * 3),
        [(0, 128, 255, 255), (*DARK, CLEAR)],
    ),
    "RGBA of 16 bits": (png(16, 6, struct.pack(">4H", 0, 0x8000, 0xFFFF, 0x8000), 1), [(0, 128, 255, 128)]),
    "grey of 2 bits": (png(2, 0, b"\x1b", 4), [BLACK, (85, 85, 85), (170, 170, 170), WHITE]),
    "grey of 2 bits, one of them clear": (
        png(2, 0, b"\x1b", 4, level(1)),
        [(*BLACK, 255), (85, 85, 85, CLEAR), (170, 170, 170, 255), (*WHITE, 255)],
    ),
    "grey of 8 bits, one of them clear": (png(8, 0, b"\x00\x80", 2, level(128)), [(*BLACK, 255), (*GREY, CLEAR)]),
    "grey of 8 bits with alpha": (png(8, 4, b"\x80\x40", 1), [(*GREY, 64)]),
    "black and white": (png(1, 0, b"\x40", 2), [BLACK, WHITE]),
    "black and white, one of them clear": (png(1, 0, b"\x40", 2, level(1)), [(*BLACK, 255), (*WHITE, CLEAR)]),
    "a palette": (png(8, 3, b"\x00\x01", 2), [BLACK, GREY]),
    "a palette with alpha": (png(8, 3, b"\x00\x01", 2, b"\xff\x40"), [(*BLACK, 255), (*GREY, 64)]),
    "RGB, one of them clear": (
        png(8, 2, bytes([0, 128, 255, *DARK]), 2, level(16) * 3),
        [(0, 128, 255, 255), (*DARK, 0)],
    ),
}


@pytest.mark.parametrize(("data", "seen"), FILES.values(), ids=FILES)
def test_what_a_file_shows_is_what_is_decoded(data: bytes, seen: list[tuple[int, ...]]) -> None:
    """Levels and alpha of every colour type and depth."""
    picture = decoded(data)
    assert [picture.getpixel((x, 0)) for x in range(picture.width)] == seen


def test_a_jpeg_for_print_and_an_avif_have_their_colours() -> None:
    """As near as they keep them."""
    for data in (
        saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG"),
        saved(Image.new("RGB", (16, 16), "red"), "AVIF"),
    ):
        picture = decoded(data)
        red, green, blue = picture.resize((1, 1)).tobytes()
        assert (picture.mode, red > 240, green < 16, blue < 16) == ("RGB", True, True, True)


@pytest.mark.parametrize(
    ("mode", "levels"),
    [
        ("I;16", [0, 0x8000, 65_535]),
        ("I;16B", [0, 0x8000, 65_535]),
        ("I", [0, 0x8000, 65_535]),
        ("I", [0, 128, 255]),
        ("I", [0, 1 << 30, (1 << 31) - 1]),
        ("F", [0.0, 0.5, 1.0]),
        ("F", [0.0, 127.6, 255.0]),
        ("F", [0.0, 32_768.0, 65_535.0]),
    ],
)
def test_a_mode_that_no_file_of_ours_has_is_scaled_too(mode: str, levels: list[float]) -> None:
    """By the smallest usual white that holds its brightest level."""
    picture = Image.new(mode, (3, 1))
    for x, one in enumerate(levels):
        picture.putpixel((x, 0), one)
    shown = in_eight_bits(picture, b"")
    assert [shown.getpixel((x, 0)) for x in range(3)] == [BLACK, GREY, WHITE]


SERVICES = {
    "v1": ProviderSettings("stability", "sk-0"),
    "v2beta": ProviderSettings("stability", "sk-0", stability_model="sd3.5-large"),
    "openai": ProviderSettings("openai", openai_key="sk-0"),
    "dall-e-2": ProviderSettings("openai", openai_key="sk-0", openai_model="dall-e-2"),
    "automatic1111": ProviderSettings("automatic1111", api_host="http://127.0.0.1:9"),
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("operation", [Operation.IMAGE_TO_IMAGE, Operation.UPSCALE])
async def test_grey_of_16_bits_reaches_no_service_white(service: str, operation: Operation) -> None:
    """What each is sent of an even grey is that grey."""
    deep = png(16, 0, struct.pack(">H", 0x8000) * 64, 64, height=64)
    provider = choose_provider(SERVICES[service])
    prepared = await provider.prepare(GenerationRequest(operation, "x", width=128, height=None, image=deep))
    await provider.close()
    assert isinstance(prepared, Prepared)
    assert prepared.request.image is not None
    sent = decoded(prepared.request.image).convert("RGB")
    assert sent.getextrema() == ((128, 128),) * 3
