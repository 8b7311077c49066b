"""The ledger's time: its one form, the stamp of each decision, and a clock that stands wrong."""

from __future__ import annotations

import pytest

from domain.commands import Command
from domain.decisions import CLOCK_TOLERANCE_SECONDS, clock_is_behind
from domain.events import Event
from domain.instants import EARLIEST, LATEST, day_of, is_instant, later, next_midnight, seconds_between
from domain.refusals import Reason
from tests.domain.examples import (
    CORRECT_CLOCK,
    DAY_SECONDS,
    NOON,
    SWEEP,
    adopted,
    clean_up,
    complete,
    completed,
    correct_clock,
    corrected,
    delete,
    key,
    on,
    overridden,
    override,
    policy,
    release,
    released,
    reserve,
    reserved,
    reset,
    reset_daily,
    save,
    saved,
    saved_plainly,
    set_policy,
)
from tests.domain.history import given


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("2026-03-10T12:00:00.000000Z", True),
        (EARLIEST, True),
        (LATEST, True),
        ("2028-02-29T00:00:00.000000Z", True),
        ("2026-02-29T00:00:00.000000Z", False),
        ("2026-03-10T24:00:00.000000Z", False),
        ("2026-03-10T12:00:60.000000Z", False),
        ("2026-03-10T12:00:00Z", False),
        ("2026-03-10T12:00:00.000Z", False),
        ("2026-03-10T12:00:00.000000", False),
        ("2026-03-10T12:00:00.000000+00:00", False),
        ("2026-03-10 12:00:00.000000Z", False),
        ("2026-03-10T12:00:00.000000Z\n", False),
        ("\u0662\u0660\u0662\u0666-03-10T12:00:00.000000Z", False),  # digits to a regular expression, not to us
        ("", False),
        (None, False),
        (1_773_144_000, False),
    ],
)
def test_a_time_has_microseconds_and_a_z_and_no_other_form(text: object, is_one: bool) -> None:
    """27 characters, a date that exists."""
    assert is_instant(text) is is_one


@pytest.mark.parametrize(
    ("at", "seconds", "after"),
    [
        (NOON, 0, NOON),
        (NOON, 1, on(10, "12:00:01")),
        (NOON, -1, on(10, "11:59:59")),
        (on(10, "23:59:59.999999"), 1, on(11, "00:00:00.999999")),
        (LATEST, 1, LATEST),
        (EARLIEST, -1, EARLIEST),
    ],
)
def test_a_later_time_is_held_at_the_ends_of_the_calendar(at: str, seconds: int, after: str) -> None:
    """Seconds may be negative."""
    assert later(at, seconds=seconds) == after


def test_seconds_between_two_times_have_a_sign() -> None:
    """Microseconds count."""
    assert seconds_between(NOON, on(10, "12:00:01.5")) == 1.5
    assert seconds_between(on(10, "12:00:01.5"), NOON) == -1.5


def test_the_day_of_a_time_is_its_utc_day_and_ends_at_the_next_midnight() -> None:
    """Midnight belongs to the day that it begins."""
    assert day_of(on(10, "23:59:59.999999")) == "2026-03-10"
    assert day_of(on(11, "00:00")) == "2026-03-11"
    assert next_midnight(on(10, "23:59:59.999999")) == on(11, "00:00")
    assert next_midnight(on(10, "00:00")) == on(11, "00:00")


@pytest.mark.parametrize(
    ("now", "stamped"),
    [
        (on(10, "12:00:00.000001"), on(10, "12:00:00.000001")),
        (NOON, NOON),
        (on(10, "11:59:59.999999"), NOON),
        (on(10, "11:00"), NOON),
        (on(9, "12:00"), NOON),
    ],
)
def test_a_decision_is_stamped_with_now_but_never_earlier_than_the_last_event(now: str, stamped: str) -> None:
    """A clock that jumps back by up to a day stands still at the last event's time."""
    given(reserved()).when(save(), at=now).then(*saved_plainly(at=stamped))


def test_a_clock_that_jumps_back_does_not_reopen_yesterdays_quota() -> None:
    """Five of day 11 are used; at 23:00 of day 10 by the clock the sixth is still refused."""
    told = given(policy(daily=5), reserved(at=on(11, "00:30"), count=5))
    told.when(reserve("r2"), at=on(10, "23:00")).then_refused(Reason.DAILY_LIMIT, resets_at=on(12, "00:00"))


EVERY_OTHER_COMMAND: list[Command] = [
    reserve("r2"),
    complete(),
    release(),
    save(),
    save("old.png", temp=True),
    delete("old.png"),
    clean_up(),
    override(daily=1),
    reset_daily(),
    set_policy(daily=1),
    SWEEP,
]


