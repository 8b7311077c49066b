"""Shapes pictures to what a provider takes and a user asked for, aside from the event loop and two at a time.

Answers for decoding what a user or a service sent, for scaling, and for the format. What is too large to be decoded was
refused before, by `request_check`; the rest waits for the memory that it takes (`memory`). Colours stay as they are
(`levels`); what is transparent becomes white where the target knows none.
"""

from __future__ import annotations

import asyncio
import io
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import NamedTuple, ParamSpec, TypeVar

from PIL import Image, ImageOps

from adapters.images import memory
from adapters.images.containers.outline import MAX_DECODED_BYTES
from adapters.images.formats import INPUTS, MEDIA_TYPES
from adapters.images.levels import in_eight_bits
from adapters.images.png_chunks import chunks_of

WORKERS = 2
QUALITIES = (92, 80, 60)
BYTES_A_PIXEL, OTHERS_BYTES_A_PIXEL = {"WEBP": 16, "AVIF": 14}, 10
"""What decoding, flattening and scaling one takes (measured), by Pillow's names of formats."""

P = ParamSpec("P")
T = TypeVar("T")


class DamagedPicture(Exception):
    """Bytes that cannot be decoded as a picture."""


class NotSmallEnough(DamagedPicture):
    """A picture of which no copy has as few bytes as are allowed."""


class ClosedMeanwhile(Exception):
    """The workers were closed before the work began."""


class ShapedPicture(NamedTuple):
    """A picture in the shape that was asked for. Sides in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


class PictureWorkers:
    """The threads in which pictures are shaped; made when the first one comes."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None
        self._closed = False

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the work in a thread. Raises what it raises, and ClosedMeanwhile after `close`."""
        if self._closed:
            raise ClosedMeanwhile
        if self._threads is None:
            self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="pictures")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._begin, partial(work, *args, **kwargs))

    def _begin(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise ClosedMeanwhile
        return work()

    def close(self) -> None:
        """Let the threads end: what runs is finished, what waits is refused. A second call does nothing."""
        self._closed = True
        if self._threads is not None:
            self._threads.shutdown(wait=False)


def most_pixels_of(format_name: str | None) -> int | None:
    """How many pixels a picture of this format may have; None where the bound is that of all."""
    bytes_a_pixel = BYTES_A_PIXEL.get(format_name or "")
    return None if bytes_a_pixel is None else MAX_DECODED_BYTES // bytes_a_pixel


@contextmanager
def in_memory(data: bytes, *, paid: bool = False) -> Iterator[None]:
    """Within this block the picture may be decoded and shaped: waits until there is memory for it, so for a worker.
    What was paid for comes first.
    """
    try:
        with Image.open(io.BytesIO(data), formats=INPUTS) as image:
            pixels = image.width * image.height
            bytes_a_pixel = BYTES_A_PIXEL.get(image.format or "", OTHERS_BYTES_A_PIXEL)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        pixels = bytes_a_pixel = 0  # and whoever decodes it says so
    with memory.held(pixels * bytes_a_pixel, first=paid):
        yield


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height as they are seen, with the orientation of EXIF. Raises DamagedPicture."""
    try:
        with Image.open(io.BytesIO(data), formats=INPUTS) as image:
            # Of a PNG, Pillow decodes everything in order to see what may stand behind the picture.
            is_decoded = image.format == "PNG" and _tells_after_its_picture(data)
            with in_memory(data) if is_decoded else nullcontext():
                exif = Image.Image.getexif(image) if image.format == "PNG" and not is_decoded else image.getexif()
            turned = exif.get(0x0112, 1) in {5, 6, 7, 8}
            width, height = image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DamagedPicture from error
    return (height, width) if turned else (width, height)


def refuse_damaged(data: bytes) -> None:
    """Raises DamagedPicture where the first frame cannot be decoded to its end."""
    try:
        with Image.open(io.BytesIO(data), formats=INPUTS) as image:
            image.draft(None, (1, 1))  # of a JPEG all is read as ever, and an eighth of the picture built
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DamagedPicture from error


