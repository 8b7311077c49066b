"""Any history of commands, crashes, restarts, clock jumps and full disks agrees with a dictionary."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from adapters.ports.faults import Fault
from tests.model.breakages import BREAKAGES, Breakage
from tests.model.running import play
from tests.model.tally import tally

MOST_ROUNDS = 7
"""Until all that is wanted has happened: by chance one round may miss something rare. A round takes 16 seconds of one
core.
"""
MOST_EXAMPLES = 2_000
"""Histories in which a breakage must be noticed; most take a few."""


@pytest.mark.timeout(1_200)
def test_any_history_agrees_with_a_dictionary(record_property: Callable[[str, object], None]) -> None:
    """Every answer, figure, name and byte; and every rule, refusal and crash was really met."""
    tally.clear()
    for rounds in range(1, MOST_ROUNDS + 1):
        play(300, 50)
        record_property(f"missing after round {rounds}", tally.missing)
        if not tally.missing:
            break
    record_property("happened", dict(tally))
    assert not tally.missing, tally.missing


@pytest.mark.thorough
@pytest.mark.timeout(14_400)
def test_any_long_history_agrees_with_a_dictionary(record_property: Callable[[str, object], None]) -> None:
    """The long form."""
    tally.clear()
    play(20_000, 100)
    record_property("happened", dict(tally))
    assert not tally.missing, tally.missing


@pytest.mark.parametrize(
    "breakage",
    [
        pytest.param(breakage, id=breakage.rule, marks=[pytest.mark.thorough] if breakage.rare else [])
        for breakage in BREAKAGES
    ],
)
def test_a_program_that_breaks_a_rule_is_noticed(breakage: Breakage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of the check: whichever rule the program leaves out, soon a history disagrees with the model."""
    breakage.break_it(monkeypatch)
    with pytest.raises((AssertionError, ValueError, Fault)):
        play(MOST_EXAMPLES, 50, shrink=False)
