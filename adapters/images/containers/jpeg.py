"""Walks a JPEG (ITU-T T.81): the segments and scans of the first picture up to its end marker.

What follows that end, and the profiles, EXIF and thumbnails inside, are for `foreign` to look at.
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from adapters.images.containers.outline import Outline, PictureBounds
from adapters.images.invalid_image import ImageProblem, InvalidImage, damaged

MAX_SEGMENTS = 4_000
MAX_SCANS = 100
# Every scan visits the blocks of its components again, also when it adds nothing: 1.1 seconds for so many pixels. The
# scans of an ordinary progressive JPEG visit each pixel about 14 times.
MAX_VISITED_PIXELS = 1_000_000_000

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DECODABLE_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_PROGRESSIVE = 0xC2
_WITHOUT_LENGTH = frozenset({0x00, 0x01, _START, *range(0xD0, 0xD8)})
# What the decoder needs: frames, Huffman tables, scans, quantisation, restarts.
_SHOWN = _DECODABLE_FRAMES | {0xC4, _SCAN, 0xDB, 0xDD}
# Any number of 0xFF may stand before a marker's code.
_MARKER = re.compile(rb"\xff+[^\xff]")
# Inside a scan a 0xFF byte is followed by 0x00 or a restart; by anything else it is the next marker.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


class _Segment(NamedTuple):
    marker: int
    body: bytes
    whole: bytes


def outline_jpeg(data: bytes, bounds: PictureBounds) -> Outline:
    """The outline of the first picture of a JPEG that is whole and within the bounds."""
    segments = _segments(data)
    frames = [segment for segment in segments if segment.marker in _FRAMES]
    if len(frames) != 1 or not any(segment.marker == _SCAN for segment in segments):
        raise damaged("JPEG", "it does not hold exactly one picture")
    width, height = _size(frames[0])
    bounds.admit_size(width, height)
    _refuse_costly_scans(segments, width * height)
    picture = b"\xff\xd8" + b"".join(segment.whole for segment in segments if segment.marker in _SHOWN) + b"\xff\xd9"
    return Outline(
        format="JPEG",
        width=width,
        height=height,
        frames=1,
        picture=picture,
        bytes_a_pixel=_bytes_a_pixel(frames[0], segments),
    )


def _refuse_costly_scans(segments: list[_Segment], pixels: int) -> None:
    """Refuse what would be visited too often; a scan's first byte tells how many components it visits."""
    visits = sum(segment.body[0] for segment in segments if segment.marker == _SCAN and segment.body)
    if visits * pixels > MAX_VISITED_PIXELS:
        raise InvalidImage(
            ImageProblem.TOO_MANY_SCANS,
            f"The JPEG goes over its picture {visits} times, so that showing it takes too long. At this size at most "
            f"{MAX_VISITED_PIXELS // pixels} times are allowed. Save it as an ordinary JPEG.",
        )


def _bytes_a_pixel(frame: _Segment, segments: list[_Segment]) -> int:
    """Of a picture in several scans the decoder holds all that they tell, two bytes for each level of a component."""
    in_one_scan = frame.marker != _PROGRESSIVE and sum(segment.marker == _SCAN for segment in segments) == 1
    return 1 if in_one_scan else 2 * frame.body[5]


def _segments(data: bytes) -> list[_Segment]:
    """The segments of the first picture, a scan with its data."""
    segments: list[_Segment] = []
    scans = 0
    offset = 2
    for _ in range(MAX_SEGMENTS):
        marker, offset = _marker(data, offset)
        if marker == _END:
            return segments
        if marker in _WITHOUT_LENGTH or offset + 2 > len(data):
            raise damaged("JPEG", "a part of it is not where it belongs")
        end = offset + int(struct.unpack_from(">H", data, offset)[0])
        body = data[offset + 2 : end]
        if marker == _SCAN:
            scans += 1
            if scans > MAX_SCANS:
                raise InvalidImage(
                    ImageProblem.TOO_MANY_SCANS,
                    f"The JPEG is built of more than {MAX_SCANS} scans, so that showing it takes too long. "
                    "Save it as an ordinary JPEG.",
                )
            end = _scan_end(data, end)
        if end < offset + 2 or end > len(data):
            raise damaged("JPEG", "its end is missing")
        segments.append(_Segment(marker, body, bytes((0xFF, marker)) + data[offset:end]))
        offset = end
    raise damaged("JPEG", f"it has more than {MAX_SEGMENTS:,} parts")


def _marker(data: bytes, offset: int) -> tuple[int, int]:
    """The marker at the offset and the offset after it."""
    found = _MARKER.match(data, offset)
    if found is None:
        raise damaged("JPEG", "a part of it is missing or not where it belongs")
    return data[found.end() - 1], found.end()


def _scan_end(data: bytes, start: int) -> int:
    found = _NEXT_MARKER.search(data, start)
    if found is None:
        raise damaged("JPEG", "its end is missing")
    return found.start()


def _size(frame: _Segment) -> tuple[int, int]:
    if frame.marker not in _DECODABLE_FRAMES or len(frame.body) < 6 or frame.body[0] != 8:
        raise InvalidImage(
            ImageProblem.UNSUPPORTED,
            "The JPEG is of a rare kind (lossless, arithmetic or 12 bits) that browsers cannot show. "
            "Save it as an ordinary JPEG.",
        )
    height, width = struct.unpack_from(">HH", frame.body, 1)
    if not width or not height:
        raise damaged("JPEG", "it does not say how large the picture is")
    return int(width), int(height)
