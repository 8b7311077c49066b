"""Several pictures by one paid call after the other: what is asked for, what ends it, and what is told."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from adapters.generation import GenerationFailure, series
from adapters.generation.provider import GeneratedImage
from adapters.generation.series import NO_TIME, Series, in_series
from adapters.generation.taxonomy import FILTERED
from adapters.ports.failure_reasons import PlainReason

BROKEN = GenerationFailure(PlainReason.SERVICE_FAILED)
Step = GenerationFailure | int


class Service:
    """Answers each call with so many pictures, or with a failure, and keeps what was asked and told."""

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)
        self.asked: list[int] = []
        self.fractions: list[float] = []

    async def make(self, number: int) -> Sequence[GeneratedImage] | GenerationFailure:
        """The next step."""
        self.asked.append(number)
        step = self._steps.pop(0)
        return step if isinstance(step, GenerationFailure) else [GeneratedImage(b"", number, "image/png")] * step


@pytest.mark.parametrize(
    ("steps", "at_once", "asked", "came"),
    [
        ((1, 1, 1), 1, [0, 1, 2], (3, 0, None)),
        ((3,), 3, [0], (3, 0, None)),
        ((2,), 3, [0], (2, 0, None)),
        ((4,), 3, [0], (3, 0, None)),
        ((1, BROKEN), 1, [0, 1], (1, 0, BROKEN)),
        ((1, FILTERED, 1), 1, [0, 1, 2], (2, 1, None)),
        ((FILTERED, BROKEN), 1, [0, 1], (0, 1, BROKEN)),
        ((FILTERED, FILTERED, FILTERED), 1, [0, 1, 2], (0, 3, None)),
    ],
)
async def test_what_was_paid_is_delivered_whatever_comes_after_it(
    steps: tuple[Step, ...], at_once: int, asked: list[int], came: tuple[int, int, GenerationFailure | None]
) -> None:
    """Pictures, filtered ones, and after which failure there are no more, of three."""
    service = Service(*steps)
    made = await in_series(3, service.make, service.fractions.append, at_once=at_once)
    assert isinstance(made, Series)
    assert (len(made.images), made.filtered, made.ended_by, made.note) == (*came, "")
    assert service.asked == asked
    assert service.fractions == sorted(service.fractions)


async def test_a_failure_before_anything_came_is_the_answer() -> None:
    """It is told as it is, and no second call is paid."""
    service = Service(BROKEN)
    assert await in_series(3, service.make, service.fractions.append) is BROKEN
    assert (service.asked, service.fractions) == ([0], [])


async def test_no_call_is_begun_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one always is; a series that is complete says nothing of time."""
    monkeypatch.setattr(series, "SERIES_SECONDS", 0.0)
    long, short = Service(1), Service(1)
    ended = await in_series(2, long.make, long.fractions.append)
    whole = await in_series(1, short.make, short.fractions.append)
    assert isinstance(ended, Series)
    assert isinstance(whole, Series)
    assert (len(ended.images), ended.note, whole.note) == (1, NO_TIME, "")
