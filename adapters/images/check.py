"""Decides whether bytes are a picture that is kept: PNG, JPEG, WEBP or GIF by content, whole, and within the bounds.

A check has three steps. The container is walked by our own code (containers/), which finds the size, the frames and the
end without decoding, and refuses what is over the bounds. What stands beside the picture in its file, or behind it, is
judged by `foreign`. Then Pillow decodes every pixel of what is left: a file of that one format that holds the picture
and nothing else, so no profile, text, EXIF or thumbnail ever meets its parsers, no other plugin (Ghostscript among
them) is ever tried, and nothing is left for Pillow to warn about. Its global settings stay as the embedding program has
them. The bytes that are kept are never changed.

Time is bounded by bounding the work before it begins: bytes, pixels, frames, frames times pixels, the scans of a JPEG.
A thread cannot be stopped, and a process for each picture would cost more than the check and would have to start the
embedding program's interpreter again. The slowest picture found within the bounds is a JPEG of 100 scans and
50,000,000 pixels: under 4 seconds on one core. Two pictures are checked at a time in a process, since the largest WEBP
takes 800 MB while it is decoded, and the largest of the other formats 450 MB.

Left to others: names (domain.names), hashing, and where the bytes go.
"""

from __future__ import annotations

import asyncio
import io
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from PIL import Image

from adapters.images.containers.gif import outline_gif
from adapters.images.containers.jpeg import outline_jpeg
from adapters.images.containers.outline import Outline, PictureBounds
from adapters.images.containers.png import outline_png
from adapters.images.containers.webp import outline_webp
from adapters.images.foreign.judging import refuse_foreign
from adapters.images.formats import EXTENSIONS, GIF, JPEG, NAMED, PNG, WEBP, begun_media_type
from adapters.images.invalid_image import ImageProblem, InvalidImage, damaged

__all__ = [
    "CheckedImage",
    "ImageProblem",
    "InvalidImage",
    "broken_form",
    "check_image",
    "check_image_async",
    "contradiction",
]

MAX_PIXELS = 50_000_000
MAX_FRAMES = 1_000
MAX_AT_A_TIME = 2
MAX_WAITING = 1_024
MAX_WAIT_SECONDS = 60.0

_OUTLINES = {PNG: outline_png, JPEG: outline_jpeg, WEBP: outline_webp, GIF: outline_gif}
_slots = threading.BoundedSemaphore(MAX_AT_A_TIME)
_waiting = threading.BoundedSemaphore(MAX_WAITING)
# Makes no thread before the first picture.
_workers = ThreadPoolExecutor(MAX_AT_A_TIME, thread_name_prefix="image-check")


def _begin_anew() -> None:
    """A forked child has neither the threads nor anybody who gives back the turns taken when it was forked."""
    global _slots, _waiting, _workers  # noqa: PLW0603 - one state for a process, made anew for each
    _slots = threading.BoundedSemaphore(MAX_AT_A_TIME)
    _waiting = threading.BoundedSemaphore(MAX_WAITING)
    _workers = ThreadPoolExecutor(MAX_AT_A_TIME, thread_name_prefix="image-check")


if hasattr(os, "register_at_fork"):  # not on Windows, where no process is forked
    os.register_at_fork(after_in_child=_begin_anew)


class CheckedImage(NamedTuple):
    """A picture that may be kept. Width and height are in pixels as stored, before an EXIF orientation turns them."""

    media_type: str
    extension: str
    width: int
    height: int
    frames: int