@pytest.mark.parametrize("command", EVERY_OTHER_COMMAND, ids=lambda command: type(command).__name__)
def test_commands_are_refused_while_the_clock_is_more_than_a_day_behind(command: Command) -> None:
    """86,400 seconds behind is a jump; a microsecond more, and a clock once stood wrong."""
    told = given(adopted(), reserved(at=NOON))
    told.when(command, at=on(9, "11:59:59.999999")).then_refused(Reason.CLOCK_BEHIND, detail=NOON)
    told.when(command, at=on(9, "12:00")).then_allowed()


def test_whether_the_clock_is_behind_can_be_asked_without_a_command() -> None:
    """What /readyz says. A log without events is never ahead of anything."""
    state = given(reserved()).state
    assert CLOCK_TOLERANCE_SECONDS == DAY_SECONDS
    assert clock_is_behind(state, on(9, "11:59:59.999999"))
    assert not clock_is_behind(state, on(9, "12:00"))
    assert not clock_is_behind(state, on(30))
    assert not clock_is_behind(given().state, EARLIEST)


def test_a_corrected_clock_is_the_way_out() -> None:
    """Recorded at the clock's own time, which the ledger then keeps to."""
    told = given(policy(at=on(20)))
    told.when(save(), at=NOON).then_refused(Reason.CLOCK_BEHIND)
    told.when(CORRECT_CLOCK, at=NOON).then(corrected(was=on(20), now=NOON))
    told.when(save(), at=NOON).then(*saved_plainly())


@pytest.mark.parametrize(
    ("now", "written"),
    [(on(10, "11:59:59.999999"), True), (NOON, False), (on(10, "12:00:00.000001"), False)],
)
def test_a_clock_that_is_not_behind_needs_no_correction(now: str, written: bool) -> None:
    """Nothing is written; behind by less than a day it may be corrected too."""
    told = given(policy()).when(CORRECT_CLOCK, at=now)
    told.then(*([corrected(was=NOON, now=now)] if written else []))


def test_open_reservations_are_cancelled_and_refunded_after_a_correction() -> None:
    """In the same batch, by the system, without a request; nothing for delivered places, nothing about closed ones."""
    past: list[Event] = [
        reserved("a", at=on(20), count=3),
        completed("a", at=on(20)),
        reserved("b", at=on(20)),
        reserved("c", at=on(20)),
        released("c", at=on(20)),
        reserved("d", at=on(20)),
        saved("d.png", at=on(20), reservation="d"),
    ]
    told = given(*past).when(correct_clock(idempotency_key=key("k")), at=NOON)
    told.then(
        corrected(was=on(20), now=NOON, request=key("k")),
        released("a", at=NOON, by="system", count=3, delivered=1, reason="cancelled", refunded=2),
        released("b", at=NOON, by="system", reason="cancelled", refunded=1),
    )
    assert told.state.user("42") == (100, 0, 0)
    assert told.state.pool == (100, 0)
    assert told.state.daily.status("42", 5, on(20)).used == 2


def test_counts_per_day_are_kept_over_a_correction_so_no_day_reopens() -> None:
    """What was used up on a day that the wrong clock reached stays used up when that day comes."""
    told = given(
        policy(daily=1, at=on(9)), *saved_plainly("a.png", own="a", at=on(10, "09:00")), *saved_plainly(at=on(20))
    )
    told.when(CORRECT_CLOCK, at=on(10, "10:00")).then_allowed()
    told.when(reserve("r2"), at=on(10, "10:00")).then_refused(Reason.DAILY_LIMIT, used=1)
    told.when(reserve("r3"), at=on(11)).then(reserved("r3", at=on(11)))
    told.when(reserve("r4"), at=on(20)).then_refused(Reason.DAILY_LIMIT, used=1)


def test_a_place_charged_before_a_correction_can_be_reported_as_delivered_after_it() -> None:
    """Its reservation was cancelled by the correction, and the provider was paid all the same."""
    told = given(reserved(at=on(20))).when(CORRECT_CLOCK, at=NOON)
    told.when(complete(), at=NOON).then_allowed()


def test_a_reset_of_today_after_a_correction_is_of_the_corrected_day() -> None:
    """`today` is the day of the event."""
    told = given(policy(daily=1, at=on(9)), reserved(at=on(10, "09:00")), *saved_plainly(at=on(20)))
    told.when(CORRECT_CLOCK, at=NOON).when(reset_daily(), at=NOON).then(reset(at=NOON))
    told.when(reserve("r2"), at=NOON).then_allowed()
    told.when(reserve("r3"), at=on(20)).then_refused(Reason.DAILY_LIMIT)


def test_an_override_whose_end_lies_before_the_stamp_is_over_even_if_the_clock_says_otherwise() -> None:
    """Overrides end by the ledger's time, as days do."""
    past: list[Event] = [policy(daily=0), overridden(daily=1, until=NOON), policy(at=NOON, daily=0)]
    given(*past).when(reserve(), at=on(10, "11:00")).then_refused(Reason.DAILY_LIMIT, limit=0)
