"""Providers of a few lines that keep everything in memory: honest ones, slow ones, and those that fail in each way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from adapters.generation.provider import (
    GeneratedImage,
    GenerationRequest,
    GenerationResult,
    OnFraction,
    Prepared,
    ProviderReport,
    RequestLimits,
    ignore_fraction,
)
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.failures import GenerationFailure
from tests.adapters.ports.every_reason import failure_of_kind
from tests.hostile.builders import png_of_size

ProviderAnswer = GenerationResult | GenerationFailure
Generate = Callable[[GenerationRequest], Awaitable[ProviderAnswer]]


class InMemoryProvider:
    """A provider whose pictures are small and of different sizes; `asked` keeps the requests.

    `make` may be replaced by any other way to answer, and `stalled` holds every answer up until it is set.
    """

    name = "in memory"
    limits = RequestLimits()

    def __init__(self, make: Generate | None = None) -> None:
        self.asked: list[GenerationRequest] = []
        self.stalled: asyncio.Event | None = None
        self.arrived = asyncio.Event()
        self.left_alone = asyncio.Event()
        self.cancelled = 0
        self.make = make or self._pictures
        self._made = 0

    def outage(self) -> GenerationFailure | None:
        """It may always be asked."""
        return None

    async def prepare(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """It takes a request as it is."""
        return Prepared(request)

    async def report(self) -> ProviderReport:
        """It is there."""
        return ProviderReport()

    async def generate(self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction) -> ProviderAnswer:  # noqa: ARG002 - the port's
        """Answers by `make`, when it may."""
        self.asked.append(request)
        self.arrived.set()
        try:
            if self.stalled is not None:
                await self.stalled.wait()
            return await self.make(request)
        except asyncio.CancelledError:
            self.cancelled += 1
            self.left_alone.set()
            raise

    async def close(self) -> None:
        """Nothing is open."""

    async def _pictures(self, request: GenerationRequest) -> ProviderAnswer:
        return self.result([self.picture() for _ in range(request.count)])

    def picture(self, size_bytes: int | None = None) -> GeneratedImage:
        """One picture that differs from all others."""
        self._made += 1
        return GeneratedImage(png_of_size(size_bytes or 100 + self._made), 40 + self._made, "image/png")

    def result(self, images: list[GeneratedImage]) -> GenerationResult:
        """These pictures as an answer."""
        return GenerationResult(tuple(images), self.name, "model-1", 1.5, credits=0.25 * len(images))


def failing(kind: FailureKind) -> Generate:
    """A way to answer: with a failure of that kind."""

    async def answer(_: GenerationRequest) -> ProviderAnswer:
        return failure_of_kind(kind)

    return answer


class CountingProvider(InMemoryProvider):
    """Answers with a failure that it is given, and counts what it is asked."""

    def __init__(self, failure: GenerationFailure) -> None:
        super().__init__(self._fail)
        self.failure = failure
        self.closed = 0

    async def _fail(self, _: GenerationRequest) -> GenerationFailure:
        return self.failure

    async def close(self) -> None:
        self.closed += 1
