"""The formats that are kept: one table, and how their files begin."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from adapters.images.formats import EXTENSIONS, MEDIA_TYPES, begun_media_type
from tests.hostile.builders import gif, jpeg, png, webp


def test_every_format_has_a_media_type_and_an_extension() -> None:
    """Each its own."""
    assert list(MEDIA_TYPES.values()) == list(EXTENSIONS)
    assert len(set(EXTENSIONS.values())) == len(set(MEDIA_TYPES.values())) == len(MEDIA_TYPES)


@pytest.mark.parametrize("data", [png(), jpeg(), webp(), gif(1)], ids=list(MEDIA_TYPES))
def test_a_file_begins_as_the_format_that_it_has(data: bytes) -> None:
    """That is also what Pillow makes of it."""
    with Image.open(io.BytesIO(data)) as picture:
        assert begun_media_type(data) == MEDIA_TYPES[picture.format or ""]


@pytest.mark.parametrize(
    "data", [b"", png()[:7], jpeg()[:2], gif(1)[:5], webp()[:11], b"GIF88a", b"BM", b"RIFF....WAVE", b"\0" + png()]
)
def test_other_bytes_begin_as_none(data: bytes) -> None:
    """Cut short, in another version, of another format, or with something before."""
    assert begun_media_type(data) is None
