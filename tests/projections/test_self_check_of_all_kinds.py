"""Outcomes of windows, prices, grants and limits that are tried out are decided alike, whatever the history."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from domain.commands import Command
from projections.quota_state import QuotaState
from projections.self_check import SelfCheck
from tests.projections.all_kinds import batches_of_all_kinds
from tests.projections.recorded import batches_of
from tests.projections.state import state_of

some = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@some
@given(batches_of_all_kinds)
def test_every_recorded_outcome_of_all_kinds_is_decided_alike(history: list[tuple[int, list[Command]]]) -> None:
    """Draws and what comes back, refusals by windows, costs, limits that would have refused, expiries, a new clock."""
    recorded, state = batches_of(history)
    check = SelfCheck(QuotaState())
    for batch in recorded:
        check.take(batch)
    assert check.differences == []
    check.state.tidy()
    assert state_of(check.state) == state_of(state)
