"""How long a receiver that does not take a message is left alone: longer after each attempt, never for good."""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 600.0
LONGEST_ASKED_SECONDS = 3_600.0
"""A receiver may ask for more than LONGEST_SECONDS, and for no more than this."""
MOST_DOUBLINGS = 16


class BackOff:
    """Pauses that double, each spread over its second half, so that many senders do not come back together."""

    def __init__(self, spread: Callable[[float, float], float] = random.uniform) -> None:
        self._spread = spread
        self._failures = 0

    def after_failure(self, asked_seconds: float | None = None) -> float:
        """Seconds until the next attempt, at least what was asked for."""
        longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(self._failures, MOST_DOUBLINGS))
        self._failures += 1
        return max(self._spread(longest / 2, longest), min(asked_seconds or 0.0, LONGEST_ASKED_SECONDS))

    def succeeded(self) -> None:
        """The next pause is a short one again."""
        self._failures = 0
