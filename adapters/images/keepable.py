"""A picture that a service made, as it can be kept: in one of the formats that are, and with nothing behind its end.

It was paid for, so its form is mended where it can be; bytes that people save are never changed (`check`).
"""

from __future__ import annotations

from adapters.images.formats import ANSWERS, MEDIA_TYPES, begun_format
from adapters.images.png_chunks import SIGNATURE, chunks_of
from adapters.images.shaping import DamagedPicture, ShapedPicture, decoded, encoded, refuse_damaged, size_of

JPEG_END = b"\xff\xd9"
GIF_END = b";"


def keepable(data: bytes, at_most_bytes: int) -> ShapedPicture:
    """The same bytes up to the picture's end where their format is kept, else its first frame as PNG, or as JPEG where
    that has more bytes. Raises DamagedPicture.
    """
    found = begun_format(data)
    if found is not None and found in MEDIA_TYPES:
        whole = data[: _end_of(data, found)]
        refuse_damaged(whole)
        return ShapedPicture(whole, MEDIA_TYPES[found], *size_of(whole))
    if found not in ANSWERS:
        raise DamagedPicture
    return encoded(decoded(data, ANSWERS), at_most_bytes)


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
