"""Whether a request can be made at all, asked before anything is reserved or paid.

Answers with the first broken rule as a fault of kind BAD_REQUEST, cheapest rule first. What an image holds beyond its
header is left to whoever decodes it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from itertools import chain

from PIL import Image, UnidentifiedImageError

from adapters.generation.provider import STYLES, GenerationRequest, Operation, RequestLimits
from adapters.images.formats import MEDIA_TYPES
from adapters.ports.failures import FailureKind, GenerationFailure

SEED_MAX = 4_294_967_295
ECHO_LENGTH = 40


def check_request(request: GenerationRequest, limits: RequestLimits) -> GenerationFailure | None:
    """None for a request that may be sent, else the first rule it breaks."""
    rules = chain.from_iterable(rule(request, limits) for rule in _RULES)
    message = next(rules, None)
    return None if message is None else GenerationFailure(FailureKind.BAD_REQUEST, message)


def _operation(request: GenerationRequest, limits: RequestLimits) -> Iterator[str]:
    operation: object = request.operation
    if not isinstance(operation, Operation):
        yield f"There is no operation {_echo(operation)}. Choose one of: {', '.join(Operation)}."
    elif operation not in limits.operations:
        able = ", ".join(known for known in Operation if known in limits.operations)
        yield f"The image service in use does not do {operation}; it does {able}."


def _words(request: GenerationRequest, limits: RequestLimits) -> Iterator[str]:
    needed = request.operation is not Operation.UPSCALE
    yield from _text("prompt", request.prompt, limits)
    if needed and not request.prompt.strip():
        yield f"The prompt is empty. Describe the picture in 1 to {limits.prompt_length} characters."
    yield from _text("negative prompt", request.negative_prompt, limits)
    if request.style is not None and request.style not in STYLES:
        yield f"There is no style {_echo(request.style)}. Choose one of: {', '.join(STYLES)}."


def _text(name: str, text: object, limits: RequestLimits) -> Iterator[str]:
    if not isinstance(text, str):
        yield f"The {name} is not text. Send it as a string."
    elif len(text) > limits.prompt_length:
        yield f"The {name} has {len(text)} characters; at most {limits.prompt_length} are taken. Shorten it."
    elif any("\ud800" <= character <= "\udfff" or character == "\0" for character in text):
        yield f"The {name} holds characters that are not text. Type it anew."


def _numbers(request: GenerationRequest, limits: RequestLimits) -> Iterator[str]:
    upscale = request.operation is Operation.UPSCALE
    width_max = limits.upscale_width_max if upscale else limits.side_max
    if request.width is not None:
        yield from _whole("width", request.width, limits.side_min, width_max)
    if request.height is not None:
        if upscale:
            yield "An upscale takes a width alone; the height follows from the image. Leave the height out."
        yield from _whole("height", request.height, limits.side_min, limits.side_max)
    yield from _whole("steps", request.steps, limits.steps_min, limits.steps_max)
    yield from _whole("seed", request.seed, 0, SEED_MAX)
    yield from _whole("count", request.count, 1, 1 if upscale else limits.count_max)
    yield from _real("cfg_scale", request.cfg_scale, limits.cfg_scale_max)
    yield from _real("strength", request.strength, 1.0)


def _whole(name: str, value: object, low: int, high: int) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        choice = f"a whole number from {low} to {high}" if low < high else str(low)
        yield f"The value {_echo(value)} of {name} is not usable. Choose {choice}."


def _real(name: str, value: object, high: float) -> Iterator[str]:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and isinstance(value, (int, float)) and 0 <= value <= high):
        yield f"The value {_echo(value)} of {name} is not usable. Choose a number from 0 to {high:g}."


def _input_image(request: GenerationRequest, limits: RequestLimits) -> Iterator[str]:
    if request.operation is Operation.TEXT_TO_IMAGE:
        if request.image is not None:
            yield "A picture from text takes no input image. Leave it out, or ask for image_to_image."
        return
    if not isinstance(request.image, bytes) or not request.image:
        yield f"There is no input image, and {request.operation} needs one. Send the bytes of a PNG, JPEG, WEBP or GIF."
        return
    if len(request.image) > limits.image_bytes:
        yield (
            f"The input image has {len(request.image) / 1_048_576:.1f} MB; "
            f"at most {limits.image_bytes / 1_048_576:.0f} MB are taken. Send a smaller one."
        )
        return
    yield from _header(request.image, limits)


def _header(data: bytes, limits: RequestLimits) -> Iterator[str]:
    too_many = f"The input image has more than {limits.image_pixels:,} pixels. Send a smaller one."
    try:
        with Image.open(io.BytesIO(data), formats=tuple(MEDIA_TYPES)) as image:
            width, height = image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        yield too_many
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        yield "The input is not an image that can be read. Send the bytes of a whole PNG, JPEG, WEBP or GIF."
    else:
        if width * height > limits.image_pixels:
            yield too_many


def _echo(value: object) -> str:
    """What was sent, short and without control characters, for a sentence that people read."""
    text = ascii(value)
    return text if len(text) <= ECHO_LENGTH else f"{text[: ECHO_LENGTH - 3]}..."


_RULES: tuple[Callable[[GenerationRequest, RequestLimits], Iterator[str]], ...] = (
    _operation,
    _words,
    _numbers,
    _input_image,
)
