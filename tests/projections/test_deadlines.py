"""The heap of deadlines: the oldest first, outdated entries moved or dropped, what is over forgotten."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from domain.instants import later
from domain.reservations import Reservation
from projections.deadlines import Deadlines, deadline
from projections.tables import Table
from tests.domain.examples import NOON, USER, on


def held(name: str = "r1", expires_at: str = NOON, **more: Any) -> Reservation:
    return Reservation(name, USER, "unspecified", 2, 100, expires_at, "2026-03-10", **more)


DAY_AFTER = on(11)


@pytest.mark.parametrize(
    ("reservation", "at"),
    [
        (held(), NOON),
        (held(completed=1), NOON),
        (held(completed=2), DAY_AFTER),
        (held(completed=1, settled=1), NOON),
        (held(completed=1, released=1), DAY_AFTER),
        (held(settled=2), DAY_AFTER),
        (held(released=2), DAY_AFTER),
    ],
)
def test_a_deadline_is_the_expiry_while_undelivered_places_are_open_else_a_day_later(
    reservation: Reservation, at: str
) -> None:
    """Delivered places are held a day more; closed reservations are forgotten then."""
    assert deadline(reservation) == at


def table(*reservations: Reservation) -> tuple[Deadlines, Table[str, Reservation]]:
    heap, rows = Deadlines(), Table[str, Reservation]()
    for reservation in reservations:
        heap.add(reservation)
        rows.put(reservation.reservation, reservation)
    return heap, rows


def due(heap: Deadlines, rows: Table[str, Reservation], at: str) -> list[str]:
    return [found.reservation for found in heap.due(at, rows.get)]


def noted(heap: Deadlines) -> list[str]:
    return [name for _, name in sorted(heap._heap)]


@pytest.mark.parametrize("seed", range(5))
def test_due_reservations_come_the_oldest_first_and_stay_in_the_heap(seed: int) -> None:
    """Whatever the order in which they were made; those after the time do not come."""
    seconds = list(range(50))
    Random(seed).shuffle(seconds)
    heap, rows = table(*(held(f"r{n:02d}", later(NOON, seconds=n)) for n in seconds))
    for _ in range(2):
        assert due(heap, rows, later(NOON, seconds=29)) == [f"r{n:02d}" for n in range(30)]


def test_of_one_time_they_come_by_their_ids() -> None:
    """So that every replay gives the same order."""
    heap, rows = table(held("b"), held("c"), held("a"))
    assert due(heap, rows, NOON) == ["a", "b", "c"]


def test_nothing_is_due_in_an_empty_heap_or_before_the_first_time() -> None:
    """No entry, no reservation."""
    heap, rows = table()
    assert due(heap, rows, NOON) == []
    heap, rows = table(held())
    assert due(heap, rows, on(10, "11:59:59.999999")) == []
    assert due(heap, rows, NOON) == ["r1"]


def test_what_is_gone_or_closed_is_not_due() -> None:
    """Its entry is passed over until it is tidied away."""
    heap, rows = table(held("gone"), held("closed"), held("open"))
    rows.drop("gone")
    rows.put("closed", held("closed", released=2))
    assert due(heap, rows, on(30)) == ["open"]


def test_an_outdated_entry_waits_for_its_reservations_deadline() -> None:
    """Delivered by now, it comes a day later, and after what is due before that."""
    heap, rows = table(held("a"), *(held(f"b{n}", on(10, f"13:0{n}")) for n in range(5)), held("c", on(11, "12:01")))
    rows.put("a", held("a", completed=2))
    assert due(heap, rows, on(11, "11:59:59.999999")) == ["b0", "b1", "b2", "b3", "b4"]
    assert due(heap, rows, on(30)) == ["b0", "b1", "b2", "b3", "b4", "a", "c"]


def test_tidying_drops_entries_of_reservations_that_are_gone() -> None:
    """Settled whole, their entry is of no use."""
    heap, rows = table(held("a"), held("b", on(10, "12:01")))
    rows.drop("a")
    heap.tidy(rows, NOON)
    assert noted(heap) == ["b"]


def test_tidying_moves_an_entry_to_its_new_deadline() -> None:
    """All places delivered: a day later."""
    heap, rows = table(held("a"), held("b", on(10, "13:00")))
    rows.put("a", held("a", completed=2))
    heap.tidy(rows, NOON)
    assert noted(heap) == ["b", "a"]
    assert due(heap, rows, on(11, "11:59:59.999999")) == ["b"]


def test_tidying_leaves_what_is_due_and_what_has_not_come() -> None:
    """What is due waits for the sweep; what has not come is not looked at."""
    heap, rows = table(held("due"), held("later", on(10, "12:01")), held("gone", on(10, "12:01")))
    rows.drop("gone")
    heap.tidy(rows, NOON)
    assert noted(heap) == ["due", "gone", "later"]
    assert len(rows) == 2


@pytest.mark.parametrize(("now", "forgotten"), [(on(11, "11:59:59.999999"), False), (DAY_AFTER, True), (on(12), True)])
def test_a_closed_reservation_is_forgotten_a_day_after_its_expiry(now: str, forgotten: bool) -> None:
    """And its entry with it."""
    heap, rows = table(held(released=2))
    heap.tidy(rows, now)
    assert (rows.get("r1") is None) is forgotten
    assert (noted(heap) == []) is forgotten


def test_an_open_reservation_is_never_forgotten_before_it_was_swept() -> None:
    """However late the sweep comes."""
    heap, rows = table(held(completed=2))
    heap.tidy(rows, on(30))
    assert rows.get("r1") is not None
    assert noted(heap) == ["r1"]


def test_a_large_tidy_goes_through_everything_that_is_over() -> None:
    """One call is enough."""
    heap, rows = table(*(held(f"r{n}", released=2) for n in range(100)))
    heap.tidy(rows, on(30))
    assert len(rows) == 0
