"""Which refusals leave a line in the log, and how many."""

from __future__ import annotations

import pytest

from domain.commands import Command
from domain.events import Asked, Event, RequestRefused
from domain.refusals import Reason
from tests.domain.examples import (
    NOON,
    OTHER,
    USER,
    adopted,
    complete,
    delete,
    key,
    on,
    overridden,
    policy,
    refused,
    reserve,
    reserved,
    save,
)
from tests.domain.history import given

FULL_DAY = policy(daily=0)


@pytest.mark.parametrize(
    ("past", "command", "record"),
    [
        ([policy(daily=1), reserved()], reserve("r2", count=2), refused(asked=Asked(2, 200), limit=1, used=1)),
        (
            [policy(user_bytes=150), adopted("cat.png", 90), reserved(bytes_each=30)],
            save(size=151, origin="guild:1"),
            refused(
                "USER_STORAGE",
                command="SaveImage",
                asked=Asked(1, 151, 90),
                limit=150,
                used=90,
                held=30,
                origin="guild:1",
            ),
        ),
        (
            [policy(pool_bytes=150), adopted("a.png", 90, user=OTHER), reserved(bytes_each=30, user=OTHER)],
            save(size=31, temp=True),
            refused("POOL_STORAGE", command="SaveImage", asked=Asked(0, 31), limit=150, used=90, held=30),
        ),
        (
            [overridden(daily=0)],
            reserve(origin="http"),
            refused(limit=0, used=0, origin="http"),
        ),
        ([FULL_DAY], reserve(style="anime"), refused(style="anime")),
    ],
    ids=["DAILY_LIMIT", "USER_STORAGE", "POOL_STORAGE", "an override's limit", "of a style"],
)
def test_a_limits_no_is_recorded_with_its_figures(past: list[Event], command: Command, record: Event) -> None:
    """Reason, command, what was asked, the limit, what was used and held."""
    assert isinstance(record, RequestRefused)
    told = given(*past).when(command)
    told.then_refused(Reason[record.reason], record=record)
    assert told.events[-1] == record


@pytest.mark.parametrize(
    "command",
    [delete("gone.png"), complete(), save("a/b.png"), save("a//b"), save(idempotency_key=key("k", "b"))],
    ids=["NOT_FOUND", "UNKNOWN_RESERVATION", "NAME_TAKEN", "MALFORMED", "REQUEST_CONFLICT"],
)
def test_every_other_no_leaves_nothing_in_the_log(command: Command) -> None:
    """Only the three limits are recorded."""
    told = given(adopted("a", request=key("k"))).when(command)
    assert len(told.events) == 1


def test_a_recorded_refusal_carries_no_request_and_changes_no_usage() -> None:
    """It answers nothing and holds nothing."""
    told = given(FULL_DAY).when(reserve(idempotency_key=key("k"))).then_refused(Reason.DAILY_LIMIT, record=refused())
    assert told.state.user(USER) == (0, 0, 0)
    assert told.state.pool == (0, 0)
    assert told.state.daily.status(USER, 0, NOON).used == 0


def refuse(times: int, *, user: str = USER, at: str = NOON) -> list[Event | None]:
    """The records of so many refusals in a row."""
    told = given(FULL_DAY)
    records = []
    for _ in range(times):
        told.when(reserve(user=user), at=at)
        records.append(told.decision.record)  # type: ignore[union-attr]  # the day is full
    return records


def test_the_first_twenty_of_a_user_reason_and_day_are_recorded_and_the_twentieth_is_the_last() -> None:
    """19, 20 and 21: the rest is refused all the same, without a line."""
    assert refuse(22) == [*[refused()] * 19, refused(last=True), None, None]


def test_another_user_reason_or_day_has_its_own_twenty() -> None:
    """After twenty daily refusals of one user."""
    told = given(policy(daily=0, user_bytes=0))
    for _ in range(21):
        told.when(reserve())
    told.then_refused(Reason.DAILY_LIMIT, record=None)
    told.when(reserve(user=OTHER)).then_refused(Reason.DAILY_LIMIT, record=refused(user=OTHER))
    told.when(save(temp=True)).then_refused(
        Reason.USER_STORAGE, record=refused("USER_STORAGE", command="SaveImage", asked=Asked(0, 100))
    )
    midnight = on(11, "00:00")
    told.when(reserve(), at=midnight).then_refused(Reason.DAILY_LIMIT, record=refused(at=midnight))


def test_the_recorded_refusals_of_one_batch_are_counted_together() -> None:
    """The draft counts them, the published state does not yet."""
    told = given(*[refused()] * 19)
    draft = told.state.draft()
    draft.apply(20, refused(last=True))
    assert draft.refusals(USER, "DAILY_LIMIT", "2026-03-10") == 20
    assert told.state.refusals(USER, "DAILY_LIMIT", "2026-03-10") == 19
    assert told.state.refusals(USER, "DAILY_LIMIT", "2026-03-11") == 0
