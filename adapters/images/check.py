"""Decides whether bytes are a picture that is kept: PNG, JPEG, WEBP or GIF by content, whole, and within the bounds.

A check has three steps. The container is walked by our own code (containers/), which finds the size, the frames and the
end without decoding, and refuses what is over the bounds. What stands beside the picture in its file, or behind it, is
judged by `foreign`. Then Pillow decodes every pixel of what is left: a file of that one format that holds the picture
and nothing else, so no profile, text, EXIF or thumbnail ever meets its parsers, no other plugin (Ghostscript among
them) is ever tried, and nothing is left for Pillow to warn about. Its global settings stay as the embedding program has
them. The bytes that are kept are never changed.

Time is bounded by bounding the work before it begins: bytes, sides, pixels, frames, frames times pixels, the scans of
a JPEG and how often they visit its pixels. A thread cannot be stopped, and a process for each picture would cost more
than the check and would have to start the embedding program's interpreter again. The slowest picture found within the
bounds is a PNG of 16 bits and 50,000,000 pixels: under 3 seconds on one core. Memory is bounded by what a format takes
for a pixel: 400 MB for one picture, and for all that are decoded at once (`memory`).

Two pictures that people send are checked at a time in a process, in the order of `turns`: one of each owner, and who
took much of the processor comes later. What a service made and was paid for has a turn of its own beside them.

Left to others: names (domain.names), hashing, and where the bytes go.
"""

from __future__ import annotations

import asyncio
import io
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from PIL import Image

from adapters.images import memory
from adapters.images.containers.gif import outline_gif
from adapters.images.containers.jpeg import outline_jpeg
from adapters.images.containers.outline import Outline, PictureBounds, admit_decoding
from adapters.images.containers.png import outline_png
from adapters.images.containers.webp import outline_webp
from adapters.images.foreign.judging import refuse_foreign
from adapters.images.formats import EXTENSIONS, GIF, JPEG, NAMED, PNG, WEBP, begun_media_type
from adapters.images.invalid_image import ImageProblem, InvalidImage, damaged
from adapters.images.turns import Turn, Turns

__all__ = [
    "CheckedImage",
    "ImageProblem",
    "InvalidImage",
    "Sender",
    "broken_form",
    "check_image",
    "check_image_async",
    "contradiction",
    "refuse_at_a_glance",
]

MAX_PIXELS = 50_000_000
MAX_FRAMES = 1_000
MAX_AT_A_TIME = 2
MAX_PAID_AT_A_TIME = 1
MAX_WAITING = 1_024
MAX_WAITING_OF_ONE = MAX_WAITING // 2
MAX_WAIT_SECONDS = 60.0

_OUTLINES = {PNG: outline_png, JPEG: outline_jpeg, WEBP: outline_webp, GIF: outline_gif}


def _turns() -> dict[bool, Turns]:
    """The turns of what people send, and of what was paid for, which never waits for those nor is sent away."""
    sent = Turns(MAX_AT_A_TIME, most_waiting=MAX_WAITING, most_of_one=MAX_WAITING_OF_ONE)
    return {False: sent, True: Turns(MAX_PAID_AT_A_TIME)}


def _threads() -> ThreadPoolExecutor:
    """A thread for each turn; none is made before the first picture."""
    return ThreadPoolExecutor(MAX_AT_A_TIME + MAX_PAID_AT_A_TIME, thread_name_prefix="image-check")


_turns_by_paid, _workers = _turns(), _threads()


def _begin_anew() -> None:
    """A forked child has neither the threads nor anybody who gives back the turns taken when it was forked."""
    global _turns_by_paid, _workers
    _turns_by_paid, _workers = _turns(), _threads()


if hasattr(os, "register_at_fork"):  # not on Windows, where no process is forked
    os.register_at_fork(after_in_child=_begin_anew)


class CheckedImage(NamedTuple):
    """A picture that may be kept. Width and height are in pixels as stored, before an EXIF orientation turns them."""

    media_type: str
    extension: str
    width: int
    height: int
    frames: int


class Sender(NamedTuple):
    """Whose picture it is: of one owner, one is checked at a time; None is nobody's. `paid`: a service made it."""

    owner: str | None = None
    paid: bool = False


NOBODY = Sender()


def refuse_at_a_glance(data: bytes, *, max_bytes: int) -> str:
    """The media type that the bytes begin as. Raises InvalidImage for what is refused without looking further."""
    if len(data) > max_bytes:
        raise InvalidImage(
            ImageProblem.TOO_LARGE,
            f"The picture has {len(data):,} bytes. At most {max_bytes:,} are allowed; scale it down or compress it.",
        )
    media_type = begun_media_type(data)
    if media_type is None:
        raise InvalidImage(
            ImageProblem.UNSUPPORTED,
            "The content is not a picture that can be kept. PNG, JPEG, WEBP and GIF are; save it as one of these."
            if data
            else "The picture is empty, it has no bytes. Upload it once more.",
        )
    return media_type


