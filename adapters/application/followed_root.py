"""A storage root that is read beside its writer: its log is followed by a thread."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import structlog

from adapters.application.root_mark import refuse_lost_log
from adapters.application.staged_ids import StagedIds
from adapters.ledger.projector import Projector
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.clock import Clock
from adapters.ports.engines import Engines
from adapters.ports.faults import LogDamaged, StorageUnavailable
from projections.quota_state import QuotaState

FOLLOW_SECONDS = 0.2
"""How often a reader looks for new events."""
FOLLOW_STOP_SECONDS = 5.0

_log = structlog.wrap_logger(logging.getLogger(__name__))


class FollowedRoot:
    """A root opened for reading beside its writer: a thread follows the log. `position` of the state says how far."""

    def __init__(self, root: Path, *, engines: Engines, clock: Clock) -> None:
        self.root = root
        self._clock = clock
        self.projector = Projector()
        refuse_lost_log(root, engines.log)
        with collecting_no_garbage():
            self.recorder = engines.log.open_for_reading(
                root, on_event=self.projector.take, restore=self.projector.restore
            )
        try:
            self.projector.replay(self.recorder)
        except BaseException:
            self.recorder.close()
            raise
        self.images = engines.images(root)
        self.images.told_by(StagedIds(self.recorder, lambda: self.projector.state))
        self.fault: Exception | None = None
        """Why the log is no longer followed."""
        self._stopped = threading.Event()
        self._follower = threading.Thread(target=self._follow, name="abby-follower", daemon=True)
        self._follower.start()

    @property
    def stale(self) -> str | None:
        """That the figures may be old; None where they are not."""
        return self.recorder.doubt

    @property
    def state(self) -> QuotaState:
        """The published figures. Raises LogDamaged or StorageUnavailable where the log can no longer be followed."""
        self.refuse_if_lost()
        return self.projector.state

    def now(self) -> str:
        """The present, but never before the last event."""
        return max(self._clock(), self.state.last_at)

    def refuse_if_lost(self) -> None:
        """Raises LogDamaged or StorageUnavailable where the log can no longer be followed."""
        if self.fault is None:
            return
        sentence = f"The log is no longer followed. {self.fault}"
        if isinstance(self.fault, LogDamaged):
            raise LogDamaged(sentence, position=self.fault.position, offset=self.fault.offset) from self.fault
        raise StorageUnavailable(sentence) from self.fault

    def close(self) -> None:
        """Stops following."""
        self._stopped.set()
        self._follower.join(FOLLOW_STOP_SECONDS)
        self.recorder.close()

    def _follow(self) -> None:
        try:
            while not self._stopped.wait(FOLLOW_SECONDS):
                self._take_in()
        except Exception as error:  # noqa: BLE001 - whatever ends the following, readings must tell it
            self.fault = error

    def _take_in(self) -> None:
        """What is new; a disk that cannot be read just now is asked again."""
        try:
            self.recorder.follow()
            self.projector.catch_up(self.recorder)
        except StorageUnavailable as error:
            _log.warning("log not followed now", reason=str(error))
