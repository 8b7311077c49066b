"""The chunks of a PNG: all of them in order, and of bytes that end too early as many as can be told."""

from __future__ import annotations

import pytest

from adapters.images.png_chunks import SIGNATURE, chunks_of, written
from tests.hostile.builders import png

FIRST, SECOND = written(b"tEXt", b"Comment\0kept"), written(b"IEND", b"")
BYTES = SIGNATURE + FIRST + SECOND


def test_the_chunks_are_those_that_were_written() -> None:
    """In full, with a checksum that holds."""
    found = list(chunks_of(BYTES))
    assert [(chunk.kind, bytes(chunk.body)) for chunk in found] == [(b"tEXt", b"Comment\0kept"), (b"IEND", b"")]
    assert SIGNATURE + b"".join(chunk.whole for chunk in found) == BYTES
    assert all(chunk.checksum_holds and not chunk.is_cut for chunk in found)


def test_other_programs_write_them_alike() -> None:
    """Header, picture data, end."""
    assert [chunk.kind for chunk in chunks_of(png())] == [b"IHDR", b"IDAT", b"IEND"]
    assert all(chunk.checksum_holds for chunk in chunks_of(png()))


@pytest.mark.parametrize("length", range(len(BYTES) + 1))
def test_of_bytes_that_end_too_early_the_last_chunk_is_cut(length: int) -> None:
    """One of which not even the kind is there is none; nothing is made up."""
    places = ((len(SIGNATURE), len(SIGNATURE + FIRST)), (len(SIGNATURE + FIRST), len(BYTES)))
    there = [(BYTES[start : min(end, length)], end > length) for start, end in places if start + 8 <= length]
    assert [(bytes(chunk.whole), chunk.is_cut) for chunk in chunks_of(BYTES[:length])] == there


@pytest.mark.parametrize("at", range(4, len(FIRST)))
def test_a_changed_byte_is_seen_by_the_checksum(at: int) -> None:
    """In the kind, the body or the checksum itself."""
    changed = bytearray(SIGNATURE + FIRST)
    changed[len(SIGNATURE) + at] ^= 1
    (chunk,) = chunks_of(bytes(changed))
    assert not chunk.checksum_holds