def check_image(
    data: bytes, *, max_bytes: int, max_pixels: int = MAX_PIXELS, max_frames: int = MAX_FRAMES
) -> CheckedImage:
    """Check and decode a picture in the calling thread. Raises InvalidImage with the rule it breaks.

    Safe from any thread; blocks while two others are being checked, at most MAX_WAIT_SECONDS.
    """
    if len(data) > max_bytes:
        raise InvalidImage(
            ImageProblem.TOO_LARGE,
            f"The picture has {len(data):,} bytes. At most {max_bytes:,} are allowed; scale it down or compress it.",
        )
    if not _slots.acquire(timeout=MAX_WAIT_SECONDS):
        raise _waited_too_long()
    try:
        outline = _outline(data, PictureBounds(max_pixels, max_frames))
        refuse_foreign(data, outline.media_type)
        _decode(outline)
    finally:
        _slots.release()
    extension = EXTENSIONS[outline.media_type]
    return CheckedImage(outline.media_type, extension, outline.width, outline.height, outline.frames)


async def check_image_async(
    data: bytes, *, max_bytes: int, max_pixels: int = MAX_PIXELS, max_frames: int = MAX_FRAMES
) -> CheckedImage:
    """Check a picture without blocking the event loop, of which there may be several. Raises InvalidImage.

    A cancelled caller gives its turn back; a check that has begun runs to its end.
    """
    if not _waiting.acquire(blocking=False):
        raise _waited_too_long()
    try:
        job = _workers.submit(check_image, data, max_bytes=max_bytes, max_pixels=max_pixels, max_frames=max_frames)
    except BaseException:
        _waiting.release()
        raise
    job.add_done_callback(_give_place_back)
    try:
        async with asyncio.timeout(MAX_WAIT_SECONDS):
            return await asyncio.wrap_future(job)
    except TimeoutError as error:
        raise _waited_too_long() from error


def contradiction(name: str, media_type: str) -> str | None:
    """The sentence that refuses a well-formed name whose extension is not of the content's format; None where it is.

    A name without an extension promises nothing. Any other may: what opens by its name must be what it says.
    """
    stem, dot, extension = name.rpartition("/")[2].rpartition(".")
    if not dot or NAMED.get(extension.lower()) == media_type:
        return None
    right = EXTENSIONS[media_type]
    return f"The picture is a {_shown(media_type)}, but its name ends in .{extension}. Name it {stem}.{right} instead."


def broken_form(data: bytes) -> ImageProblem | None:
    """The rule that the form of a file breaks, as far as it shows without decoding; None where there is none."""
    try:
        refuse_foreign(data, _outline(data, PictureBounds(MAX_PIXELS, MAX_FRAMES)).media_type)
    except InvalidImage as refusal:
        return refusal.kind
    return None


def _outline(data: bytes, bounds: PictureBounds) -> Outline:
    media_type = begun_media_type(data)
    if media_type is None:
        raise InvalidImage(
            ImageProblem.UNSUPPORTED,
            "The content is not a picture that can be kept. PNG, JPEG, WEBP and GIF are; save it as one of these."
            if data
            else "The picture is empty, it has no bytes. Upload it once more.",
        )
    return _OUTLINES[media_type](data, bounds)


def _decode(outline: Outline) -> None:
    """Decode every frame and keep none. What a decoder says of the damage is for programmers and goes no further."""
    shown = _shown(outline.media_type)
    try:
        with Image.open(io.BytesIO(outline.picture), formats=[outline.format]) as image:
            if outline.format == "JPEG":
                # Reads all the data as ever, but builds an eighth of the picture: 64 times less memory.
                image.draft(None, (1, 1))
            for frame in range(outline.frames):
                image.seek(frame)
                image.load()
    except MemoryError:
        raise
    except Image.DecompressionBombError as error:
        raise InvalidImage(
            ImageProblem.TOO_MANY_PIXELS, "The picture has more pixels than this program allows; scale it down."
        ) from error
    except Exception as error:
        # On hostile bytes a decoder raises whatever it meets, from struct.error to KeyError.
        raise damaged(shown, "it cannot be decoded") from error


def _shown(media_type: str) -> str:
    return media_type.removeprefix("image/").upper()


def _give_place_back(_: Future[CheckedImage]) -> None:
    _waiting.release()


def _waited_too_long() -> InvalidImage:
    return InvalidImage(
        ImageProblem.TIMEOUT,
        "The picture could not be checked, because too many others are waiting. Try again in a minute.",
    )
