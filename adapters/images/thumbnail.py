"""A small copy of one kept picture, for galleries. Nothing of its file but the picture itself comes with it."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from adapters.images import memory
from adapters.images.check import outline_of
from adapters.images.containers.outline import Outline
from adapters.images.invalid_image import damaged
from adapters.images.levels import in_eight_bits

SIDE = 320
"""Pixels of the longest side; what is smaller stays as it is."""
MEDIA_TYPE = "image/webp"
QUALITY = 80
_SPARE = 2
"""A JPEG is decoded at this many times the size, or more, and scaled down well from there."""


def thumbnail(data: bytes) -> bytes:
    """A WEBP of the first frame, upright. Raises InvalidImage for what cannot be decoded within the bounds of every
    picture. Waits for memory, so it is for a worker.
    """
    outline = outline_of(data)
    with memory.held(outline.decoded_bytes):
        try:
            return _drawn(data, outline)
        except MemoryError:
            raise
        except Exception as error:
            # On hostile bytes a decoder raises whatever it meets, from struct.error to KeyError.
            raise damaged(outline.format, "it cannot be decoded") from error


def _drawn(data: bytes, outline: Outline) -> bytes:
    with Image.open(io.BytesIO(data), formats=[outline.format]) as image:
        if outline.format == "JPEG":
            image.draft(None, (SIDE * _SPARE, SIDE * _SPARE))
        ImageOps.exif_transpose(image, in_place=True)
        small = in_eight_bits(image, data)
        small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=QUALITY, exif=b"", icc_profile=b"", xmp=b"")
    return buffer.getvalue()
