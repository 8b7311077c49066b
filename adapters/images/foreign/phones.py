"""What phones write behind the end of a JPEG, recognised by its form: more pictures, a motion clip, a maker's blocks.

Each stretch is announced inside the first picture and is a whole thing of its own kind, from its first byte to its
last: a picture up to its end marker, a clip whose boxes add up to the length that was announced, blocks that their
directory counts. Between them only zeros may stand. Sources: CIPA DC-007 (MPF), ISO 21496-1 and Ultra HDR 1.1 (gain
maps, which stand behind as pictures), Motion Photo 1.0 and its former MicroVideo, ISO 14496-12 (boxes), ExifTool's
description of Samsung's trailer.
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple
from xml.etree import ElementTree as ET

from adapters.images.foreign.jpeg_parts import Segments, segments_of
from adapters.images.foreign.part import Part, Role, Unwalkable

MAX_PICTURES = 32
MAX_CLIPS = 4
MAX_BOXES = 10_000
MAX_BLOCKS = 256
MAX_BLOCK_BYTES = 65_536
"""Of a maker's block that holds neither picture nor clip."""
MAX_FILLING_BYTES = 65_536
MAX_XMP_BYTES = 65_536

_CONTAINER = "{http://ns.google.com/photos/1.0/container/}"
_ITEM = "{http://ns.google.com/photos/1.0/container/item/}"
_CAMERA = "{http://ns.google.com/photos/1.0/camera/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_NOT_ZERO = re.compile(rb"[^\0]")
_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"meta", b"moof", b"mfra", b"sidx"})
_MADE_OF = ({b"ftyp", b"moov", b"mdat"}, {b"ftyp", b"moov", b"moof", b"mdat"})
_BLOCK_HEADER = struct.Struct("<HHI")
_BLOCK_ENTRY = struct.Struct("<HHII")
_NUMBER_OF_IMAGES = 0xB001


class Announced(NamedTuple):
    """What the first picture says of what follows it: how many pictures, and the lengths of clips."""

    pictures: int
    clips: frozenset[int]


def jpeg_parts(data: bytes) -> list[Part]:
    """The parts of a JPEG: those of each picture, what a phone wrote behind them, and last what nobody did. Raises
    Unwalkable.
    """
    first = segments_of(data)
    announced = _announced(first)
    blocks_begin, blocks = _maker_blocks(data, first.end)
    parts, at, pictures = list(first.parts), first.end, 0
    while at < blocks_begin:
        following = _filled_to(data, at, blocks_begin)
        if data.startswith(b"\xff\xd8", following) and pictures < announced.pictures:
            found = _picture(data, following, blocks_begin)
            pictures += 1
        else:
            found = _clip(data, at, blocks_begin, announced)
        if found is None or found[0].begin - at > MAX_FILLING_BYTES:
            break
        if found[0].begin > at:
            parts.append(Part(Role.PICTURE, "filling", at, found[0].begin))
        parts += found
        at = found[-1].end
    end = _filled_to(data, at, blocks_begin)
    if end == blocks_begin and end - at <= MAX_FILLING_BYTES:
        return [*parts, Part(Role.PICTURE, "filling", at, end), *blocks, Part(Role.BEHIND, "", len(data), len(data))]
    return [*parts, Part(Role.BEHIND, "what follows it", at, len(data), data[at:])]


def _filled_to(data: bytes, at: int, end: int) -> int:
    """Where the zeros that stand at an offset end."""
    found = _NOT_ZERO.search(data, at, end)
    return found.start() if found else end


def _picture(data: bytes, begin: int, end: int) -> list[Part] | None:
    try:
        return segments_of(data, begin, end).parts
    except Unwalkable:
        return None


def _clip(data: bytes, at: int, end: int, announced: Announced) -> list[Part] | None:
    """A clip that reaches to the end, and from there has the length that was announced."""
    for length in announced.clips:
        for begin in (end - length, len(data) - length):
            if at <= begin < end and _filled_to(data, at, begin) == begin and _is_clip(data, begin, end):
                return [Part(Role.PICTURE, "a clip", begin, end)]
    return None


def _is_clip(data: bytes, begin: int, end: int) -> bool:
    """Whether the boxes of a video add up to exactly this stretch (ISO 14496-12, 4.2)."""
    kinds: list[bytes] = []
    at = begin
    while at < end and len(kinds) < MAX_BOXES:
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        least = 16 if size == 1 else 8
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16])
        elif not size:
            size = end - at
        if size < least or kind not in _BOXES:
            return False
        kinds.append(kind)
        at += size
    return at == end and kinds[:1] == [b"ftyp"] and any(made_of <= set(kinds) for made_of in _MADE_OF)


