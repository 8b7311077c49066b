"""One batch of commands while it is decided: the draft, the events so far, and what each caller will be told."""

from __future__ import annotations

from eventsourcing.dcb.api import DCBEvent

from adapters.ledger.codec import Recorded, encode
from adapters.ledger.pending import PendingCommand
from domain.decisions import Decision, StoredAnswer
from domain.events import Event
from domain.refusals import Refusal
from projections.quota_state import Draft


class Batch:
    """Begins empty over the published state. An answer that is a slice stands for that part of the events."""

    def __init__(self, draft: Draft, now: str) -> None:
        self.draft = draft
        self.now = now
        self.expected_first = self.first = draft.position + 1
        self.events: list[Event] = []
        self.stored: list[DCBEvent] = []
        self.answers: list[tuple[PendingCommand, slice | StoredAnswer | Refusal]] = []
        self.without_space = False

    def take(self, decision: Decision) -> slice | StoredAnswer | Refusal:
        """Folds what a decision writes into the draft; gives where its events stand in it, or what else was decided."""
        if isinstance(decision, StoredAnswer):
            return decision
        if isinstance(decision, Refusal):
            self._fold(decision.recorded)
            return decision
        begin = len(self.events)
        self._fold(decision)
        return slice(begin, len(self.events))

    def recorded(self) -> list[Recorded]:
        """The events with their positions; those expected, until the append has told the real ones."""
        return list(enumerate(self.events, self.first))

    def _fold(self, events: tuple[Event, ...]) -> None:
        for event in events:
            self.stored.append(encode(event))
            self.draft.apply(self.draft.position + 1, event)
            self.events.append(event)
