"""Reasons why there is no picture that whoever asked can mend, each with the figures that say what must change.

All are of the kind BAD_REQUEST. Sides, widths and heights are in pixels. `asked` is what was sent, made harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from adapters.ports.failure_reasons import FailureKind


class _OfRequest:
    kind: ClassVar[FailureKind] = FailureKind.BAD_REQUEST
    unpaid: ClassVar[bool] = True


# -- rules that hold for every provider ---------------------------------------------------------------


@dataclass(frozen=True)
class NotAChoice(_OfRequest):
    """A word for `what` that is none of those `known`."""

    what: str
    asked: str
    known: tuple[str, ...]


@dataclass(frozen=True)
class NotOffered(_OfRequest):
    """The provider does other operations than this one."""

    operation: str
    offered: tuple[str, ...]


@dataclass(frozen=True)
class PromptEmpty(_OfRequest):
    """There is nothing to paint; a prompt has up to `most` characters."""

    most: int


@dataclass(frozen=True)
class NotText(_OfRequest):
    """What should be a string is something else."""

    what: str


@dataclass(frozen=True)
class TextTooLong(_OfRequest):
    """More characters than are taken."""

    what: str
    length: int
    most: int


@dataclass(frozen=True)
class TextBroken(_OfRequest):
    """A string with characters that no text has."""

    what: str


@dataclass(frozen=True)
class OutOfRange(_OfRequest):
    """A value that is no number from `low` to `high`, or no whole one where it must be."""

    what: str
    asked: str
    low: int
    high: float
    whole: bool


@dataclass(frozen=True)
class InputMissing(_OfRequest):
    """The operation begins with an image, and there is none."""

    operation: str


@dataclass(frozen=True)
class InputTooLarge(_OfRequest):
    """The input image has too many bytes."""

    size_bytes: int
    most_bytes: int


@dataclass(frozen=True)
class InputTooManyPixels(_OfRequest):
    """The input image has more than `most` pixels."""

    most: int


@dataclass(frozen=True)
class InputNotRead(_OfRequest):
    """The input is a file of this format, such as HEIC, which is not read here."""

    format: str


@dataclass(frozen=True)
class AttachmentTooLarge(_OfRequest):
    """An image that was attached to a message has too many bytes."""

    most_bytes: int


@dataclass(frozen=True)
class ImageThereTooLarge(_OfRequest):
    """The image at an address has too many bytes."""

    most_bytes: int


RequestReason = (
    NotAChoice
    | NotOffered
    | PromptEmpty
    | NotText
    | TextTooLong
    | TextBroken
    | OutOfRange
    | InputMissing
    | InputTooLarge
    | InputTooManyPixels
    | InputNotRead
    | AttachmentTooLarge
    | ImageThereTooLarge
)


# -- what a provider, a model or an upscaler takes ----------------------------------------------------


@dataclass(frozen=True)
class ModelCannotEdit(_OfRequest):
    """The model makes pictures from words alone; `setting` is the operator's to choose another, such as `editing`."""

    model: str
    setting: str
    editing: str


@dataclass(frozen=True)
class PromptTooLongForModel(_OfRequest):
    """The prompt with what is added to it has more characters than the model takes."""

    length: int
    model: str
    most: int


@dataclass(frozen=True)
class InputTooSmall(_OfRequest):
    """The input image comes to this size, and the service takes sides of `shortest` and more."""

    width: int
    height: int
    shortest: int


@dataclass(frozen=True)
class WideAlready(_OfRequest):
    """An upscale to a width that the image has, or has more than."""

    width: int
    wanted: int


@dataclass(frozen=True)
class LargestAlready(_OfRequest):
    """An image that is as large as one of its shape can be made."""

    width: int
    height: int


@dataclass(frozen=True)
class TooManyPixelsToUpscale(_OfRequest):
    """The input image of an upscale has too many pixels."""

    pixels: int
    most: int


@dataclass(frozen=True)
class WidthOutOfReach(_OfRequest):
    """An image of this width can be made up to `factor` times as wide, and another width is asked for."""

    width: int
    factor: float


@dataclass(frozen=True)
class UpscaledTooNarrow(_OfRequest):
    """The upscaler makes pictures that are wider than this."""

    width: int
    narrowest: int


@dataclass(frozen=True)
class UpscaledTooLarge(_OfRequest):
    """The upscaler makes no so many pixels; of this shape, at most a width of `widest`."""

    most_pixels: int
    widest: int


@dataclass(frozen=True)
class ShapeNotTaken(_OfRequest):
    """The upscaler takes sides from `shortest` on, and none more than `ratio` times as long as the other."""

    width: int
    height: int
    upscaler: str
    shortest: int
    ratio: float


@dataclass(frozen=True)
class ShapeStaysNarrow(_OfRequest):
    """The upscaler makes an image of this shape `reached` wide, and `wanted` is asked for."""

    width: int
    height: int
    upscaler: str
    reached: int
    wanted: int


ShapeReason = (
    ModelCannotEdit
    | PromptTooLongForModel
    | InputTooSmall
    | WideAlready
    | LargestAlready
    | TooManyPixelsToUpscale
    | WidthOutOfReach
    | UpscaledTooNarrow
    | UpscaledTooLarge
    | ShapeNotTaken
    | ShapeStaysNarrow
)
