"""v2beta of Stability AI as a whole provider, before an emulator of it: for tests of its two parts."""

from __future__ import annotations

from collections.abc import Callable

from adapters.generation import FailureKind, GenerationFailure, GenerationRequest, GenerationResult, ProviderSettings
from adapters.generation.calls import ProviderCalls, Service
from adapters.generation.provider import OnFraction, Prepared, ProviderReport, RequestLimits, ignore_fraction
from adapters.generation.stability.v2beta import StableImage, StableUpscaler
from adapters.generation.taxonomy import ErrorDetails
from adapters.images.shaping import PictureWorkers
from tests.emulators.stability_v2beta import KEY, StableImageEmulator

Part = StableImage | StableUpscaler
Build = Callable[[ProviderCalls, ProviderSettings, PictureWorkers], Part]


class PartProvider:
    """One part of v2beta behind the provider port."""

    name = "stability"
    limits = RequestLimits()

    def __init__(self, emulator: StableImageEmulator, settings: ProviderSettings, build: Build) -> None:
        self._calls = ProviderCalls(
            Service(
                "Stability AI",
                emulator.address,
                "STABILITY_API_KEY",
                _read_error,
                {"payment_required": FailureKind.NO_CREDIT, "content_moderation": FailureKind.MODERATED_PROMPT},
                headers={"Authorization": f"Bearer {KEY}"},
            )
        )
        self._workers = PictureWorkers()
        self._part = build(self._calls, settings, self._workers)

    def outage(self) -> GenerationFailure | None:
        """As the calls say."""
        return self._calls.outage()

    async def prepare(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """As the part says."""
        return await self._part.prepare(request)

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """As the part does."""
        return await self._part.generate(request, on_fraction)

    async def report(self) -> ProviderReport:
        """Nothing is asked: that is another part's."""
        return ProviderReport()

    async def close(self) -> None:
        """Ends the threads."""
        self._workers.close()


def _read_error(body: object) -> ErrorDetails:
    if not isinstance(body, dict):
        return ErrorDetails()
    return ErrorDetails(str(body.get("name", "")), " ".join(map(str, body.get("errors", []))))