def decoded(data: bytes, formats: tuple[str, ...] = INPUTS) -> Image.Image:
    """The first frame, upright, as RGB or RGBA of eight bits. Raises DamagedPicture."""
    try:
        with Image.open(io.BytesIO(data), formats=formats) as image:
            ImageOps.exif_transpose(image, in_place=True)
            return in_eight_bits(image, data)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DamagedPicture from error


def flattened(picture: Image.Image) -> Image.Image:
    """The picture on white, where it is transparent."""
    if picture.mode != "RGBA":
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    flat = Image.new("RGB", picture.size, "white")
    flat.paste(picture, mask=picture.getchannel("A"))
    return flat


def filled(data: bytes, size: tuple[int, int], *, at_most_bytes: int) -> ShapedPicture:
    """The picture scaled to fill exactly this size, its longer side cut evenly. Raises DamagedPicture."""
    with in_memory(data):
        picture = flattened(decoded(data))
        if picture.size != size:
            picture = ImageOps.fit(picture, size, Image.Resampling.LANCZOS)
        return encoded(picture, at_most_bytes)


def within(data: bytes, *, at_most_pixels: int, longest_side: int, at_most_bytes: int) -> ShapedPicture:
    """The picture scaled down, in its own shape, until it fits; never scaled up. Raises DamagedPicture."""
    with in_memory(data):
        picture = flattened(decoded(data))
        width, height = picture.size
        factor = min(1.0, math.sqrt(at_most_pixels / (width * height)), longest_side / max(width, height))
        if factor < 1:
            size = (max(1, int(width * factor)), max(1, int(height * factor)))
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        return encoded(picture, at_most_bytes)


def of_width(data: bytes, width: int) -> ShapedPicture:
    """What a service made at exactly this width, in its shape and format; the same bytes where it is. Raises
    DamagedPicture.
    """
    with_format = _format_of(data)
    if size_of(data)[0] == width and with_format in MEDIA_TYPES:
        return ShapedPicture(data, MEDIA_TYPES[with_format], *size_of(data))
    with in_memory(data, paid=True):
        picture = decoded(data)
        height = max(1, round(picture.height * width / picture.width))
        scaled = picture.resize((width, height), Image.Resampling.LANCZOS)
        if with_format in {"JPEG", "WEBP"}:
            return _saved(flattened(scaled) if with_format == "JPEG" else scaled, with_format, quality=QUALITIES[0])
        return _saved(scaled, "PNG")


def in_format(data: bytes, media_type: str) -> bytes:
    """The picture in a format; the same bytes where it is in that already. Raises DamagedPicture."""
    if MEDIA_TYPES.get(_format_of(data)) == media_type:
        return data
    (kind,) = (name for name, known in MEDIA_TYPES.items() if known == media_type)
    with in_memory(data):
        picture = decoded(data)
        try:
            return _saved(flattened(picture) if kind == "JPEG" else picture, kind, quality=QUALITIES[0]).data
        except (OSError, ValueError) as error:  # such as a side that is longer than WEBP can tell
            raise DamagedPicture from error


def encoded(picture: Image.Image, at_most_bytes: int) -> ShapedPicture:
    """As PNG, or where that takes more bytes, as a JPEG that is as good as fits. Raises DamagedPicture if none does."""
    attempt = _saved(picture, "PNG")
    for quality in QUALITIES:
        if len(attempt.data) <= at_most_bytes:
            return attempt
        attempt = _saved(flattened(picture), "JPEG", quality=quality)
    if len(attempt.data) <= at_most_bytes:
        return attempt
    raise NotSmallEnough


def _saved(picture: Image.Image, kind: str, **options: int) -> ShapedPicture:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return ShapedPicture(buffer.getvalue(), MEDIA_TYPES[kind], *picture.size)


def _format_of(data: bytes) -> str:
    try:
        with Image.open(io.BytesIO(data), formats=INPUTS) as image:
            return image.format or "PNG"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DamagedPicture from error


def _tells_after_its_picture(png: bytes) -> bool:
    """Whether anything but the end follows the picture data: some programs write EXIF there."""
    in_picture = False
    for chunk in chunks_of(png):
        if in_picture and chunk.kind != b"IDAT":
            return chunk.kind != b"IEND"
        in_picture = chunk.kind == b"IDAT"
    return False
