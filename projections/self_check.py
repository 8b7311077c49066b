"""Whether every recorded outcome is the one that the rules give: each is decided again on the state of that moment,
with the limits that were in force, and compared event for event.

What is found is a value; the fold goes on with what was recorded, so that one difference does not make others. Reading
the log, and words for what was found, are for others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from domain.commands import Command, ReleaseExpired
from domain.decisions import Decision, StoredAnswer, clock_is_behind, decide
from domain.events import Event, RequestRefused
from domain.refusals import Refusal
from projections.quota_state import QuotaState
from projections.recorded_commands import Asked, commands_of, refused_commands

MOST_DIFFERENCES = 1_000
"""Differences that are kept one by one; further ones are counted."""

BATCHES_BETWEEN_TIDYING = 256
"""What no decision asks for any more is forgotten so often; a ledger has time for it at every batch."""

Stored = tuple[int, Event]
"""A position and its event."""


class Difference(NamedTuple):
    """At a position other events were recorded than the rules give; `decided` is what they give."""

    position: int
    recorded: tuple[Event, ...]
    decided: Decision


class SelfCheck:
    """The decisions of a log made again, one batch after the other. `state` is where the first batch begins."""

    def __init__(self, state: QuotaState) -> None:
        self.state = state
        self._batches = 0
        self.outcomes: Counter[str] = Counter()
        """Recorded outcomes that were decided again, by the name of their command."""
        self.differences: list[Difference] = []
        self.found = 0
        """Differences, also those that are not kept."""

    def take(self, batch: Sequence[Stored]) -> None:
        """Decides what was recorded together again, and folds what was recorded. Raises ImpossibleFact."""
        events = tuple([event for _, event in batch])
        first = batch[0][0]
        self.state.tidy_deadlines(max(events[0].at, self.state.last_at))  # so that what is over is not asked for
        swept = self._swept(events, first)
        for asked in commands_of(events[swept:]):
            self.outcomes[type(asked.command).__name__] += 1
            if (decided := self._otherwise(asked)) is not None:
                self._note(Difference(first + swept, asked.events, decided))
            swept += len(asked.events)
            self._fold(asked.events, first + swept - len(asked.events))
        self._batches += 1
        if self._batches % BATCHES_BETWEEN_TIDYING == 0:
            self.state.tidy()

    def _swept(self, events: tuple[Event, ...], first: int) -> int:
        """How many events the sweep before the commands has left, which are folded; each batch begins with one."""
        if not self.state.due(events[0].at, 1) or clock_is_behind(self.state, events[0].at):
            return 0
        due = decide(ReleaseExpired(), self.state, self.state.policy, events[0].at)
        assert isinstance(due, tuple)
        self.outcomes[ReleaseExpired.__name__] += 1
        recorded = events[: len(due)]
        if recorded != due:
            self._note(Difference(first, recorded, due))
            return 0
        self._fold(recorded, first)
        return len(due)

    def _otherwise(self, asked: Asked) -> Decision | None:
        """What is decided now, where that is not what was recorded."""
        command, state = asked.command, self.state
        now = asked.events[0].at
        first: Decision | None = None
        for candidate in self._candidates(asked):
            decided = decide(candidate, state, state.policy, now)
            if _recorded_by(decided) == asked.events:
                return None
            first = decided if first is None else first
        return decide(command, state, state.policy, now) if first is None else first

    def _candidates(self, asked: Asked) -> Sequence[Command]:
        record = asked.events[0]
        if isinstance(record, RequestRefused):
            return list(refused_commands(record, self.state))
        return (asked.command,)

    def _fold(self, events: tuple[Event, ...], position: int) -> None:
        for number, event in enumerate(events, position):
            self.state.apply(number, event)

    def _note(self, difference: Difference) -> None:
        self.found += 1
        if len(self.differences) < MOST_DIFFERENCES:
            self.differences.append(difference)


def _recorded_by(decided: Decision) -> tuple[Event, ...] | None:
    """The events that a decision leaves in the log; None for an answer that was given before."""
    if isinstance(decided, Refusal):
        return decided.recorded
    return None if isinstance(decided, StoredAnswer) else decided
