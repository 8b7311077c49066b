"""Figures for reports: each event counted where it belongs, 90 days apart, then totals."""

from __future__ import annotations

import pytest

from domain.events import Event
from domain.instants import later
from projections.activity import FINE_DAYS, Activity, Tally
from tests.domain.examples import (
    DAY_SECONDS,
    NOON,
    OTHER,
    USER,
    adopted,
    cleaned,
    completed,
    corrected,
    deleted,
    on,
    overridden,
    policy,
    refused,
    released,
    reserved,
    reset,
    saved,
)

TODAY = "2026-03-10"


def told(*events: Event) -> Activity:
    activity = Activity()
    for position, event in enumerate(events, 1):
        activity.apply(position, event)
    return activity


@pytest.mark.parametrize(
    ("event", "tally"),
    [
        (reserved(count=3), Tally(reserved=3)),
        (completed(count=2), Tally(completed=2)),
        (completed(credits=0.5), Tally(completed=1, credits=0.5)),
        (released(count=3, delivered=1), Tally(refunded=2)),
        (saved(size=70), Tally(saved=1, saved_bytes=70)),
        (adopted(size=70), Tally(saved=1, saved_bytes=70)),
        (deleted(), Tally(deleted=1)),
        (refused(), Tally(refused=1)),
    ],
)
def test_each_event_is_counted_on_its_day_for_its_user(event: Event, tally: Tally) -> None:
    """And twice where it came twice; another user's figures are apart."""
    activity = told(event, event, event._replace(user=OTHER))  # type: ignore[call-arg]  # each has a user
    assert activity.day(TODAY) == {USER: tally.plus(tally), OTHER: tally}
    assert activity.total(USER) == tally.plus(tally)
    assert activity.total("nobody") == Tally()


@pytest.mark.parametrize(
    "event", [policy(), cleaned((USER, "t.png", 5)), overridden(daily=1), reset(), corrected(was=NOON, now=NOON)]
)
def test_events_without_such_figures_leave_no_day(event: Event) -> None:
    """No empty rows in a report."""
    assert told(event).days() == []
    assert told(event).day(TODAY) == {}


def test_all_figures_add_up() -> None:
    """Each by itself."""
    one = Tally(1, 2, 3, 4, 5, 6, 7, 8.5)
    assert one.plus(one) == Tally(2, 4, 6, 8, 10, 12, 14, 17.0)


def test_days_are_told_in_order() -> None:
    """Midnight parts them; a corrected clock may go back."""
    activity = told(reserved(at=on(11, "00:00")), reserved(at=on(10, "23:59:59.999999")))
    assert activity.days() == ["2026-03-10", "2026-03-11"]


@pytest.mark.parametrize("days", [FINE_DAYS - 1, FINE_DAYS, FINE_DAYS + 1, FINE_DAYS + 5])
def test_ninety_days_are_kept_apart_and_older_ones_go_into_the_totals(days: int) -> None:
    """The total forgets nothing."""
    assert FINE_DAYS == 90
    times = [later(NOON, seconds=n * DAY_SECONDS) for n in range(days)]
    activity = told(*(reserved(at=at, user=user) for at in times for user in (USER, OTHER)))
    assert activity.days() == [at[:10] for at in times[-90:]]
    assert activity.total(USER) == Tally(reserved=days)
    assert activity.total(OTHER) == Tally(reserved=days)


def test_a_day_handed_out_is_a_copy() -> None:
    """A reader changes nothing."""
    activity = told(reserved())
    activity.day(TODAY).clear()
    assert activity.day(TODAY) == {USER: Tally(reserved=1)}
