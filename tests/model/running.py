"""Plays histories, so many of so many steps."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import AnyHistory
from tests.model.rig import timeless


def play(examples: int, steps: int, *, shrink: bool = True, history: type[AnyHistory] = AnyHistory) -> None:
    """Raises what the first history raised in which program and model disagree, made as short as can be with `shrink`.

    Nothing is remembered from one run to the next: a failure prints what plays it again.
    """
    with timeless():
        run_state_machine_as_test(
            history,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                print_blob=True,
                report_multiple_bugs=False,
                # A history is long, and each of its steps takes a millisecond: what is slow or large is meant so.
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
                phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
            ),
        )
