"""How many places each user was charged today. A day begins at 00:00 UTC by derivation: no timer, no event."""

from __future__ import annotations

from typing import NamedTuple

from domain.events import DailyCountReset, GenerationReserved
from domain.instants import day_of, hours_to_midnight, next_midnight
from domain.reservations import Reservation, changed_day
from domain.usage import DayCount, evolve_days, find_day, tallies_of, tally_of
from domain.windows import Counts, Tally, Windows
from projections.tables import Table


class DailyStatus(NamedTuple):
    """Today's count against the limit; `resets_at` is the next 00:00 UTC, `reset_hours` whole hours until then,
    rounded up.
    """

    allowed: bool
    used: int
    remaining: int
    limit: int
    reset_hours: int
    resets_at: str


class DailyQuota:
    """The counts of every user's latest days."""

    def __init__(self, table: Table[str, tuple[DayCount, ...]]) -> None:
        self._table = table

    def days(self, user: str) -> tuple[DayCount, ...]:
        """A user's counts, the day charged last at the end."""
        return self._table.get(user) or ()

    def apply(self, event: GenerationReserved | DailyCountReset) -> DayCount:
        """Charges a day, or sets it to 0; gives what it is then."""
        days = evolve_days(self.days(event.user), event)
        self._table.put(event.user, days)
        return days[-1]

    def change(self, reservation: Reservation, own: Tally, refunded: int = 0) -> None:
        """Changes the day that a reservation was charged to; `refunded` places go back to its count."""
        days = self.days(reservation.user)
        after = changed_day(days, reservation, own, refunded)
        if after is not days:
            self._table.put(reservation.user, after)

    def tally(self, user: str, window: str) -> Tally:
        """What a window counts of a user."""
        return tally_of(self.days(user), window)

    def tallies(self, user: str, windows: Windows) -> tuple[Counts, Counts, Counts]:
        """What each of the three windows of a day counts of a user."""
        return tallies_of(self.days(user), windows)

    def status(self, user: str, limit: int, at: str, granted: int = 0) -> DailyStatus:
        """A user's count of the day of `at`, with so many places that grants would bear beyond the limit."""
        today = find_day(self.days(user), day_of(at))
        used = today.count if today else 0
        return DailyStatus(
            allowed=used < limit + granted,
            used=used,
            remaining=max(0, limit - used),
            limit=limit,
            reset_hours=hours_to_midnight(at),
            resets_at=next_midnight(at),
        )
