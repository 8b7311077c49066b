"""Stability AI's REST v1: pictures by an engine such as SDXL, and the upscaler esrgan-v1-x2plus.

Answers for the sizes that engines know, for inputs that they take, and for reading their answers. Shapes of requests
and answers are those of the published description, https://platform.stability.ai/docs/api-reference.
"""

from __future__ import annotations

import io
import math
import time
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import aiohttp

from adapters.generation.answers import FAILED, FILTERED, SUCCESS, Contents
from adapters.generation.calls import Form, Outcome, ProviderCalls
from adapters.generation.delivery import delivered
from adapters.generation.prices import Asked, PriceBook, in_all
from adapters.generation.provider import (
    GeneratedImage,
    GenerationRequest,
    GenerationResult,
    OnFraction,
    Operation,
    Prepared,
    ignore_fraction,
)
from adapters.generation.providers import ProviderSettings
from adapters.generation.sizes import Size, made_at, shape_distance
from adapters.images.formats import PNG, begun_media_type
from adapters.images.shaping import PictureWorkers, filled, size_of, within
from adapters.ports.failure_reasons import Instead
from adapters.ports.failures import GenerationFailure
from adapters.ports.request_reasons import UpscaledTooLarge, UpscaledTooNarrow

PROVIDER = "stability"
SDXL = "stable-diffusion-xl"
SDXL_SIZES: tuple[Size, ...] = (
    (1024, 1024),
    (1152, 896),
    (1216, 832),
    (1344, 768),
    (1536, 640),
    (640, 1536),
    (768, 1344),
    (832, 1216),
    (896, 1152),
)
STEP_PIXELS = 64
SIDES = range(320, 1536 + 1, STEP_PIXELS)
"""Sides that every engine but SDXL takes."""
FEWEST_PIXELS = 262_144
FEWEST_PIXELS_768 = 589_824
MOST_PIXELS = 1_048_576
DEFAULT_SIZE = (1024, 1024)
INPUT_BYTES = 5 * 1024 * 1024

UPSCALE_ENGINE = "esrgan-v1-x2plus"
UPSCALE_WIDTH_MIN = 512
UPSCALE_PIXELS = 4_194_304
UPSCALE_INPUT_PIXELS = UPSCALE_PIXELS // 4
"""It makes each side twice as long."""

BASE64_GROWTH = 4 / 3
AROUND_A_PICTURE_BYTES = 64 * 1024
"""What an answer holds besides the picture itself."""


class EngineImage:
    """Makes pictures from words or from a picture with the engine that the settings name."""

    def __init__(self, calls: ProviderCalls, settings: ProviderSettings, workers: PictureWorkers) -> None:
        self._calls = calls
        self._settings = settings
        self._workers = workers
        self._engine = settings.stability_model
        self._prices = PriceBook(settings.credits_each)

    async def prepare(self, request: GenerationRequest) -> Prepared:
        """The request in the nearest size that the engine knows, its input filled to it. Raises DamagedPicture."""
        image = request.image
        own = DEFAULT_SIZE if image is None else await self._workers.run(size_of, image)
        asked = request.width or own[0], request.height or own[1]
        size = nearest_size(self._engine, asked)
        if image is not None:
            image = (await self._workers.run(filled, image, size, at_most_bytes=INPUT_BYTES)).data
        sized = replace(request, image=image, width=size[0], height=size[1])
        note = "" if size == asked else made_at(size)
        return Prepared(sized, note, self._engine, self._each(sized))

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """Make the pictures of a prepared request with one call."""
        job = _job(self._settings, self._engine, request.count, self._each(request))
        path = f"/v1/generation/{self._engine}/"
        at_most = _answer_bytes(self._settings, request.count)
        if request.image is None:
            outcome = await self._calls.post_json(f"{path}text-to-image", _body(request), at_most_bytes=at_most)
        else:
            form = _form_of(_image_fields(request), "init_image", request.image)
            outcome = await self._calls.post_form(f"{path}image-to-image", form, at_most_bytes=at_most)
        return await _result(self._calls, outcome, job, on_fraction)

    def _each(self, request: GenerationRequest) -> int | None:
        size = (request.width or DEFAULT_SIZE[0], request.height or DEFAULT_SIZE[1])
        return self._prices.each(Asked(PROVIDER, self._engine, request.operation, size, steps=request.steps))


