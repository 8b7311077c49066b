"""Places and what becomes of them: charged and held, delivered, settled, released, given back to their day."""

from __future__ import annotations

import pytest

from domain.commands import Command
from domain.events import Event
from domain.refusals import Reason
from tests.domain.examples import (
    NOON,
    OTHER,
    USER,
    complete,
    completed,
    on,
    policy,
    release,
    released,
    reserve,
    reserved,
    reset,
    save,
    saved,
)
from tests.domain.history import History, given


def used(history: History, at: str = NOON) -> int:
    return history.state.daily.status(USER, 5, at).used


def test_a_reservation_charges_its_day_and_holds_its_bytes() -> None:
    """Three places of 100 bytes: three of today, 300 held from user and pool, nothing used."""
    told = given(reserved(count=3, bytes_each=100))
    assert used(told) == 3
    assert told.state.user(USER) == (0, 0, 300)
    assert told.state.pool == (0, 300)


def test_a_reservation_lasts_as_long_as_it_was_asked_for() -> None:
    """expires_at is the decision's time and the seconds asked; operation and origin are kept."""
    asked = reserve(operation="upscale", origin="http", ttl_seconds=60)
    given().when(asked).then(reserved(expires_at=on(10, "12:01"), operation="upscale", origin="http"))


def test_a_delivery_changes_no_usage() -> None:
    """The provider delivered; nothing of it is in use yet."""
    told = given(reserved(count=2))
    told.when(complete(credits=0.5, seed=7, origin="http")).then(completed(credits=0.5, seed=7, origin="http"))
    assert used(told) == 2
    assert told.state.user(USER) == (0, 0, 200)
    assert told.state.pool == (0, 200)


def test_a_save_settles_one_place_and_charges_the_real_size() -> None:
    """The hold of one place becomes the bytes of the image."""
    told = given(reserved(count=2, bytes_each=100)).when(save(size=30, reservation="r1"))
    told.then(saved(size=30, reservation="r1"))
    assert told.state.user(USER) == (30, 0, 100)
    assert told.state.pool == (30, 100)
    assert used(told) == 2


def test_a_release_frees_the_holds_and_gives_back_to_the_day() -> None:
    """An undelivered place costs nothing."""
    told = given(reserved(count=3)).when(release(count=2)).then(released(count=2, refunded=2))
    assert used(told) == 1
    assert told.state.user(USER) == (0, 0, 100)
    assert told.state.pool == (0, 100)


def test_a_release_without_a_count_is_of_every_open_place() -> None:
    """Settled places stay settled."""
    past: list[Event] = [reserved(count=3), saved(reservation="r1")]
    given(*past).when(release()).then(released(count=2))


@pytest.mark.parametrize(
    ("reason", "asked", "delivered"),
    [
        # of five places, two were delivered
        ("failed", 1, 0),
        ("failed", 3, 0),
        ("failed", 4, 1),
        ("failed", 5, 2),
        ("rejected", 3, 0),
        ("cancelled", 4, 1),
        ("unknown", 3, 0),
        ("expired", 3, 0),
        ("moderated", 1, 1),
        ("moderated", 2, 2),
        ("moderated", 3, 2),
        ("not_kept", 2, 2),
        ("not_kept", 5, 2),
    ],
)
def test_a_release_refunds_its_count_less_what_was_delivered(reason: str, asked: int, delivered: int) -> None:
    """`moderated` and `not_kept` are about delivered places and take those first; other reasons take them last."""
    told = given(reserved(count=5), completed(count=2)).when(release(reason=reason, count=asked))
    told.then(released(reason=reason, count=asked, delivered=delivered, refunded=asked - delivered))
    assert used(told) == 5 - (asked - delivered)


def test_a_delivered_place_that_was_settled_is_not_released_as_delivered() -> None:
    """Two delivered, one of them kept: one delivered place is open."""
    past: list[Event] = [reserved(count=3), completed(count=2), saved(reservation="r1")]
    given(*past).when(release()).then(released(count=2, delivered=1, refunded=1))


def test_a_delivered_place_that_was_released_is_not_released_as_delivered_again() -> None:
    """Two delivered, one of them moderated: one delivered place is open."""
    past: list[Event] = [reserved(count=3), completed(count=2), released(reason="moderated", delivered=1)]
    given(*past).when(release(reason="not_kept")).then(released(reason="not_kept", count=2, delivered=1, refunded=1))


@pytest.mark.parametrize(
    ("free", "reason", "refunded"),
    [(False, "moderated", 1), (True, "moderated", 3), (True, "not_kept", 1), (True, "failed", 1)],
)
def test_moderated_places_are_given_back_where_the_policy_says_so(free: bool, reason: str, refunded: int) -> None:
    """MODERATED_FREE refunds delivered places too, for that reason alone. Two of three were delivered."""
    past: list[Event] = [policy(moderated_free=free), reserved(count=3), completed(count=2)]
    told = (
        given(*past).when(release(reason=reason)).then(released(reason=reason, count=3, delivered=2, refunded=refunded))
    )
    assert used(told) == 3 - refunded


