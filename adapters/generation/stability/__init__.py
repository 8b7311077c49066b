"""Stability AI: one provider over two generations of its API, v1's engines and v2beta's Stable Image.

Answers for which of them makes a picture, for the key, for what the service's error names mean, and for the report.
What each API takes and answers is told by `v1` and `v2beta`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from adapters.generation.calls import ANSWER_SECONDS, ProviderCalls, Service, ServiceAnswer
from adapters.generation.provider import (
    GenerationRequest,
    GenerationResult,
    OnFraction,
    Operation,
    Prepared,
    ProviderReport,
    RequestLimits,
    ignore_fraction,
)
from adapters.generation.providers import ProviderSettings, at_stability, choice_of
from adapters.generation.stability.v1 import UPSCALE_ENGINE, UPSCALE_PIXELS, EngineImage, EngineUpscaler
from adapters.generation.stability.v2beta import MODELS, StableImage, StableUpscaler
from adapters.generation.taxonomy import not_as_promised
from adapters.images.shaping import PictureWorkers
from adapters.ports.failure_reasons import FailureKind, Instead, ServiceName
from adapters.ports.failures import GenerationFailure

SERVICE = ServiceName("Stability AI")
KEY_SETTING = "STABILITY_API_KEY"
CLIENT_ID = "abby-ledger"

ERROR_NAMES: Mapping[str, FailureKind] = MappingProxyType(
    {
        "unauthorized": FailureKind.AUTH,
        "permission_denied": FailureKind.AUTH,
        "insufficient_balance": FailureKind.NO_CREDIT,
        "payment_required": FailureKind.NO_CREDIT,
        "invalid_prompts": FailureKind.MODERATED_PROMPT,
        "content_moderation": FailureKind.MODERATED_PROMPT,
        "rate_limit_exceeded": FailureKind.RATE_LIMITED,
        "server_error": FailureKind.UPSTREAM,
        "internal_error": FailureKind.UPSTREAM,
        "not_found": FailureKind.BAD_REQUEST,
        "bad_request": FailureKind.BAD_REQUEST,
        "payload_too_large": FailureKind.BAD_REQUEST,
        "invalid_language": FailureKind.BAD_REQUEST,
        "invalid_samples": FailureKind.BAD_REQUEST,
        "invalid_height_or_width": FailureKind.BAD_REQUEST,
        "invalid_file_size": FailureKind.BAD_REQUEST,
        "invalid_mime_type": FailureKind.BAD_REQUEST,
        "invalid_image_dimensions": FailureKind.BAD_REQUEST,
        "invalid_pixel_count": FailureKind.BAD_REQUEST,
        "invalid_sdxl_v1_dimensions": FailureKind.BAD_REQUEST,
        "invalid_sdxl_v222_dimensions": FailureKind.BAD_REQUEST,
    }
)
"""The names in errors of both APIs. Some say more than their status: out of credit may be 429, a refused prompt 403."""


class Part(Protocol):
    """What makes pictures of one kind with one of the APIs."""

    async def prepare(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """As the provider's. Raises DamagedPicture."""

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """As the provider's."""


def missing(settings: ProviderSettings) -> str | None:
    """The sentence that says that there is no key, or that API_HOST is another's: the key would be sent there."""
    if not settings.api_key or not settings.api_key.strip():
        return f"no key is set. Set {KEY_SETTING}, or GENERATOR=sketch for offline sketches."
    if not at_stability(settings) and choice_of(settings).name != StabilityProvider.name:
        return "API_HOST is not Stability's, so no key is sent there. Set GENERATOR=stability for a gateway to it."
    return None


def make_provider(settings: ProviderSettings) -> StabilityProvider:
    """The provider; nothing is connected yet."""
    return StabilityProvider(settings)


class StabilityProvider:
    """Makes and upscales pictures with Stability AI, each operation with the API that the settings' names belong to."""

    name = "stability"

    def __init__(self, settings: ProviderSettings, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        """`answer_seconds` bounds each call, from the connection to the last byte."""
        self._calls = ProviderCalls(_service(settings, answer_seconds))
        self._workers = PictureWorkers()
        parts = self._calls, settings, self._workers
        by_engine = settings.stability_upscaler == UPSCALE_ENGINE
        self._image: Part = StableImage(*parts) if settings.stability_model in MODELS else EngineImage(*parts)
        self._upscaler: Part = EngineUpscaler(*parts) if by_engine else StableUpscaler(*parts)
        self.limits = (
            RequestLimits(upscale_pixels=UPSCALE_PIXELS) if by_engine else RequestLimits(unused=frozenset({"steps"}))
        )

    def outage(self) -> GenerationFailure | None:
        """Why the service is left alone at the moment, None where it may be called."""
        return self._calls.outage()

    async def prepare(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """The request as the API takes it that will make it. Raises DamagedPicture."""
        return await self._part(request).prepare(request)

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """Make the pictures of a prepared request."""
        return await self._part(request).generate(request, on_fraction)

    async def report(self) -> ProviderReport:
        """The account's credits and the engines of v1; v2beta has no list of its models."""
        balance = await self._calls.get("/v1/user/balance")
        credit = await _credits(balance) if isinstance(balance, ServiceAnswer) else balance
        if isinstance(credit, GenerationFailure):
            return ProviderReport(credit)
        answer = await self._calls.get("/v1/engines/list")
        engines = await _engines(answer) if isinstance(answer, ServiceAnswer) else answer
        if isinstance(engines, GenerationFailure):
            return ProviderReport(engines, credit)
        return ProviderReport(credits=credit, models=engines)

    async def close(self) -> None:
        """Let the threads end; connections are open only while a call runs."""
        self._workers.close()

    def _part(self, request: GenerationRequest) -> Part:
        return self._upscaler if request.operation is Operation.UPSCALE else self._image


def _service(settings: ProviderSettings, answer_seconds: float) -> Service:
    key = (settings.api_key or "").strip()  # one that was read from a file ends in a line's end
    return Service(
        name=SERVICE.name,
        address=settings.api_host.rstrip("/"),
        key_setting=KEY_SETTING,
        error_names=ERROR_NAMES,
        headers={"Authorization": f"Bearer {key}", "Stability-Client-ID": CLIENT_ID},
        answer_seconds=answer_seconds,
    )


async def _credits(answer: ServiceAnswer) -> float | GenerationFailure:
    body = await answer.json()
    left = body.get("credits") if isinstance(body, dict) else None
    if isinstance(left, bool) or not isinstance(left, int | float):
        return not_as_promised(SERVICE, Instead.NO_BALANCE)
    return float(left)


async def _engines(answer: ServiceAnswer) -> tuple[str, ...] | GenerationFailure:
    body = await answer.json()
    if not isinstance(body, list):
        return not_as_promised(SERVICE, Instead.NO_ENGINES)
    names = (engine.get("id") for engine in body if isinstance(engine, dict))
    return tuple(name for name in names if isinstance(name, str))
