"""The parts of a JPEG (ITU-T T.81), segment by segment, and after its end those that phones write (`phones`).

What a segment of a program is, its first bytes say; the identifiers are those that ExifTool's documentation lists.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from adapters.images.foreign.part import Part, Role, Unwalkable

MAX_SEGMENTS = 4_000

_START, _END, _SCAN, _COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
_PROGRAMS = range(0xE0, 0xF0)
_WITHOUT_LENGTH = frozenset({0x00, 0x01, _START, *range(0xD0, 0xD8)})
_UNKNOWN = frozenset({*range(0x02, 0xC0), 0xC8, *range(0xF0, 0xFE)})
_MARKER = re.compile(rb"\xff+[^\xff]")
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_TIFF = (b"II*\0", b"MM\0*")
XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_ADOBE_BYTES = range(12, 65)
_WHERE_PROFILES_SAY_SO = 50
_KNOWN: Mapping[int, tuple[bytes, ...]] = MappingProxyType(
    {
        0: (b"CIFF", b"AVI1", b"Ocad"),
        1: (_EXTENDED_XMP, b"QVCI\0", b"FLIR\0"),
        2: (b"MPF\0", b"FPXR\0", b"urn:iso:std:iso:ts:21496:-1\0"),
        3: (b"Meta\0", b"META\0", b"Exif\0", b"Stim", b"_JPSJPS_", b"ssuniqueid\0"),
        4: (b"SCALADO\0", b"Qualcomm", b"FPXR\0", b"ssuniqueid\0"),
        5: (b"RMETA\0", b"SEC", b"ssuniqueid\0"),
        6: (b"EPPIM", b"NITF", b"TDHD", b"GoPro\0", b"DTAT"),
        7: (b"PENTAX", b"RICOH", b"HUAWEI\0", b"Qualcomm", b"DJI-DBG\0"),
        8: (b"SPIFF\0",),
        10: (b"AROT\0",),
        11: (b"JP", b"HDR_RI"),
        12: (b"Ducky", b"[picture info]", b"OLYMPUS", b"AGFA"),
        13: (b"Photoshop 3.0\0", b"Adobe_Photoshop2.5:", b"Adobe_CM"),
        15: (b"Q ",),
    }
)
"""By the number of the segment, how those of known programs begin."""


class Segments(NamedTuple):
    """The parts of one picture of a JPEG file up to just after its end marker, its plain XMP, and its MPF."""

    parts: list[Part]
    end: int
    xmp: bytes
    listed: bytes


def segments_of(data: bytes, start: int = 0, limit: int | None = None) -> Segments:
    """The parts of the picture that begins at `start` and ends before `limit`. Raises Unwalkable."""
    limit = len(data) if limit is None else limit
    if data[start : start + 2] != b"\xff\xd8":
        raise Unwalkable
    parts, xmp, listed = [Part(Role.PICTURE, "the header", start, start + 2)], b"", b""
    for _ in range(MAX_SEGMENTS):
        begin = parts[-1].end
        found = _MARKER.match(data, begin, limit)
        if found is None:
            break
        marker, at = data[found.end() - 1], found.end()
        if marker == _END:
            return Segments([*parts, Part(Role.PICTURE, "its end", begin, at)], at, xmp, listed)
        end = _end(data, marker, at, limit)
        body = b"" if marker == _SCAN else data[at + 2 : end]
        parts.append(_part(marker, body, begin, end))
        if body.startswith(XMP) and not xmp:
            xmp = body[len(XMP) :]
        if body.startswith(b"MPF\0") and not listed:
            listed = body[4:]
    raise Unwalkable


def _end(data: bytes, marker: int, at: int, limit: int) -> int:
    if marker in _WITHOUT_LENGTH or at + 2 > limit:
        raise Unwalkable
    end = at + int(struct.unpack_from(">H", data, at)[0])
    if marker == _SCAN:
        following = _NEXT_MARKER.search(data, end, limit)
        end = following.start() if following else limit + 1
    if not at + 2 <= end <= limit:
        raise Unwalkable
    return end


def _part(marker: int, body: bytes, begin: int, end: int) -> Part:
    if marker == _COMMENT:
        return Part(Role.COMMENT, "its comment", begin, end, body)
    if marker in _PROGRAMS:
        number = marker - _PROGRAMS.start
        role = Role.METADATA if _is_known(number, body) else Role.UNKNOWN
        return Part(role, f"its part APP{number}", begin, end, body)
    if marker in _UNKNOWN:
        return Part(Role.UNKNOWN, "a part of its own kind", begin, end, body)
    return Part(Role.PICTURE, "the picture", begin, end)


def _is_known(number: int, body: bytes) -> bool:
    match number:
        case 0 if body.startswith(b"JFIF\0") and len(body) >= 14:
            return len(body) == 14 + 3 * body[12] * body[13]
        case 0 if body.startswith(b"JFXX\0") and len(body) >= 6:
            return body[5] in {0x10, 0x11, 0x13}
        case 1 if body.startswith(b"Exif\0"):
            return body[6:10] in _TIFF
        case 1 if body.startswith(XMP):
            return b"<rdf:RDF" in body or b"<x:xmpmeta" in body or b"<?xpacket" in body
        case 2 if body.startswith(b"ICC_PROFILE\0"):
            return body[12:13] != b"\1" or body[_WHERE_PROFILES_SAY_SO : _WHERE_PROFILES_SAY_SO + 4] == b"acsp"
        case 14 if body.startswith(b"Adobe"):
            return len(body) in _ADOBE_BYTES
        case _:
            return any(beginning in body[:64] for beginning in _KNOWN.get(number, ()))
