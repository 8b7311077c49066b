"""Every outcome that the rules gave is given again, whatever the history; one that they did not give is found."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from domain.commands import Command
from projections.quota_state import QuotaState
from projections.self_check import SelfCheck
from tests.projections.recorded import batches_of
from tests.projections.state import state_of
from tests.projections.test_any_history import batches

some = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@some
@given(batches)
def test_every_recorded_outcome_is_decided_alike(history: list[tuple[int, list[Command]]]) -> None:
    """Whatever came in whatever batches: saves, refusals, expiries, cleanups, a clock that was corrected."""
    recorded, state = batches_of(history)
    checked = SelfCheck(QuotaState())
    for batch in recorded:
        checked.take(batch)
    assert checked.differences == []
    assert state_of(checked.state) == state_of(state)
