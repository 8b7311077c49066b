"""Whether a request can be made at all, asked before anything is reserved or paid.

Answers with the first broken rule, cheapest rule first. What an image holds beyond its header is left to whoever
decodes it, and the sentences to `wording/requests`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from itertools import chain

from PIL import Image, UnidentifiedImageError

from adapters.generation.provider import STYLES, GenerationRequest, Operation, RequestLimits
from adapters.images.formats import INPUTS, begun_format
from adapters.images.shaping import most_pixels_of
from adapters.ports.failure_reasons import PlainReason
from adapters.ports.failures import FailureReason, GenerationFailure
from adapters.ports.request_reasons import (
    InputMissing,
    InputNotRead,
    InputTooLarge,
    InputTooManyPixels,
    NotAChoice,
    NotOffered,
    NotText,
    OutOfRange,
    PromptEmpty,
    TextBroken,
    TextTooLong,
)
from adapters.wording.figures import echo

SEED_MAX = 4_294_967_295


def check_request(request: GenerationRequest, limits: RequestLimits) -> GenerationFailure | None:
    """None for a request that may be sent, else the first rule it breaks."""
    broken = chain.from_iterable(rule(request, limits) for rule in _RULES)
    reason = next(broken, None)
    return None if reason is None else GenerationFailure(reason)


def _operation(request: GenerationRequest, limits: RequestLimits) -> Iterator[FailureReason]:
    operation: object = request.operation
    if not isinstance(operation, Operation):
        yield NotAChoice("operation", echo(operation), tuple(Operation))
    elif operation not in limits.operations:
        yield NotOffered(operation, tuple(known for known in Operation if known in limits.operations))


def _words(request: GenerationRequest, limits: RequestLimits) -> Iterator[FailureReason]:
    needed = request.operation is not Operation.UPSCALE
    yield from _text("prompt", request.prompt, limits)
    if needed and not request.prompt.strip():
        yield PromptEmpty(limits.prompt_length)
    yield from _text("negative prompt", request.negative_prompt, limits)
    if request.style is not None and request.style not in STYLES:
        yield NotAChoice("style", echo(request.style), STYLES)


def _text(name: str, text: object, limits: RequestLimits) -> Iterator[FailureReason]:
    if not isinstance(text, str):
        yield NotText(name)
    elif len(text) > limits.prompt_length:
        yield TextTooLong(name, len(text), limits.prompt_length)
    elif any("\ud800" <= character <= "\udfff" or character == "\0" for character in text):
        yield TextBroken(name)


def _numbers(request: GenerationRequest, limits: RequestLimits) -> Iterator[FailureReason]:
    upscale = request.operation is Operation.UPSCALE
    width_max = limits.upscale_width_max if upscale else limits.side_max
    if request.width is not None:
        yield from _whole("width", request.width, limits.side_min, width_max)
    if request.height is not None:
        if upscale:
            yield PlainReason.HEIGHT_OF_UPSCALE
        yield from _whole("height", request.height, limits.side_min, limits.side_max)
    yield from _whole("steps", request.steps, limits.steps_min, limits.steps_max)
    yield from _whole("seed", request.seed, 0, SEED_MAX)
    yield from _whole("count", request.count, 1, 1 if upscale else limits.count_max)
    yield from _real("cfg_scale", request.cfg_scale, limits.cfg_scale_max)
    yield from _real("strength", request.strength, 1.0)


def _whole(name: str, value: object, low: int, high: int) -> Iterator[FailureReason]:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        yield OutOfRange(name, echo(value), low, high, whole=True)


def _real(name: str, value: object, high: float) -> Iterator[FailureReason]:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and isinstance(value, (int, float)) and 0 <= value <= high):
        yield OutOfRange(name, echo(value), 0, high, whole=False)


def _input_image(request: GenerationRequest, limits: RequestLimits) -> Iterator[FailureReason]:
    if request.operation is Operation.TEXT_TO_IMAGE:
        if request.image is not None:
            yield PlainReason.INPUT_NOT_TAKEN
        return
    if not isinstance(request.image, bytes) or not request.image:
        yield InputMissing(request.operation)
        return
    if len(request.image) > limits.image_bytes:
        yield InputTooLarge(len(request.image), limits.image_bytes)
        return
    yield from _header(request.image, limits)


def _header(data: bytes, limits: RequestLimits) -> Iterator[FailureReason]:
    try:
        with Image.open(io.BytesIO(data), formats=INPUTS) as image:
            width, height = image.size
            most = min(limits.image_pixels, most_pixels_of(image.format) or limits.image_pixels)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        yield InputTooManyPixels(limits.image_pixels)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        found = begun_format(data)
        yield PlainReason.INPUT_NOT_AN_IMAGE if found is None or found in INPUTS else InputNotRead(found)
    else:
        if width * height > most:
            yield InputTooManyPixels(most)


_RULES: tuple[Callable[[GenerationRequest, RequestLimits], Iterator[FailureReason]], ...] = (
    _operation,
    _words,
    _numbers,
    _input_image,
)
