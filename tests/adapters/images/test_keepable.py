"""A picture that was paid for is kept: of a format that is, and without what stands behind its end."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, ImageFile

from adapters.images.check import check_image
from adapters.images.keepable import PictureTooLarge, keepable
from adapters.images.shaping import DamagedPicture, ShapedPicture
from tests.hostile.builders import png, png_chunk

MOST = 1_000_000


def saved(kind: str) -> bytes:
    """A picture in this format."""
    buffer = io.BytesIO()
    Image.effect_noise((48, 32), 60).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def kept(data: bytes) -> ShapedPicture:
    """The picture as it can be kept, which the check of all that is kept lets through."""
    picture = keepable(data, MOST)
    checked = check_image(picture.data, max_bytes=MOST)
    assert (checked.media_type, checked.width, checked.height) == (picture.media_type, picture.width, picture.height)
    return picture


@pytest.mark.parametrize("behind", [b"", b"\n", b"\r\n\0\0", b" " * 100])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_what_is_kept_as_it_is_loses_nothing_but_what_stands_behind_it(kind: str, behind: bytes) -> None:
    """The same bytes."""
    data = saved(kind)
    assert kept(data + behind).data == data


@pytest.mark.parametrize("kind", ["AVIF", "BMP", "TIFF"])
def test_what_is_not_kept_as_it_is_becomes_a_png(kind: str) -> None:
    """Its size stays."""
    picture = kept(saved(kind))
    assert (picture.media_type, picture.width, picture.height) == ("image/png", 48, 32)


def test_a_png_whose_end_alone_is_missing_is_written_anew() -> None:
    """Its pixels are all there."""
    data = saved("PNG")
    picture = kept(data[:-5])
    assert Image.open(io.BytesIO(picture.data)).tobytes() == Image.open(io.BytesIO(data)).tobytes()


def test_a_png_that_would_be_too_large_becomes_a_jpeg() -> None:
    """An AVIF packs more than a PNG."""
    assert keepable(saved("AVIF"), 3_000).media_type == "image/jpeg"


@pytest.mark.parametrize("data", [b"", b"no picture", saved("PNG")[:200], saved("AVIF")[:200], b"BM" + bytes(60)])
def test_what_is_no_picture_is_damaged(data: bytes) -> None:
    """Nothing is made up."""
    with pytest.raises(DamagedPicture):
        keepable(data, MOST)


@pytest.mark.parametrize(
    "broken",
    [
        png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3_000_000))),
        png_chunk(b"iCCP", b"x\0\1abc"),
        png_chunk(b"tEXt", b"a\0b")[:-1] + b"x",
    ],
    ids=["a note that unpacks to too much", "a profile of no kind", "a wrong checksum"],
)
def test_a_png_with_a_broken_part_beside_its_picture_is_kept_without_it(broken: bytes) -> None:
    """Its size is told by its header all the same, though no decoder opens the file as it came."""
    data = png()
    begin = data.index(b"IDAT") - 4
    assert kept(data[:begin] + broken + data[begin:]).data == data


def of_size(kind: str, width: int, height: int) -> bytes:
    """The beginning of a picture that claims this size, or a whole one where that is easily made."""
    if kind == "PNG":
        return png(width, height, depth=1, colour=0, pixels=b"")
    if kind == "BMP":
        header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
        return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header
    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("PNG", (7_072, 7_071)),
        ("PNG", (65_536, 1)),
        ("PNG", (100_000, 100_000)),
        ("BMP", (20_000, 3_000)),
        ("BMP", (50_000, 50_000)),
        ("JPEG", (65_000, 770)),
        ("WEBP", (5_001, 5_000)),
    ],
)
def test_what_is_too_large_to_be_kept_is_told_by_its_header(
    kind: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is decoded, in no format; the sentence says how large a picture may be."""
    data = of_size(kind, *size)
    monkeypatch.setattr(Image.Image, "load", None)
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)
    with pytest.raises(PictureTooLarge, match=r"At most [0-9,]+ are kept, and 65,535 a side; ask for a smaller one\."):
        keepable(data, MOST)
