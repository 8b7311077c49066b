"""One request key, one answer: for 7 days, for its actor, for the same content."""

from __future__ import annotations

import pytest

from domain.commands import CleanUp, Command
from domain.events import Event, IdempotencyKey
from domain.refusals import Reason
from domain.validation import MAX_KEY_CHARS
from tests.domain.examples import (
    CORRECT_CLOCK,
    NOON,
    adopt,
    adopted,
    clean_up,
    cleaned,
    complete,
    completed,
    correct_clock,
    corrected,
    delete,
    key,
    on,
    override,
    policy,
    release,
    released,
    reserve,
    reserved,
    reset_daily,
    save,
    saved,
    saved_plainly,
    set_policy,
    sweep,
)
from tests.domain.history import given

KEY = key("k")
SAME_KEY_OTHER_CONTENT = key("k", "b")

ANSWERED: list[tuple[Command, tuple[int, ...]]] = [
    (reserve("r2", idempotency_key=KEY), (3,)),
    (complete(idempotency_key=KEY), (3,)),
    (release(idempotency_key=KEY), (3,)),
    (save(idempotency_key=KEY), (3, 4)),
    (save(reservation="r1", idempotency_key=KEY), (3,)),
    (save(temp=True, idempotency_key=KEY), (3,)),
    (adopt("b.png", idempotency_key=KEY), (3,)),
    (delete("old.png", idempotency_key=KEY), (3,)),
    (clean_up(0, idempotency_key=KEY), (4,)),
    (override(daily=1, idempotency_key=KEY), (3,)),
    (reset_daily(idempotency_key=KEY), (3,)),
    (correct_clock(idempotency_key=KEY), (3,)),
]


@pytest.mark.parametrize(
    ("command", "positions"), ANSWERED, ids=[f"{type(command).__name__}-{len(at)}" for command, at in ANSWERED]
)
def test_a_repeat_is_answered_by_the_positions_of_the_first(command: Command, positions: tuple[int, ...]) -> None:
    """Nothing is written again, whichever command it is."""
    past: list[Event] = [adopted(), reserved(), *([saved("t.png", temp=True)] if isinstance(command, CleanUp) else [])]
    told = given(*past).when(command, at=on(10, "11:59")).then_allowed()
    told.when(command, at=on(10, "12:01")).then_answered(*positions)
    assert len(told.events) >= positions[-1]


def test_a_repeat_is_answered_although_it_would_now_be_refused() -> None:
    """The first delete answered; the name is gone."""
    told = given(adopted()).when(delete("old.png", idempotency_key=KEY)).then_allowed()
    told.when(delete("old.png", idempotency_key=KEY)).then_answered(2)


def test_another_digest_under_the_same_key_is_a_conflict() -> None:
    """Whatever command it comes with."""
    told = given(save(idempotency_key=KEY))
    told.when(save(idempotency_key=SAME_KEY_OTHER_CONTENT)).then_refused(Reason.REQUEST_CONFLICT, detail="k", user="42")
    told.when(clean_up(idempotency_key=SAME_KEY_OTHER_CONTENT)).then_refused(
        Reason.REQUEST_CONFLICT, detail="k", user=None
    )


def test_two_actors_keys_never_meet() -> None:
    """The scope of a key is who sent it."""
    told = given(save(idempotency_key=KEY))
    told.when(save("b.png", idempotency_key=SAME_KEY_OTHER_CONTENT, by="page")).then_allowed()


def test_two_keys_of_one_actor_never_meet() -> None:
    """Another key is another request."""
    given(save(idempotency_key=KEY)).when(save("b.png", idempotency_key=key("l"))).then(
        *saved_plainly("b.png", request=key("l"))
    )


@pytest.mark.parametrize(
    ("now", "kept"),
    [
        (on(10, "12:00:00.000001"), True),
        (on(17, "11:59:59.999999"), True),
        (on(17, "12:00"), False),
        (on(17, "12:00:00.000001"), False),
    ],
)
@pytest.mark.parametrize("content", ["a", "b"])
def test_an_answer_is_kept_for_seven_days(now: str, kept: bool, content: str) -> None:
    """After that the key is as good as new, for the same content and for another."""
    told = given(adopt(idempotency_key=KEY)).when(adopt("b.png", idempotency_key=key("k", content)), at=now)
    if not kept:
        told.then(adopted("b.png", at=now, request=key("k", content)))
    elif content == "a":
        told.then_answered(1)
    else:
        told.then_refused(Reason.REQUEST_CONFLICT)


def test_a_key_that_is_used_again_after_seven_days_is_kept_for_seven_more() -> None:
    """From its second answer on, and by the position of that alone."""
    told = given(adopt(idempotency_key=KEY)).when(adopt(idempotency_key=KEY), at=on(17)).then_allowed()
    told.when(adopt(idempotency_key=KEY), at=on(24, "11:59:59.999999")).then_answered(2)
    told.when(adopt(idempotency_key=KEY), at=on(24)).then_allowed()


def test_a_refusal_is_decided_anew() -> None:
    """The limit was raised in between."""
    told = given(policy(daily=0)).when(reserve(idempotency_key=KEY)).then_refused(Reason.DAILY_LIMIT)
    told.when(reserve(idempotency_key=KEY)).then_refused(Reason.DAILY_LIMIT)
    told.when(set_policy(daily=1)).when(reserve(idempotency_key=KEY)).then(reserved(request=KEY))


