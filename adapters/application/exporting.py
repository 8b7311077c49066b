"""All that is kept of a user, as one archive: what is recorded, how each image was made, and the images that fit."""

from __future__ import annotations

import io
import zipfile
from typing import NamedTuple

import orjson

from adapters.application.reading import (
    MOST_IMAGES,
    ReadableStorage,
    events_of,
    image_bytes,
    image_details,
    newest_images,
)
from domain.events import to_data

MOST_EVENTS = 20_000
ROOM_FOR_NAMES_BYTES = 300
"""What the archive needs for an image beyond its bytes, at most: its name, twice, and two headers."""


class Export(NamedTuple):
    """The bytes of the archive, and how many images are in it and are not."""

    data: bytes
    images: int
    left_out: int


def export_of(storage: ReadableStorage, user: str, at_most_bytes: int) -> Export:
    """The archive, its newest images first, in at most so many bytes where the record alone is no larger. Raises
    Faults. For a worker.
    """
    images = newest_images(storage, user, limit=MOST_IMAGES)
    record = {
        "user": user,
        "events": [
            {"type": type(event).__name__, "data": to_data(event)} for event in events_of(storage, user, MOST_EVENTS)
        ],
        "images": {image.name: image_details(storage, user, image.name) for image in images},
    }
    buffer, put = io.BytesIO(), 0
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("record.json", orjson.dumps(record, option=orjson.OPT_INDENT_2), zipfile.ZIP_DEFLATED)
        for image in images:
            if buffer.tell() + image.size_bytes + (put + 2) * ROOM_FOR_NAMES_BYTES > at_most_bytes:
                continue
            try:
                data = image_bytes(storage, user, image.name)
            except OSError:  # its file is gone, or cannot be read
                continue
            if data is not None:
                archive.writestr(f"images/{image.name}", data)
                put += 1
    return Export(buffer.getvalue(), put, len(images) - put)
