"""The circuit breaker and the retry budget, with a clock in the test's hand."""

from __future__ import annotations

import pytest

from adapters.generation.breaker import (
    FAILURES_TO_OPEN,
    LONGEST_REST_SECONDS,
    MAX_RETRY_TOKENS,
    PROBE_AGAIN_SECONDS,
    REST_SECONDS,
    TOKENS_A_CALL,
    CircuitBreaker,
    RetryBudget,
)


class Clock:
    """Stands until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock at some time."""
    return Clock()


@pytest.mark.parametrize(
    ("failures", "wait"), [(0, 0), (FAILURES_TO_OPEN - 1, 0), (FAILURES_TO_OPEN, REST_SECONDS), (50, REST_SECONDS)]
)
def test_it_opens_after_so_many_failures_in_a_row(clock: Clock, failures: int, wait: float) -> None:
    """One under, on, and far over."""
    breaker = CircuitBreaker(clock)
    for _ in range(failures):
        breaker.failed()
    assert breaker.wait_seconds() == wait


def test_a_success_between_starts_the_count_anew(clock: Clock) -> None:
    """A service that mostly works is not left alone."""
    breaker = CircuitBreaker(clock)
    for _ in range(20):
        breaker.failed()
        breaker.succeeded()
    assert breaker.begin() == 0


def test_after_the_rest_one_call_tries_while_the_others_wait(clock: Clock) -> None:
    """A crowd that waited would knock a recovering service down again."""
    breaker = CircuitBreaker(clock)
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed()
    clock.now += REST_SECONDS - 0.001
    assert breaker.begin() > 0
    clock.now += 0.001
    assert breaker.begin() == 0
    assert breaker.begin() == PROBE_AGAIN_SECONDS
    breaker.succeeded()
    assert [breaker.begin() for _ in range(3)] == [0, 0, 0]


def test_a_failing_probe_means_another_rest(clock: Clock) -> None:
    """As long as the first."""
    breaker = CircuitBreaker(clock)
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed()
    clock.now += REST_SECONDS
    assert breaker.begin() == 0
    breaker.failed()
    assert breaker.begin() == REST_SECONDS


def test_a_probe_that_never_tells_does_not_close_the_way_for_ever(clock: Clock) -> None:
    """Its caller may have been cancelled."""
    breaker = CircuitBreaker(clock)
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed()
    clock.now += REST_SECONDS
    assert breaker.begin() == 0
    clock.now += PROBE_AGAIN_SECONDS
    assert breaker.begin() == 0


@pytest.mark.parametrize(("asked", "rests"), [(60.0, 60.0), (3600.0, 3600.0), (1e9, LONGEST_REST_SECONDS)])
def test_it_rests_as_long_as_the_service_asks(clock: Clock, asked: float, rests: float) -> None:
    """Within reason: one wrong header shall not end the service for a year."""
    breaker = CircuitBreaker(clock)
    breaker.rest(asked)
    assert breaker.wait_seconds() == rests
    breaker.rest(1.0)
    assert breaker.wait_seconds() == rests


def test_asking_how_long_changes_nothing(clock: Clock) -> None:
    """Whoever looks takes no probe away."""
    breaker = CircuitBreaker(clock)
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed()
    clock.now += REST_SECONDS
    assert [breaker.wait_seconds() for _ in range(3)] == [0, 0, 0]
    assert breaker.begin() == 0


def test_retries_are_a_burst_at_first_and_then_a_part_of_all_calls() -> None:
    """When everything fails, the calls are at most a fifth more than without retries."""
    budget = RetryBudget()
    retries = 0
    for _ in range(1000):
        budget.call()
        retries += budget.spend()
    assert retries <= MAX_RETRY_TOKENS + 1000 * TOKENS_A_CALL
    assert retries >= 1000 * TOKENS_A_CALL
