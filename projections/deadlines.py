"""When something must next be done about a reservation: a heap of times, the earliest first.

An entry is a hint, not a truth: what a reservation's deadline is follows from the reservation, and an outdated entry is
moved or dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush, heapreplace

from domain.reservations import Reservation
from projections.tables import Table


def deadline(reservation: Reservation) -> str:
    """When the reservation needs attention: its expiry while undelivered places are open, else the time it is
    forgotten at.
    """
    return reservation.expires_at if reservation.open > reservation.open_delivered else reservation.forgotten_at


_MOVED = -1
"""The index of an entry that is not in the heap, and so has no children."""


class Deadlines:
    """The heap over the published reservations."""

    def __init__(self, reservations: Iterable[Reservation] = ()) -> None:
        """The deadlines of these reservations: what is noted of them follows from them alone."""
        self._heap = sorted((deadline(reservation), reservation.reservation) for reservation in reservations)

    def add(self, reservation: Reservation) -> None:
        """Notes a new reservation."""
        heappush(self._heap, (reservation.expires_at, reservation.reservation))

    def has_come(self, at: str) -> bool:
        """Whether any entry has come at `at`: where none has, nothing is due."""
        return bool(self._heap) and self._heap[0][0] <= at

    def due(self, at: str, look_up: Callable[[str], Reservation | None]) -> Iterator[Reservation]:
        """Open reservations whose deadline has come at `at`, the oldest deadline first; the heap stays as it is.

        An entry whose reservation has a later deadline by now waits for that, on the way and not in the heap.
        """
        frontier = [(*self._heap[0], 0)] if self._heap else []
        while frontier and frontier[0][0] <= at:
            noted, reservation_id, index = heappop(frontier)
            for child in (2 * index + 1, 2 * index + 2):
                if index >= 0 and child < len(self._heap):
                    heappush(frontier, (*self._heap[child], child))
            reservation = look_up(reservation_id)
            if reservation is None or not reservation.open:
                continue
            if noted < deadline(reservation):
                heappush(frontier, (deadline(reservation), reservation_id, _MOVED))
            else:
                yield reservation

    def tidy(self, reservations: Table[str, Reservation], last_at: str) -> None:
        """Moves or drops outdated entries that have come, and forgets reservations to which nothing can happen now."""
        while self._heap and self._heap[0][0] <= last_at:
            entry = self._heap[0]
            reservation = reservations.get(entry[1])
            if reservation is None:
                heappop(self._heap)
            elif reservation.open == 0 and reservation.forgotten_at <= last_at:
                reservations.drop(reservation.reservation)
                heappop(self._heap)
            elif deadline(reservation) <= last_at:
                return
            else:
                heapreplace(self._heap, (deadline(reservation), reservation.reservation))
