"""Answers by request: which positions belong together, and when an answer is forgotten."""

from __future__ import annotations

from domain.events import Event, idempotency_tag
from domain.usage import KeyedAnswer
from projections.answers import Answers
from projections.tables import Table
from tests.domain.examples import (
    BY,
    NOON,
    adopted,
    cleaned,
    completed,
    corrected,
    deleted,
    key,
    on,
    policy,
    reserved,
    saved,
)

TAG = idempotency_tag(BY, "k")
DIGEST = "a" * 64


def told(*events: Event) -> Answers:
    answers = Answers(Table())
    for position, event in enumerate(events, 1):
        answers.apply(position, event)
    return answers


def test_an_event_without_a_request_answers_nobody() -> None:
    """Nothing is kept of it."""
    assert told(saved(), policy()).get(TAG) is None
    assert len(told(saved(), policy())._table) == 0


def test_the_events_of_one_command_are_one_answer() -> None:
    """They follow each other at one time; what they reserved is part of it."""
    answers = told(policy(), reserved("own", request=key("k")), saved(reservation="own", request=key("k")))
    assert answers.get(TAG) == KeyedAnswer(DIGEST, (2, 3), NOON, "own")


def test_three_events_of_one_command_are_one_answer() -> None:
    """A large cleanup."""
    assert told(*[cleaned(request=key("k"))] * 3).get(TAG) == KeyedAnswer(DIGEST, (1, 2, 3), NOON)


def test_an_event_elsewhere_later_or_of_other_content_is_a_new_answer() -> None:
    """The key was free again, and is used anew."""
    once = adopted("a.png", request=key("k"))
    apart = told(once, policy(), deleted("a.png", request=key("k")))
    assert apart.get(TAG) == KeyedAnswer(DIGEST, (3,), NOON)
    later_on = told(once, deleted("a.png", at=on(17), request=key("k")))
    assert later_on.get(TAG) == KeyedAnswer(DIGEST, (2,), on(17))
    other_content = told(once, deleted("a.png", request=key("k", "b")))
    assert other_content.get(TAG) == KeyedAnswer("b" * 64, (2,), NOON)


def test_each_key_has_its_own_answer() -> None:
    """Neighbours in the log do not mix."""
    answers = told(reserved(request=key("k")), completed(request=key("l")))
    assert answers.get(TAG) == KeyedAnswer(DIGEST, (1,), NOON, "r1")
    assert answers.get(idempotency_tag(BY, "l")) == KeyedAnswer(DIGEST, (2,), NOON)


def test_answers_older_than_seven_days_are_forgotten_the_oldest_first() -> None:
    """At seven days to the microsecond; the younger stay."""
    answers = told(
        adopted("a", at=on(1), request=key("a")),
        adopted("b", at=on(2), request=key("b")),
        adopted("c", at=on(3), request=key("c")),
    )
    tags = [idempotency_tag(BY, name) for name in "abc"]
    for now, kept in (
        (on(8, "11:59:59.999999"), "abc"),
        (on(8), "bc"),
        (on(10, "11:59:59.999999"), "c"),
        (on(30), ""),
    ):
        answers.prune(now)
        assert [name for name, tag in zip("abc", tags, strict=True) if answers.get(tag)] == list(kept)


def test_a_key_used_again_is_as_young_as_its_last_use() -> None:
    """It goes to the end of the queue, so that it holds back nobody."""
    answers = told(
        adopted("a", at=on(1), request=key("a")),
        adopted("b", at=on(2), request=key("b")),
        adopted("c", at=on(8), request=key("a")),
    )
    answers.prune(on(9))
    assert answers.get(idempotency_tag(BY, "b")) is None
    assert answers.get(idempotency_tag(BY, "a")) == KeyedAnswer(DIGEST, (3,), on(8))


def test_a_correction_brings_later_answers_back_and_leaves_earlier_ones() -> None:
    """Their seven days count from the corrected time."""
    answers = told(
        adopted("a", at=on(1), request=key("a")),
        adopted("b", at=on(7), request=key("b")),
        corrected(was=on(7), now=on(2)),
    )
    assert answers.get(idempotency_tag(BY, "a")) == KeyedAnswer(DIGEST, (1,), on(1))
    assert answers.get(idempotency_tag(BY, "b")) == KeyedAnswer(DIGEST, (2,), on(2))
    answers.prune(on(9))
    assert len(answers._table) == 0


def test_an_answer_that_was_over_before_a_correction_stays_over() -> None:
    """Whether or not it was pruned by then, so a restart knows what the running ledger knew."""
    for at, kept in ((on(13, "11:59:59.999999"), False), (on(13), False), (on(13, "12:00:00.000001"), True)):
        answers = told(adopted("a", at=at, request=key("k")), corrected(was=on(20), now=on(14)))
        assert (answers.get(TAG) is not None) is kept


def test_a_correction_may_itself_be_asked_for_with_a_key() -> None:
    """And is answered like everything else."""
    answers = told(corrected(was=on(20), now=NOON, request=key("k")))
    assert answers.get(TAG) == KeyedAnswer(DIGEST, (1,), NOON)
