"""A picture that was paid for is kept: of a format that is, and without what stands behind its end."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from adapters.images.check import check_image
from adapters.images.keepable import keepable
from adapters.images.shaping import DamagedPicture, ShapedPicture

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