def test_a_command_that_wrote_nothing_is_decided_anew() -> None:
    """A sweep with nothing due stores no answer, and does the work once there is some."""
    told = given(reserved()).when(sweep(idempotency_key=KEY)).then()
    told.when(sweep(idempotency_key=KEY), at=on(11)).then(
        released(at=on(11), by="system", reason="expired", refunded=1)
    )


def test_policy_changes_refusals_and_automatic_releases_carry_no_request() -> None:
    """They answer nobody, so a repeat is decided anew."""
    told = given(policy(daily=0)).when(set_policy(daily=1, idempotency_key=KEY)).then(policy(daily=1))
    told.when(set_policy(daily=2, idempotency_key=KEY)).then(policy(daily=2))


def test_a_repeat_while_its_reservation_is_open_is_running() -> None:
    """For a caller that must not start a second generation; others get the stored answer."""
    told = given(reserve(count=2, idempotency_key=KEY, exclusive=True))
    told.when(reserve("r2", count=2, idempotency_key=KEY, exclusive=True)).then_refused(
        Reason.REQUEST_RUNNING, detail="k"
    )
    told.when(reserve("r2", count=2, idempotency_key=KEY)).then_answered(1)
    told.when(complete()).when(save(reservation="r1"))
    told.when(reserve("r2", count=2, idempotency_key=KEY, exclusive=True)).then_refused(
        Reason.REQUEST_RUNNING, user="42"
    )


@pytest.mark.parametrize("end", [release(), save(reservation="r1")], ids=["released", "settled"])
def test_a_repeat_after_its_reservation_closed_is_the_stored_answer(end: Command) -> None:
    """The caller looks what became of it, and tries anew under another key where nothing was kept."""
    told = given(reserve(idempotency_key=KEY, exclusive=True)).when(end).then_allowed()
    told.when(reserve("r2", idempotency_key=KEY, exclusive=True)).then_answered(1)


def test_a_key_of_another_command_is_never_running() -> None:
    """An exclusive reservation under the key of a temp file finds that answer."""
    given(save(temp=True, idempotency_key=KEY)).when(reserve(idempotency_key=KEY, exclusive=True)).then_answered(1)


def test_the_steps_of_one_generation_have_answers_of_their_own() -> None:
    """Derived keys: each step is found again by itself."""
    steps: list[Command] = [
        reserve(count=2, idempotency_key=key("k/reserve")),
        complete(idempotency_key=key("k/complete/0")),
        save(reservation="r1", idempotency_key=key("k/save/0")),
        release(idempotency_key=key("k/release")),
    ]
    told = given(*steps)
    for position, step in enumerate(steps, 1):
        told.when(step).then_answered(position)
    assert [type(event).__name__ for event in told.events] == [
        type(event).__name__ for event in (reserved(), completed(), saved(), released())
    ]


def test_an_answer_given_by_a_wrong_clock_is_kept_for_seven_days_from_the_correction() -> None:
    """Not until seven days after a time that may be years ahead; and later answers are forgotten in their turn."""
    told = given()
    told.when(adopt("b.png", idempotency_key=KEY), at="2036-01-01T00:00:00.000000Z").then_allowed()
    told.when(CORRECT_CLOCK, at=on(11)).then(corrected(was="2036-01-01T00:00:00.000000Z", now=on(11)))
    told.when(adopt("c.png", idempotency_key=key("l")), at=on(12)).then_allowed()
    told.when(adopt("b.png", idempotency_key=KEY), at=on(18, "11:59:59.999999")).then_answered(1)
    told.when(adopt("b.png", idempotency_key=KEY), at=on(18)).then_allowed()
    told.when(adopt("d.png"), at=on(19)).then_allowed()
    assert [answer.positions for _, answer in told.state._tables.answers.items()] == [(4,)]


@pytest.mark.parametrize("name", ["", "x" * (MAX_KEY_CHARS + 1), "line\nbreak", "nul\0", "\udcff", "\u202e"])
def test_a_key_that_cannot_be_stored_or_shown_is_malformed(name: str) -> None:
    """Printable characters: a lone surrogate, which a header may carry, has no UTF-8 form."""
    given().when(save(idempotency_key=IdempotencyKey(name, "a" * 64))).then_refused(Reason.MALFORMED)


@pytest.mark.parametrize("name", ["x", "x" * MAX_KEY_CHARS, "k#2", "clé 1/save/0"])
def test_a_printable_key_is_accepted(name: str) -> None:
    """Spaces and letters of any alphabet included."""
    given().when(adopt(idempotency_key=key(name))).then(adopted(request=key(name)))


def test_a_cleanup_of_several_events_is_answered_whole() -> None:
    """All of its events carry the key and are its answer."""
    told = given()
    files = [(f"t{n:03d}.png", 1) for n in range(501)]
    told.record(*(saved(name, size, temp=True) for name, size in files))
    told.when(clean_up(0, idempotency_key=KEY)).then(
        cleaned(*(("42", name, size) for name, size in files[:500]), days=0, request=KEY),
        cleaned(("42", *files[500]), days=0, request=KEY),
    )
    told.when(clean_up(0, idempotency_key=KEY), at=NOON).then_answered(502, 503)
