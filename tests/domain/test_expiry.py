"""Places past their time: undelivered ones at expiry, delivered ones a day later, the oldest first, 1,000 a batch."""

from __future__ import annotations

import pytest

from domain.events import Event, GenerationReleased
from domain.instants import later
from domain.refusals import Reason
from domain.reserving import MAX_EXPIRED_A_BATCH
from tests.domain.examples import (
    DAY_SECONDS,
    NOON,
    OWN,
    SWEEP,
    USER,
    completed,
    on,
    policy,
    released,
    reserve,
    reserved,
    reset,
    save,
    saved,
    saved_plainly,
)
from tests.domain.history import given

EXPIRY = on(10, "12:15")
"""When a reservation made at noon expires."""
KEPT_UNTIL = on(11, "12:15")
"""When its delivered places are released too."""


def expired(
    reservation: str = "r1", *, at: str = EXPIRY, count: int = 1, refunded: int | None = None
) -> GenerationReleased:
    return released(reservation, at=at, by="system", count=count, reason="expired", refunded=refunded)


@pytest.mark.parametrize(
    ("now", "over"),
    [(on(10, "12:14:59.999999"), False), (EXPIRY, True), (on(10, "12:15:00.000001"), True), (on(20), True)],
)
def test_undelivered_places_are_released_once_their_time_has_come(now: str, over: bool) -> None:
    """By the system, all of a reservation together, refunded."""
    told = given(reserved(count=2)).when(SWEEP, at=now)
    told.then(*([expired(at=now, count=2)] if over else []))
    assert told.state.daily.status(USER, 5, NOON).used == (0 if over else 2)


@pytest.mark.parametrize(
    ("now", "over"), [(EXPIRY, False), (on(11, "12:14:59.999999"), False), (KEPT_UNTIL, True), (on(20), True)]
)
def test_a_delivered_place_is_held_a_day_more_and_then_released_as_not_kept(now: str, over: bool) -> None:
    """It was paid for: nothing goes back."""
    told = given(reserved(), completed()).when(SWEEP, at=now)
    told.then(*([released(at=now, by="system", delivered=1, reason="not_kept", refunded=0)] if over else []))
    assert told.state.user(USER).held_bytes == (0 if over else 100)
    assert told.state.daily.status(USER, 5, NOON).used == 1


def test_only_the_undelivered_places_of_a_reservation_expire_at_first() -> None:
    """Of four, one settled and two delivered, of which one is that settled: two expire, one is held a day more."""
    told = given(reserved(count=4), completed(count=2), saved(reservation="r1")).when(SWEEP, at=EXPIRY)
    told.then(expired(count=2, refunded=2))
    told.when(SWEEP, at=EXPIRY).then()
    told.when(SWEEP, at=KEPT_UNTIL).then(
        released(at=KEPT_UNTIL, by="system", delivered=1, reason="not_kept", refunded=0)
    )
    told.when(SWEEP, at=on(20)).then()


def test_a_sweep_that_comes_late_releases_both_kinds_at_once() -> None:
    """First what expired, then what was delivered."""
    told = given(reserved(count=3), completed()).when(SWEEP, at=on(20))
    told.then(
        expired(at=on(20), count=2),
        released(at=on(20), by="system", delivered=1, reason="not_kept", refunded=0),
    )


def test_a_place_delivered_after_it_expired_is_gone() -> None:
    """The delivery is noted, the place is not opened again."""
    told = given(reserved()).when(SWEEP, at=EXPIRY)
    told.record(completed(at=EXPIRY))
    assert told.state.user(USER).held_bytes == 0
    told.when(SWEEP, at=on(20)).then()


def test_expired_places_that_were_charged_before_a_reset_give_nothing_back() -> None:
    """As with a release by hand."""
    given(reserved(count=2), reset()).when(SWEEP, at=EXPIRY).then(expired(count=2, refunded=0))


def test_an_expired_place_is_given_back_to_its_own_day() -> None:
    """Reserved at 23:55, expired at 00:10."""
    told = given(policy(daily=1), reserved(at=on(10, "23:55"))).when(SWEEP, at=on(11, "00:10"))
    assert told.state.daily.status(USER, 1, on(10)).used == 0
    told.when(reserve("r2"), at=on(11, "00:10")).then_allowed()


def test_the_oldest_are_released_first() -> None:
    """By when they expired, not by when they were made."""
    past: list[Event] = [
        reserved("late", expires_at=on(10, "12:03")),
        reserved("soon", expires_at=on(10, "12:01")),
        reserved("mid", expires_at=on(10, "12:02")),
        reserved("not yet", expires_at=on(10, "12:05")),
    ]
    told = given(*past).when(SWEEP, at=on(10, "12:03"))
    told.then(*(expired(name, at=on(10, "12:03")) for name in ("soon", "mid", "late")))


