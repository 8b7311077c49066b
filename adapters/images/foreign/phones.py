"""What phones write behind the end of a JPEG, recognised by its form: more pictures, a motion clip, a maker's blocks.

Each stretch is announced inside the first picture and is a whole thing of its own kind, from its first byte to its
last: a picture up to its end marker, a clip whose boxes add up to the length that was announced, blocks that their
directory counts (`maker_blocks`). Between them only zeros may stand. Sources: CIPA DC-007 (MPF), ISO 21496-1 and Ultra
HDR 1.1 (gain maps, which stand behind as pictures), Motion Photo 1.0, its former MicroVideo, and Dynamic Depth 1.0.
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple
from xml.etree import ElementTree as ET

from adapters.images.foreign.clips import is_clip, picture_parts
from adapters.images.foreign.jpeg_parts import Segments, segments_of
from adapters.images.foreign.maker_blocks import maker_blocks
from adapters.images.foreign.part import Part, Role

MAX_PICTURES = 32
MAX_CLIPS = 4
MAX_FILLING_BYTES = 65_536
MAX_XMP_BYTES = 65_536

_GOOGLE = "{http://ns.google.com/photos/"
"""All of its names of properties begin so, those of depth maps too."""
_NOT_ZERO = re.compile(rb"[^\0]")
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
    blocks_begin, blocks = maker_blocks(data, first.end)
    parts, at, pictures = list(first.parts), first.end, 0
    while at < blocks_begin:
        following = _filled_to(data, at, blocks_begin)
        if data.startswith(b"\xff\xd8", following) and pictures < announced.pictures:
            found = picture_parts(data, following, blocks_begin)
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


def _clip(data: bytes, at: int, end: int, announced: Announced) -> list[Part] | None:
    """A clip that reaches to the end, and from there has the length that was announced."""
    for length in announced.clips:
        for begin in (end - length, len(data) - length):
            if at <= begin < end and _filled_to(data, at, begin) == begin and is_clip(data, begin, end):
                return [Part(Role.PICTURE, "a clip", begin, end)]
    return None


def _announced(first: Segments) -> Announced:
    pictures, clips = max(0, _pictures_listed(first.listed) - 1), set[int]()
    for values in _described(first.xmp):
        length, mime = _number(values.get("Length")), values.get("Mime", "")
        if mime.startswith("image/") and length:
            pictures += 1
        elif mime.startswith("video/"):
            clips.add(length)
        clips.add(_number(values.get("MicroVideoOffset")))
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


def _described(xmp: bytes) -> list[dict[str, str]]:
    """Google's properties, by their names, of each thing that an XMP packet describes; nothing where it is none."""
    if not xmp or len(xmp) > MAX_XMP_BYTES or b"<!" in xmp:
        return []  # a declaration of entities could make it larger than it is
    try:
        root = ET.fromstring(xmp.strip(b" \t\r\n\0"))  # noqa: S314 - bounded, and without any declaration
    except ET.ParseError:
        return []
    return [values for element in root.iter() if (values := _values(element))]


def _values(element: ET.Element) -> dict[str, str]:
    """Properties, which may be attributes as well as elements."""
    whole = {child.tag: (child.text or "").strip() for child in element} | dict(element.attrib)
    return {name.rpartition("}")[2]: value for name, value in whole.items() if name.startswith(_GOOGLE)}


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else 0
