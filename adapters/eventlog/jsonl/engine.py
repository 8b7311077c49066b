"""The engine that keeps a log in `logs/events.jsonl` below its storage root: this folder's modules behind the log's
port.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adapters.disk.files import Files
from adapters.eventlog.jsonl.copying import copy_log
from adapters.eventlog.jsonl.creation import refuse_beside_remains
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.lock import is_held, read_holder
from adapters.eventlog.jsonl.log_file import Takers, refuse_damage
from adapters.eventlog.jsonl.recorder import JSONLRecorder
from adapters.eventlog.jsonl.salvage import salvage
from adapters.eventlog.jsonl.verify import (
    kept_older_snapshots,
    kept_snapshots,
    snapshot_before,
    state_beginning_before,
    verify,
)
from adapters.eventlog.jsonl.writable import unwritable
from adapters.ports.clock import Clock, utc_now
from adapters.ports.event_log import OnEvent, Restore
from adapters.ports.faults import LogMissing
from adapters.ports.log_reports import (
    CopiedLog,
    Damage,
    KeptSnapshot,
    LogHolder,
    LogLocation,
    LogReport,
    SalvagedLog,
    StateBeginning,
)


class JSONLEngine:
    """An `EventLogEngine` over files of JSON lines, whose every file operation goes through `files`."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def open_for_writing(
        self,
        root: Path,
        *,
        clock: Clock,
        adopting: bool = False,
        on_event: OnEvent | None = None,
        restore: Restore | None = None,
    ) -> JSONLRecorder:
        """Opens or begins the log."""
        return JSONLRecorder(
            root, clock=clock, files=self._files, adopting=adopting, on_event=on_event, restore=restore
        )

    def open_for_reading(
        self,
        root: Path,
        *,
        beyond_watermark: bool = False,
        at_end: bool = False,
        on_event: OnEvent | None = None,
        restore: Restore | None = None,
    ) -> JSONLRecorder:
        """Opens the log beside its writer."""
        return JSONLRecorder(
            root,
            clock=utc_now,  # which a reader never asks
            files=self._files,
            read_only=True,
            beyond_watermark=beyond_watermark,
            at_end=at_end,
            on_event=on_event,
            restore=restore,
        )

    def location(self, root: Path) -> LogLocation:
        """The paths of the log and of its folder."""
        paths = LogPaths.below(root)
        return LogLocation(str(paths.log), str(paths.logs))

    def exists(self, root: Path) -> bool:
        """Whether the log is there, or its watermark."""
        paths = self._paths(root)
        return self._files.lexists(paths.log) or self._files.lexists(paths.head)

    def holder(self, root: Path) -> LogHolder | None:
        """Who has the lock, by what is written in its file."""
        lock = self._paths(root).lock
        return LogHolder(*read_holder(self._files, lock)) if is_held(self._files, lock) else None

    def refuse_without_log(self, root: Path) -> None:
        """Raises LogMissing where there is no log: a mistyped root is not made."""
        paths = self._paths(root)
        if self._files.lexists(paths.log):
            return
        refuse_beside_remains(self._files, paths, adopting=False)
        raise LogMissing(
            f"There is no log {paths.log} yet, so there is nothing to change, and nothing was made. "
            "Check --root and STORAGE_ROOT, or start the service once."
        )

    def refuse_beside_remains(self, root: Path, *, adopting: bool) -> None:
        """Raises LogMissing where a watermark, a snapshot or an image says that there was a log."""
        refuse_beside_remains(self._files, self._paths(root), adopting=adopting)

    def unwritable(self, root: Path) -> list[str]:
        """What stands in `logs/` and cannot be written."""
        return unwritable(self._files, self._paths(root))

    def verify(
        self,
        root: Path,
        *,
        on_event: OnEvent | None = None,
        restore: Restore | None = None,
        at_end: bool = False,
        points: bytes = b"",
        marks: Sequence[int] = (),
    ) -> LogReport:
        """What stands in the log."""
        takers = Takers(on_event, restore)
        return verify(root, files=self._files, takers=takers, at_end=at_end, points=points, marks=marks)

    def snapshots(self, root: Path) -> Sequence[KeptSnapshot]:
        """The snapshots in `logs/snapshots`."""
        return kept_snapshots(root, files=self._files)

    def older_snapshots(self, root: Path) -> Sequence[KeptSnapshot]:
        """The older ones there, compressed as they are kept."""
        return kept_older_snapshots(root, files=self._files)

    def snapshot_before(self, root: Path, position: int) -> KeptSnapshot | None:
        """The nearest one that a replay can go on from."""
        return snapshot_before(root, position, files=self._files)

    def beginning_before(self, root: Path, position: int) -> StateBeginning | None:
        """The first bytes of the state of the nearest one for a start."""
        return state_beginning_before(root, position, files=self._files)

    def refuse_damage(self, root: Path, damage: Damage | None) -> None:
        """Raises LogDamaged for damage, in words that say where, what and what to do."""
        refuse_damage(LogPaths.below(root), damage)

    def salvage(self, root: Path, to: Path, *, on_event: OnEvent | None = None) -> SalvagedLog:
        """A new storage root without images, of what is whole."""
        return salvage(root, to, files=self._files, on_event=on_event)

    def copy(
        self,
        root: Path,
        to: Path,
        *,
        on_event: OnEvent | None = None,
        up_to: int | None = None,
        with_key: bool = True,
    ) -> CopiedLog:
        """The log below another root, its watermark and its key."""
        return copy_log(root, to, files=self._files, on_event=on_event, up_to=up_to, with_key=with_key)

    def _paths(self, root: Path) -> LogPaths:
        """The log's files, of which what is no file of its own is not opened."""
        paths = LogPaths.below(root)
        self._files.confine(paths.root, anew=False)
        return paths