def test_a_delivered_place_that_was_made_first_waits_for_its_day() -> None:
    """Its own deadline counts among the others', also where nothing happened since it was made."""
    past: list[Event] = [reserved("first", count=1), completed("first"), reserved("second", expires_at=on(10, "13:00"))]
    given(*past).when(SWEEP, at=on(20)).then(
        expired("second", at=on(20)),
        released("first", at=on(20), by="system", delivered=1, reason="not_kept", refunded=0),
    )


def test_at_most_a_thousand_reservations_are_released_in_a_batch() -> None:
    """The oldest thousand; the rest with the next batch."""
    assert MAX_EXPIRED_A_BATCH == 1_000
    names = [f"r{n:04d}" for n in range(1_001)]
    told = given()
    told.record(*(reserved(name, expires_at=later(NOON, seconds=n)) for n, name in enumerate(names)))
    told.when(SWEEP, at=on(11)).then(*(expired(name, at=on(11)) for name in names[:1000]))
    told.when(SWEEP, at=on(11)).then(expired(names[1000], at=on(11)))
    told.when(SWEEP, at=on(11)).then()


def test_what_was_settled_or_released_in_time_does_not_expire() -> None:
    """Nothing is open."""
    given(reserved("a"), saved(reservation="a"), reserved("b"), released("b")).when(SWEEP, at=on(20)).then()


def test_a_save_after_its_place_expired_is_a_plain_save_charged_to_today() -> None:
    """The place went back to yesterday; the picture is one of today's."""
    told = given(policy(daily=1), reserved(at=on(10, "23:50"))).when(SWEEP, at=on(11, "00:05"))
    told.when(save(reservation="r1"), at=on(11, "00:06")).then(*saved_plainly(at=on(11, "00:06")))
    assert told.state.daily.status(USER, 1, on(10)).used == 0
    assert told.state.daily.status(USER, 1, on(11)).used == 1


def test_a_late_save_is_refused_as_a_plain_one_where_today_is_full() -> None:
    """It has no hold any more, so everything is asked anew."""
    told = given(policy(daily=1), reserved()).when(SWEEP, at=EXPIRY).when(reserve("r2"), at=EXPIRY)
    told.when(save(reservation="r1"), at=EXPIRY).then_refused(Reason.DAILY_LIMIT, used=1)


def test_a_late_save_into_a_reservation_with_an_open_place_settles_that() -> None:
    """One expired, one delivered and still held: the hold is for it."""
    told = given(reserved(count=2), completed()).when(SWEEP, at=EXPIRY)
    told.when(save(reservation="r1"), at=EXPIRY).then(saved(at=EXPIRY, reservation="r1"))


def test_a_delivered_place_takes_its_save_for_a_day_after_the_expiry() -> None:
    """Without being charged again."""
    told = given(policy(daily=1), reserved(), completed()).when(SWEEP, at=on(11, "12:14"))
    told.when(save(reservation="r1"), at=on(11, "12:14")).then(saved(at=on(11, "12:14"), reservation="r1"))


@pytest.mark.parametrize(("now", "plain"), [(on(11, "12:14:59.999999"), True), (KEPT_UNTIL, False), (on(20), False)])
def test_a_late_save_is_known_for_a_day(now: str, plain: bool) -> None:
    """After that nobody knows the reservation."""
    told = given(reserved()).when(SWEEP, at=EXPIRY).when(save(reservation="r1"), at=now)
    if plain:
        told.then(*saved_plainly(at=now))
    else:
        told.then_refused(Reason.UNKNOWN_RESERVATION)


def test_a_late_save_after_a_release_by_hand_is_refused() -> None:
    """Only what expired comes late; what was given back is closed."""
    given(reserved(), released()).when(save(reservation="r1")).then_refused(Reason.UNKNOWN_RESERVATION)


def test_one_expired_place_is_enough_for_late_saves() -> None:
    """One of two was given back by hand, the other expired."""
    told = given(reserved(count=2), released()).when(SWEEP, at=EXPIRY)
    told.when(save(reservation="r1"), at=EXPIRY).then(*saved_plainly(at=EXPIRY))


def test_another_users_late_save_is_refused() -> None:
    """An id is its owner's, open or not."""
    told = given(reserved()).when(SWEEP, at=EXPIRY)
    told.when(save(user="77", reservation="r1"), at=EXPIRY).then_refused(Reason.UNKNOWN_RESERVATION)


def test_a_plain_saves_own_place_never_expires() -> None:
    """It is settled in the batch that made it."""
    told = given(save())
    assert told.state.reservation(OWN) is None
    told.when(SWEEP, at=later(NOON, seconds=3 * DAY_SECONDS)).then()
