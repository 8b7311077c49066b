"""The parts of a WEBP (RFC 9649), chunk by chunk, and its length and flags once some are taken off."""

from __future__ import annotations

import struct

from adapters.images.foreign.part import MAX_PARTS, Part, Role, Unwalkable

_PICTURE = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"})
_METADATA = frozenset({b"ICCP", b"EXIF", b"XMP ", b"C2PA"})
_HEADER_BYTES = 12
_FLAG_OF = ((b"ICCP", 0x20), (b"EXIF", 0x08), (b"XMP ", 0x04))
_FLAGS_AT = 20
"""Where an extended WEBP says which chunks it has: in its first one."""


def webp_parts(data: bytes) -> list[Part]:
    """The parts of a WEBP; what follows the length that it claims is the last. Raises Unwalkable."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if not _HEADER_BYTES <= end <= len(data):
        raise Unwalkable
    parts = [Part(Role.PICTURE, "the header", 0, _HEADER_BYTES)]
    while parts[-1].end < end:
        begin = parts[-1].end
        kind, body_end = data[begin : begin + 4], begin + 8 + int.from_bytes(data[begin + 4 : begin + 8], "little")
        if body_end > end or begin + 8 > end or len(parts) > MAX_PARTS:
            raise Unwalkable
        name = f"its part {kind.decode('ascii', 'replace').rstrip()}"
        role = Role.PICTURE if kind in _PICTURE else Role.METADATA if kind in _METADATA else Role.UNKNOWN
        body = b"" if role is Role.PICTURE else data[begin + 8 : body_end]
        parts.append(Part(role, name, begin, min(body_end + body_end % 2, end), body))
    return [*parts, Part(Role.BEHIND, "what follows it", end, len(data), data[end:])]


def as_long_as_it_is(webp: bytes) -> bytes:
    """The same with the length that it has, and with flags of the chunks that it still has."""
    kinds = {webp[part.begin : part.begin + 4] for part in webp_parts(_with_length(webp))[1:-1]}
    whole = bytearray(_with_length(webp))
    if whole[_HEADER_BYTES : _HEADER_BYTES + 4] == b"VP8X":
        for kind, flag in _FLAG_OF:
            if kind not in kinds:
                whole[_FLAGS_AT] &= ~flag
    return bytes(whole)


def _with_length(webp: bytes) -> bytes:
    return webp[:4] + struct.pack("<I", len(webp) - 8) + webp[8:]
