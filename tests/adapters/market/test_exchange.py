"""The table of exchanges: whole, without a way that pays for nothing or gives for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from adapters.market.exchange import ACTS, ANSWERS, ENDS, NEXT, UNBEGUN, Act, Answer, Heard, State
from adapters.ports.currency import HoldState

DOCUMENT = (Path(__file__).parents[3] / "docs" / "market-currency.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("state", ACTS, ids=lambda state: state.name)
def test_each_answer_that_an_act_can_bring_has_its_next_state(state: State) -> None:
    """None is missing, and none stands there that cannot come."""
    assert set(NEXT[state]) == ANSWERS[ACTS[state]]


def test_what_acts_is_what_has_a_next_state() -> None:
    """The rest are ends, of which there are three."""
    assert set(NEXT) == set(ACTS)
    assert {State.BOUGHT, State.NOT_BOUGHT, State.UNDONE} == ENDS


def edges() -> Iterator[tuple[State, Answer, State]]:
    """Every line of the table."""
    for state, answers in NEXT.items():
        for answer, after in answers.items():
            yield state, answer, after


def test_the_service_is_asked_to_pay_only_for_what_the_log_has() -> None:
    """Every way into the state that commits is an answer of the ledger."""
    ways = {answer for state, answer, after in edges() if after is State.RECORDED and state is not State.RECORDED}
    assert ways == {Heard.RECORDED}
    assert [state for state, act in ACTS.items() if act is Act.COMMIT] == [State.RECORDED]


def test_nothing_that_the_log_has_is_given_back() -> None:
    """What leads to a release is a refusal, an absence, or a reserve that was never followed by a record."""
    ways = {(state, answer) for state, answer, after in edges() if after is State.LEAVING and state is not after}
    assert ways == {
        (State.BEGUN, HoldState.UNKNOWN),
        (State.BEGUN, Heard.NO_ANSWER),
        (State.HELD, Heard.REFUSED),
        (State.FOUND, Heard.ABSENT),
        (State.DISPUTED, Heard.ABSENT),
    }


def test_a_lost_answer_never_ends_an_exchange() -> None:
    """What is not known stays open, whoever was asked."""
    assert [edge for edge in edges() if edge[1] is Heard.NO_ANSWER and edge[2] in ENDS] == []


def test_what_may_be_forgotten_has_asked_nobody_outside() -> None:
    """The states that are in no journal act on log and disk alone."""
    assert {ACTS[state] for state in UNBEGUN} <= {Act.ASK_LOG, Act.NOTE, Act.RECORD}
    assert all(state in UNBEGUN for state, _, after in edges() if after in UNBEGUN)


def test_every_state_is_reached() -> None:
    """From a request or from the journal."""
    assert {after for _, _, after in edges()} | {State.NEW, State.FOUND} == set(State)


def test_only_a_dispute_leads_in_a_circle() -> None:
    """So a pass over an exchange has an end: it rests where it stays, and at a dispute."""
    way: dict[State, set[State]] = {}
    for before, _, after in edges():
        if after not in {before, State.DISPUTED}:
            way.setdefault(after, set()).add(before)
    TopologicalSorter(way).prepare()  # raises CycleError


def test_the_document_has_the_same_table() -> None:
    """Each row of docs/market-currency.md, a state with what is heard and what follows; no line of the code is left."""
    rows = re.findall(r"^\| `([A-Z_]+)` \|[^|]*\|([^|]*)\| `([A-Z_]+)`[^|]*\|$", DOCUMENT, re.MULTILINE)
    told = {(state, answer, after) for state, heard, after in rows for answer in re.findall(r"`([a-zA-Z_]+)`", heard)}
    assert told == {(state.name, _written(answer), after.name) for state, answer, after in edges()}


def _written(answer: Answer) -> str:
    return answer.value if isinstance(answer, HoldState) else answer.name
