"""The sentences of requests that no provider takes, or not this one: for operators, programs and members alike.

Whoever asked is the one who can change the request, so nothing here is for operators alone, with one exception: that a
model cannot edit names the setting by which another is chosen, and members read that without it.
"""

from __future__ import annotations

from typing import assert_never

from adapters.ports.request_reasons import (
    AttachmentTooLarge,
    ImageThereTooLarge,
    InputMissing,
    InputNotRead,
    InputTooLarge,
    InputTooManyPixels,
    InputTooSmall,
    LargestAlready,
    ModelCannotEdit,
    NotAChoice,
    NotOffered,
    NotText,
    OutOfRange,
    PromptEmpty,
    PromptTooLongForModel,
    RequestReason,
    ShapeNotTaken,
    ShapeReason,
    ShapeStaysNarrow,
    TextBroken,
    TextTooLong,
    TooManyPixelsToUpscale,
    UpscaledTooLarge,
    UpscaledTooNarrow,
    WideAlready,
    WidthOutOfReach,
)
from domain.limits import MEGABYTE

READABLE = "PNG, JPEG, WEBP, GIF or AVIF"


def words_of_request(reason: RequestReason) -> str:  # noqa: C901, PLR0912 - one line for each reason is clearest
    """A rule that holds for every provider."""
    match reason:
        case NotAChoice(what, asked, known):
            return f"There is no {what} {asked}. Choose one of: {', '.join(known)}."
        case NotOffered(operation, offered):
            return f"The image service in use does not do {operation}; it does {', '.join(offered)}."
        case PromptEmpty(most):
            return f"The prompt is empty. Describe the picture in 1 to {most} characters."
        case NotText(what):
            return f"The {what} is not text. Send it as a string."
        case TextTooLong(what, length, most):
            return f"The {what} has {length} characters; at most {most} are taken. Shorten it."
        case TextBroken(what):
            return f"The {what} holds characters that are not text. Type it anew."
        case OutOfRange():
            return f"The value {reason.asked} of {reason.what} is not usable. Choose {_range(reason)}."
        case InputMissing(operation):
            return f"There is no input image, and {operation} needs one. Use a {READABLE}."
        case InputTooLarge(size_bytes, most_bytes):
            size, most_mb = f"{size_bytes / MEGABYTE:.1f} MB", f"{most_bytes / MEGABYTE:.0f} MB"
            return f"The input image has {size}; at most {most_mb} are taken. Send a smaller one."
        case InputTooManyPixels(most):
            return f"The input image has more than {most:,} pixels. Send a smaller one."
        case InputNotRead(name):
            taken = " as iPhones take them," if name == "HEIC" else ""
            return (
                f"This is a file of the format {name},{taken} and that format is not read here. "
                "Save it as PNG, JPEG, WEBP or GIF and use that, or take a screenshot of it."
            )
        case AttachmentTooLarge(most_bytes):
            return f"The picture is larger than {most_bytes // MEGABYTE} MB. Attach a smaller one."
        case ImageThereTooLarge(most_bytes):
            return f"The image there is larger than {most_bytes // MEGABYTE} MB. Give a smaller one, or attach it."
        case _:
            assert_never(reason)


def words_of_shape(reason: ShapeReason) -> str:  # noqa: C901 - one line for each reason is clearest
    """What a provider, a model or an upscaler takes."""
    match reason:
        case ModelCannotEdit(model, setting, editing):
            words = (
                f"The model {model} makes pictures from words alone and cannot change one. Leave the input image out"
            )
            return f"{words}; whoever runs this can set {setting} to a model that edits, such as {editing}."
        case PromptTooLongForModel(length, model, most):
            words = f"The prompt, with its style and what to leave out, has {length} characters"
            return f"{words}; the model {model} takes at most {most}. Shorten it."
        case InputTooSmall(width, height, shortest):
            taken = f"the image service takes sides of {shortest} pixels and more"
            return (
                f"The input image comes to {width} by {height} pixels, and {taken}. Send a larger or less narrow one."
            )
        case WideAlready(width, wanted):
            wide = f"The image is {width} pixels wide already, and {wanted} are asked for."
            return f"{wide} Ask for a larger width."
        case LargestAlready(width, height):
            return f"The image is as large as one of its shape can be: {width} by {height} pixels."
        case TooManyPixelsToUpscale(pixels, most):
            words = f"has {pixels:,} pixels; at most {most:,} can be upscaled. Send a smaller one."
            return f"The input image {words}"
        case WidthOutOfReach(width, factor):
            widths = f"from {width} to {width * factor:.0f} pixels, {factor:.0f} times its own"
            return f"This image can be upscaled to a width {widths}. Ask for one of these."
        case UpscaledTooNarrow(width, narrowest):
            words = f"The picture would be {width} pixels wide, and this upscaler makes {narrowest} and more."
            return f"{words} Ask for a larger width."
        case UpscaledTooLarge(most_pixels, widest):
            words = f"The picture would have more than {most_pixels:,} pixels, the most that this upscaler makes."
            return f"{words} Ask for a width of at most {widest}."
        case ShapeNotTaken():
            return _shape_not_taken(reason)
        case ShapeStaysNarrow():
            return _shape_stays_narrow(reason)
        case _:
            assert_never(reason)


def _range(reason: OutOfRange) -> str:
    if not reason.whole:
        return f"a number from {reason.low} to {reason.high:g}"
    return f"a whole number from {reason.low} to {reason.high}" if reason.low < reason.high else str(reason.low)


def _shape_not_taken(reason: ShapeNotTaken) -> str:
    return (
        f"The input image has {reason.width} by {reason.height} pixels. The upscaler {reason.upscaler} takes sides of "
        f"{reason.shortest} pixels and more, and none more than {reason.ratio:g} times as long as the other. Send "
        "another one."
    )


def _shape_stays_narrow(reason: ShapeStaysNarrow) -> str:
    way_out = f"Ask for at most {reason.reached}." if reason.reached > reason.width else "Send one that is less tall."
    return (
        f"The input image has {reason.width} by {reason.height} pixels. The upscaler {reason.upscaler} makes such a "
        f"shape {reason.reached} pixels wide at most, and {reason.wanted} are asked for. {way_out}"
    )
