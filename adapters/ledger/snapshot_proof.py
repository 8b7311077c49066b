"""Compares snapshots with the log that they are of, state by state: what `abby verify`, `audit` and `doctor` say of
them.

A start believes a snapshot that the log's key has sealed; whether the log says the same is only known by reading it
from its beginning, which is done here with the projections that a start uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from adapters.ledger.projector import Projector
from adapters.ports.event_log import EventLogEngine, VerifiedEvent
from adapters.ports.log_reports import KeptSnapshot, LogReport
from projections.image_index import ImageIndex

Beside = Callable[[VerifiedEvent, Projector], None]
"""Told of each event that is read, and of the projections after it."""


class SnapshotFinding(NamedTuple):
    """A snapshot that is not what the log says, in words that tell what to do; `is_believed` is whether a start would
    go on from it.
    """

    location: str
    what: str
    is_believed: bool

    def in_words(self) -> str:
        """For whoever runs the service."""
        if self.is_believed:
            return (
                f"The snapshot {self.location} does not match the log: {self.what}. A start would believe it. Stop the "
                "service, move the snapshot away and start again: the log is read instead. Who wrote it had the key."
            )
        return (
            f"The snapshot {self.location} is not used: {self.what}. The log is read instead; the next start of the "
            "service sets aside what it did not write, and makes others."
        )


def refused_snapshots(engine: EventLogEngine, root: Path) -> list[SnapshotFinding]:
    """The snapshots that a start does not believe. Raises LogMissing, LogForeign or StorageUnavailable."""
    return [found for found in map(_refused, engine.snapshots(root)) if found]


def verify_with_snapshots(
    engine: EventLogEngine,
    root: Path,
    *,
    points: bytes = b"",
    marks: Sequence[int] = (),
    beside: Beside | None = None,
) -> tuple[LogReport, list[SnapshotFinding]]:
    """Reads the whole log, each event as a start takes it, and compares every snapshot on the way, and the
    `points` that were kept outside. `beside` is told each event and the projections after it; of `marks` the report
    tells the points.

    Raises LogDamaged for an event that cannot have happened, LogMissing, LogForeign or StorageUnavailable.
    """
    comparison = Comparison(engine.snapshots(root), beside)
    report = engine.verify(root, on_event=comparison.take, points=points, marks=marks)
    return report, comparison.found(report)


class Comparison:
    """One replay of a log beside its snapshots."""

    def __init__(self, kept: Iterable[KeptSnapshot], beside: Beside | None = None) -> None:
        self._beside = beside
        kept = list(kept)
        self._projector = Projector()
        self._due: dict[int, list[KeptSnapshot]] = {}
        for snapshot in kept:
            if snapshot.why is None:
                self._due.setdefault(snapshot.position, []).append(snapshot)
        self._found = [found for found in map(_refused, kept) if found]

    def take(self, found: VerifiedEvent) -> None:
        """Applies one event. Raises LogDamaged."""
        self._projector.take(found)
        if self._beside is not None:
            self._beside(found, self._projector)
        for snapshot in self._due.pop(found.position, ()):
            if what := self._difference(snapshot):
                self._found.append(SnapshotFinding(snapshot.location, what, is_believed=True))

    def found(self, report: LogReport) -> list[SnapshotFinding]:
        """What was found, after all events. Of a damaged log no more is known than up to there."""
        late = () if report.damage else chain.from_iterable(self._due.values())
        return [
            *self._found,
            *(SnapshotFinding(each.location, "the log ends before its position", is_believed=True) for each in late),
        ]

    def _difference(self, snapshot: KeptSnapshot) -> str | None:
        stored = Projector()
        if not stored.restore(snapshot.state):
            return None  # of another version of the program, which a start does not use
        if stored.corrections.places is None:  # of a version that noted none
            stored.corrections = self._projector.corrections
        told, kept = _known(self._projector), _known(stored)
        for name, rows in told.items():
            if rows != kept[name]:
                keys = [key for key in {**rows, **kept[name]} if rows.get(key) != kept[name].get(key)]
                return (
                    f"by the log, {name} of {keys[0]} differ"
                    if len(keys) == 1
                    else f"by the log, {len(keys)} {name} differ"
                )
        return None


def _refused(snapshot: KeptSnapshot) -> SnapshotFinding | None:
    return SnapshotFinding(snapshot.location, snapshot.why, is_believed=False) if snapshot.why else None


def _known(projector: Projector) -> Mapping[str, Mapping[Any, Any]]:
    """All that projections know, by name and key; what is over counts as forgotten already."""
    state = projector.state
    state.tidy()
    frozen = projector.dump()
    held = frozen.state.tables["reservations"]
    return {
        **frozen.state.tables,
        "reservations": {key: one for key, one in held.items() if one.open or one.forgotten_at > state.last_at},
        "images": _shelves(state.gallery),
        "temp files": _shelves(state.temps),
        "preferences": frozen.preferences,
        "limits": frozen.limits,
        "corrections of the clock": frozen.corrections or {},
        "days of activity": frozen.days,
        "totals of activity": frozen.totals,
    }


def _shelves(index: ImageIndex) -> dict[str, object]:
    shelves = {user: index.of(user).dump() for user in index.users()}
    return {user: (number, lines) for user, (number, lines) in shelves.items() if (number, lines) != (1, [])}
