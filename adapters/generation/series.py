"""Several pictures of one request by one paid call after the other, for services that make fewer at once.

Answers for when no further call is begun; what one call is, is the provider's business.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from adapters.generation.provider import GeneratedImage, OnFraction
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.failures import GenerationFailure

SERIES_SECONDS = 360.0
"""No further call is begun after this, so that what was paid is delivered before the request's time is over."""
NO_TIME = "There was no time for more."

PaidCall = Callable[[int], Awaitable[Sequence[GeneratedImage] | GenerationFailure]]
"""Makes the pictures from number 0, 1, ... on with one paid call."""


class Series(NamedTuple):
    """What came. `filtered` more were made and are withheld. Where it ended early, `note` tells the user so, or
    `ended_by` is the failure after which no more was asked for.
    """

    images: tuple[GeneratedImage, ...]
    filtered: int
    note: str = ""
    ended_by: GenerationFailure | None = None


async def in_series(
    count: int, make: PaidCall, on_fraction: OnFraction, *, at_once: int = 1
) -> Series | GenerationFailure:
    """`count` pictures, `at_once` with each call. A failure ends the series; what came until then is delivered."""
    started = time.monotonic()
    images: list[GeneratedImage] = []
    filtered, note, ended_by = 0, "", None
    for number in range(0, count, at_once):
        if number > 0 and time.monotonic() - started >= SERIES_SECONDS:
            note = NO_TIME
            break
        outcome = await make(number)
        if not isinstance(outcome, GenerationFailure):
            images += outcome
        elif outcome.kind is FailureKind.MODERATED_OUTPUT:
            filtered += 1
        elif not images and not filtered:
            return outcome
        else:
            ended_by = outcome
            break
        on_fraction((number + at_once) / count)
    return Series(tuple(images[:count]), filtered, note, ended_by)
