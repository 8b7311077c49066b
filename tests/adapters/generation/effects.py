"""What a request through the studio does to a user's quota: the last column of every provider's table of errors."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from adapters.application.reading import quota_status
from adapters.engines.opening import open_store
from adapters.generation import GenerationRequest, Generator, Provider
from adapters.studio import GenerationOutcome, Studio
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of

USER = "1"


class Effect(NamedTuple):
    """The answer, today's count after it, MB that are still held, why places were released, and what was recorded as
    delivered.
    """

    answer: GenerationOutcome
    charged: int
    held_mb: float
    released: list[str]
    delivered: int
    kept: int


async def effect_of(root: Path, provider: Provider, request: GenerationRequest) -> Effect:
    """One request of one user through a real studio and ledger under `root`; the provider is closed after it."""
    store = open_store(root)
    generator = Generator(provider)
    studio = Studio(store, generator)
    try:
        answer = await studio.generate(USER, request)
        status = quota_status(store, USER)
    finally:
        await studio.close()
        await generator.aclose()
        store.close()
    assert_disk_and_log_agree(root)
    return Effect(
        answer,
        status["daily"]["used"],
        status["user"]["reserved_mb"],
        [event["data"]["reason"] for event in events_of(root, "GenerationReleased")],
        sum(event["data"]["count"] for event in events_of(root, "GenerationCompleted")),
        status["user"]["images"],
    )