@pytest.mark.parametrize("now", [on(10, "23:59:59.999999"), on(11, "00:00"), on(11, "00:05")])
def test_a_refund_goes_to_the_day_that_was_charged(now: str) -> None:
    """Released after midnight, it reopens nothing of the new day and frees the old one."""
    past: list[Event] = [
        policy(daily=5),
        reserved("r1", at=on(10, "23:55"), count=2),
        reserved("r2", at=on(10, "23:55")),
    ]
    told = given(*past).when(release("r1"), at=now).then(released("r1", at=now, count=2, refunded=2))
    assert used(told, on(10)) == 1
    assert used(told, on(11)) == 0


def test_places_charged_before_a_reset_give_nothing_back() -> None:
    """The reset gave them back already; those charged after it are given back as ever."""
    told = given(reserved("old", count=2), reset(), reserved("new", count=3))
    told.when(release("old")).then(released("old", count=2, refunded=0))
    told.when(release("new", count=1)).then(released("new", refunded=1))
    assert used(told) == 2


def test_a_reset_of_today_leaves_what_yesterdays_places_give_back() -> None:
    """A place charged at 23:55 is given back to its day, although the new day was reset."""
    past: list[Event] = [reserved(at=on(10, "23:55")), reserved("r2", at=on(11, "00:01")), reset(at=on(11, "00:02"))]
    told = given(*past).when(release(), at=on(11, "00:03")).then(released(at=on(11, "00:03"), refunded=1))
    assert used(told, on(10)) == 0


def test_each_reset_counts_anew() -> None:
    """A place charged between two resets gives nothing back after the second."""
    told = given(reset(), reserved("a"), reset(), reserved("b"))
    told.when(release("a")).then(released("a", refunded=0))
    told.when(release("b")).then(released("b", refunded=1))


def test_moderated_places_charged_before_a_reset_give_nothing_back_although_they_are_free() -> None:
    """The reset wins over MODERATED_FREE."""
    past: list[Event] = [policy(moderated_free=True), reserved(), completed(), reset()]
    given(*past).when(release(reason="moderated")).then(released(reason="moderated", delivered=1, refunded=0))


def test_a_reservation_is_closed_when_settled_and_released_make_its_count() -> None:
    """After that there is no place left to save into or to release."""
    told = given(reserved(count=2), saved(reservation="r1"), released())
    told.when(save("b.png", reservation="r1")).then_refused(Reason.UNKNOWN_RESERVATION, detail="r1", user=USER)
    told.when(release()).then_refused(Reason.UNKNOWN_RESERVATION, detail="r1", user=USER)
    assert told.state.user(USER).held_bytes == 0


def test_a_reservation_that_was_settled_whole_is_forgotten_at_once() -> None:
    """Nothing can happen to it any more, so nothing of it is kept."""
    assert given(reserved(), saved(reservation="r1")).state.reservation("r1") is None
    assert given(reserved(), released()).state.reservation("r1") is not None


@pytest.mark.parametrize(("asked", "allowed"), [(1, True), (2, True), (3, False)])
def test_no_more_places_are_released_than_are_open(asked: int, allowed: bool) -> None:
    """Of three places one was settled."""
    told = given(reserved(count=3), saved(reservation="r1")).when(release(count=asked))
    if allowed:
        told.then(released(count=asked))
    else:
        told.then_refused(Reason.UNKNOWN_RESERVATION)


@pytest.mark.parametrize(("asked", "allowed"), [(1, True), (2, True), (3, False)])
def test_deliveries_sum_to_at_most_the_count(asked: int, allowed: bool) -> None:
    """Of three places one was delivered."""
    told = given(reserved(count=3), completed()).when(complete(count=asked))
    if allowed:
        told.then(completed(count=asked))
    else:
        told.then_refused(Reason.UNKNOWN_RESERVATION, detail="r1", user=USER)


def test_a_delivery_may_follow_a_release() -> None:
    """The credits were paid, whatever became of the place; usage and count stay as they are."""
    told = given(reserved(), released(reason="unknown")).when(complete()).then(completed())
    told.when(complete()).then_refused(Reason.UNKNOWN_RESERVATION)
    assert told.state.user(USER) == (0, 0, 0)
    assert used(told) == 0


@pytest.mark.parametrize(
    ("now", "allowed"), [(on(11, "12:14:59.999999"), True), (on(11, "12:15"), False), (on(12), False)]
)
def test_a_closed_reservation_is_known_until_a_day_after_its_expiry(now: str, allowed: bool) -> None:
    """It expired at 12:15 of day 10; a delivery is heard of until 12:15 of day 11."""
    told = given(reserved(), released()).when(complete(), at=now)
    if allowed:
        told.then(completed(at=now))
    else:
        told.then_refused(Reason.UNKNOWN_RESERVATION)


@pytest.mark.parametrize(
    "command",
    [complete(user=OTHER), release(user=OTHER), save(reservation="r1", user=OTHER)],
    ids=lambda command: type(command).__name__,
)
def test_an_unknown_reservation_and_another_users_are_refused_alike(command: Command) -> None:
    """Nobody learns that an id exists."""
    for past in ([], [reserved(user=USER)]):
        given(*past).when(command).then_refused(Reason.UNKNOWN_RESERVATION, detail="r1", user=OTHER)


def test_a_release_and_a_delivery_carry_the_callers_reason_and_origin() -> None:
    """They name who asked; only automatic releases are the system's."""
    told = given(reserved()).when(release(reason="rejected", origin="guild:1"))
    told.then(released(reason="rejected", origin="guild:1"))
