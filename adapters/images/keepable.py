"""A picture that a service made, as it can be kept: in one of the formats that are, and with nothing behind its end.

It was paid for, so its form is mended where it can be; bytes that people save are never changed (`check`). What is too
large to be kept is told by its header, before anything of it is decoded.
"""

from __future__ import annotations

import io

from PIL import Image

from adapters.images import memory
from adapters.images.check import MAX_PIXELS
from adapters.images.containers.outline import MAX_DECODED_BYTES, MAX_SIDE
from adapters.images.formats import ANSWERS, MEDIA_TYPES, begun_format
from adapters.images.png_chunks import SIGNATURE, chunks_of
from adapters.images.shaping import DamagedPicture, ShapedPicture, decoded, encoded, refuse_damaged, size_of

BYTES_A_PIXEL = {"WEBP": 16}
OTHERS_BYTES_A_PIXEL = 8
JPEG_END = b"\xff\xd9"
GIF_END = b";"


class PictureTooLarge(DamagedPicture):
    """A picture with more pixels than are kept. It may be whole all the same; its message is for people."""


def keepable(data: bytes, at_most_bytes: int) -> ShapedPicture:
    """The same bytes up to the picture's end where their format is kept, else its first frame as PNG, or as JPEG where
    that has more bytes. Raises DamagedPicture, and of these PictureTooLarge before anything is decoded.
    """
    found = begun_format(data)
    if found not in ANSWERS:
        raise DamagedPicture
    with memory.held(_decoded_bytes(data, found), first=True):
        if found in MEDIA_TYPES:
            whole = data[: _end_of(data, found)]
            refuse_damaged(whole)
            return ShapedPicture(whole, MEDIA_TYPES[found], *size_of(whole))
        return encoded(decoded(data, ANSWERS), at_most_bytes)


def _decoded_bytes(data: bytes, name: str) -> int:
    """What decoding takes, by what the header tells. Raises DamagedPicture and PictureTooLarge."""
    try:
        with Image.open(io.BytesIO(data), formats=[name]) as image:
            width, height = image.size
    except Image.DecompressionBombError as error:
        raise PictureTooLarge(_too_large("more pixels than anything shows", MAX_PIXELS)) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise DamagedPicture from error
    bytes_a_pixel = BYTES_A_PIXEL.get(name, OTHERS_BYTES_A_PIXEL)
    most = min(MAX_PIXELS, MAX_DECODED_BYTES // bytes_a_pixel)
    if width * height > most or max(width, height) > MAX_SIDE:
        raise PictureTooLarge(_too_large(f"{width} x {height} pixels", most))
    return width * height * bytes_a_pixel


def _too_large(size: str, most_pixels: int) -> str:
    return (
        f"The picture that was made has {size}. At most {most_pixels:,} are kept, and {MAX_SIDE:,} a side; "
        "ask for a smaller one."
    )


def _end_of(data: bytes, name: str) -> int:
    """Where the picture ends; all of the data where its end is not found."""
    match name:
        case "PNG":
            return _png_end(data)
        case "WEBP":
            return 8 + int.from_bytes(data[4:8], "little")
        case "JPEG":
            return (data.rfind(JPEG_END) + len(JPEG_END)) if JPEG_END in data else len(data)
        case _:
            return (data.rfind(GIF_END) + len(GIF_END)) if GIF_END in data else len(data)


def _png_end(data: bytes) -> int:
    at = len(SIGNATURE)
    for chunk in chunks_of(data):
        at += len(chunk.whole)
        if chunk.kind == b"IEND":
            return at
    return len(data)
