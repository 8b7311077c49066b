"""A picture made small enough for a channel: the same one as WEBP, and only where that is not enough, a smaller one.

What is kept stays whole; this is a copy to be shown.
"""

from __future__ import annotations

import io

from PIL import Image

from adapters.images.shaping import QUALITIES, DamagedPicture, decoded, in_memory

SIDES = (4096, 2048, 1024, 512)
"""Longest sides that are tried, in pixels; the first is below what WEBP can hold."""


def fitted(name: str, data: bytes, at_most_bytes: int) -> tuple[str, bytes] | None:
    """A file's name and bytes as they are where they fit, else a copy's that does; None where none can be made. For a
    worker.
    """
    if len(data) <= at_most_bytes:
        return name, data
    with in_memory(data):
        return _shrunk(name, data, at_most_bytes)


def _shrunk(name: str, data: bytes, at_most_bytes: int) -> tuple[str, bytes] | None:
    try:
        picture = decoded(data)
    except DamagedPicture:
        return None
    for side in SIDES:
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in QUALITIES:
            copy = _as_webp(picture, quality)
            if len(copy) <= at_most_bytes:
                return f"{name.rpartition('.')[0] or name}.webp", copy
    return None


def _as_webp(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()
