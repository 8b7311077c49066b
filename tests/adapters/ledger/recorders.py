"""The recorders that the ledger's contract is run on, and what a test may put before one: a gate that holds appends up,
and positions that are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from threading import Event

from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBSequencedEvent
from eventsourcing.dcb.popo import InMemoryDCBRecorder

from adapters.engines.choice import POSTGRES_MODULE, choose_engine, default_engine
from adapters.ports.clock import utc_now
from adapters.ports.engines import LogKeeper
from adapters.ports.event_log import Recorder
from tests.servers.postgres import new_database

WAIT_SECONDS = 20.0


@contextmanager
def in_memory(_folder: Path) -> Iterator[Recorder]:
    """The library's own, which knows nothing of this program."""
    yield InMemoryDCBRecorder()


@contextmanager
def lines_of_json(folder: Path) -> Iterator[Recorder]:
    """The log on the disk."""
    with closing(default_engine().open_for_writing(folder, clock=utc_now)) as log:
        yield log


@contextmanager
def postgres(folder: Path) -> Iterator[Recorder]:
    """The log in a database, and its copy on the disk."""
    engine = choose_engine(LogKeeper(POSTGRES_MODULE, new_database()))
    with closing(engine.open_for_writing(folder, clock=utc_now)) as log:
        yield log


RECORDERS: Mapping[str, Callable[[Path], AbstractContextManager[Recorder]]] = {
    "in memory": in_memory,
    "lines of JSON": lines_of_json,
    "PostgreSQL": postgres,
}
"""Every kind of recorder that a ledger may stand on: how one is opened in an empty folder."""


class GatedRecorder:
    """A recorder behind a gate: while that is shut, an append waits, as on a slow disk.

    `batches` counts the events of each append that went through; `waiting` is set while one stands at the gate.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.gate = Event()
        self.gate.set()
        self.waiting = Event()
        self.batches: list[int] = []

    def read(
        self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None
    ) -> Iterator[DCBSequencedEvent]:
        """As it is recorded."""
        return self._recorder.read(query, after=after, limit=limit)

    def append(self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None) -> int:
        """Passes the gate, then records."""
        self.waiting.set()
        assert self.gate.wait(WAIT_SECONDS), "the test never opened the gate"
        self.waiting.clear()
        last = self._recorder.append(events, condition)
        self.batches.append(len(events))
        return last

    def hold(self) -> None:
        """From here on appends wait."""
        self.waiting.clear()
        self.gate.clear()


class GappyRecorder:
    """A recorder that leaves positions out, as the sequence of a database does; which, the test says."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._left_out: list[int] = []

    def leave_out(self, position: int) -> None:
        """No event will have this position, which is greater than any so far."""
        self._left_out.append(position)

    def read(
        self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None
    ) -> Iterator[DCBSequencedEvent]:
        """What is recorded, at its position here."""
        for stored in self._recorder.read(query, after=self._below(after), limit=limit):
            yield DCBSequencedEvent(stored.event, self._above(stored.position))

    def append(self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None) -> int:
        """Records below, and tells the position here."""
        if condition is not None:
            condition = DCBAppendCondition(condition.fail_if_events_match, self._below(condition.after))
        return self._above(self._recorder.append(events, condition))

    def _above(self, position: int) -> int:
        for left_out in self._left_out:
            position += left_out <= position
        return position

    def _below(self, position: int | None) -> int | None:
        return None if position is None else position - sum(left_out <= position for left_out in self._left_out)
