"""Walks a GIF (GIF89a specification): the blocks of every frame up to the trailer, which must be the last byte."""

from __future__ import annotations

import struct

from adapters.images.containers.outline import Outline, PictureBounds
from adapters.images.invalid_image import damaged, followed_by

MAX_SUB_BLOCKS = 500_000
BYTES_A_PIXEL, BYTES_A_PIXEL_ANIMATED = 1, 9

_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_HEADER_BYTES = 13


def outline_gif(data: bytes, bounds: PictureBounds) -> Outline:
    """The outline of a GIF that is whole and whose frames, alone and together, are within the bounds."""
    walk = _Walk(data, bounds)
    walk.to_trailer()
    if walk.offset < len(data):
        raise followed_by("GIF", len(data) - walk.offset)
    if not walk.frames:
        raise damaged("GIF", "it holds no picture")
    bounds.admit_size(walk.width, walk.height, walk.frames)
    bytes_a_pixel = BYTES_A_PIXEL_ANIMATED if walk.frames > 1 else BYTES_A_PIXEL
    return Outline(
        format="GIF",
        width=walk.width,
        height=walk.height,
        frames=walk.frames,
        picture=b"".join(walk.shown),
        bytes_a_pixel=bytes_a_pixel,
    )


class _Walk:
    """One walk over the blocks. `shown` gathers the frames alone, without any extension."""

    def __init__(self, data: bytes, bounds: PictureBounds) -> None:
        self.data = data
        self.bounds = bounds
        self.frames = 0
        self.sub_blocks = 0
        self.offset = 0
        header = self._take(_HEADER_BYTES)
        self.width, self.height = struct.unpack_from("<HH", header, 6)
        self.shown = [header, self._take(_colour_table_bytes(header[10]))]

    def to_trailer(self) -> None:
        """Walk to just after the trailer. Bounded by the frames, the sub-blocks and the data."""
        while True:
            start = self.offset
            kind = self._take(1)[0]
            if kind == _IMAGE:
                self._image()
                self.shown.append(self.data[start : self.offset])
            elif kind == _EXTENSION:
                self._take(1)
                self._skip_sub_blocks()
            elif kind == _TRAILER:
                self.shown.append(b"\x3b")
                return
            else:
                raise damaged("GIF", "a part of it is not where it belongs")

    def _image(self) -> None:
        self.frames += 1
        self.bounds.admit_frames(self.frames)
        left, top, width, height, flags = struct.unpack("<HHHHB", self._take(9))
        if not width or not height:
            raise damaged("GIF", "a frame has no size")
        # A frame may reach beyond the canvas that the header names; decoders then widen the canvas.
        self.width, self.height = max(self.width, left + width), max(self.height, top + height)
        self.bounds.admit_size(self.width, self.height)
        self._take(_colour_table_bytes(flags))
        self._take(1)
        self._skip_sub_blocks()

    def _skip_sub_blocks(self) -> None:
        for _ in range(self.sub_blocks, MAX_SUB_BLOCKS):
            self.sub_blocks += 1
            size = self._take(1)[0]
            if not size:
                return
            self._take(size)
        raise damaged("GIF", f"it has more than {MAX_SUB_BLOCKS:,} parts")

    def _take(self, count: int) -> bytes:
        taken = self.data[self.offset : self.offset + count]
        if len(taken) < count:
            raise damaged("GIF", "its end is missing")
        self.offset += count
        return taken


def _colour_table_bytes(flags: int) -> int:
    return 3 << (1 + (flags & 0b111)) if flags & 0b1000_0000 else 0
