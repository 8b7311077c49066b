"""The same history under other limits: what would have been refused, made, paid and kept."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from domain.commands import Command
from projections.quota_state import QuotaState
from projections.what_if import WhatIf
from tests.projections.recorded import batches_of
from tests.projections.state import state_of
from tests.projections.test_any_history import batches

some = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@some
@given(batches)
def test_with_the_limits_in_force_nothing_goes_another_way(history: list[tuple[int, list[Command]]]) -> None:
    """Each request ends as it did, each refusal for its reason, and what stands at the end is what stands."""
    recorded, state = batches_of(history)
    story = WhatIf(QuotaState(), {})
    for batch in recorded:
        story.take(batch)
    assert state_of(story.state) == state_of(state)
    assert story.whole.refused_here == story.whole.refused_then
    assert (story.whole.newly_refused, story.whole.newly_allowed, story.whole.not_made) == (0, 0, 0)