def _announced(first: Segments) -> Announced:
    pictures, clips = max(0, _pictures_listed(first.listed) - 1), set[int]()
    for name, values in _described(first.xmp):
        length = _number(values.get(f"{_ITEM}Length"))
        mime = values.get(f"{_ITEM}Mime", "")
        if name == "item" and mime == "image/jpeg" and length:
            pictures += 1
        elif name == "item" and mime in {"video/mp4", "video/quicktime"} and length:
            clips.add(length)
        elif name == "camera":
            clips.add(_number(values.get(f"{_CAMERA}MicroVideoOffset")))
    return Announced(min(pictures, MAX_PICTURES), frozenset(sorted(clips - {0})[:MAX_CLIPS]))


def _pictures_listed(listed: bytes) -> int:
    """How many pictures an MPF says there are (CIPA DC-007, 5.2)."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(listed[:4])
    if order is None or len(listed) < 8:
        return 0
    at = int(struct.unpack_from(f"{order}I", listed, 4)[0])
    count = int(struct.unpack_from(f"{order}H", listed, at)[0]) if at + 2 <= len(listed) else 0
    for entry in range(at + 2, min(at + 2 + 12 * count, len(listed) - 11), 12):
        tag, _, _, value = struct.unpack_from(f"{order}HHII", listed, entry)
        if tag == _NUMBER_OF_IMAGES:
            return int(value)
    return 0


def _described(xmp: bytes) -> list[tuple[str, dict[str, str]]]:
    """The items of a container, and what the camera says, of an XMP packet; nothing where it is none."""
    if not xmp or len(xmp) > MAX_XMP_BYTES or b"<!" in xmp:
        return []  # a declaration of entities could make it larger than it is
    try:
        root = ET.fromstring(xmp.strip(b" \t\r\n\0"))  # noqa: S314 - bounded, and without any declaration
    except ET.ParseError:
        return []
    items = [_values(element) for element in root.iter() if _is_item(element)]
    camera = [_values(element) for element in root.iter(f"{_RDF}Description")]
    return [("item", values) for values in items] + [("camera", values) for values in camera]


def _is_item(element: ET.Element) -> bool:
    return element.tag == f"{_CONTAINER}Item" or any(child.tag == f"{_ITEM}Length" for child in element)


def _values(element: ET.Element) -> dict[str, str]:
    """Properties, which may be attributes as well as elements."""
    return {child.tag: (child.text or "").strip() for child in element} | dict(element.attrib)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else 0


def _maker_blocks(data: bytes, after: int) -> tuple[int, list[Part]]:
    """Where Samsung's blocks begin and their parts; the end of the data and none where it has no such trailer."""
    none: tuple[int, list[Part]] = (len(data), [])
    directory_at = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    if data[-4:] != b"SEFT" or not after < directory_at < len(data) - 8 - 12 or data[directory_at:][:4] != b"SEFH":
        return none
    count = int.from_bytes(data[directory_at + 8 : directory_at + 12], "little")
    if count > MAX_BLOCKS or directory_at + 12 + 12 * count != len(data) - 8:
        return none
    entries = [_BLOCK_ENTRY.unpack_from(data, directory_at + 12 + 12 * index) for index in range(count)]
    at = begin = directory_at - max((back for _, _, back, _ in entries), default=0)
    parts: list[Part] = []
    for _, kind, back, size in sorted(entries, key=lambda entry: -entry[2]):
        block = _block(data, at, kind, size)
        if at != directory_at - back or block is None or begin < after:
            return none
        parts.append(block)
        at += size
    return (begin, [*parts, Part(Role.PICTURE, "a directory", at, len(data))]) if at == directory_at else none


def _block(data: bytes, at: int, kind: int, size: int) -> Part | None:
    """A block that says of itself what its directory says, with a name, and a picture, a clip or few bytes in it."""
    if size < _BLOCK_HEADER.size or at < 0:
        return None
    _, own_kind, name_bytes = _BLOCK_HEADER.unpack_from(data, at)
    inside, end = at + _BLOCK_HEADER.size + name_bytes, at + size
    if own_kind != kind or inside > end or not data[at + _BLOCK_HEADER.size : inside].isascii():
        return None
    if _is_clip(data, inside, end) or _picture(data, inside, end):
        return Part(Role.PICTURE, "a block", at, end)
    return Part(Role.METADATA, "a block behind it", at, end, data[inside:end]) if size <= MAX_BLOCK_BYTES else None
