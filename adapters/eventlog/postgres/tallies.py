"""What one writer of a log in PostgreSQL counts of its work beside the others. Its thread adds, any thread may look."""

from __future__ import annotations

from adapters.ports.measured import Distribution, Measured

WAIT_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds for the wait for a turn: alone it is a round trip, and after 5 seconds one goes on without."""


class SharingTallies:
    """The counts of one writer."""

    def __init__(self) -> None:
        self._waits = Distribution(WAIT_SECONDS)
        self.without = 0
        self._taken_in = 0

    def waited(self, seconds: float, *, has_turn: bool) -> None:
        """A turn came after so long, or did not come."""
        self._waits.add(seconds)
        self.without += not has_turn

    def took_in(self, events: int) -> None:
        """So many events came from the database that this writer had not recorded itself since its start."""
        self._taken_in += events

    def measured(self) -> list[Measured]:
        """All counts."""
        return [
            Measured("abby_log_turn_wait_seconds", self._waits.spread()),
            Measured("abby_log_turns_missed", self.without),
            Measured("abby_log_events_taken_in", self._taken_in),
        ]
