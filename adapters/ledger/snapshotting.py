"""When a snapshot of the projections is made: every so many events beside the running ledger, and when it stops.

The ledger's writer waits only while the projections' tables are copied; another thread makes bytes of them and writes
those. A snapshot that cannot be written is skipped, and said. What one is, and when it is valid, is the log's to say.
"""

from __future__ import annotations

import logging
import threading

import structlog

from adapters.ledger.projector import Projector
from adapters.ledger.snapshot_state import Frozen, encode_state
from adapters.ports.event_log import EventLog, SnapshotPoint

EVENTS_BETWEEN = 25_000
"""New events after which a running ledger's state is kept: what a start after a kill reads at most, and a little."""
EVENTS_AT_A_STOP = 1_000
"""With fewer new events than this a start is quick without another snapshot."""
FINISH_SECONDS = 20.0
"""How long a stop waits for the snapshot that is being written."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Snapshotting:
    """Snapshots of one open log. The methods are for the thread that changes the projections."""

    def __init__(self, recorder: EventLog, projector: Projector) -> None:
        self._recorder = recorder
        self._projector = projector
        self._kept = recorder.resumed
        self._writing: threading.Thread | None = None

    def watermark_written(self) -> None:
        """A moment when the log is as far as the projections, and its watermark too."""
        if self._recorder.head - self._kept < EVENTS_BETWEEN or self._is_writing():
            return
        self._writing = threading.Thread(target=self._write, args=self._take(), name="abby-snapshot", daemon=True)
        self._writing.start()

    def stopping(self) -> None:
        """The last such moment."""
        if self._writing is not None:
            self._writing.join(FINISH_SECONDS)
        if self._recorder.head - self._kept >= EVENTS_AT_A_STOP and not self._is_writing():
            self._write(*self._take())

    def _is_writing(self) -> bool:
        return self._writing is not None and self._writing.is_alive()

    def _take(self) -> tuple[SnapshotPoint, Frozen]:
        point = self._recorder.snapshot_point()
        assert point.position == self._projector.state.position
        self._kept = point.position
        return point, self._projector.dump()

    def _write(self, point: SnapshotPoint, frozen: Frozen) -> None:
        try:
            self._recorder.write_snapshot(point, encode_state(frozen))
        except OSError as error:
            _log.warning("snapshot skipped", position=point.position, reason=error.strerror or str(error))
