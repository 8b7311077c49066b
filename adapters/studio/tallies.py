"""What the studio counts since the start, for whoever measures: how long requests waited, how the provider answered.

It belongs to the studio's event loop. A provider is counted by its short name, which is one of a fixed list.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from adapters.generation.provider import GenerationResult, Provider
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.failures import GenerationFailure
from adapters.ports.measured import Distribution, Measured

WAITED_SECONDS = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
ASKED_SECONDS = (0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600)
MADE, CANCELLED, DEFECT = "made", "cancelled", "defect"
OUTCOMES = (MADE, CANCELLED, DEFECT, *(kind.value for kind in FailureKind))
"""How a call ends."""


class Asked:
    """One call of a provider; `answer` None: there was none."""

    def __init__(self) -> None:
        self.answer: GenerationResult | GenerationFailure | None = None


class StudioTallies:
    """The counts of one studio."""

    def __init__(self) -> None:
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._seconds: dict[str, Distribution] = {}
        self._pictures: Counter[str] = Counter()
        self._credits: dict[str, float] = {}
        self._waited = Distribution(WAITED_SECONDS)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """A request waits for its turn, which came, or did not."""
        began = monotonic()
        try:
            yield
        finally:
            self._waited.add(monotonic() - began)

    @contextmanager
    def asking(self, provider: str) -> Iterator[Asked]:
        """The provider is asked; the block puts its answer into what it is given."""
        began, asked = monotonic(), Asked()
        outcome = DEFECT
        try:
            yield asked
            outcome = self._outcome_of(provider, asked.answer)
        except asyncio.CancelledError:
            outcome = CANCELLED
            raise
        finally:
            self._known(provider)
            self._outcomes[provider, outcome] += 1
            self._seconds[provider].add(monotonic() - began)

    def measured(self, provider: Provider) -> list[Measured]:
        """All counts, and whether the provider is left alone at the moment."""
        name = provider.name
        self._known(name)
        return [
            *(Measured("abby_provider_requests", count, kind) for kind, count in self._outcomes.copy().items()),
            *(Measured("abby_provider_pictures", count, (of,)) for of, count in self._pictures.copy().items()),
            *(Measured("abby_provider_credits", count, (of,)) for of, count in self._credits.copy().items()),
            *(Measured("abby_provider_request_seconds", one.spread(), (of,)) for of, one in [*self._seconds.items()]),
            Measured("abby_provider_resting", float(provider.outage() is not None), (name,)),
            Measured("abby_generation_wait_seconds", self._waited.spread()),
        ]

    def _known(self, provider: str) -> None:
        """Begins its counts at 0, where they have not begun: the first of a kind is an increase, too."""
        if provider not in self._seconds:
            self._seconds[provider] = Distribution(ASKED_SECONDS)
            self._credits[provider], self._pictures[provider] = 0.0, 0
            self._outcomes.update(dict.fromkeys(((provider, kind) for kind in OUTCOMES), 0))

    def _outcome_of(self, provider: str, answer: GenerationResult | GenerationFailure | None) -> str:
        if not isinstance(answer, GenerationResult):
            return DEFECT if answer is None else answer.kind.value
        self._known(provider)
        self._pictures[provider] += len(answer.images)
        self._credits[provider] += answer.credits or 0.0
        return MADE
