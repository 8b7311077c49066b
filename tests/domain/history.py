"""The form of every domain test: a history, a command, and what follows from it.

    given(reserved("r1")).when(save("cat.png", reservation="r1")).then(saved("cat.png", reservation="r1"))

Nothing stands in for anything: every event goes through its stored shape and JSON before it is folded by a draft of the
real state, and every decision is the real one over a real draft. After each step a second state, which folds the same
events one by one, must know the same.
"""

from __future__ import annotations

import json

import pytest

from domain.commands import Command
from domain.decisions import Decision, StoredAnswer, decide
from domain.event_data import from_data, to_data
from domain.events import Event, ImpossibleFact
from domain.instants import EARLIEST
from domain.refusals import Reason, Refusal
from projections.quota_state import QuotaState
from tests.domain.examples import NOON
from tests.projections.state import state_of

Past = list[Event | Command]
"""What a history begins with."""


def given(*past: Event | Command) -> History:
    """A history of events, and of commands that succeeded at the time of the event before them (the first at noon)."""
    history = History()
    for item in past:
        if isinstance(item, Event):
            history.go_past(item)
        else:
            at = NOON if history.state.last_at == EARLIEST else history.state.last_at
            history.when(item, at=at)
            was_refused = isinstance(history.decision, Refusal)
            assert not was_refused, f"the history itself was refused: {history.decision}"
    history.compare()
    return history


class History:
    """The events so far, the state that they make, and the last decision."""

    def __init__(self) -> None:
        self.state = QuotaState()
        self.events: list[Event] = []
        self.decision: Decision = ()

    def when(self, command: Command, *, at: str = NOON) -> History:
        """Decides a command at a time and records what follows, a refusal's record too."""
        draft = self.state.draft()
        self.decision = decide(command, draft, draft.policy, at)
        if isinstance(self.decision, Refusal):
            self.record(*self.decision.recorded)
        elif not isinstance(self.decision, StoredAnswer):
            self.record(*self.decision)
        return self

    def then(self, *expected: Event) -> History:
        """The decision was exactly these events; none: it was carried out and changed nothing."""
        assert typed(self.decision) == typed(expected)
        return self

    def then_refused(self, reason: Reason, **expected: object) -> History:
        """The decision was this refusal; `expected` are some of its members."""
        assert isinstance(self.decision, Refusal), f"not refused: {self.decision}"
        assert self.decision.reason is reason
        assert {name: getattr(self.decision, name) for name in expected} == expected
        return self

    def then_answered(self, *positions: int) -> History:
        """The decision was the answer that these events once were."""
        assert typed(self.decision) == typed(StoredAnswer(positions))
        return self

    def then_allowed(self) -> History:
        """The decision was events, whichever they were."""
        assert not isinstance(self.decision, StoredAnswer | Refusal), f"not allowed: {self.decision}"
        return self

    def then_impossible(self, event: Event, because: str) -> History:
        """This event cannot follow: it stops a replay and a draft alike, with a sentence that contains `because`."""
        for state in (replayed(self.events), self.state.draft()):
            with pytest.raises(ImpossibleFact, match=because):
                state.apply(self.state.position + 1, stored(event))
        return self

    def record(self, *events: Event) -> None:
        """Takes the history past one batch of events, and compares."""
        self.go_past(*events)
        self.compare()

    def go_past(self, *events: Event) -> None:
        """Takes the history past one batch of events."""
        draft = self.state.draft()
        for event in events:
            draft.apply(draft.position + 1, stored(event))
        draft.commit()
        self.events += events

    def compare(self) -> None:
        """Whoever folds the same events one by one knows the same."""
        assert state_of(self.state) == state_of(replayed(self.events))


def replayed(events: list[Event]) -> QuotaState:
    """The state after events that are folded one by one, as a start folds the log."""
    state = QuotaState()
    for position, event in enumerate(events, 1):
        state.apply(position, stored(event))
    state.tidy()
    return state


def stored(event: Event) -> Event:
    """The event as it comes back from the log."""
    event_class = type(event).__name__
    back = from_data(event_class, json.loads(json.dumps(to_data(event))))
    assert typed(back) == typed(event)
    return back


def typed(value: object) -> object:
    """The value with the types of the tuples in it, because two named tuples of different types may be equal."""
    if isinstance(value, tuple):
        return type(value).__name__, [typed(item) for item in value]
    return value
