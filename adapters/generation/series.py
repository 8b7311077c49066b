"""Several pictures of one request by one paid call after the other, for services that make fewer at once.

Answers for when no further call is begun and for what is said then; what one call is, is the provider's business.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from adapters.generation.provider import GeneratedImage, OnFraction
from adapters.ports.failures import FailureKind, GenerationFailure

SERIES_SECONDS = 360.0
"""No further call is begun after this, so that what was paid is delivered before the request's time is over."""
NO_TIME = "There was no time for more."

Make = Callable[[int], Awaitable[Sequence[GeneratedImage] | GenerationFailure]]
"""Makes the pictures from number 0, 1, ... on with one paid call."""


class Series(NamedTuple):
    """What came. `filtered` more were made and are withheld; `note` says why the series ended early, "" if not."""

    images: tuple[GeneratedImage, ...]
    filtered: int
    note: str


async def in_series(count: int, make: Make, on_fraction: OnFraction, *, at_once: int = 1) -> Series | GenerationFailure:
    """`count` pictures, `at_once` with each call. A fault ends the series; what came until then is delivered."""
    started = time.monotonic()
    images: list[GeneratedImage] = []
    filtered, note = 0, ""
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
            note = f"The reason: {outcome.message}"
            break
        on_fraction((number + at_once) / count)
    return Series(tuple(images[:count]), filtered, note)
