"""Any history of commands, crashes, restarts, clock jumps and full disks agrees with a dictionary."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import AnyHistory
from tests.model.rig import timeless
from tests.model.tally import tally

MOST_ROUNDS = 4
"""Until everything that is wanted has happened: by chance one round may miss something rare."""


def run(examples: int, steps: int) -> None:
    """Plays so many histories of so many steps. Raises AssertionError for the first in which the two disagree."""
    with timeless():
        run_state_machine_as_test(
            AnyHistory,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                print_blob=True,
                report_multiple_bugs=False,
                # A history is long and each of its steps costs a millisecond: what is slow or large is meant so.
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
                phases=[Phase.generate, Phase.shrink],
            ),
        )


def test_any_history_agrees_with_a_dictionary(record_property: Callable[[str, object], None]) -> None:
    """Every answer, figure, name and byte; and every rule, refusal and crash was really met."""
    tally.clear()
    for _ in range(MOST_ROUNDS):
        run(500, 50)
        if not tally.missing:
            break
    record_property("happened", dict(tally))
    assert not tally.missing, tally.missing


@pytest.mark.thorough
@pytest.mark.timeout(7_200)
def test_any_long_history_agrees_with_a_dictionary(record_property: Callable[[str, object], None]) -> None:
    """The long form."""
    tally.clear()
    run(20_000, 100)
    record_property("happened", dict(tally))
    assert not tally.missing, tally.missing
