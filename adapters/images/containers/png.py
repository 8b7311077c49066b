"""Walks a PNG (W3C PNG, third edition): every chunk and its checksum, and the exact amount of picture data.

Compressed texts and colour profiles are inflated up to a bound, because a later program would inflate them without one.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from adapters.images.containers.outline import Outline, PictureBounds, refuse_animation
from adapters.images.invalid_image import ImageProblem, InvalidImage, damaged, followed_by
from adapters.images.png_chunks import SIGNATURE, Chunk, chunks_of, written

MAX_CHUNKS = 100_000
MAX_TEXT_BYTES = 1 << 20
MAX_PROFILE_BYTES = 4 << 20
MAX_COMPRESSED_EXTRAS = 64
INFLATE_STEP_BYTES = 1 << 20

_UNDERSTOOD = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_WITH_KEYWORD = frozenset({b"iCCP", b"zTXt", b"iTXt"})
_CHANNELS_AND_DEPTHS = {
    0: (1, (1, 2, 4, 8, 16)),
    2: (3, (8, 16)),
    3: (1, (1, 2, 4, 8)),
    4: (2, (8, 16)),
    6: (4, (8, 16)),
}
_PALETTE_COLOUR = 3
# The seven passes of an interlaced PNG: first column, first row, column step, row step.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


class _Header(NamedTuple):
    width: int
    height: int
    bits_per_pixel: int
    interlaced: bool
    needs_palette: bool


def outline_png(data: bytes, bounds: PictureBounds) -> Outline:
    """The outline of a PNG that is whole, ends where it says, and holds one picture within the bounds."""
    chunks = _whole_chunks(data)
    header = _header(chunks[0])
    bounds.admit_size(header.width, header.height)
    _refuse_what_we_do_not_keep(chunks)
    if header.needs_palette and all(chunk.kind != b"PLTE" for chunk in chunks):
        raise damaged("PNG", "its palette is missing")
    _bound_compressed_extras(chunks)
    pixels = b"".join(chunk.body for chunk in chunks if chunk.kind == b"IDAT")
    _check_amount(pixels, _expected_bytes(header))
    picture = b"".join((SIGNATURE, chunks[0].whole, written(b"IDAT", pixels), written(b"IEND", b"")))
    return Outline("PNG", header.width, header.height, 1, picture)


def _whole_chunks(data: bytes) -> list[Chunk]:
    """Every chunk up to IEND, which must be the last thing in the data."""
    chunks, read_bytes = [], len(SIGNATURE)
    for chunk in chunks_of(data):
        if chunk.is_cut:
            break
        if not chunk.checksum_holds:
            raise damaged("PNG", "a checksum does not match")
        chunks.append(chunk)
        read_bytes += len(chunk.whole)
        if chunk.kind == b"IEND":
            if read_bytes < len(data):
                raise followed_by("PNG", len(data) - read_bytes)
            return chunks
        if len(chunks) == MAX_CHUNKS:
            raise damaged("PNG", f"it has more than {MAX_CHUNKS:,} parts")
    raise damaged("PNG", "its end is missing")


def _header(chunk: Chunk) -> _Header:
    if chunk.kind != b"IHDR" or len(chunk.body) != 13:
        raise damaged("PNG", "it does not begin with its header")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", chunk.body)
    channels, depths = _CHANNELS_AND_DEPTHS.get(colour, (0, ()))
    if not width or not height or depth not in depths or compression or filtering or interlace > 1:
        raise damaged("PNG", "its header has values that do not exist")
    return _Header(width, height, channels * depth, bool(interlace), colour == _PALETTE_COLOUR)


def _refuse_what_we_do_not_keep(chunks: list[Chunk]) -> None:
    for chunk in chunks[1:]:
        kind = chunk.kind
        if kind == b"IHDR":
            raise damaged("PNG", "it has two headers")
        if kind == b"fdAT" or (kind == b"acTL" and bytes(chunk.body[:4]) != b"\0\0\0\1"):
            raise refuse_animation("PNG")
        if kind not in _UNDERSTOOD and kind[:1].isupper():
            raise InvalidImage(
                ImageProblem.UNSUPPORTED,
                "The PNG has a part that only one maker's programs can show. Export it as an ordinary PNG.",
            )


def _bound_compressed_extras(chunks: list[Chunk]) -> None:
    """Inflate compressed texts and profiles as far as their bound, to refuse those that go on."""
    packed = [(chunk.kind, stream) for chunk in chunks if (stream := _compressed_part(chunk)) is not None]
    if len(packed) > MAX_COMPRESSED_EXTRAS:
        raise damaged("PNG", f"it has more than {MAX_COMPRESSED_EXTRAS} compressed texts")
    for kind, stream in packed:
        bound = MAX_PROFILE_BYTES if kind == b"iCCP" else MAX_TEXT_BYTES
        try:
            inflated = zlib.decompressobj().decompress(stream, bound + 1)
        except zlib.error as error:
            raise damaged("PNG", "a compressed text or colour profile cannot be read") from error
        if len(inflated) > bound:
            raise InvalidImage(
                ImageProblem.DAMAGED,
                f"The PNG holds a compressed text or colour profile of more than {bound:,} bytes. Export it without.",
            )


def _compressed_part(chunk: Chunk) -> bytes | None:
    """The zlib stream of an iCCP, zTXt or compressed iTXt chunk; None where there is none."""
    if chunk.kind not in _WITH_KEYWORD:
        return None
    _, _, after_keyword = bytes(chunk.body).partition(b"\0")
    if chunk.kind != b"iTXt":
        return after_keyword[1:]
    if after_keyword[:1] == b"\1":
        return after_keyword[2:].split(b"\0", 2)[-1]
    return None


def _expected_bytes(header: _Header) -> int:
    """The length of the inflated picture data: a filter byte and the packed pixels of every row of every pass."""
    passes = _ADAM7 if header.interlaced else ((0, 0, 1, 1),)
    total = 0
    for first_column, first_row, column_step, row_step in passes:
        columns = -(-(header.width - first_column) // column_step)
        rows = -(-(header.height - first_row) // row_step)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * header.bits_per_pixel // 8))
    return total


def _check_amount(pixels: bytes, expected_bytes: int) -> None:
    """Inflate the picture data in steps, keeping nothing, and refuse it unless it is exactly as long as the picture."""
    inflater = zlib.decompressobj()
    inflated_bytes, pending = 0, pixels
    try:
        # Bounded: every step either adds to inflated_bytes, which may not pass expected_bytes, or ends the loop.
        while not inflater.eof and inflated_bytes <= expected_bytes:
            step = len(inflater.decompress(pending, INFLATE_STEP_BYTES))
            pending = inflater.unconsumed_tail
            inflated_bytes += step
            if not step:
                break
    except zlib.error as error:
        raise damaged("PNG", "its picture data cannot be read") from error
    if inflated_bytes > expected_bytes or inflater.unused_data:
        raise damaged("PNG", "its picture data goes on after the picture")
    if not inflater.eof or inflated_bytes < expected_bytes:
        raise damaged("PNG", "its picture data ends before the picture does")