def check_image(
    data: bytes,
    *,
    max_bytes: int,
    max_pixels: int = MAX_PIXELS,
    max_frames: int = MAX_FRAMES,
    sender: Sender = NOBODY,
) -> CheckedImage:
    """Check and decode a picture in the calling thread. Raises InvalidImage with the rule it breaks.

    Safe from any thread; waits for its turn, at most MAX_WAIT_SECONDS where it was not paid for.
    """
    media_type = refuse_at_a_glance(data, max_bytes=max_bytes)
    turns = _turns_by_paid[sender.paid]
    turn = _asked(turns, sender)
    try:
        turn.given.result(None if sender.paid else MAX_WAIT_SECONDS)
        return _checked(data, media_type, PictureBounds(max_pixels, max_frames), turn, paid=sender.paid)
    except TimeoutError as error:
        raise _waited_too_long() from error
    finally:
        turns.end(turn)


async def check_image_async(
    data: bytes,
    *,
    max_bytes: int,
    max_pixels: int = MAX_PIXELS,
    max_frames: int = MAX_FRAMES,
    sender: Sender = NOBODY,
) -> CheckedImage:
    """Check a picture without blocking the event loop, of which there may be several. Raises InvalidImage.

    A cancelled caller gives its turn back; a check that has begun runs to its end.
    """
    media_type = refuse_at_a_glance(data, max_bytes=max_bytes)
    turns = _turns_by_paid[sender.paid]
    answer: Future[CheckedImage | _Refused] = Future()
    work = partial(_checked, data, media_type, PictureBounds(max_pixels, max_frames), paid=sender.paid)
    # Begun by whoever gives the turn: an event loop that stands still would hold it as long.
    turn = _asked(turns, sender, partial(_begin, turns, work, answer))
    try:
        async with asyncio.timeout(None if sender.paid else MAX_WAIT_SECONDS):
            found = await asyncio.wrap_future(answer)
    except TimeoutError as error:
        raise _waited_too_long() from error
    finally:
        turns.leave(turn)
    if isinstance(found, _Refused):
        raise InvalidImage(found.kind, found.sentence)
    return found


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
        media_type = refuse_at_a_glance(data, max_bytes=len(data))
        _outline(data, media_type, PictureBounds(MAX_PIXELS, MAX_FRAMES))
    except InvalidImage as refusal:
        return refusal.kind
    return None


def outline_of(data: bytes) -> Outline:
    """What the container says of a picture within the bounds, which may be decoded. Raises InvalidImage."""
    outline = _OUTLINES[refuse_at_a_glance(data, max_bytes=len(data))](data, PictureBounds(MAX_PIXELS, MAX_FRAMES))
    admit_decoding(outline)
    return outline


def _outline(data: bytes, media_type: str, bounds: PictureBounds) -> Outline:
    """What the container says of a picture within the bounds, in whose file nothing is foreign."""
    outline = _OUTLINES[media_type](data, bounds)
    admit_decoding(outline)
    refuse_foreign(data, media_type)
    return outline


def _asked(turns: Turns, sender: Sender, begin: Callable[[Turn], object] | None = None) -> Turn:
    turn = turns.ask(sender.owner, begin)
    if turn is None:
        raise _waited_too_long()
    return turn


class _Refused(NamedTuple):
    """A refusal on its way between threads. A future and an exception in it hold each other, and the exception all
    frames and the picture in them, until they are collected: a hundred large ones would fill the memory.
    """

    kind: ImageProblem
    sentence: str


def _begin(
    turns: Turns, work: Callable[[Turn], CheckedImage], answer: Future[CheckedImage | _Refused], turn: Turn
) -> None:
    _workers.submit(_carry_out, turns, work, answer, turn)


def _carry_out(
    turns: Turns, work: Callable[[Turn], CheckedImage], answer: Future[CheckedImage | _Refused], turn: Turn
) -> None:
    """Does the work of a turn in a worker, unless nobody waits for it any more."""
    try:
        if answer.set_running_or_notify_cancel():
            answer.set_result(work(turn))
    except InvalidImage as refusal:
        answer.set_result(_Refused(refusal.kind, str(refusal)))
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the caller's
        answer.set_exception(error)
    finally:
        turns.end(turn)


def _checked(data: bytes, media_type: str, bounds: PictureBounds, turn: Turn, *, paid: bool) -> CheckedImage:
    """The check of a picture whose turn it is; the turn is told what of the processor it took."""
    begun = time.thread_time()
    try:
        outline = _outline(data, media_type, bounds)
        with memory.held(outline.decoded_bytes, first=paid):
            _decode(outline)
    finally:
        turn.seconds = time.thread_time() - begun
    extension = EXTENSIONS[outline.media_type]
    return CheckedImage(outline.media_type, extension, outline.width, outline.height, outline.frames)


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


def _waited_too_long() -> InvalidImage:
    return InvalidImage(
        ImageProblem.TIMEOUT,
        "The picture could not be checked, because too many others are waiting. Try again in a minute.",
    )
