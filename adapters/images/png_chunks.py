"""The chunks of a PNG (W3C PNG, third edition, 5.3) one after another, and how one is written.

What they mean, and what to make of bytes that are no whole PNG, is up to whoever walks over them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LENGTH_AND_KIND = struct.Struct(">I4s")
AROUND_BODY_BYTES = 12
"""Length and kind before the body, the checksum after it."""


class Chunk(NamedTuple):
    """A chunk with all that is there of its bytes; cut, where the data ends before it does."""

    kind: bytes
    whole: memoryview
    is_cut: bool

    @property
    def body(self) -> memoryview:
        """What is between its kind and its checksum."""
        return self.whole[8:-4]

    @property
    def checksum_holds(self) -> bool:
        """Whether kind and body have the checksum that follows them."""
        whole = self.whole
        return whole[-4:] == zlib.crc32(whole[4:-4]).to_bytes(4)


def chunks_of(png: bytes) -> Iterator[Chunk]:
    """Each chunk behind the signature whose length and kind are there, also after the end of the picture. Only the last
    one can be cut; fewer than 8 bytes that follow are left out.
    """
    view, total = memoryview(png), len(png)
    at = len(SIGNATURE)
    while at + LENGTH_AND_KIND.size <= total:
        length, kind = LENGTH_AND_KIND.unpack_from(png, at)
        end = at + AROUND_BODY_BYTES + length
        yield Chunk(kind, view[at:end], end > total)
        at = end


def written(kind: bytes, body: bytes | memoryview) -> bytes:
    """A chunk as bytes."""
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))))
