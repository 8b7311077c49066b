"""Asks for more: who is told what, whose answer counts, and what a user's own words become."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.application.asking_for_more import (
    Answer,
    Answered,
    Asked,
    More,
    answer_ask_blocking,
    ask_for_more_blocking,
    ask_of,
    open_asks,
    withdraw_ask_blocking,
)
from adapters.application.erasing import forget_user
from adapters.application.granting import grants_of
from adapters.application.results import Actor
from adapters.application.saves import position_now
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from domain.refusals import Reason, Refusal
from tests.adapters.application.evidence import events_of

ASKER, MANAGER, OTHER = Actor("discord:1", "guild:9"), Actor("discord:7", "guild:9"), Actor("discord:8", "guild:9")
MORE = More("user/day/generations", 3, "for the fair")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    """An open storage."""
    opened = open_store(tmp_path / "root", clock=lambda: "2026-03-10T12:00:00.000000Z")
    yield opened
    opened.close()


def asked(store: Storage, more: More = MORE, **more_of: object) -> Asked:
    """An ask of user 1 that was made."""
    done = ask_for_more_blocking(store, "1", more, actor=ASKER, **more_of)  # type: ignore[arg-type]  # a key
    assert isinstance(done, Asked), done
    return done


def test_what_is_approved_is_given_by_whoever_approved_it(store: Storage) -> None:
    """With the words of both, and with what was asked for where the manager says nothing else."""
    ask = asked(store).event.ask
    assert [one.ask for one in open_asks(store)] == [ask]
    done = answer_ask_blocking(store, ask, Answer("approved", days=7, reason="for the fair alone"), actor=MANAGER)
    assert isinstance(done, Answered)
    (grant,) = grants_of(store, "1")
    assert (grant.grant, grant.balance, grant.source, grant.expires_at) == (
        done.event.grant, 3, "asked", "2026-03-17T12:00:00.000000Z",
    )  # fmt: skip
    last = ask_of(store, "1")
    assert last is not None
    assert (last.answer, last.answered_by, last.why) == ("approved", "discord:7", "for the fair alone")
    assert open_asks(store) == []


def test_of_two_answers_at_once_one_counts(store: Storage) -> None:
    """However many press together: one grant, one answer, and all others hear whose it was."""
    ask = asked(store).event.ask
    answers = (Answer("approved"), Answer("denied"), Answer("approved", 9))

    async def all_at_once() -> list[Answered | Refusal]:
        presses = (
            store.workers.changing.run(
                answer_ask_blocking, store, ask, answers[number % 3], actor=Actor(f"discord:{number}")
            )
            for number in range(10, 22)
        )
        return list(await asyncio.gather(*presses))

    done = asyncio.run(all_at_once())
    (counts,) = [one for one in done if isinstance(one, Answered)]
    others = [one for one in done if isinstance(one, Refusal)]
    assert {(one.reason, one.detail, one.what) for one in others} == {
        (Reason.ASK_CLOSED, counts.event.by, counts.event.answer)
    }
    assert len(grants_of(store, "1")) == (counts.event.answer == "approved")
    assert len(events_of(store.root, "AskAnswered")) == 1


def test_a_repeat_under_its_key_is_the_same_ask_and_the_same_answer(store: Storage) -> None:
    """Nothing is asked or given twice."""
    first, again = asked(store, idempotency_key="k"), asked(store, idempotency_key="k")
    assert (again.event, again.replayed) == (first.event, True)
    answers = [
        answer_ask_blocking(store, first.event.ask, Answer("approved"), actor=MANAGER, idempotency_key="a")
        for _ in range(2)
    ]
    assert all(isinstance(one, Answered) for one in answers)
    assert answers[0][0] == answers[1][0]
    assert len(grants_of(store, "1")) == 1


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  two\n words \t", "two words"),
        ("\x1b[2Ja\u202eb", "[2Ja b"),
        ("\n", None),
        ("", None),
        (None, None),
    ],
)
def test_a_users_words_are_one_line_that_steers_nothing(store: Storage, written: str | None, kept: str | None) -> None:
    """What is left of nothing is nothing."""
    assert asked(store, More("user/storage", 5, written)).event.reason == kept


def test_words_without_end_are_refused(store: Storage) -> None:
    """Not cut, as the end of them may be what matters."""
    refused = ask_for_more_blocking(store, "1", MORE._replace(reason="x" * 201), actor=ASKER)
    assert isinstance(refused, Refusal)
    assert (refused.reason, open_asks(store)) == (Reason.MALFORMED, [])


def test_nobody_answers_what_is_no_ask_or_their_own(store: Storage) -> None:
    """An id that there is not, an answer that there is not, and the asker as a manager."""
    ask = asked(store).event.ask
    for of, answer, actor, reason in (
        ("0" * 16, "approved", MANAGER, Reason.NOT_FOUND),
        (ask, "withdrawn", MANAGER, Reason.MALFORMED),
        (ask, "approved", ASKER, Reason.MALFORMED),
    ):
        refused = answer_ask_blocking(store, of, Answer(answer), actor=actor)
        assert isinstance(refused, Refusal)
        assert refused.reason is reason
    assert len(open_asks(store)) == 1


async def test_whoever_is_forgotten_asks_for_nothing_any_more(store: Storage) -> None:
    """Their open ask is withdrawn; one that was answered stays as it was."""
    ask = asked(store).event.ask
    await forget_user(store, "1", up_to=position_now(store), actor=ASKER)
    assert open_asks(store) == []
    refused = answer_ask_blocking(store, ask, Answer("approved"), actor=MANAGER)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.what) == (Reason.ASK_CLOSED, "withdrawn")
    await forget_user(store, "1", up_to=position_now(store), actor=ASKER)
    assert len(events_of(store.root, "AskAnswered")) == 1


def test_asks_and_answers_survive_a_restart(store: Storage) -> None:
    """And an ask is withdrawn by its id alone."""
    ask = asked(store).event.ask
    store.close()
    again = open_store(store.root, clock=lambda: "2026-03-11T12:00:00.000000Z")
    assert [one.reason for one in open_asks(again)] == ["for the fair"]
    assert isinstance(withdraw_ask_blocking(again, "1", ask, actor=ASKER), Answered)
    assert isinstance(withdraw_ask_blocking(again, "1", ask, actor=ASKER), Refusal)
    again.close()
