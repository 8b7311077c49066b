"""A picture that a service made, as it can be kept: in one of the formats that are, nothing foreign in its file.

It was paid for, so its form is mended where it can be; bytes that people save are never changed (`check`). What is too
large to be kept is told by its header, before anything of it is decoded.
"""

from __future__ import annotations

import io

from PIL import Image

from adapters.images import memory
from adapters.images.check import MAX_PIXELS, ImageProblem, broken_form
from adapters.images.containers.outline import MAX_DECODED_BYTES, MAX_SIDE
from adapters.images.foreign.judging import picture_alone, without_foreign
from adapters.images.formats import ANSWERS, MEDIA_TYPES, begun_format
from adapters.images.shaping import DamagedPicture, ShapedPicture, decoded, encoded, refuse_damaged, size_of

BYTES_A_PIXEL = {"WEBP": 16}
OTHERS_BYTES_A_PIXEL = 8
_MENDED_BY_COPYING = frozenset(
    {ImageProblem.DAMAGED, ImageProblem.TRAILING_BYTES, ImageProblem.FOREIGN_PART, ImageProblem.TOO_MANY_FRAMES}
)
"""What is wrong with a file and not with its picture, once that can be decoded."""


class PictureTooLarge(DamagedPicture):
    """A picture with more pixels than are kept. It may be whole all the same; its message is for people."""


def keepable(data: bytes, at_most_bytes: int) -> ShapedPicture:
    """The same bytes without what is no part of a picture, where their format is kept and the rest is whole; else the
    first frame as PNG, or as JPEG where that has more bytes. Raises DamagedPicture, and of these PictureTooLarge
    before anything is decoded.
    """
    found = begun_format(data)
    if found not in ANSWERS:
        raise DamagedPicture
    with memory.held(_decoded_bytes(data, found), first=True):
        if found in MEDIA_TYPES and (whole := _whole(data)) is not None:
            return ShapedPicture(whole, MEDIA_TYPES[found], *size_of(whole))
        copy = encoded(decoded(data, ANSWERS), at_most_bytes)
    return copy._replace(data=without_foreign(copy.data).data)


def _whole(data: bytes) -> bytes | None:
    """The bytes without what is no part of a picture; None where a copy alone mends them. Raises DamagedPicture."""
    whole = without_foreign(data).data
    if broken_form(whole) in _MENDED_BY_COPYING:
        whole = picture_alone(whole)
    refuse_damaged(whole)
    return None if broken_form(whole) in _MENDED_BY_COPYING else whole


def _decoded_bytes(data: bytes, name: str) -> int:
    """What decoding takes, by what the header tells. Raises DamagedPicture and PictureTooLarge.

    What stands beside the picture is not asked: a broken note keeps its file from being opened, and is mended.
    """
    try:
        with Image.open(io.BytesIO(picture_alone(data)), formats=[name]) as image:
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
