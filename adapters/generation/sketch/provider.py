"""The sketch provider: an offline, deterministic picture from prompt, style and seed.

Answers for the three operations, for the label that says what the pictures are, and for keeping the event loop free.
What is painted is the work of `scenes`. The same request and seed give the same bytes, on one version of Pillow; a
request without a seed is given one, which is told.
"""

from __future__ import annotations

import hashlib
import io
import random
import secrets
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from PIL import Image, ImageChops, ImageFilter, ImageOps
from PIL.PngImagePlugin import PngInfo

from adapters.generation.prices import Asked, PriceBook, in_all
from adapters.generation.provider import (
    GeneratedImage,
    GenerationRequest,
    GenerationResult,
    OnFraction,
    Operation,
    Prepared,
    ProviderReport,
    RequestLimits,
    ignore_fraction,
)
from adapters.generation.providers import ProviderSettings
from adapters.generation.request_check import SEED_MAX
from adapters.generation.sketch.scenes import paint
from adapters.generation.sketch.scenes.caption import draw_caption
from adapters.generation.sketch.scenes.reading import subject_of
from adapters.generation.taxonomy import unusable_input
from adapters.images.shaping import ClosedMeanwhile, DamagedPicture, PictureWorkers, decoded, flattened, in_memory
from adapters.ports.failure_reasons import PlainReason
from adapters.ports.failures import GenerationFailure

MODEL = "sketch-1"
PRICES = PriceBook()
SOFTWARE = "Abby Ledger offline sketch"
DEFAULT_STYLE = "enhance"
DEFAULT_SIDE = 1024
UPSCALE_PIXELS = 8_388_608
DRAWN = "An offline sketch, not a picture by an image service. Of these words it draws “{}”."
NOTHING_KNOWN = (
    "An offline sketch, not a picture by an image service. It knows a few hundred English words and none of these, so "
    "it shows the style alone."
)
REAL_PICTURES = "A key for an image service brings real pictures."
CLOSED = GenerationFailure(PlainReason.CLOSED_MEANWHILE)


def missing(_: ProviderSettings) -> str | None:
    """Nothing: it needs no key and no network."""
    return None


def make_provider(settings: ProviderSettings) -> SketchProvider:
    """The provider; it needs no settings, and costs nothing where no price is set for it."""
    return SketchProvider(prices=PriceBook(settings.credits_each))


def _any_seed() -> int:
    """The seed of a request that names none."""
    return 1 + secrets.randbelow(SEED_MAX)


