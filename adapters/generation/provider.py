"""The provider port: what is asked of a service that makes images, and what it answers.

Answers for the values on both sides of the port and for nothing else: whether a request is acceptable is the question
of `request_check`, which provider is used that of `providers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from adapters.ports.failures import GenerationFailure

STYLES = (
    "3d-model",
    "analog-film",
    "anime",
    "cinematic",
    "comic-book",
    "digital-art",
    "enhance",
    "fantasy-art",
    "isometric",
    "line-art",
    "low-poly",
    "modeling-compound",
    "neon-punk",
    "origami",
    "photographic",
    "pixel-art",
    "tile-texture",
)


def style_in_words(style: str | None) -> str:
    """A style for a service that has no field for it; "" for none and for `enhance`, as that is no style of its own."""
    return "" if style is None or style == "enhance" else style.replace("-", " ")


class Operation(StrEnum):
    """What is to be made; the values are the words that the log uses."""

    TEXT_TO_IMAGE = "text_to_image"
    IMAGE_TO_IMAGE = "image_to_image"
    UPSCALE = "upscale"


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One request for images. `image` holds the input of image_to_image and upscale.

    `width` and `height` are pixels; None means 1024 for a new picture, the input's own for image_to_image, and for an
    upscale the height that follows from the width. `strength` is how much of the input is kept (1 keeps it whole).
    `seed` 0 leaves the choice to the provider. `source` names the input where it is an image of the user.
    """

    operation: Operation
    prompt: str = ""
    negative_prompt: str = ""
    style: str | None = None
    width: int | None = None
    height: int | None = None
    steps: int = 30
    seed: int = 0
    cfg_scale: float = 7.0
    strength: float = 0.35
    count: int = 1
    image: bytes | None = field(default=None, repr=False)
    source: str | None = None


@dataclass(frozen=True, slots=True)
class GeneratedImage:
    """The bytes of one image, and the seed that makes it again where the provider tells one.

    `too_large`: why it cannot be kept though it was made, as a sentence; nobody has decoded it then.
    """

    data: bytes = field(repr=False)
    seed: int | None
    media_type: str
    too_large: str = ""


@dataclass(frozen=True, slots=True)
class GenerationResult:
    """What a provider made. `filtered` more pictures were made and paid, and are withheld by its moderation.

    `note` is for the user: what was done otherwise than asked, "" where nothing was. `ended_by` is the failure after
    which no more pictures were asked for. `about` tells people what the pictures are, where that is not plain.
    """

    images: tuple[GeneratedImage, ...]
    provider: str
    model: str
    seconds: float
    credits: float | None = None
    note: str = ""
    filtered: int = 0
    ended_by: GenerationFailure | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What a provider accepts. Lengths in characters, sides in pixels; `at_once` requests run beside each other.
    `upscale_times_max`: so many times its own width a picture can be made, None for as wide as any. `unused` names what
    of a request it has no use for.
    """

    prompt_length: int = 2000
    side_min: int = 64
    side_max: int = 2048
    upscale_width_max: int = 4096
    upscale_pixels: int = 16_777_216
    upscale_times_max: int | None = None
    steps_min: int = 10
    steps_max: int = 50
    cfg_scale_max: float = 35.0
    count_max: int = 10
    image_bytes: int = 20 * 1024 * 1024
    image_pixels: int = 50_000_000
    operations: frozenset[Operation] = frozenset(Operation)
    at_once: int = 4
    unused: frozenset[str] = frozenset()


class Prepared(NamedTuple):
    """A request as its provider takes it: sizes it knows, an input it reads. `note` tells the user of each change.

    `model` is asked for it, "" where that is known only afterwards. `credits_each` is what one picture costs, in
    thousandths of a credit; None: not known.
    """

    request: GenerationRequest
    note: str = ""
    model: str = ""
    credits_each: int | None = None


def joined(*notes: str) -> str:
    """The notes that there are, each once, as one."""
    return " ".join(dict.fromkeys(note for note in notes if note))


class ProviderReport(NamedTuple):
    """What a provider says of itself. `trouble` is None where it can be reached and takes its key."""

    trouble: GenerationFailure | None = None
    credits: float | None = None
    models: tuple[str, ...] = ()


OnFraction = Callable[[float], None]
"""Hears how much of a request is done, from 0 to 1, as often as the provider tells it."""


def ignore_fraction(_: float) -> None:
    """For callers who do not ask how far it is."""


class Provider(Protocol):
    """A service that makes images.

    A request passes `check_request` with these limits, then `prepare`, and what that gives comes to `generate`.
    """

    @property
    def name(self) -> str:
        """The word that events and reports use for this provider."""

    @property
    def limits(self) -> RequestLimits:
        """What this provider accepts."""

    def outage(self) -> GenerationFailure | None:
        """Why nothing may be asked of it at the moment (it rests after failures), None where it may. Costs no call."""

    async def prepare(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """The request as this provider takes it, or why it does not; nothing is reserved and nothing paid by then.

        Of a request with an input that has to wait it is not kept, but asked for once more when its turn has come.
        """

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """Make `request.count` images, or say why not. A cancelled call is given up."""

    async def report(self) -> ProviderReport:
        """Ask the service whether it is there, what is left on the account, and which models it has. Costs nothing."""

    async def close(self) -> None:
        """Give back connections and threads; a second call does nothing."""
