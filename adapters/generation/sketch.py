"""The sketch provider: an offline, deterministic picture from prompt, style and seed.

Answers for the three operations, for the label that says what the pictures are, and for keeping the event loop free.
What is painted is the work of `sketch_scenes`. The same request gives the same bytes, on one version of Pillow.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import math
import random
import time
from concurrent.futures import ThreadPoolExecutor

from PIL import Image, ImageChops, ImageFilter, ImageOps
from PIL.PngImagePlugin import PngInfo

from adapters.generation.provider import (
    FaultKind,
    GeneratedImage,
    GenerationFault,
    GenerationRequest,
    GenerationResult,
    Operation,
    RequestLimits,
)
from adapters.generation.request_check import IMAGE_FORMATS, SEED_MAX
from adapters.generation.sketch_scenes import paint
from adapters.generation.sketch_scenes.caption import draw_caption

SOFTWARE = "Abby Ledger offline sketch"
DEFAULT_STYLE = "enhance"
DEFAULT_SIDE = 1024
UPSCALE_WIDTH = 2048
UPSCALE_PIXELS = 8_388_608
WORKERS = 2
CLOSED = GenerationFault(
    FaultKind.UNAVAILABLE, "The picture was not made: the image generator is closed. Try again once it runs."
)


class SketchProvider:
    """Paints with the processor alone; no network, no key, no credits."""

    name = "sketch"
    limits = RequestLimits()

    def __init__(self) -> None:
        self._workers: ThreadPoolExecutor | None = None
        self._closed = False

    async def generate(self, request: GenerationRequest) -> GenerationResult | GenerationFault:
        """Paint `request.count` pictures in a worker thread, two at a time over all callers."""
        if self._closed:
            return CLOSED
        if self._workers is None:
            self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="sketch")
        started = time.perf_counter()
        loop = asyncio.get_running_loop()
        images: list[GeneratedImage] = []
        note = ""
        for number in range(request.count):
            made = await loop.run_in_executor(self._workers, self._begin, request, number)
            if isinstance(made, GenerationFault):
                return made
            image, note = made
            images.append(image)
        return GenerationResult(
            tuple(images), self.name, "sketch-1", round(time.perf_counter() - started, 3), credits=0.0, note=note
        )

    async def close(self) -> None:
        """Let the workers end: what they are painting is finished, what waits for them is answered with a fault."""
        self._closed = True
        if self._workers is not None:
            self._workers.shutdown(wait=False)

    def _begin(self, request: GenerationRequest, number: int) -> tuple[GeneratedImage, str] | GenerationFault:
        return CLOSED if self._closed else _make(request, number)


def _make(request: GenerationRequest, number: int) -> tuple[GeneratedImage, str] | GenerationFault:
    source = None if request.image is None else _decode(request.image)
    if isinstance(source, GenerationFault):
        return source
    if request.operation is Operation.UPSCALE and source is not None:
        picture, note = _upscale(source, request.width or UPSCALE_WIDTH)
        return GeneratedImage(_png(picture), None, "image/png"), note
    seed = _seed(request, number)
    if source is None:
        size = (request.width or DEFAULT_SIDE, request.height or DEFAULT_SIDE)
        picture, note = _scene(request, seed, size), ""
    else:
        base, note = _fit_input(source, request)
        picture = _transform(base, _scene(request, seed, base.size), request.strength)
    draw_caption(picture)
    return GeneratedImage(_png(picture), seed, "image/png"), note


def _seed(request: GenerationRequest, number: int) -> int:
    """The seed of picture `number`: counted from the one asked for, or where none was, from one that the words give."""
    first = request.seed
    if first == 0:
        words = f"{request.prompt}\0{request.negative_prompt}\0{request.style or DEFAULT_STYLE}"
        first = 1 + int.from_bytes(hashlib.sha256(words.encode()).digest()[:4]) % SEED_MAX
    return 1 + (first - 1 + number) % SEED_MAX


def _scene(request: GenerationRequest, seed: int, size: tuple[int, int]) -> Image.Image:
    style = request.style or DEFAULT_STYLE
    key = f"{seed}\0{style}\0{request.prompt}\0{request.negative_prompt}"
    rng = random.Random(hashlib.sha256(key.encode()).digest())  # noqa: S311 - a picture must repeat, not surprise
    return paint(style, request.prompt, rng, size)


def _decode(data: bytes) -> Image.Image | GenerationFault:
    try:
        with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
            upright = ImageOps.exif_transpose(image)
            alpha = upright.has_transparency_data
            return upright.convert("RGBA" if alpha else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return GenerationFault(
            FaultKind.BAD_REQUEST,
            "The input image is damaged or cut short, so it cannot be used. Send a whole PNG, JPEG, WEBP or GIF.",
        )


def _upscale(source: Image.Image, width: int) -> tuple[Image.Image, str]:
    """Scale to `width`, keeping the shape; a result of too many pixels is made as large as it may be."""
    shape = source.height / source.width
    fitted = min(width, int(math.sqrt(UPSCALE_PIXELS / shape)))
    fitted = max(1, min(fitted, int(UPSCALE_PIXELS / max(1, round(fitted * shape)))))
    size = (fitted, max(1, round(fitted * shape)))
    scaled = source.resize(size, Image.Resampling.LANCZOS)
    picture = scaled.filter(ImageFilter.UnsharpMask(radius=1.6, percent=60, threshold=2))
    note = "" if fitted == width else f"It is {size[0]} by {size[1]} pixels, the largest that is made of this shape."
    return picture, note


def _fit_input(source: Image.Image, request: GenerationRequest) -> tuple[Image.Image, str]:
    """The input at the size asked, else at its own size within the limits; the note says where that differs."""
    flat = Image.new("RGB", source.size, "white")
    flat.paste(source, mask=source.getchannel("A") if source.mode == "RGBA" else None)
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
