"""Where time goes back in a log: each place at which its clock was corrected, for whoever looks for a time in it."""

from __future__ import annotations

from collections.abc import Mapping

from domain.events import ClockCorrected, Event
from domain.instants import EARLIEST

BEGINNING: Mapping[int, str] = {0: EARLIEST}
"""Where time begins in a log that no clock was corrected in: before its first event."""


class ClockCorrections:
    """The positions after which time never goes back up to the next of them, each with the time that it begins at.

    `places` is None where they are not known: what is kept of the log's beginning came from a program that noted none.
    """

    def __init__(self, places: Mapping[int, str] | None = BEGINNING) -> None:
        self.places: dict[int, str] | None = None if places is None else dict(places)

    def dump(self) -> dict[int, str] | None:
        """The places at this moment; corrections made of them are these."""
        return None if self.places is None else dict(self.places)

    def apply(self, position: int, event: Event) -> None:
        """Notes a correction."""
        if isinstance(event, ClockCorrected) and self.places is not None:
            self.places[position] = event.at
