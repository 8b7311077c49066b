"""This machine's clock beside that of the database. An event of tomorrow ends the day of everybody, and where it is
further ahead all others refuse to go on: so a machine whose clock is far ahead records nothing until it is set.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from adapters.ports.clock import Clock
from adapters.ports.faults import StorageUnavailable
from domain.instants import seconds_between

MOST_AHEAD_SECONDS = 300.0
"""A machine whose clock is further ahead of the database's records nothing."""
NOW = "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
"""What the database's clock shows, as events have it."""


class Clocks:
    """The two. What the database's showed is known since the last turn, and goes on by this process's own count, which
    no setting of a clock moves.
    """

    def __init__(self, own: Clock, place: str, ask: Callable[[], str]) -> None:
        """`place`: the database, as people are told; `ask`: what its clock shows, raises StorageUnavailable."""
        self._own, self._place, self._ask = own, place, ask
        self._shown: tuple[str, float] | None = None

    def shown(self, at: str | None) -> None:
        """What the database's clock shows now, where it was told."""
        self._shown = None if at is None else (at, monotonic())

    def refuse_ahead(self) -> None:
        """Raises StorageUnavailable where this machine's is too far ahead, or the database cannot be asked. It is asked
        before anybody is refused: the count stands still while a machine sleeps.
        """
        if self._shown is None or self._seconds_ahead(self._shown) > MOST_AHEAD_SECONDS:
            self.shown(self._ask())
        assert self._shown is not None, "it was told just now"
        seconds = self._seconds_ahead(self._shown)
        if seconds > MOST_AHEAD_SECONDS:
            raise StorageUnavailable(
                f"This machine's clock is {seconds / 60:,.0f} minutes ahead of that of {self._place}: what it recorded "
                "would move the day of all that write the log. Nothing was recorded. Set the clock of whichever of the "
                "two is wrong; all goes on by itself then."
            )

    def _seconds_ahead(self, shown: tuple[str, float]) -> float:
        at, since = shown
        return seconds_between(at, self._own()) - (monotonic() - since)
