"""Small copies of pictures side by side, as one picture."""

from __future__ import annotations

import io
from collections.abc import Iterable

from PIL import Image

from adapters.images.shaping import DamagedPicture, decoded, flattened, in_memory

COLUMNS = 3
THUMBNAIL_SIDE = 320
"""Pixels of the square that each copy fits into."""
BACKGROUND = "#2b2d31"
QUALITY = 80


def contact_sheet(pictures: Iterable[bytes | None], count: int) -> bytes | None:
    """A WEBP with `count` places, row by row; the place of what is None or no picture stays empty. None where all
    would be. One picture at a time is held. For a worker.
    """
    rows, columns = -(-count // COLUMNS), min(COLUMNS, count)
    sheet = Image.new("RGB", (columns * THUMBNAIL_SIDE, rows * THUMBNAIL_SIDE), BACKGROUND)
    found = False
    for index, data in enumerate(pictures):
        thumbnail = _thumbnail(data) if data is not None else None
        if thumbnail is None:
            continue
        found = True
        row, column = divmod(index, COLUMNS)
        left = column * THUMBNAIL_SIDE + (THUMBNAIL_SIDE - thumbnail.width) // 2
        sheet.paste(thumbnail, (left, row * THUMBNAIL_SIDE + (THUMBNAIL_SIDE - thumbnail.height) // 2))
    if not found:
        return None
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()


def _thumbnail(data: bytes) -> Image.Image | None:
    with in_memory(data):
        try:
            picture = flattened(decoded(data))
        except DamagedPicture:
            return None
        picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        return picture