class EngineUpscaler:
    """Upscales with esrgan-v1-x2plus."""

    def __init__(self, calls: ProviderCalls, settings: ProviderSettings, workers: PictureWorkers) -> None:
        self._calls = calls
        self._settings = settings
        self._workers = workers
        self._each = PriceBook(settings.credits_each).each(Asked(PROVIDER, UPSCALE_ENGINE, Operation.UPSCALE))

    async def prepare(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """The request with an input that the engine takes, scaled down where it must be. Raises DamagedPicture."""
        assert request.image is not None, "checked before"
        own = await self._workers.run(size_of, request.image)
        width = request.width or 2 * own[0]
        if width < UPSCALE_WIDTH_MIN:
            return GenerationFailure(UpscaledTooNarrow(width, UPSCALE_WIDTH_MIN))
        if width * (width * own[1] // own[0]) > UPSCALE_PIXELS:
            widest = math.isqrt(UPSCALE_PIXELS * own[0] // own[1])
            return GenerationFailure(UpscaledTooLarge(UPSCALE_PIXELS, widest))
        shaped = await self._workers.run(
            within,
            request.image,
            at_most_pixels=UPSCALE_INPUT_PIXELS,
            longest_side=max(own),
            at_most_bytes=INPUT_BYTES,
        )
        scaled = f"The input was scaled to {shaped.width} by {shaped.height} pixels first, the most the upscaler takes."
        note = "" if (shaped.width, shaped.height) == own else scaled
        return Prepared(replace(request, image=shaped.data, width=width), note, UPSCALE_ENGINE, self._each)

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """Upscale the input of a prepared request."""
        assert request.image is not None, "checked before"
        assert request.width is not None, "set by prepare"
        job = _job(self._settings, UPSCALE_ENGINE, 1, self._each)
        width = _width_within(request.width, await self._workers.run(size_of, request.image))
        form = _form_of({"width": str(width)}, "image", request.image)
        path = f"/v1/generation/{UPSCALE_ENGINE}/image-to-image/upscale"
        outcome = await self._calls.post_form(path, form, at_most_bytes=_answer_bytes(self._settings, 1))
        return await _result(self._calls, outcome, job, on_fraction)


@lru_cache(maxsize=256)
def nearest_size(engine: str, asked: Size) -> Size:
    """The size that the engine makes for the one that is asked for, width and height in pixels.

    SDXL has nine sizes of about the same area, so the shape decides; of others it is the one whose sides differ least.
    """
    if engine.startswith(SDXL):
        return min(SDXL_SIZES, key=lambda size: shape_distance(size, asked))
    fewest = FEWEST_PIXELS_768 if "768" in engine else FEWEST_PIXELS
    sizes = ((width, height) for width in SIDES for height in SIDES if fewest <= width * height <= MOST_PIXELS)
    return min(sizes, key=lambda size: math.hypot(math.log(size[0] / asked[0]), math.log(size[1] / asked[1])))


def _width_within(width: int, source: Size) -> int:
    """The width to ask the upscaler for: a pixel or two less where rounding the height would go over its limit."""
    narrower = range(width, UPSCALE_WIDTH_MIN - 1, -1)
    return next((w for w in narrower if w * math.ceil(w * source[1] / source[0]) <= UPSCALE_PIXELS), width)


def _body(request: GenerationRequest) -> dict[str, object]:
    sizes: dict[str, object] = {"width": request.width, "height": request.height}
    return sizes | {"text_prompts": _prompts(request)} | _options(request)


def _prompts(request: GenerationRequest) -> list[dict[str, str | float]]:
    prompts: list[dict[str, str | float]] = [{"text": request.prompt, "weight": 1.0}]
    return prompts + ([{"text": request.negative_prompt, "weight": -1.0}] if request.negative_prompt else [])


def _options(request: GenerationRequest) -> dict[str, object]:
    options: dict[str, object] = {
        "cfg_scale": request.cfg_scale,
        "steps": request.steps,
        "samples": request.count,
    }
    if request.seed:
        options["seed"] = request.seed
    if request.style is not None:
        options["style_preset"] = request.style
    return options


def _image_fields(request: GenerationRequest) -> dict[str, str]:
    """The text fields of the form; they take no width and height, as the input has them."""
    fields: dict[str, object] = {"init_image_mode": "IMAGE_STRENGTH", "image_strength": request.strength}
    for number, prompt in enumerate(_prompts(request)):
        fields |= {f"text_prompts[{number}][{name}]": value for name, value in prompt.items()}
    return {name: str(value) for name, value in (fields | _options(request)).items()}


def _form_of(fields: dict[str, str], image_name: str, image: bytes) -> Form:
    media_type = begun_media_type(image) or PNG

    def form() -> aiohttp.FormData:
        made = aiohttp.FormData(default_to_multipart=True)
        for name, value in fields.items():
            made.add_field(name, value)
        made.add_field(image_name, io.BytesIO(image), filename="image", content_type=media_type)
        return made

    return form


def _answer_bytes(settings: ProviderSettings, count: int) -> int:
    return int((settings.image_bytes * BASE64_GROWTH + AROUND_A_PICTURE_BYTES) * count)


class _Job(NamedTuple):
    """One call for `pictures`: by which model, when it began (of `perf_counter`), what one picture costs, and the bytes
    of the largest.
    """

    model: str
    pictures: int
    began: float
    credits_each: int | None
    picture_bytes: int


def _job(settings: ProviderSettings, model: str, pictures: int, credits_each: int | None) -> _Job:
    return _Job(model, pictures, time.perf_counter(), credits_each, settings.image_bytes)


async def _result(
    calls: ProviderCalls, outcome: Outcome, job: _Job, on_fraction: OnFraction
) -> GenerationResult | GenerationFailure:
    if isinstance(outcome, GenerationFailure):
        return outcome
    contents = await delivered(calls, outcome, at_most_bytes=job.picture_bytes)
    artifacts = _artifacts(contents)
    if artifacts is None:
        return calls.without_pictures(contents, Instead.NOT_PICTURES)
    on_fraction(1.0)
    return GenerationResult(
        artifacts.images,
        PROVIDER,
        job.model,
        round(time.perf_counter() - job.began, 3),
        credits=in_all(job.credits_each, job.pictures),
        filtered=artifacts.filtered,
    )


class _Artifacts(NamedTuple):
    images: tuple[GeneratedImage, ...]
    filtered: int


def _artifacts(contents: Contents) -> _Artifacts | None:
    """What an answer holds, without what is no picture; None where there is nothing else."""
    sent = contents.sent or []
    images = [
        GeneratedImage(place.data, place.seed, begun_media_type(place.data) or PNG)
        for place in sent
        if place.data and place.ended in {SUCCESS, ""}
    ]
    reasons = [place.ended for place in sent]
    known = bool(images) or FILTERED in reasons or FAILED in reasons
    return _Artifacts(tuple(images), reasons.count(FILTERED)) if known else None
