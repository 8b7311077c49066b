"""What the endpoints of Stability AI's v2beta share: forms, answers that are one picture, batches and prices.

Which fields an endpoint takes is told by the module that calls it. Shapes of requests and answers are those of the
provider's published description, https://platform.stability.ai/docs/api-reference.
"""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import aiohttp

from adapters.generation.calls import Form, ServiceAnswer, from_base64, not_as_promised
from adapters.generation.provider import GeneratedImage, GenerationRequest, GenerationResult, OnFraction
from adapters.generation.providers import ProviderSettings
from adapters.generation.series import in_series
from adapters.generation.taxonomy import FILTERED
from adapters.images.formats import PNG, begun_media_type
from adapters.images.shaping import DamagedPicture, PictureWorkers, size_of
from adapters.ports.failure_reasons import Instead, ServiceName
from adapters.ports.failures import GenerationFailure

PROVIDER = "stability"
SEED_MAX = 4_294_967_294
INPUT_BYTES = 10 * 1024 * 1024 - 64 * 1024
"""A whole request has at most 10 MiB; what is left is for the words and the seams of the form."""
PICTURE = "image/*"
CREDITS: Mapping[str, float] = MappingProxyType(
    {
        "core": 3.0,
        "ultra": 8.0,
        "sd3.5-large": 6.5,
        "sd3.5-large-turbo": 4.0,
        "sd3.5-medium": 3.5,
        "fast": 1.0,
        "conservative": 25.0,
        "creative": 25.0,
    }
)
"""Credits of one picture in the middle of 2025, by model or upscaler; the settings know newer ones."""

PaidPicture = Callable[[int], Awaitable[GeneratedImage | GenerationFailure]]
"""Makes picture number 0, 1, ... of a batch with one paid call."""

_FILTERED = "CONTENT_FILTERED"
_INNER_TYPE = re.compile(r"type=(image/[a-z]+)")


def form_of(fields: Mapping[str, str], image: bytes | None = None) -> Form:
    """A multipart form, also of text alone: these endpoints refuse every other kind. `image` is a PNG or a JPEG."""

    def form() -> aiohttp.FormData:
        made = aiohttp.FormData(default_to_multipart=True)
        for name, value in fields.items():
            made.add_field(name, value)
        if image is not None:
            kind = "png" if begun_media_type(image) == PNG else "jpeg"
            made.add_field("image", io.BytesIO(image), filename=f"image.{kind}", content_type=f"image/{kind}")
        return made

    return form


def seed_of(request: GenerationRequest, number: int) -> str:
    """The seed of picture `number`, counted from the one asked for: the same one would make the same picture again."""
    return "0" if request.seed == 0 else str(1 + (request.seed - 1 + number) % SEED_MAX)


async def picture_of(answer: ServiceAnswer, service: ServiceName) -> GeneratedImage | GenerationFailure:
    """The picture of an answer, whether it came as bytes or, as some gateways prefer, in JSON."""
    if answer.media_type.startswith("image/"):
        reason, seed, media_type = answer.headers.get("finish-reason"), answer.headers.get("seed"), answer.media_type
        data: bytes | None = answer.body
    elif answer.media_type == "application/json":
        body = await answer.json()
        if not isinstance(body, dict):
            return not_as_promised(service, Instead.NO_PICTURE)
        reason, seed = body.get("finish_reason"), body.get("seed")
        inner = _INNER_TYPE.search(answer.headers.get("content-type", ""))
        media_type = inner[1] if inner else "image/png"
        data = await asyncio.to_thread(_decoded, body.get("image"))
    else:
        return not_as_promised(service, Instead.NOT_A_PICTURE)
    if reason == _FILTERED:
        return FILTERED
    if not data:
        return not_as_promised(service, Instead.NO_PICTURE)
    return GeneratedImage(data, _number(seed), media_type)


async def batch(
    request: GenerationRequest, make: PaidPicture, on_fraction: OnFraction, *, model: str, settings: ProviderSettings
) -> GenerationResult | GenerationFailure:
    """`request.count` pictures, one call after another, and what they cost."""
    started = time.perf_counter()

    async def one(number: int) -> list[GeneratedImage] | GenerationFailure:
        outcome = await make(number)
        return outcome if isinstance(outcome, GenerationFailure) else [outcome]

    made = await in_series(request.count, one, on_fraction)
    if isinstance(made, GenerationFailure):
        return made
    each = settings.credits_each.get(model, CREDITS.get(model))
    return GenerationResult(
        made.images,
        PROVIDER,
        model,
        round(time.perf_counter() - started, 3),
        credits=None if each is None else each * (len(made.images) + made.filtered),
        note=made.note,
        filtered=made.filtered,
        ended_by=made.ended_by,
    )


async def size_made(result: GenerationResult, workers: PictureWorkers) -> tuple[int, int] | None:
    """Width and height of the first picture; None where there is none, which the generator tells for all providers."""
    try:
        return await workers.run(size_of, result.images[0].data) if result.images else None
    except DamagedPicture:
        return None


def _decoded(text: object) -> bytes | None:
    try:
        return from_base64(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(SEED_MAX)) else None
