"""Stable Image, the v2beta of Stability AI: core, ultra and the models of SD3.5, from words or from a picture.

Answers for what these models take and for what is done otherwise than asked: they know shapes and no sizes, and no
steps. `strength` has the opposite sense of ours there: 1 ignores the input. core takes no input image, so
image_to_image is made with sd3.5-large then. Upscalers are in `v2beta_upscale`; they are offered here too.
"""

from __future__ import annotations

import math
from dataclasses import replace

from adapters.generation.calls import ProviderCalls
from adapters.generation.prices import Asked, PriceBook
from adapters.generation.provider import (
    GeneratedImage,
    GenerationRequest,
    GenerationResult,
    OnFraction,
    Operation,
    Prepared,
    ignore_fraction,
    joined,
)
from adapters.generation.providers import ProviderSettings
from adapters.generation.sizes import Size, shape_distance
from adapters.generation.stability.v2beta_upscale import StableUpscaler
from adapters.generation.stability.v2beta_wire import (
    INPUT_BYTES,
    PICTURE,
    PROVIDER,
    batch,
    form_of,
    picture_of,
    seed_of,
    size_made,
)
from adapters.images.shaping import PictureWorkers, ShapedPicture, filled, size_of, within
from adapters.ports.failures import GenerationFailure
from adapters.ports.request_reasons import InputTooSmall

__all__ = ["ASPECT_RATIOS", "MODELS", "StableImage", "StableUpscaler"]

CORE = "core"
ULTRA = "ultra"
SD3_LARGE = "sd3.5-large"
MODELS = frozenset({CORE, ULTRA, SD3_LARGE, "sd3.5-large-turbo", "sd3.5-medium"})
ASPECT_RATIOS = ((21, 9), (16, 9), (3, 2), (5, 4), (1, 1), (4, 5), (2, 3), (9, 16), (9, 21))
DEFAULT_SIDE = 1024
INPUT_SIDE_MIN = 64
INPUT_SIDE_MAX = 16_384
INPUT_PIXELS = 4_194_304
"""A larger input would only be sent for nothing: what is made of it has one to one and a half megapixels."""
CFG_SCALE = (1.0, 10.0)
CFG_SCALE_UNASKED = 7.0
"""The port's own default fits older models and would harm turbo: with it, the choice is left to the model."""


