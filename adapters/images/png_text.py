"""The text inside a PNG file that says how its picture was made. What that text is, is `studio.details`'s to know."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"parameters"
"""Under this keyword the Stable Diffusion programs write and read how a picture was made."""
TEXT_CHUNKS = frozenset({b"tEXt", b"zTXt", b"iTXt"})


def with_text(data: bytes, text: str | None) -> bytes:
    """The picture with this text as its only one under KEYWORD, or without any. What is no whole PNG stays as it is.

    The chunks are those of the PNG specification, third edition: 11.3.3.4 is the iTXt written here.
    """
    if not data.startswith(PNG_SIGNATURE):
        return data
    chunks = list(_chunks(data))
    if not chunks or chunks[-1][0] != b"IEND":
        return data
    kept = [whole for kind, whole in chunks if not (kind in TEXT_CHUNKS and whole[8:].startswith(KEYWORD + b"\0"))]
    if text is not None:
        kept.insert(1, _text_chunk(text))
    return b"".join([PNG_SIGNATURE, *kept]) if text is not None or len(kept) < len(chunks) else data


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the whole bytes of each chunk that is there in full."""
    at = len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        if end > len(data):
            return
        yield data[at + 4 : at + 8], data[at:end]
        at = end


def _text_chunk(text: str) -> bytes:
    body = b"iTXt" + KEYWORD + b"\0\0\0\0\0" + text.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
