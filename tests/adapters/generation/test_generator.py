"""Generator: the steps from a request to pictures over one provider, whatever that does."""

from __future__ import annotations

import asyncio

from adapters.generation import FailureKind, GenerationFailure, GenerationRequest, Generator, Operation
from adapters.generation.provider import GeneratedImage, Prepared
from adapters.ports.failure_reasons import AskedToWait, PlainReason
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.in_memory_providers import CountingProvider, InMemoryProvider, ProviderAnswer
from tests.adapters.generation.making import TEXT

FAILED = GenerationFailure(PlainReason.SERVICE_FAILED)


async def test_what_is_no_picture_is_never_given_out() -> None:
    """A service that fails with a page and a success in its head has failed."""

    async def page(_: GenerationRequest) -> ProviderAnswer:
        return provider.result([GeneratedImage(b"<html>Welcome</html>", 1, "image/png")])

    provider = InMemoryProvider(page)
    outcome = await Generator(provider).generate(TEXT)
    assert isinstance(outcome, GenerationFailure)
    assert outcome.kind is FailureKind.UPSTREAM
    assert "not a picture" in sentence_of_failure(outcome)


async def test_the_richer_call_hands_the_failure_through() -> None:
    """A failure is a value with its kind; the check alone says the same without asking."""
    failure = GenerationFailure(AskedToWait(3.0), retry_after_seconds=3.0, upstream_status=429)
    generator = Generator(CountingProvider(failure))
    assert await generator.prepare(TEXT) == Prepared(TEXT)
    assert await generator.generate(TEXT) is failure
    refusal = await generator.prepare(GenerationRequest(Operation.TEXT_TO_IMAGE, ""))
    assert isinstance(refusal, GenerationFailure)
    assert refusal.kind is FailureKind.BAD_REQUEST


async def test_close_within_a_running_loop_closes_soon_and_refuses_at_once() -> None:
    """Programs may call the plain `close` inside a coroutine."""
    provider = CountingProvider(FAILED)
    generator = Generator(provider)
    generator.close()
    outcome = await generator.generate(TEXT)
    await asyncio.sleep(0)
    assert provider.closed == 1
    assert isinstance(outcome, GenerationFailure)
    assert outcome.kind is FailureKind.UNAVAILABLE
    assert provider.asked == []
