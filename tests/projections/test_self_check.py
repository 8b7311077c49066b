"""Every outcome that the rules gave is given again, whatever the history; one that they did not give is found."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from domain.commands import Command
from domain.decisions import StoredAnswer, decide
from domain.events import Asked, Event, ImpossibleFact
from domain.refusals import Refusal
from projections.quota_state import QuotaState
from projections.self_check import MOST_DIFFERENCES, SelfCheck
from tests.domain.examples import (
    CORRECT_CLOCK,
    NOON,
    cleaned,
    completed,
    corrected,
    key,
    on,
    overridden,
    policy,
    refused,
    released,
    reserved,
    reset,
    saved,
    saved_plainly,
)
from tests.projections.recorded import batches_of
from tests.projections.state import state_of
from tests.projections.test_any_history import batches

some = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
POLICY = policy(daily=2, user_bytes=300, pool_bytes=500)
LATER = on(10, "12:30")
FULL: list[list[Event]] = [[POLICY], [*saved_plainly("a.png", own="a")], [*saved_plainly("b.png", own="b")]]
"""Both places of the day are used, and 200 of 300 bytes."""
SAVE = "SaveImage"


def checked(history: list[list[Event]]) -> SelfCheck:
    """The check of a history, batch by batch."""
    check, position = SelfCheck(QuotaState()), 1
    for batch in history:
        check.take(list(enumerate(batch, position)))
        position += len(batch)
    return check


@some
@given(batches)
def test_every_recorded_outcome_is_decided_alike(history: list[tuple[int, list[Command]]]) -> None:
    """Whatever came in whatever batches: saves, refusals, expiries, cleanups, a clock that was corrected."""
    recorded, state = batches_of(history)
    check = SelfCheck(QuotaState())
    for batch in recorded:
        check.take(batch)
    assert check.differences == []
    check.state.tidy()
    assert state_of(check.state) == state_of(state)


ALIKE: list[tuple[str, list[list[Event]]]] = [
    ("a refusal by the day", [*FULL, [refused(limit=2, used=2)]]),
    ("of several places", [*FULL, [refused(limit=2, used=2, asked=Asked(3, 300))]]),
    ("of a save", [*FULL, [refused(limit=2, used=2, command=SAVE)]]),
    (
        "by the user's storage, over an image that stands",
        [[POLICY], [*saved_plainly("a.png", 250)], [refused("USER_STORAGE", command=SAVE, asked=Asked(1, 310, 250),
                                                    limit=300, used=250)]],
    ),
    (
        "of a temp file",
        [[POLICY], [refused("USER_STORAGE", command=SAVE, asked=Asked(0, 301), limit=300)]],
    ),
    (
        "of a picture that is larger than its place",
        [[POLICY], [reserved()], [completed()], [refused("USER_STORAGE", command=SAVE, asked=Asked(0, 301), limit=300,
                                                         held=100)]],
    ),
    (
        "by the pool",
        [[policy(pool_bytes=250)], [*saved_plainly("a.png", 200)], [refused("POOL_STORAGE", limit=250, used=200)]],
    ),
    ("an expiry before a request", [[POLICY], [reserved()], [released(at=LATER, by="system", reason="expired"),
                                                             reserved("r2", at=LATER)]]),
    ("a reset, and then room", [*FULL, [reset()], [reserved("r9")]]),
    ("own limits", [*FULL, [overridden(daily=3)], [reserved("r9")]]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "history"), ALIKE, ids=[what for what, _ in ALIKE])
def test_what_the_rules_gave_is_given_again(what: str, history: list[list[Event]]) -> None:
    """Each kind of refusal, and what changes the next outcome."""
    check = checked(history)
    assert check.differences == [], what
    assert sum(check.outcomes.values()) >= len(history)


OTHERWISE: list[tuple[str, list[list[Event]], int]] = [
    ("allowed beyond the day", [*FULL, [reserved("r9")]], 6),
    ("allowed beyond the user's storage", [[POLICY], [reserved(bytes_each=301)]], 2),
    ("allowed beyond the pool", [[policy(pool_bytes=50)], [reserved()]], 2),
    ("saved beyond the day", [*FULL, [*saved_plainly("c.png", own="c")]], 6),
    ("refused though it fits", [[POLICY], [refused(limit=2, used=2)]], 2),
    ("refused for another reason", [*FULL, [refused("USER_STORAGE", limit=300, used=200)]], 6),
    ("refused with another limit", [*FULL, [refused(limit=1, used=2)]], 6),
    ("refused with another use", [*FULL, [refused(limit=2, used=3)]], 6),
    ("refused with another hold", [[POLICY], [reserved()], [refused("USER_STORAGE", asked=Asked(1, 250), limit=300,
                                                                    held=99)]], 3),
    ("refused as the last of a day, and it is not", [*FULL, [refused(limit=2, used=2, last=True)]], 6),
    ("a temp file refused that fits", [[POLICY], [refused("USER_STORAGE", command=SAVE, asked=Asked(0, 299),
                                                          limit=300)]], 2),
    ("not released when its time was over", [[POLICY], [reserved()], [reserved("r2", at=LATER)]], 3),
    ("the same limits once more", [[POLICY], [overridden(daily=3)], [overridden(daily=3)]], 3),
    ("the same policy once more", [[POLICY], [POLICY]], 2),
    ("one key for two commands", [[POLICY], [reserved(request=key("k"))], [reserved("r2", request=key("k", "b"))]], 3),
    ("one command twice under its key", [[POLICY], [reserved(request=key("k"))], [reserved("r2", request=key("k"))]],
     3),
    ("a cleanup that leaves an old file", [[POLICY], [saved("t", temp=True), saved("u", temp=True)],
                                           [cleaned(("42", "t", 100), at=on(30))]], 4),
]  # fmt: skip


@pytest.mark.parametrize(("what", "history", "position"), OTHERWISE, ids=[what for what, _, _ in OTHERWISE])
def test_what_the_rules_did_not_give_is_found(what: str, history: list[list[Event]], position: int) -> None:
    """At its position, and once: what was recorded after it is decided on what was recorded."""
    check = checked(history)
    assert [found.position for found in check.differences] == [position], what
    (found,) = check.differences
    assert set(found.recorded) <= {event for batch in history for event in batch}
    assert isinstance(found.decided, Refusal | StoredAnswer | tuple)


def test_an_outcome_that_leaves_others_impossible_is_found_before_them() -> None:
    """A request that was granted, recorded as refused: what was done with its place cannot be folded any more."""
    check = SelfCheck(QuotaState())
    check.take([(1, POLICY)])
    check.take([(2, refused(limit=2))])
    with pytest.raises(ImpossibleFact):
        check.take([(3, completed())])
    assert (check.differences[0].position, check.state.position) == (2, 2)


def test_a_cleanup_of_more_files_than_an_event_holds_is_one_command() -> None:
    """And so are a corrected clock and the places that it cancels."""
    names = [f"t{number}" for number in range(501)]
    files: list[Event] = [saved(name, 1, temp=True) for name in names]
    first, last = [("42", name, 1) for name in names[:500]], ("42", names[500], 1)
    wrong = on(25)
    history: list[list[Event]] = [
        [policy(user_bytes=10_000)],
        files,
        [cleaned(*first, at=wrong), cleaned(last, at=wrong)],
        [reserved(at=wrong)],
        [corrected(was=wrong, now=NOON), released(at=NOON, by="system", reason="cancelled")],
    ]
    assert checked(history).differences == []


def test_a_clock_corrected_in_a_batch_with_others_cancels_in_one_order() -> None:
    """A place that the same batch changed before is cancelled where it would be had it been a batch of its own."""
    state, wrong = QuotaState(), on(25)
    before: list[Event] = [POLICY, reserved("a", at=wrong), reserved("b", at=wrong)]
    for position, event in enumerate(before, 1):
        state.apply(position, event)
    draft = state.draft()
    draft.apply(4, completed("a", at=wrong))
    decided = decide(CORRECT_CLOCK, draft, draft.policy, NOON)
    assert isinstance(decided, tuple)
    assert [getattr(event, "reservation", None) for event in decided] == [None, "a", "b"]


def test_of_many_differences_the_first_are_kept_and_all_are_counted() -> None:
    """A log that is wrong throughout is told within bounds."""
    more = MOST_DIFFERENCES + 5
    history: list[list[Event]] = [[POLICY]]
    history += [[refused("POOL_STORAGE", user=f"u{number}")] for number in range(more)]
    check = checked(history)
    assert (check.found, len(check.differences)) == (more, MOST_DIFFERENCES)
