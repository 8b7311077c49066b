"""What one user asks costs the same however many others there are: no decision goes over everybody's rows.

The ledger has one writer, so a decision that looks at all users keeps all of them waiting.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from domain.ask_commands import AnswerAsk, AskForMore
from domain.ask_events import DENIED
from domain.asks import MAX_OPEN
from domain.commands import Command
from domain.decisions import StoredAnswer, decide
from domain.point_commands import BuyOffer, ClaimDaily, GivePoints, MovePoints, Offer, SetFavourite, SetOffer
from domain.refusals import Refusal
from domain.tier_commands import AssignTier, SeeGroups
from projections.quota_state import Draft, QuotaState
from projections.tables import DraftTable, Table
from tests.domain.examples import BY, NOON, adopted, complete, define, give, reserve

CROWD = MAX_OPEN + 200
"""More users than asks can be open, so that all that depends on their number is in use."""
MOST_ROWS = 100
SETTING_UP: tuple[Command, ...] = (
    SetOffer(BY, Offer("five", "generations", 5, 2, 30), "to begin with"),
    define("gold", daily=9, groups=("guild:9/role:1",)),
)


def all_that_somebody_does(user: str) -> tuple[Command, ...]:
    """One command of each kind that one user's use brings."""
    return (
        MovePoints(user, BY, "mint", 9, "a game"),
        ClaimDaily(user, BY, 3),
        GivePoints(user, BY, "77", 1),
        SetFavourite(user, BY, "maker", "cat.png", on=True, reward=2),
        BuyOffer(user, BY, "five", "bought"),
        AskForMore(user, BY, f"ask-{user}", 1, "user/day/generations"),
        AnswerAsk(user, BY, f"ask-{user}", DENIED),
        AssignTier(user, BY, "gold", "a friend"),
        SeeGroups(user, BY, "guild:9", ("guild:9/role:1",)),
        give("given", user=user),
        reserve(f"r-{user}", user=user, credits_each=1000),
        complete(f"r-{user}", user=user),
    )


def carry_out(command: Command, state: QuotaState | Draft) -> None:
    decided = decide(command, state, state.policy, NOON)
    assert not isinstance(decided, Refusal | StoredAnswer), (command, decided)
    for event in decided:
        state.apply(state.position + 1, event)


@pytest.fixture(scope="module")
def crowded() -> QuotaState:
    state = QuotaState()
    state.apply(1, adopted("cat.png", user="maker"))
    for command in SETTING_UP:
        carry_out(command, state)
    for number in range(CROWD):
        for command in all_that_somebody_does(f"u{number}"):
            carry_out(command, state)
    return state


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of all rows that somebody goes over from now on."""
    keys: list[str] = []

    def counting(items: Any) -> Any:
        def counted(table: Table[Any, Any]) -> Iterator[tuple[Any, Any]]:
            for row in items(table):
                keys.append(repr(row[0]))
                yield row

        return counted

    for kind in (Table, DraftTable):
        monkeypatch.setattr(kind, "items", counting(kind.items))
    return keys


@pytest.mark.parametrize("number", range(len(all_that_somebody_does("x"))))
def test_a_decision_looks_at_few_rows(crowded: QuotaState, looked: list[str], number: int) -> None:
    """Decided, folded and published in a batch of its own, of somebody who did all that comes before."""
    user = f"newcomer{number}"
    *before, last = all_that_somebody_does(user)[: number + 1]
    for command in before:
        carry_out(command, crowded)
    looked.clear()
    draft = crowded.draft()
    carry_out(last, draft)
    draft.commit()
    assert len(looked) <= MOST_ROWS, (last, looked[:5])


def test_marks_are_counted_as_they_come_and_go(crowded: QuotaState, looked: list[str]) -> None:
    """Of one picture, without going over all marks; what a batch changes counts once the batch is published."""
    former = crowded.points.marks([1])[1]
    assert former >= CROWD
    draft = crowded.draft()
    carry_out(SetFavourite("u5", BY, "maker", "cat.png", on=False), draft)
    assert crowded.points.marks([1, 2]) == {1: former}
    draft.commit()
    assert crowded.points.marks([1, 2]) == {1: former - 1}
    assert len(looked) <= MOST_ROWS