class StableImage:
    """Makes pictures with the model that the settings name, one of `MODELS`."""

    def __init__(self, calls: ProviderCalls, settings: ProviderSettings, workers: PictureWorkers) -> None:
        self._calls = calls
        self._settings = settings
        self._workers = workers
        self._prices = PriceBook(settings.credits_each)

    async def prepare(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """The request with the size that comes nearest, and an input that the service takes. Raises DamagedPicture."""
        notes = _cfg_scale(request, self._model(request))[1], self._other_model(request)
        if request.image is None:
            size = request.width or DEFAULT_SIDE, request.height or DEFAULT_SIDE
            sized = replace(request, width=size[0], height=size[1])
            return self._prepared(sized, joined(_shape_note(size), *notes))
        shaped = await self._workers.run(_input, request.image, request.width, request.height)
        if min(shaped.width, shaped.height) < INPUT_SIDE_MIN:
            return GenerationFailure(InputTooSmall(shaped.width, shaped.height, INPUT_SIDE_MIN))
        sized = replace(request, image=shaped.data, width=shaped.width, height=shaped.height)
        return self._prepared(sized, joined(*notes))

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """Make the pictures of a prepared request, one paid call for each."""
        model = self._model(request)
        path = f"/v2beta/stable-image/generate/{model if model in {CORE, ULTRA} else 'sd3'}"

        async def make(number: int) -> GeneratedImage | GenerationFailure:
            form = form_of(_fields(request, model, number), request.image)
            answer = await self._calls.post_form(path, form, at_most_bytes=self._settings.image_bytes, accept=PICTURE)
            if isinstance(answer, GenerationFailure):
                return answer
            return await picture_of(self._calls, answer, self._settings.image_bytes)

        result = await batch(request, make, on_fraction, model=model, each=self._each(request))
        if isinstance(result, GenerationFailure):
            return result
        size = await size_made(result, self._workers)
        if size is None or size == (request.width, request.height):
            return result
        return replace(
            result, note=joined(f"It has {size[0]} by {size[1]} pixels: the service chooses the size.", result.note)
        )

    def _prepared(self, request: GenerationRequest, note: str) -> Prepared:
        return Prepared(request, note, self._model(request), self._each(request))

    def _each(self, request: GenerationRequest) -> int | None:
        size = (request.width or DEFAULT_SIDE, request.height or DEFAULT_SIDE)
        return self._prices.each(Asked(PROVIDER, self._model(request), request.operation, size))

    def _model(self, request: GenerationRequest) -> str:
        chosen = self._settings.stability_model
        return SD3_LARGE if chosen == CORE and request.operation is Operation.IMAGE_TO_IMAGE else chosen

    def _other_model(self, request: GenerationRequest) -> str:
        model = self._model(request)
        chosen = self._settings.stability_model
        return "" if model == chosen else f"Made with {model}, as {chosen} takes no input image."


def _fields(request: GenerationRequest, model: str, number: int) -> dict[str, str]:
    fields = {"prompt": request.prompt, "output_format": "png", "seed": seed_of(request, number)}
    if request.negative_prompt:
        fields["negative_prompt"] = request.negative_prompt
    if request.style is not None:
        fields["style_preset"] = request.style
    if request.image is not None:
        fields["strength"] = f"{1 - request.strength:.4g}"
    size = request.width or DEFAULT_SIDE, request.height or DEFAULT_SIDE
    if model in {CORE, ULTRA}:
        return fields | {"aspect_ratio": _ratio(_nearest(size))}
    cfg_scale = _cfg_scale(request, model)[0]
    fields |= {"model": model} | ({} if cfg_scale is None else {"cfg_scale": f"{cfg_scale:g}"})
    return fields | ({"aspect_ratio": _ratio(_nearest(size))} if request.image is None else {"mode": "image-to-image"})


def _input(data: bytes, width: int | None, height: int | None) -> ShapedPicture:
    """The input in the size asked for, else in its own within the bounds. Raises DamagedPicture."""
    if width is None and height is None:
        return within(data, at_most_pixels=INPUT_PIXELS, longest_side=INPUT_SIDE_MAX, at_most_bytes=INPUT_BYTES)
    own = size_of(data)
    size = width or min(own[0], INPUT_SIDE_MAX), height or min(own[1], INPUT_SIDE_MAX)
    return filled(data, size, at_most_bytes=INPUT_BYTES)


def _nearest(size: Size) -> Size:
    return min(ASPECT_RATIOS, key=lambda ratio: shape_distance(ratio, size))


def _ratio(size: Size) -> str:
    return f"{size[0]}:{size[1]}"


def _shape_note(size: Size) -> str:
    ratio = _nearest(size)
    exact = math.isclose(size[0] / size[1], ratio[0] / ratio[1], rel_tol=1 / min(size))
    return "" if exact else f"Made in the shape {_ratio(ratio)}, the nearest that the service has."


def _cfg_scale(request: GenerationRequest, model: str) -> tuple[float | None, str]:
    """What is sent, None where the choice is the model's, and a note where it is not what was asked."""
    if request.cfg_scale == CFG_SCALE_UNASKED:
        return None, ""
    if model in {CORE, ULTRA}:
        return None, f"The model {model} takes no cfg_scale, so it was left out."
    low, high = CFG_SCALE
    sent = min(max(request.cfg_scale, low), high)
    return sent, "" if sent == request.cfg_scale else f"Made with cfg_scale {sent:g}, the nearest that is taken."
