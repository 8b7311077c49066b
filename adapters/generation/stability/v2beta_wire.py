"""What the endpoints of Stability AI's v2beta share: forms, answers that are one picture, and batches.

Which fields an endpoint takes is told by the module that calls it. Shapes of requests and answers are those of the
provider's published description, https://platform.stability.ai/docs/api-reference.
"""

from __future__ import annotations

import io
import time
from collections.abc import Awaitable, Callable, Mapping

import aiohttp

from adapters.generation.answers import FILTERED
from adapters.generation.calls import Form, ProviderCalls, ServiceAnswer
from adapters.generation.delivery import delivered
from adapters.generation.prices import in_all
from adapters.generation.provider import GeneratedImage, GenerationRequest, GenerationResult, OnFraction
from adapters.generation.series import in_series
from adapters.generation.taxonomy import FILTERED as WITHHELD
from adapters.images.formats import PNG, begun_media_type
from adapters.images.shaping import DamagedPicture, PictureWorkers, size_of
from adapters.ports.failure_reasons import Instead
from adapters.ports.failures import GenerationFailure

PROVIDER = "stability"
SEED_MAX = 4_294_967_294
INPUT_BYTES = 10 * 1024 * 1024 - 64 * 1024
"""A whole request has at most 10 MiB; what is left is for the words and the seams of the form."""
PICTURE = "image/*"

PaidPicture = Callable[[int], Awaitable[GeneratedImage | GenerationFailure]]
"""Makes picture number 0, 1, ... of a batch with one paid call."""


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


async def picture_of(
    calls: ProviderCalls, answer: ServiceAnswer, at_most_bytes: int
) -> GeneratedImage | GenerationFailure:
    """The picture of an answer, whether it came as bytes or, as some gateways prefer, in JSON."""
    contents = await delivered(calls, answer, at_most_bytes=at_most_bytes)
    place = contents.sent[0] if contents.sent else None
    if place is not None and place.ended == FILTERED:
        return WITHHELD
    if place is None or not place.data:
        json = isinstance(contents.body, dict)
        instead = place.instead if place else Instead.NO_PICTURE if json or not answer.body else Instead.NOT_A_PICTURE
        return calls.without_pictures(contents, instead)
    return GeneratedImage(place.data, place.seed, begun_media_type(place.data) or PNG)


async def batch(
    request: GenerationRequest, make: PaidPicture, on_fraction: OnFraction, *, model: str, each: int | None
) -> GenerationResult | GenerationFailure:
    """`request.count` pictures, one call after another, and what they cost: `each` as in `Prepared`."""
    started = time.perf_counter()

    async def one(number: int) -> list[GeneratedImage] | GenerationFailure:
        outcome = await make(number)
        return outcome if isinstance(outcome, GenerationFailure) else [outcome]

    made = await in_series(request.count, one, on_fraction)
    if isinstance(made, GenerationFailure):
        return made
    return GenerationResult(
        made.images,
        PROVIDER,
        model,
        round(time.perf_counter() - started, 3),
        credits=in_all(each, len(made.images) + made.filtered),
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
