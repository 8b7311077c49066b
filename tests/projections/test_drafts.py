"""The draft of a batch over the published state: decisions see each other, readers see nothing before its commit."""

from __future__ import annotations

import pytest

from domain.commands import Command
from domain.decisions import StoredAnswer, decide
from domain.events import ImpossibleFact
from domain.limits import Limits, UserLimits
from domain.refusals import Reason, Refusal
from projections.quota_state import Draft, QuotaState
from tests.domain.examples import (
    CORRECT_CLOCK,
    NOON,
    OTHER,
    SWEEP,
    USER,
    adopt,
    adopted,
    clean_up,
    complete,
    delete,
    key,
    on,
    overridden,
    override,
    policy,
    refused,
    release,
    reserve,
    reserved,
    reset_daily,
    save,
    saved,
    set_policy,
)
from tests.domain.history import given
from tests.projections.state import state_of


def carry_out(draft: Draft, command: Command, at: str = NOON) -> object:
    """Decides over the draft and folds what follows into it, as the ledger does with each command of a batch."""
    decision = decide(command, draft, draft.policy, at)
    events = decision if not isinstance(decision, Refusal | StoredAnswer) else ()
    if isinstance(decision, Refusal):
        events = decision.recorded
    for event in events:
        draft.apply(draft.position + 1, event)
    return decision.reason if isinstance(decision, Refusal) else decision


def busy_state() -> QuotaState:
    """A state with something in every table."""
    return given(
        policy(daily=3),
        overridden(daily=4),
        reserved("open", count=2),
        adopted("up/a.png", request=key("k")),
        adopted("b.png"),
        saved("t.png", temp=True),
        refused(),
    ).state


EVERYTHING: list[Command] = [
    set_policy(daily=9, user_bytes=10_000),
    override(daily=8),
    reserve("new", count=2, idempotency_key=key("l")),
    complete("open"),
    save("c.png", reservation="open"),
    release("open"),
    save("d.png"),
    save("B.png", 50),
    adopt("up/e.png", idempotency_key=key("m")),
    delete("up/a.png"),
    clean_up(0),
    override(user=OTHER),
    reset_daily(),
    reserve("much", count=100),
    delete("b.png"),
    SWEEP,
]


def test_a_batch_is_seen_by_nobody_until_it_is_poured() -> None:
    """Whatever it contains; the version stays, too."""
    state = busy_state()
    before, version = state_of(state), state.version
    draft = state.draft()
    for command in EVERYTHING:
        carry_out(draft, command)
    assert draft.position > state.position
    assert state_of(state) == before
    assert state.version == version


def test_a_draft_thrown_away_changes_nothing() -> None:
    """The next batch starts from what is published."""
    state = busy_state()
    before = state_of(state)
    draft = state.draft()
    for command in EVERYTHING:
        carry_out(draft, command)
    carry_out(draft, CORRECT_CLOCK, on(9))
    del draft
    state.draft().commit()
    assert state_of(state) == before


def test_a_poured_batch_is_what_its_commands_made_one_by_one() -> None:
    """Commands that share a draft, and the same each with its own."""
    together, apart = busy_state(), busy_state()
    draft = together.draft()
    told_together = [carry_out(draft, command) for command in EVERYTHING]
    draft.commit()
    told_apart = []
    for command in EVERYTHING:
        own = apart.draft()
        told_apart.append(carry_out(own, command))
        own.commit()
    assert told_together == told_apart
    assert state_of(together) == state_of(apart)


@pytest.mark.parametrize(
    ("past", "first", "second", "expected"),
    [
        (policy(daily=1), reserve("a"), reserve("b"), Reason.DAILY_LIMIT),
        (policy(user_bytes=150), reserve("a"), save(), Reason.USER_STORAGE),
        (policy(pool_bytes=150), reserve("a", user=OTHER), save(), Reason.POOL_STORAGE),
        (policy(), adopt("a"), adopt("a/b.png"), Reason.NAME_TAKEN),
        (policy(), adopt("a/b.png"), adopt("a"), Reason.NAME_TAKEN),
        (adopted("a.png"), delete("a.png"), delete("a.png"), Reason.NOT_FOUND),
        (reserved(), release(), release(), Reason.UNKNOWN_RESERVATION),
        (reserved(), save(reservation="r1"), save("b.png", reservation="r1"), Reason.UNKNOWN_RESERVATION),
        (
            policy(),
            reserve("a", idempotency_key=key("k")),
            reserve("b", idempotency_key=key("k", "b")),
            Reason.REQUEST_CONFLICT,
        ),
        (
            policy(),
            reserve("a", idempotency_key=key("k"), exclusive=True),
            reserve("b", idempotency_key=key("k"), exclusive=True),
            Reason.REQUEST_RUNNING,
        ),
        (
            policy(),
            adopt("a.png", idempotency_key=key("k")),
            adopt("a.png", idempotency_key=key("k")),
            StoredAnswer((2,)),
        ),
        (policy(), set_policy(daily=0), reserve(), Reason.DAILY_LIMIT),
        (policy(), override(daily=0), reserve(), Reason.DAILY_LIMIT),
        (saved("t.png", temp=True), clean_up(0), delete("t.png", temp=True), Reason.NOT_FOUND),
    ],
)
def test_decisions_of_one_batch_see_each_other(past: object, first: Command, second: Command, expected: object) -> None:
    """The second would have been allowed by what is published."""
    state = given(past).state  # type: ignore[arg-type]  # a table of events
    assert isinstance(carry_out(state.draft(), first), tuple)
    alone = carry_out(state.draft(), second)
    assert isinstance(alone, tuple)
    assert not isinstance(alone, StoredAnswer)
    draft = state.draft()
    carry_out(draft, first)
    assert carry_out(draft, second) == expected


