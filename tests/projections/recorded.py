"""Any history as a log has it: what was recorded, batch by batch, with positions."""

from __future__ import annotations

from domain.commands import Command
from projections.quota_state import QuotaState
from projections.self_check import Stored
from tests.projections.test_any_history import World

Batches = list[list[Stored]]


def batches_of(history: list[tuple[int, list[Command]]]) -> tuple[Batches, QuotaState]:
    """The batches that a history leaves, and the state after them."""
    world, found = World(), []
    for wait, batch in history:
        before = len(world.events)
        world.batch(wait, batch)
        if len(world.events) > before:
            found.append(list(enumerate(world.events[before:], before + 1)))
    return found, world.state
