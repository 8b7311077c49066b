"""Blocks that makers of phones put at the end of their JPEGs: Samsung, OnePlus and OPPO, Vivo.

Each maker's form is that which ExifTool's sources describe. What is in a block is a picture, a clip, or few bytes that
are judged as metadata is.
"""

from __future__ import annotations

import struct

import orjson

from adapters.images.foreign.clips import is_clip, picture_parts
from adapters.images.foreign.part import Part, Role

MAX_BLOCKS = 256
MAX_BLOCK_BYTES = 65_536
"""Of a block that holds neither picture nor clip, and of a directory."""

_HEADER = struct.Struct("<HHI")
_ENTRY = struct.Struct("<HHII")
_VIVO_END = b"\xff\xff\xff\xff\x1b*9HWfu\x84\x93\xa2\xb1"
_VIVO_STREAM = b"streamdata"
_VIVO_NOTE = b'vivo{"'


def maker_blocks(data: bytes, after: int) -> tuple[int, list[Part]]:
    """Where a maker's blocks begin, and their parts; the end of the data and none where there are none."""
    for recognised in (_samsung, _oneplus, _vivo):
        parts = recognised(data, after)
        if parts and parts[-1].end == len(data):
            return parts[0].begin, parts
    return len(data), []


def _samsung(data: bytes, after: int) -> list[Part]:
    """Blocks with a header of their own, and behind them a directory that counts back to each."""
    directory_at = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    if data[-4:] != b"SEFT" or not after < directory_at < len(data) - 8 - 12 or data[directory_at:][:4] != b"SEFH":
        return []
    count = int.from_bytes(data[directory_at + 8 : directory_at + 12], "little")
    if count > MAX_BLOCKS or directory_at + 12 + 12 * count != len(data) - 8:
        return []
    entries = [_ENTRY.unpack_from(data, directory_at + 12 + 12 * index) for index in range(count)]
    at = directory_at - max((back for _, _, back, _ in entries), default=0)
    parts: list[Part] = []
    for _, kind, back, size in sorted(entries, key=lambda entry: -entry[2]):
        block = _block(data, at, kind, size) if at >= after else None
        if at != directory_at - back or block is None:
            return []
        parts.append(block)
        at += size
    return [*parts, Part(Role.PICTURE, "a directory", at, len(data))] if at == directory_at else []


def _block(data: bytes, at: int, kind: int, size: int) -> Part | None:
    """A block that says of itself what its directory says, and its name."""
    if size < _HEADER.size:
        return None
    _, own_kind, name_bytes = _HEADER.unpack_from(data, at)
    inside, end = at + _HEADER.size + name_bytes, at + size
    if own_kind != kind or inside > end or not data[at + _HEADER.size : inside].isascii():
        return None
    return _held(data, at, inside, end)


def _oneplus(data: bytes, after: int) -> list[Part]:
    """Blocks, then a list of them in JSON, which counts back to each, and its length."""
    size, end = int.from_bytes(data[-4:], "little"), len(data)
    if data[-8:-4] != b"jxrs" or not 8 < size <= MAX_BLOCK_BYTES or end - size < after:
        return []
    try:
        listed = orjson.loads(data[end - size : end - 8].rstrip(b"\0"))
        entries = sorted(((entry["offset"], entry["length"]) for entry in listed), reverse=True)
    except (ValueError, KeyError, TypeError):
        return []
    if len(entries) > MAX_BLOCKS or not all(type(number) is int for entry in entries for number in entry):
        return []
    at = end - size - max((back for back, _ in entries), default=0)
    parts: list[Part] = []
    for back, length in entries:
        if at < after or at != end - size - back or length <= 0 or at + length > end - size:
            return []
        held = _held(data, at, at, at + length)
        if held is None:
            return []
        parts.append(held)
        at += length
    directory = Part(Role.METADATA, "a directory behind it", at, end, data[at:])
    return [*parts, directory] if at == end - size else []


def _vivo(data: bytes, after: int) -> list[Part]:
    """A picture between two words, where there is one, and a note in JSON with some bytes up to a fixed end."""
    if not data.endswith(_VIVO_END):
        return []
    parts: list[Part] = []
    at = data.find(_VIVO_STREAM, after)
    if at >= 0:
        picture = picture_parts(data, at + len(_VIVO_STREAM), len(data))
        if picture is None:
            return []
        parts = [Part(Role.PICTURE, "a word", at, picture[0].begin), *picture]
        at = picture[-1].end
    else:
        at = data.find(_VIVO_NOTE, after)
    note = data[at:] if at >= 0 else b""
    if len(note) > MAX_BLOCK_BYTES or not note.startswith(b"stream" if parts else _VIVO_NOTE):
        return []
    return [*parts, Part(Role.METADATA, "a note behind it", at, len(data), note)]


def _held(data: bytes, begin: int, inside: int, end: int) -> Part | None:
    """A block from `begin` to `end` whose content begins at `inside`: picture, clip or few bytes; None for others."""
    if is_clip(data, inside, end):
        return Part(Role.PICTURE, "a clip", begin, end)
    picture = picture_parts(data, inside, end)
    if picture is not None and picture[-1].end == end:
        return Part(Role.PICTURE, "a picture behind it", begin, end)
    if end - begin > MAX_BLOCK_BYTES:
        return None
    return Part(Role.METADATA, "a block behind it", begin, end, data[inside:end])