class SketchProvider:
    """Paints with the processor alone; no network, no key, no credits."""

    name = "sketch"
    limits = RequestLimits(upscale_pixels=UPSCALE_PIXELS, at_once=2, unused=frozenset({"steps", "cfg_scale"}))

    def __init__(self, draw_seed: Callable[[], int] = _any_seed, prices: PriceBook = PRICES) -> None:
        self._draw_seed = draw_seed
        self._prices = prices
        self._workers = PictureWorkers()
        self._closed = False

    def outage(self) -> GenerationFailure | None:
        """It can always be asked, until it is closed."""
        return CLOSED if self._closed else None

    async def prepare(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """Every request that passes the check can be painted as it is."""
        return Prepared(request, model=MODEL, credits_each=self._each(request))

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """Paint `request.count` pictures in worker threads, two at a time over all callers."""
        started = time.perf_counter()
        request = replace(request, seed=request.seed or self._draw_seed())
        images: list[GeneratedImage] = []
        note = ""
        for number in range(request.count):
            try:
                image, note = await self._workers.run(_make, request, number)
            except DamagedPicture as error:
                return unusable_input(error)
            except ClosedMeanwhile:
                return CLOSED
            images.append(image)
            on_fraction(len(images) / request.count)
        seconds = round(time.perf_counter() - started, 3)
        about = "" if request.operation is Operation.UPSCALE else _about(request.prompt)
        credits_used = in_all(self._each(request), len(images))
        return GenerationResult(tuple(images), self.name, MODEL, seconds, credits_used, note=note, about=about)

    async def report(self) -> ProviderReport:
        """It is always there."""
        return ProviderReport(models=(MODEL,))

    async def close(self) -> None:
        """Let the workers end: what they are painting is finished, what waits for them is answered with a failure."""
        self._closed = True
        self._workers.close()

    def _each(self, request: GenerationRequest) -> int | None:
        size = (request.width or DEFAULT_SIDE, request.height or DEFAULT_SIDE) if request.image is None else None
        return self._prices.each(Asked(self.name, MODEL, request.operation, size))


def _make(request: GenerationRequest, number: int) -> tuple[GeneratedImage, str]:
    """One picture and what is said of it. Raises DamagedPicture for an input that cannot be decoded."""
    with nullcontext() if request.image is None else in_memory(request.image):
        return _made(request, number)


def _made(request: GenerationRequest, number: int) -> tuple[GeneratedImage, str]:
    source = None if request.image is None else decoded(request.image)
    if request.operation is Operation.UPSCALE and source is not None:
        return GeneratedImage(_png(_upscale(source, request.width or source.width)), None, "image/png"), ""
    seed = _seed(request, number)
    if source is None:
        size = (request.width or DEFAULT_SIDE, request.height or DEFAULT_SIDE)
        picture, note = _scene(request, seed, size), ""
    else:
        base, note = _fit_input(source, request)
        picture = _transform(base, _scene(request, seed, base.size), request.strength)
    draw_caption(picture)
    return GeneratedImage(_png(picture), seed, "image/png"), note


def _about(prompt: str) -> str:
    """What the picture is, and what of the prompt is in it."""
    subject = subject_of(prompt)
    return f"{NOTHING_KNOWN if subject is None else DRAWN.format(subject)} {REAL_PICTURES}"


def _seed(request: GenerationRequest, number: int) -> int:
    """The seed of picture `number`, counted from the one of the first."""
    return 1 + (request.seed - 1 + number) % SEED_MAX


def _scene(request: GenerationRequest, seed: int, size: tuple[int, int]) -> Image.Image:
    style = request.style or DEFAULT_STYLE
    key = f"{seed}\0{style}\0{request.prompt}\0{request.negative_prompt}"
    rng = random.Random(hashlib.sha256(key.encode()).digest())  # noqa: S311 - a picture must repeat, not surprise
    return paint(style, request.prompt, rng, size)


def _upscale(source: Image.Image, width: int) -> Image.Image:
    """Scale to `width`, keeping the shape."""
    scaled = source.resize((width, max(1, round(source.height * width / source.width))), Image.Resampling.LANCZOS)
    return scaled.filter(ImageFilter.UnsharpMask(radius=1.6, percent=60, threshold=2))


def _fit_input(source: Image.Image, request: GenerationRequest) -> tuple[Image.Image, str]:
    """The input at the size asked, else at its own size within the limits; the note says where that differs."""
    flat = flattened(source)
    limits = SketchProvider.limits
    wanted = (request.width or flat.width, request.height or flat.height)
    factor = min(1.0, limits.side_max / max(wanted))
    width, height = (max(limits.side_min, round(side * factor)) for side in wanted)
    if (width, height) == flat.size:
        return flat, ""
    resized = ImageOps.fit(flat, (width, height), Image.Resampling.LANCZOS)
    return resized, f"The input was fitted to {width} by {height} pixels."


def _transform(base: Image.Image, scene: Image.Image, strength: float) -> Image.Image:
    """From the scene (strength 0) to the input (strength 1); between them the input's light shapes the scene."""
    light = ImageOps.autocontrast(base.convert("L")).convert("RGB")
    lit = ImageChops.overlay(scene, light)
    painted = Image.blend(scene, lit, min(1.0, strength * 2.5))
    return Image.blend(painted, base, strength)


def _png(picture: Image.Image) -> bytes:
    label = PngInfo()
    label.add_text("Software", SOFTWARE)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=label)
    return buffer.getvalue()
