"""Refusals come cheapest first, in the promised order: whoever breaks two rules hears of the first."""

from __future__ import annotations

from itertools import pairwise

import pytest

from domain.commands import Command
from domain.events import Event
from domain.refusals import Reason
from tests.domain.examples import (
    NOON,
    adopted,
    delete,
    deleted,
    key,
    on,
    policy,
    reserve,
    reserved,
    save,
    tier,
)
from tests.domain.history import given

PROMISED = [
    Reason.MALFORMED,
    Reason.CLOCK_BEHIND,
    Reason.REQUEST_CONFLICT,
    Reason.REQUEST_RUNNING,
    Reason.NOT_FOUND,
    Reason.UNKNOWN_RESERVATION,
    Reason.NAME_TAKEN,
    Reason.LIMITS_CHANGED,
    Reason.OFFER_CHANGED,
    Reason.CLAIMED_TODAY,
    Reason.POINTS_SHORT,
    Reason.ASK_OPEN,
    Reason.ASK_LIMIT,
    Reason.ASK_CLOSED,
    Reason.NOT_ALLOWED,
    Reason.PRICE_UNKNOWN,
    Reason.DAILY_LIMIT,
    Reason.WINDOW_LIMIT,
    Reason.USER_STORAGE,
    Reason.POOL_STORAGE,
    Reason.BUSY,
    Reason.STOPPED,
]
KEY = key("k")
OTHER_CONTENT = key("k", "b")
BEHIND = on(8)
NOTHING_FITS = policy(user_bytes=0, pool_bytes=0, daily=0)
NO_WEEK = policy(user_bytes=0, pool_bytes=0, daily=1, windows=(("user/week/generations", 0),))
UNPRICED = policy(daily=0, windows=(("pool/month/credits", 0),))
NO_BYTES = policy(user_bytes=0, pool_bytes=0)

# Each row: past; a command that breaks both rules, its time, the first rule; then the same without that fault.
ROWS: list[tuple[list[Event], Command, str, Reason, Command, str, Reason]] = [
    (
        [policy()],
        delete("a//b"), BEHIND, Reason.MALFORMED,
        delete("a/b"), BEHIND, Reason.CLOCK_BEHIND,
    ),
    (
        [adopted(request=KEY)],
        save(idempotency_key=OTHER_CONTENT), BEHIND, Reason.CLOCK_BEHIND,
        save(idempotency_key=OTHER_CONTENT), NOON, Reason.REQUEST_CONFLICT,
    ),
    (
        [reserved(request=KEY)],
        reserve("r2", exclusive=True, idempotency_key=OTHER_CONTENT), NOON, Reason.REQUEST_CONFLICT,
        reserve("r2", exclusive=True, idempotency_key=KEY), NOON, Reason.REQUEST_RUNNING,
    ),
    (
        [reserved(request=KEY), NOTHING_FITS],
        reserve("r2", exclusive=True, idempotency_key=KEY), NOON, Reason.REQUEST_RUNNING,
        reserve("r2", exclusive=True), NOON, Reason.DAILY_LIMIT,
    ),
    (
        [adopted(request=KEY), deleted("old.png")],
        delete("old.png", idempotency_key=OTHER_CONTENT), NOON, Reason.REQUEST_CONFLICT,
        delete("old.png"), NOON, Reason.NOT_FOUND,
    ),
    (
        [adopted("a")],
        save("a/b.png", reservation="none"), NOON, Reason.UNKNOWN_RESERVATION,
        save("a/b.png"), NOON, Reason.NAME_TAKEN,
    ),
    (
        [adopted("a"), NOTHING_FITS],
        save("a/b.png"), NOON, Reason.NAME_TAKEN,
        save("b.png"), NOON, Reason.DAILY_LIMIT,
    ),
    (
        [UNPRICED, tier("everybody", models=("core",))],
        reserve(model="ultra"), NOON, Reason.NOT_ALLOWED,
        reserve(model="core"), NOON, Reason.PRICE_UNKNOWN,
    ),
    (
        [UNPRICED],
        reserve(), NOON, Reason.PRICE_UNKNOWN,
        reserve(credits_each=0), NOON, Reason.DAILY_LIMIT,
    ),
    (
        [NO_WEEK],
        reserve(count=2), NOON, Reason.DAILY_LIMIT,
        reserve(), NOON, Reason.WINDOW_LIMIT,
    ),
    (
        [NO_WEEK],
        reserve(), NOON, Reason.WINDOW_LIMIT,
        save(temp=True), NOON, Reason.USER_STORAGE,
    ),
    (
        [NO_BYTES],
        save(), NOON, Reason.USER_STORAGE,
        save(size=0), NOON, Reason.POOL_STORAGE,
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[3].name} before {row[6].name}")
def test_a_command_that_breaks_two_rules_hears_of_the_first(
    row: tuple[list[Event], Command, str, Reason, Command, str, Reason],
) -> None:
    """And without that fault of the second, in the same history."""
    past, first, first_at, first_reason, second, second_at, second_reason = row
    given(*past).when(first, at=first_at).then_refused(first_reason)
    if second_reason is Reason.POOL_STORAGE:
        given(policy(pool_bytes=0)).when(first, at=second_at).then_refused(second_reason)
    else:
        given(*past).when(second, at=second_at).then_refused(second_reason)


def test_a_stored_answer_comes_before_everything_that_is_looked_up() -> None:
    """Not found, unknown, taken, full: an answered request is none of these."""
    delete_once = delete("old.png", idempotency_key=KEY)
    given(adopted(), delete_once).when(delete_once).then_answered(2)
    save_once = save("a/b.png", reservation="none", idempotency_key=KEY)
    given(adopted("a", request=KEY), NOTHING_FITS).when(save_once).then_answered(1)


def test_every_pair_of_neighbours_that_one_command_can_break_has_a_row() -> None:
    """NOT_FOUND is for deletions and UNKNOWN_RESERVATION for places, LIMITS_CHANGED for the limits of all, three for
    points: no command can break two of them. What somebody who buys hears first, `test_points.py` says,
    and of whoever asks for more `test_asks.py`.
    """
    covered = {(row[3], row[6]) for row in ROWS}
    neighbours = set(pairwise(PROMISED[:20]))
    impossible = {(Reason.REQUEST_RUNNING, Reason.NOT_FOUND), (Reason.NOT_FOUND, Reason.UNKNOWN_RESERVATION),
                  (Reason.NAME_TAKEN, Reason.LIMITS_CHANGED), (Reason.LIMITS_CHANGED, Reason.OFFER_CHANGED),
                  (Reason.OFFER_CHANGED, Reason.CLAIMED_TODAY), (Reason.CLAIMED_TODAY, Reason.POINTS_SHORT),
                  (Reason.POINTS_SHORT, Reason.ASK_OPEN), (Reason.ASK_OPEN, Reason.ASK_LIMIT),
                  (Reason.ASK_LIMIT, Reason.ASK_CLOSED), (Reason.ASK_CLOSED, Reason.NOT_ALLOWED)}  # fmt: skip
    assert neighbours - covered == impossible


def test_the_reasons_are_those_promised_in_their_order() -> None:
    """BUSY and STOPPED are the ledger's and come last."""
    assert list(Reason) == PROMISED
    assert [reason.value for reason in Reason] == [reason.name for reason in PROMISED]
