"""The parts of a GIF (GIF89a specification), block by block."""

from __future__ import annotations

from adapters.images.foreign.part import MAX_PARTS, Part, Role, Unwalkable

_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_GRAPHIC_CONTROL, _PLAIN_TEXT, _COMMENT, _APPLICATION = 0xF9, 0x01, 0xFE, 0xFF
_HEADER_BYTES = 13
_IDENTIFIER_BYTES = 11
MAX_SUB_BLOCKS = 500_000
_GRAPHIC_CONTROL_BYTES = 4
_LOOPS = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0"})
_LOOP_BYTES = (_IDENTIFIER_BYTES + 3, _IDENTIFIER_BYTES + 5)
_METADATA = frozenset(
    {b"XMP DataXMP", b"ICCRGBG1012", b"MGK8BIM0000", b"MGKIPTC0000", b"MGKXMP_0000", b"C2PA_GIF\1\0\0"}
)


def gif_parts(data: bytes) -> list[Part]:
    """The parts of a GIF; what follows its end is the last. Raises Unwalkable."""
    if len(data) < _HEADER_BYTES:
        raise Unwalkable
    parts = [Part(Role.PICTURE, "the header", 0, _HEADER_BYTES + _table_bytes(data[10]))]
    while len(parts) <= MAX_PARTS:
        begin = parts[-1].end
        kind = data[begin : begin + 1]
        if kind == bytes((_TRAILER,)):
            parts.append(Part(Role.PICTURE, "its end", begin, begin + 1))
            return [*parts, Part(Role.BEHIND, "what follows it", begin + 1, len(data), data[begin + 1 :])]
        if kind == bytes((_IMAGE,)) and begin + 10 <= len(data):
            end = _end(data, begin + 11 + _table_bytes(data[begin + 9]))
            parts.append(Part(Role.PICTURE, "a frame", begin, end))
        elif kind == bytes((_EXTENSION,)) and begin + 2 <= len(data):
            body, end = _joined(data, begin + 2)
            parts.append(_extension(data[begin + 1], body, begin, end))
        else:
            break
    raise Unwalkable


def _extension(label: int, body: bytes, begin: int, end: int) -> Part:
    if label == _GRAPHIC_CONTROL and len(body) == _GRAPHIC_CONTROL_BYTES:
        return Part(Role.PICTURE, "how a frame is shown", begin, end)
    if label in {_COMMENT, _PLAIN_TEXT}:
        return Part(Role.COMMENT, "its comment", begin, end, body)
    if label != _APPLICATION:
        return Part(Role.UNKNOWN, "an extension", begin, end, body)
    identifier = body[:_IDENTIFIER_BYTES]
    if identifier in _LOOPS and len(body) in _LOOP_BYTES:
        return Part(Role.PICTURE, "how often it is shown", begin, end)
    role = Role.METADATA if identifier in _METADATA else Role.UNKNOWN
    return Part(role, "an extension", begin, end, body)


def _end(data: bytes, at: int) -> int:
    """Where the sub-blocks that begin at an offset end. Raises Unwalkable."""
    for _ in range(MAX_SUB_BLOCKS):
        if at >= len(data):
            break
        size = data[at]
        at += 1 + size
        if not size:
            return at
    raise Unwalkable


def _joined(data: bytes, at: int) -> tuple[bytes, int]:
    """What the sub-blocks that begin at an offset hold, and where they end. Raises Unwalkable."""
    pieces, end = [], _end(data, at)
    while at < end:
        pieces.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return b"".join(pieces), end


def _table_bytes(flags: int) -> int:
    return 3 << (1 + (flags & 0b111)) if flags & 0b1000_0000 else 0
