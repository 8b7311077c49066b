"""Leaves a failing service alone: a circuit breaker, and a budget that keeps retries a small part of all calls.

Both count what they are told and ask an injected clock. Neither makes a call, and neither knows what one is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic

FAILURES_TO_OPEN = 5
REST_SECONDS = 30.0
LONGEST_REST_SECONDS = 3_600.0
PROBE_AGAIN_SECONDS = 5.0
MAX_RETRY_TOKENS = 10.0
TOKENS_A_CALL = 0.2

Monotonic = Callable[[], float]


class CircuitBreaker:
    """Closed until FAILURES_TO_OPEN failures in a row; then it rests, and then lets one call at a time try.

    https://martinfowler.com/bliki/CircuitBreaker.html describes the pattern. Used from one event loop.
    """

    def __init__(self, clock: Monotonic = monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._resting_until = -math.inf
        self._probe_until = -math.inf

    @property
    def open(self) -> bool:
        """Whether so many calls have failed that only a probe may go on."""
        return self._failures >= FAILURES_TO_OPEN

    def wait_seconds(self) -> float:
        """How long to leave the service alone, 0 where a call may be made. Changes nothing."""
        now = self._clock()
        until = max(self._resting_until, self._probe_until if self.open else -math.inf)
        return max(0.0, until - now)

    def begin(self) -> float:
        """As `wait_seconds`; where that is 0 the caller now makes its call, and tells how it ended."""
        wait = self.wait_seconds()
        if wait == 0 and self.open:
            self._probe_until = self._clock() + PROBE_AGAIN_SECONDS
        return wait

    def succeeded(self) -> None:
        """The service answered."""
        self._failures = 0
        self._probe_until = -math.inf

    def failed(self) -> None:
        """The service did not answer, or not with what it promises."""
        self._failures += 1
        if self.open:
            self.rest(REST_SECONDS)

    def rest(self, seconds: float) -> None:
        """The service itself asks to be left alone so long; more than LONGEST_REST_SECONDS is not believed."""
        self._resting_until = max(self._resting_until, self._clock() + min(seconds, LONGEST_REST_SECONDS))


class RetryBudget:
    """At most one retry in five calls over time, and MAX_RETRY_TOKENS in a burst, so that retries cannot pile up."""

    def __init__(self) -> None:
        self._tokens = MAX_RETRY_TOKENS

    def call(self) -> None:
        """A call is made, which earns a part of a retry."""
        self._tokens = min(MAX_RETRY_TOKENS, self._tokens + TOKENS_A_CALL)

    def spend(self) -> bool:
        """Whether one more retry may be made; it is then counted."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
