"""Real recorders for tests of the ledger: the library's in memory, and one whose appends a test can hold up."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event

from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent
from eventsourcing.dcb.popo import InMemoryDCBRecorder

WAIT_SECONDS = 20.0


class GatedRecorder(InMemoryDCBRecorder):
    """The library's recorder in memory behind a gate: while that is shut, an append waits, as on a slow disk.

    `batches` counts the events of each append that went through; `waiting` is set while one stands at the gate.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gate = Event()
        self.gate.set()
        self.waiting = Event()
        self.batches: list[int] = []

    def append(self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None) -> int:
        """Passes the gate, then records."""
        self.waiting.set()
        assert self.gate.wait(WAIT_SECONDS), "the test never opened the gate"
        self.waiting.clear()
        last = super().append(events, condition)
        self.batches.append(len(events))
        return last

    def hold(self) -> None:
        """From here on appends wait."""
        self.waiting.clear()
        self.gate.clear()
