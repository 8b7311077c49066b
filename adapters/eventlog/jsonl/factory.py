"""Lets the `eventsourcing` library choose this log by its environment: `PERSISTENCE_MODULE=adapters.eventlog` and
`STORAGE_ROOT`.
"""

from __future__ import annotations

from pathlib import Path

from eventsourcing.dcb.persistence import DCBInfrastructureFactory
from eventsourcing.persistence import TrackingRecorder

from adapters.eventlog.jsonl.recorder import JSONLRecorder
from adapters.ports.clock import utc_now
from adapters.ports.faults import ConfigError

STORAGE_ROOT = "STORAGE_ROOT"


class JSONLFactory(DCBInfrastructureFactory[TrackingRecorder]):
    """Makes the recorder of one storage root, and the same one each time it is asked; closing the factory closes it."""

    _recorder: JSONLRecorder | None = None

    def dcb_recorder(self) -> JSONLRecorder:
        """The recorder. Raises ConfigError without a storage root, and what `JSONLRecorder` raises."""
        root = self.env.get(STORAGE_ROOT)
        if not root:
            raise ConfigError(
                "STORAGE_ROOT is not set. Give the folder that is to hold the log, such as STORAGE_ROOT=shared."
            )
        if self._recorder is None:
            self._recorder = JSONLRecorder(Path(root), clock=utc_now)
        return self._recorder

    def close(self) -> None:
        """Closes the recorder."""
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None
        super().close()
