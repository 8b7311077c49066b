"""Looking at pictures and at their texts without holding others up: a size without decoding, base64 in pieces. And
copies in other formats.
"""

from __future__ import annotations

import base64
import io
from random import Random

import pytest
from PIL import Image

from adapters.generation.answers import BASE64_PIECE_CHARS, from_base64
from adapters.images.formats import EXTENSIONS, MEDIA_TYPES
from adapters.images.shaping import DamagedPicture, decoded, in_format, refuse_damaged, size_of
from tests.hostile.builders import png, png_chunk, saved

WIDE = (6, 4)
UPRIGHT = (4, 6)
END = png_chunk(b"IEND", b"")
PIECE_BYTES = BASE64_PIECE_CHARS // 4 * 3


def turned_exif() -> bytes:
    """That the picture is seen turned by 90 degrees."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes().removeprefix(b"Exif\0\0")


TURN = png_chunk(b"eXIf", turned_exif())
PLAIN = png(*WIDE)
BEFORE = png(*WIDE, extras=[TURN])
AFTER = PLAIN.removesuffix(END) + TURN + END


@pytest.mark.parametrize(("data", "size"), [(PLAIN, WIDE), (BEFORE, UPRIGHT), (AFTER, UPRIGHT)])
def test_a_size_is_as_the_picture_is_seen_wherever_its_turn_is_told(data: bytes, size: tuple[int, int]) -> None:
    """Some programs write EXIF behind the picture; the size is that of the picture that is made of it."""
    assert size_of(data) == decoded(data).size == size


def test_a_size_is_told_without_decoding() -> None:
    """Of a large PNG that takes half a second: here nothing is left of the picture, and its size is told."""
    cut = png(5_000, 4_000)[:60]
    assert size_of(cut) == (5_000, 4_000)
    with pytest.raises(DamagedPicture):
        decoded(cut)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_that_is_cut_short_is_damaged(kind: str) -> None:
    """Whole it passes, and without its second half it does not."""
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(buffer, kind)
    data = buffer.getvalue()
    refuse_damaged(data)
    with pytest.raises(DamagedPicture):
        refuse_damaged(data[: len(data) // 2])


@pytest.mark.parametrize(
    "size", [0, 1, 2, 3, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, 2 * PIECE_BYTES + 2]
)
def test_base64_is_read_the_same_in_pieces(size: int) -> None:
    """Below, at and above the seams."""
    data = Random(size).randbytes(size)
    assert from_base64(base64.b64encode(data).decode()) == data


FULL = "A" * BASE64_PIECE_CHARS


@pytest.mark.parametrize(
    "text",
    ["A", "AAAAA", "AA=A", "A=A=", "ÄAAA", "A*A=", FULL + "A", FULL[:-1] + "=" + "AAAA", FULL[:-2] + "==" + FULL],
)
def test_what_is_no_base64_is_refused(text: str) -> None:
    """Also where only the whole shows it: an end at a seam, and more after it."""
    with pytest.raises(ValueError):  # noqa: PT011 - the words are those of Python's library
        from_base64(text)


def media_type_of(data: bytes) -> str:
    """The media type, by content."""
    with Image.open(io.BytesIO(data)) as picture:
        return MEDIA_TYPES[picture.format or ""]


@pytest.mark.parametrize("wanted", sorted(EXTENSIONS))
@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_a_picture_in_another_format_is_that_picture(mode: str, wanted: str) -> None:
    """Whatever its pixels are; in the format that it has already it is the same bytes."""
    data = saved(Image.new(mode, (20, 10)), "JPEG" if mode == "CMYK" else "PNG")
    copy = in_format(data, wanted)
    assert media_type_of(copy) == wanted
    assert size_of(copy) == (20, 10)
    assert (copy == data) is (media_type_of(data) == wanted)


def test_a_picture_that_a_format_cannot_hold_is_told() -> None:
    """WEBP ends at 16,383 pixels a side."""
    with pytest.raises(DamagedPicture):
        in_format(png(16_384, 1), "image/webp")
