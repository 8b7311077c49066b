"""The upscalers of Stability AI's v2beta: fast, conservative and creative.

Answers for inputs that each of them takes and for waiting for creative, which works on its own time. The width that
was asked for is the generator's work: it scales what comes from here.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from adapters.generation.calls import SMALL_ANSWER_BYTES, ProviderCalls, ServiceAnswer
from adapters.generation.delivery import delivered
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
    style_in_words,
)
from adapters.generation.providers import ProviderSettings
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
from adapters.images.shaping import PictureWorkers, ShapedPicture, size_of, within
from adapters.ports.failure_reasons import AnswerLost, FailureKind, Instead, PictureLost
from adapters.ports.failures import GenerationFailure
from adapters.ports.request_reasons import ShapeNotTaken, ShapeStaysNarrow

UPSCALED_BYTES = 96 * 1024 * 1024
"""A PNG of 16 megapixels is large; what is kept of it is scaled to the width asked for."""
POLL_SECONDS = 10.0
"""The service refuses to be asked more often."""
CREATIVE_SECONDS = 420.0
CREATIVITY = "0.35"
NEUTRAL_PROMPT = "the same picture, sharp and rich in detail"
"""What conservative and creative are told where the user says nothing; they do not work without words."""

Pause = Callable[[float], Awaitable[object]]


class UpscaleBounds(NamedTuple):
    """What an upscaler takes: sides, pixels in all, and how many times longer one side may be than the other.

    `factor` is how much wider the result is; None where the result has one size, whatever comes in.
    """

    shortest_side: int
    longest_side: int
    most_pixels: int
    longest_shape: float
    factor: int | None = None


UPSCALERS: Mapping[str, UpscaleBounds] = MappingProxyType(
    {
        "fast": UpscaleBounds(32, 1_536, 1_048_576, 48, factor=4),
        "conservative": UpscaleBounds(64, 16_384, 9_437_184, 2.5),
        "creative": UpscaleBounds(64, 16_384, 1_048_576, 256),
    }
)
"""By the name in STABILITY_UPSCALER. The fewest pixels that are published follow from the sides; a longest side or
shape that is not published follows from the other bounds.
"""

_GENERATION_ID = re.compile(r"[0-9A-Za-z_-]{1,128}")
_PASSING = frozenset({FailureKind.UPSTREAM, FailureKind.UNAVAILABLE, FailureKind.RATE_LIMITED})


class StableUpscaler:
    """Upscales with the upscaler that the settings name, one of `UPSCALERS`."""

    def __init__(
        self,
        calls: ProviderCalls,
        settings: ProviderSettings,
        workers: PictureWorkers,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._calls = calls
        self._workers = workers
        self._clock = clock
        self._pause = pause
        self._name = settings.stability_upscaler
        self._bounds = UPSCALERS[self._name]
        self._each = PriceBook(settings.credits_each).each(Asked(PROVIDER, self._name, Operation.UPSCALE))

    async def prepare(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """The request with an input that the upscaler takes, or why none can be had. Raises DamagedPicture."""
        data = request.image or b""
        own = await self._workers.run(size_of, data)
        shaped: ShapedPicture = await self._workers.run(
            within,
            data,
            at_most_pixels=self._bounds.most_pixels,
            longest_side=self._bounds.longest_side,
            at_most_bytes=INPUT_BYTES,
        )
        reason = self._unfit(shaped, own) or self._too_narrow(shaped, own, request.width)
        if reason is not None:
            return GenerationFailure(reason)
        size = f"{shaped.width} by {shaped.height} pixels"
        scaled = f"The input was scaled down to {size}, as the upscaler takes it."
        note = "" if (shaped.width, shaped.height) == own else scaled
        return Prepared(replace(request, image=shaped.data), note, self._name, self._each)

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """Upscale a prepared request. Its pictures are as large as the service makes them."""
        result = await batch(
            request, lambda number: self._one(request, number), on_fraction, model=self._name, each=self._each
        )
        if isinstance(result, GenerationFailure):
            return result
        size = await size_made(result, self._workers)
        if size is None or size[0] >= (request.width or 0):
            return result
        note = f"The upscaler reached a width of {size[0]} pixels; from there the picture is stretched."
        return replace(result, note=joined(note, result.note))

    async def _one(self, request: GenerationRequest, number: int) -> GeneratedImage | GenerationFailure:
        form = form_of(self._fields(request, number), request.image)
        path = f"/v2beta/stable-image/upscale/{self._name}"
        if self._name == "creative":
            return await self._finished(await self._calls.post_form(path, form, at_most_bytes=UPSCALED_BYTES))
        answer = await self._calls.post_form(path, form, at_most_bytes=UPSCALED_BYTES, accept=PICTURE)
        return answer if isinstance(answer, GenerationFailure) else await self._picture(answer)

    async def _picture(self, answer: ServiceAnswer) -> GeneratedImage | GenerationFailure:
        return await picture_of(self._calls, answer, UPSCALED_BYTES)

    def _fields(self, request: GenerationRequest, number: int) -> dict[str, str]:
        fields = {"output_format": "png"}
        if self._name == "fast":
            return fields
        words = request.prompt.strip() or NEUTRAL_PROMPT
        fields |= {"prompt": words, "seed": seed_of(request, number), "creativity": CREATIVITY}
        if request.negative_prompt:
            fields["negative_prompt"] = request.negative_prompt
        if request.style is None:
            return fields
        if self._name == "creative":
            return fields | {"style_preset": request.style}
        style = style_in_words(request.style)
        return fields | {"prompt": f"{words}, {style} style" if style else words}

    async def _finished(self, started: ServiceAnswer | GenerationFailure) -> GeneratedImage | GenerationFailure:
        """The picture of what was started, however long it takes. It is paid: an end without one is UNKNOWN."""
        if isinstance(started, GenerationFailure):
            return started
        contents = await delivered(self._calls, started, at_most_bytes=UPSCALED_BYTES)
        if any(place.data or place.ended for place in contents.sent or ()):
            return await self._picture(started)  # it was quick
        body = contents.body
        if failure := self._calls.failure_in(body):
            return failure  # an error has an id of its own
        generation_id = str(body.get("id", "")) if isinstance(body, dict) else ""
        if not _GENERATION_ID.fullmatch(generation_id):
            return self._calls.without_pictures(contents, Instead.NO_NUMBER)
        return await self._waited_for(generation_id)

    async def _waited_for(self, generation_id: str) -> GeneratedImage | GenerationFailure:
        until = self._clock() + CREATIVE_SECONDS
        service = self._calls.service.called
        while self._clock() + POLL_SECONDS <= until:
            await self._pause(POLL_SECONDS)
            outcome = await self._calls.get(
                f"/v2beta/results/{generation_id}", accept="*/*", at_most_bytes=UPSCALED_BYTES, tries=1
            )
            if isinstance(outcome, ServiceAnswer):
                if not await _in_progress(outcome):
                    return await self._picture(outcome)
            elif not _passes(outcome):
                kept = outcome.kind in {FailureKind.MODERATED_PROMPT, FailureKind.UPSTREAM}
                return replace(outcome, maybe_paid=True) if kept else GenerationFailure(AnswerLost(service))
        return GenerationFailure(PictureLost(service, CREATIVE_SECONDS / 60))

    def _unfit(self, shaped: ShapedPicture, own: tuple[int, int]) -> ShapeNotTaken | None:
        bounds = self._bounds
        shorter, longer = sorted((shaped.width, shaped.height))
        if shorter >= bounds.shortest_side and longer <= bounds.longest_shape * shorter:
            return None
        return ShapeNotTaken(own[0], own[1], self._name, bounds.shortest_side, bounds.longest_shape)

    def _too_narrow(self, shaped: ShapedPicture, own: tuple[int, int], wanted: int | None) -> ShapeStaysNarrow | None:
        """Why an input that was scaled down is of no use: what is made of it would be narrower than asked."""
        if self._bounds.factor is None or shaped.width == own[0] or wanted is None:
            return None
        reached = shaped.width * self._bounds.factor
        return None if reached >= wanted else ShapeStaysNarrow(own[0], own[1], self._name, reached, wanted)


async def _in_progress(answer: ServiceAnswer) -> bool:
    """202, or as some gateways have it, a success that says so."""
    if answer.status == 202 or len(answer.body) > SMALL_ANSWER_BYTES:
        return answer.status == 202
    body = await answer.json()
    return isinstance(body, dict) and body.get("status") == "in-progress"


def _passes(failure: GenerationFailure) -> bool:
    """Whether a later question may still bring the picture: no answer came, or the service is not well."""
    return failure.kind in _PASSING and (failure.upstream_status is None or failure.upstream_status >= 400)
