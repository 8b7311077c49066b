"""Walks a WEBP (RFC 9649): its chunks, the length it claims, and the size of its one picture."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from adapters.images.containers.outline import Outline, PictureBounds, refuse_animation
from adapters.images.invalid_image import damaged, followed_by

MAX_CHUNKS = 10_000
BYTES_A_PIXEL = 16

_ALPHA_FLAG = 0x10
_ANIMATION_FLAG = 0x02
_ANIMATION_CHUNKS = frozenset({b"ANIM", b"ANMF"})


class _Chunk(NamedTuple):
    kind: bytes
    body: bytes


def outline_webp(data: bytes, bounds: PictureBounds) -> Outline:
    """The outline of a WEBP that is as long as it says and holds one picture within the bounds."""
    claimed_bytes = 8 + struct.unpack_from("<I", data, 4)[0]
    if claimed_bytes > len(data):
        raise damaged("WEBP", "its end is missing")
    if claimed_bytes < len(data):
        raise followed_by("WEBP", len(data) - claimed_bytes)
    chunks = list(_chunks(data))
    extended = [chunk.body for chunk in chunks if chunk.kind == b"VP8X"]
    if any(body[:1] and body[0] & _ANIMATION_FLAG for body in extended) or _ANIMATION_CHUNKS & {
        kind for kind, _ in chunks
    }:
        raise refuse_animation("WEBP")
    pictures = [chunk for chunk in chunks if chunk.kind in (b"VP8 ", b"VP8L")]
    if len(pictures) != 1 or len(extended) > 1:
        raise damaged("WEBP", "it does not hold exactly one picture")
    width, height = _size(pictures[0])
    bounds.admit_size(width, height)
    if extended and extended[0][4:10] != (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"):
        raise damaged("WEBP", "it says two different sizes")
    alpha = [chunk for chunk in chunks if chunk.kind == b"ALPH"][:1]
    return Outline(
        format="WEBP",
        width=width,
        height=height,
        frames=1,
        picture=_written(pictures[0], alpha, extended),
        bytes_a_pixel=BYTES_A_PIXEL,
    )


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """Every chunk. Those of odd length are padded; after the last one some encoders leave the padding out."""
    offset = 12
    for _ in range(MAX_CHUNKS):
        if offset >= len(data):
            return
        if offset + 8 > len(data):
            raise damaged("WEBP", "its end is missing")
        kind, length = data[offset : offset + 4], struct.unpack_from("<I", data, offset + 4)[0]
        end = offset + 8 + length
        if end > len(data):
            raise damaged("WEBP", "its end is missing")
        yield _Chunk(kind, data[offset + 8 : end])
        offset = end + length % 2
    raise damaged("WEBP", f"it has more than {MAX_CHUNKS:,} parts")


def _size(picture: _Chunk) -> tuple[int, int]:
    """Width and height from the header of the lossy or the lossless bitstream."""
    if picture.kind == b"VP8 " and len(picture.body) >= 10 and picture.body[3:6] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", picture.body, 6))
        if width and height:
            return width, height
    if picture.kind == b"VP8L" and len(picture.body) >= 5 and picture.body[0] == 0x2F:
        bits = struct.unpack_from("<I", picture.body, 1)[0]
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    raise damaged("WEBP", "its picture does not begin as it should")


def _written(picture: _Chunk, alpha: list[_Chunk], extended: list[bytes]) -> bytes:
    """A WEBP of the picture and its transparency alone."""
    parts = [picture]
    if alpha and extended and picture.kind == b"VP8 ":
        flagged = _Chunk(b"VP8X", bytes((_ALPHA_FLAG, 0, 0, 0)) + extended[0][4:10])
        parts = [flagged, alpha[0], picture]
    body = b"".join(kind + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for kind, part in parts)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body