def test_what_a_batch_frees_may_be_used_in_the_same_batch() -> None:
    """A deletion, a release, a reset, a removed override."""
    for past, first, second in (
        ([policy(user_bytes=100), adopted("a.png")], delete("a.png"), save()),
        ([policy(daily=1), reserved()], release(), reserve("r2")),
        ([policy(daily=1), reserved()], reset_daily(), reserve("r2")),
        ([overridden(daily=0)], override(), reserve()),
        ([adopted("a/b.png")], delete("a/b.png"), adopt("a")),
    ):
        state = given(*past).state
        draft = state.draft()
        carry_out(draft, first)
        assert isinstance(carry_out(draft, second), tuple)
        assert not isinstance(carry_out(state.draft(), second), tuple)


def test_places_that_were_due_are_swept_once_in_a_batch() -> None:
    """The second sweep of a draft sees the first; a place made in the batch is looked at in the next one."""
    state = given(reserved()).state
    draft = state.draft()
    carry_out(draft, reserve("r2", ttl_seconds=0), on(11))
    assert [held.reservation for held in draft.due(on(11), 10)] == ["r1"]
    assert len(carry_out(draft, SWEEP, on(11))) == 1  # type: ignore[arg-type]  # events
    assert carry_out(draft, SWEEP, on(11)) == ()
    draft.commit()
    assert [held.reservation for held in state.due(on(11), 10)] == ["r2"]


def test_open_reservations_of_book_and_draft_are_cancelled_together() -> None:
    """A correction in the batch that reserved."""
    draft = given(reserved("a")).state.draft()
    carry_out(draft, reserve("b"))
    carry_out(draft, release("a"))
    assert [held.reservation for held in draft.open_reservations()] == ["b"]
    cancelled = carry_out(draft, CORRECT_CLOCK, on(10, "11:00"))
    assert [event.reservation for event in cancelled[1:]] == ["b"]  # type: ignore[index]  # events
    assert list(draft.open_reservations()) == []


def test_a_correction_forgets_closed_reservations_in_the_draft_first() -> None:
    """The published state keeps them until the draft is committed."""
    state = given(reserved("a"), reserved("b")).when(release("a")).state
    draft = state.draft()
    carry_out(draft, CORRECT_CLOCK, on(9, "13:00"))
    assert draft.reservation("a") is None
    assert state.reservation("a") is not None
    draft.commit()
    assert state.reservation("a") is None
    assert state.reservation("b") is not None


def test_pouring_makes_the_version_even_again_and_never_the_same() -> None:
    """A reader that saw it odd, or changed, reads again."""
    state = busy_state()
    assert state.version % 2 == 0
    before = state.version
    state.draft().commit()
    assert state.version == before + 2


def test_a_book_tells_the_limits_of_a_user_at_a_time() -> None:
    """Policy and override together, in state and draft."""
    state = given(policy(daily=3)).state
    draft = state.draft()
    draft.apply(2, overridden(daily=4, until=on(12)))
    assert draft.limits_of(USER, NOON).daily == 4
    assert draft.limits_of(USER, on(12)).daily == 3
    assert state.limits_of(USER, NOON).daily == 3
    assert draft.override(USER) is not None
    assert draft.override(USER).limits == UserLimits(daily=4)  # type: ignore[union-attr]  # as the line above says


def test_a_new_book_is_at_the_beginning_of_everything() -> None:
    """No event, no policy of its own."""
    state = QuotaState()
    assert (state.position, state.last_at) == (0, "0001-01-01T00:00:00.000000Z")
    assert (state.policy_is_recorded, state.policy) == (False, Limits())
    assert state.pool == (0, 0)


def test_an_impossible_fact_in_a_draft_leaves_the_book_alone() -> None:
    """The draft is thrown away, as it is after any exception."""
    state = busy_state()
    before = state_of(state)
    draft = state.draft()
    with pytest.raises(ImpossibleFact):
        draft.apply(draft.position + 1, saved("x.png", reservation="open", replaced=5))
    del draft
    assert state_of(state) == before


def test_an_image_that_no_shelf_can_keep_spoils_the_draft_and_not_its_pouring() -> None:
    """What is found out only when it is published was recorded already."""
    state = given(policy()).state
    draft = state.draft()
    with pytest.raises(ImpossibleFact, match="has a tab"):
        draft.apply(draft.position + 1, adopted("a.png", media_type="image\tpng"))
    assert state_of(state) == state_of(given(policy()).state)
