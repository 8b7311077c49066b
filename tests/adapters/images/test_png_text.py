"""What a picture's file says of how it was made: nothing unless that is wanted, and then what other programs read."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from adapters.images.check import check_image
from adapters.images.png_text import with_text
from tests.hostile.builders import jpeg, png

TEXT = (
    "ein Mädchen, 猫\nNegative prompt: blur\n"
    "Steps: 20, CFG scale: 7.0, Seed: 41, Style: anime, Strength: 0.35, Model: core, Provider: stability, Size: 64x32"
)


def told(data: bytes) -> dict[str, str]:
    """The texts of a picture, read by a library that knows nothing of ours."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        return {str(name): str(text) for name, text in picture.info.items()}


def from_elsewhere() -> bytes:
    """A picture as a local server writes it, with one more text of its own."""
    texts = PngInfo()
    texts.add_text("parameters", "a secret wish")
    texts.add_itxt("parameters", "the same, 猫")
    texts.add_text("Comment", "kept")
    buffer = io.BytesIO()
    Image.new("RGB", (64, 32), "teal").save(buffer, "PNG", pnginfo=texts)
    return buffer.getvalue()


@pytest.mark.parametrize("data", [png(64, 32), from_elsewhere()], ids=["bare", "with a text"])
def test_a_file_carries_the_text_that_is_wanted(data: bytes) -> None:
    """In any language; a former one is gone, other texts stay, and the file is still one that is kept."""
    marked = with_text(data, TEXT)
    assert told(marked)["parameters"] == TEXT
    assert b"a secret wish" not in marked
    assert told(marked).get("Comment") == told(data).get("Comment")
    assert check_image(marked, max_bytes=1_000_000).width == 64


def test_a_file_carries_no_prompt_unless_that_is_wanted() -> None:
    """Whoever is sent the picture shall not read what was asked for it."""
    plain = with_text(from_elsewhere(), None)
    assert told(plain) == {"Comment": "kept"}


@pytest.mark.parametrize(
    "data", [jpeg(), png()[:-4], b"\x89PNG\r\n\x1a\n", b"", b"text"], ids=["jpeg", "cut", "hollow", "empty", "text"]
)
def test_what_is_no_whole_png_stays_as_it_is(data: bytes) -> None:
    """Whether it is a picture at all is decided elsewhere."""
    assert with_text(data, TEXT) == data


def test_a_file_without_texts_keeps_its_bytes() -> None:
    """Nothing is written anew for nothing."""
    assert with_text(png(), None) == png()
