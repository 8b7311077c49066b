"""Recognises a video by its boxes (ISO 14496-12, 4.2), and a picture by its segments, each from end to end."""

from __future__ import annotations

import re

from adapters.images.foreign.jpeg_parts import segments_of
from adapters.images.foreign.part import Part, Unwalkable

MAX_BOXES = 10_000

_KIND = re.compile(rb"[\xa9A-Za-z0-9_ ]{4}")
_MADE_OF = ({b"ftyp", b"moov", b"mdat"}, {b"ftyp", b"moov", b"moof", b"mdat"})


def is_clip(data: bytes, begin: int, end: int) -> bool:
    """Whether the boxes of a video add up to exactly this stretch."""
    kinds: list[bytes] = []
    at = begin
    while at < end and len(kinds) < MAX_BOXES:
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        least = 16 if size == 1 else 8
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16])
        elif not size:
            size = end - at
        if size < least or not _KIND.fullmatch(kind):
            return False
        kinds.append(kind)
        at += size
    return at == end and kinds[:1] == [b"ftyp"] and any(made_of <= set(kinds) for made_of in _MADE_OF)


def picture_parts(data: bytes, begin: int, end: int) -> list[Part] | None:
    """The parts of the whole JPEG that begins there and ends before `end`; None where there is none."""
    try:
        return segments_of(data, begin, end).parts
    except Unwalkable:
        return None
