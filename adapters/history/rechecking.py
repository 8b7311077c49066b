"""Whether all projections are what the log says: built from nothing, and compared with the live ones and with each
snapshot.

What is live is what a reader beside the service has taken in, from the newest snapshot on and then event by event, as
the service itself does it.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from adapters.history.progress import EVENTS_BETWEEN_PROGRESS, OnProgress
from adapters.ledger.projector import Projector
from adapters.ledger.snapshot_proof import Comparison, SnapshotFinding
from adapters.ledger.snapshot_state import encode_state
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.event_log import EventLogEngine, VerifiedEvent
from adapters.ports.log_reports import KeptSnapshot, LogReport

LIVE = "that readers and the service go on from in memory"
"""The name of the live projections where a finding tells of a snapshot."""


class Rechecked(NamedTuple):
    """What a check found: the report on the log, the position of the live projections, those of the snapshots that were
    compared, and what does not agree.
    """

    report: LogReport
    live: int
    snapshots: list[int]
    findings: list[SnapshotFinding]


def recheck(root: Path, engine: EventLogEngine, progress: OnProgress = lambda _done, _all: None) -> Rechecked:
    """Reads the whole log. Raises LogDamaged, LogMissing, LogForeign or StorageUnavailable."""

    def take(found: VerifiedEvent) -> None:
        comparison.take(found)
        if found.position % EVENTS_BETWEEN_PROGRESS == 0:
            progress(found.position, max(found.position, live.position))

    with collecting_no_garbage():
        live = _live(root, engine)
        kept = [*engine.snapshots(root), *engine.older_snapshots(root)]
        comparison = Comparison([*kept, live])
        report = engine.verify(root, on_event=take)
    positions = [snapshot.position for snapshot in kept if snapshot.why is None]
    return Rechecked(report, live.position, positions, comparison.found(report))


def _live(root: Path, engine: EventLogEngine) -> KeptSnapshot:
    """The projections of a reader, as a snapshot of this moment."""
    projector = Projector()
    reader = engine.open_for_reading(root, on_event=projector.take, restore=projector.restore)
    with closing(reader):
        projector.replay(reader)
    return KeptSnapshot(LIVE, projector.state.position, b"".join(encode_state(projector.dump())))
