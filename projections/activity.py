"""What happened, by day and user, for reports: 90 days fine, then totals of each user. Figures, not limits:
`daily_quota.py` has those.
"""

from __future__ import annotations

from operator import add
from typing import NamedTuple

from domain.credits import PER_CREDIT
from domain.events import (
    Event,
    GenerationCompleted,
    GenerationReleased,
    GenerationReserved,
    ImageDeleted,
    ImageSaved,
    RequestRefused,
)
from domain.instants import day_of

FINE_DAYS = 90
"""Days with something in them that are kept apart before they go into the totals."""


class Tally(NamedTuple):
    """One user's figures over some time. Sizes in bytes; `refused` counts recorded refusals."""

    reserved: int = 0
    completed: int = 0
    refunded: int = 0
    saved: int = 0
    saved_bytes: int = 0
    deleted: int = 0
    refused: int = 0
    credits: float = 0.0

    def plus(self, other: tuple[float, ...]) -> Tally:
        """Both together."""
        return Tally._make(map(add, self, other))


_NOTHING = Tally()


class Activity:
    """Tallies by day and user."""

    def __init__(self, days: dict[str, dict[str, Tally]] | None = None, totals: dict[str, Tally] | None = None) -> None:
        self._days: dict[str, dict[str, Tally]] = days or {}
        self._totals: dict[str, Tally] = totals or {}

    def dump(self) -> tuple[dict[str, dict[str, Tally]], dict[str, Tally]]:
        """Days and totals at this moment; the activity made of them is this one."""
        return {day: dict(tallies) for day, tallies in self._days.items()}, dict(self._totals)

    def apply(self, position: int, event: Event) -> None:  # noqa: ARG002 - every projection is fed alike
        """Adds what an event says to its day and user."""
        more = _said_by(event)
        user = getattr(event, "user", None)
        if more is None or user is None:
            return
        day = day_of(event.at)
        tallies = self._days.get(day)
        if tallies is None:
            tallies = self._days[day] = {}
            while len(self._days) > FINE_DAYS:
                self._fold_away(min(self._days))
        tallies[user] = tallies.get(user, _NOTHING).plus(more)

    def day(self, day: str) -> dict[str, Tally]:
        """The tallies of one of the latest days, by user."""
        return dict(self._days.get(day, {}))

    def days(self) -> list[str]:
        """The days that are kept apart, in order."""
        return sorted(self._days)

    def total(self, user: str) -> Tally:
        """A user's figures since the log began."""
        total = self._totals.get(user, _NOTHING)
        for tallies in list(self._days.values()):
            total = total.plus(tallies.get(user, _NOTHING))
        return total

    def _fold_away(self, day: str) -> None:
        for user, tally in self._days.pop(day).items():
            self._totals[user] = self._totals.get(user, _NOTHING).plus(tally)


def _said_by(event: Event) -> tuple[float, ...] | None:
    """The figures of one event in the order of a tally's, and no tally of its own: a replay asks for each."""
    match event:
        case GenerationReserved(count=count):
            return (count, 0, 0, 0, 0, 0, 0, 0.0)
        case GenerationCompleted(count=count, credits=credits, cost=cost):
            return (0, count, 0, 0, 0, 0, 0, (credits or 0.0) if cost is None else cost / PER_CREDIT)
        case GenerationReleased(refunded=refunded, cost=cost):
            return (0, 0, refunded, 0, 0, 0, 0, cost / PER_CREDIT)
        case ImageSaved(bytes=size):
            return (0, 0, 0, 1, size, 0, 0, 0.0)
        case ImageDeleted():
            return (0, 0, 0, 0, 0, 1, 0, 0.0)
        case RequestRefused():
            return (0, 0, 0, 0, 0, 0, 1, 0.0)
        case _:
            return None
