"""An engine that keeps its logs in memory, over the library's recorder and behind the port of the real one. It is a
module that PERSISTENCE_MODULE may name.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import orjson
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBSequencedEvent
from eventsourcing.dcb.popo import InMemoryDCBRecorder

from adapters.disk.files import Files
from adapters.ports.clock import Clock
from adapters.ports.event_log import EventLogEngine, OnEvent, Restore, SnapshotPoint, StoredLines, VerifiedEvent
from adapters.ports.faults import ConfigError, LedgerStopped, LogDamaged, LogLocked, LogMissing
from adapters.ports.log_reports import CopiedLog, Damage, LogHolder, LogLocation, LogReport, SalvagedLog
from adapters.ports.only_writer import OnlyWriter

NO_SALVAGE = "The log of {} is in memory, where nothing is damaged. Nothing was salvaged to {}."


class InMemoryPoint(NamedTuple):
    """Where a log ended once."""

    position: int


class InMemoryLog(OnlyWriter, InMemoryDCBRecorder):
    """The log of one root. It stays when its writer closes it, and may be opened again."""

    def __init__(self, created: str) -> None:
        super().__init__()
        self.created = created
        self.secret = sha256(created.encode()).digest()
        self.log_id = self.secret.hex()[:32]
        self.reconciled = 0
        self.resumed = 0
        self.short_of_space = False
        self.room_used_up = False
        self.holder: LogHolder | None = None
        self.snapshot: tuple[int, bytes] | None = None

    @property
    def head(self) -> int:
        """The last position."""
        return self.events[-1].position if self.events else 0

    @property
    def size_bytes(self) -> int:
        """The data of all events."""
        return sum(len(stored.event.data) for stored in self.events)

    def append(self, events: Iterable[DCBEvent], condition: DCBAppendCondition | None = None) -> int:
        """Records, unless it was closed."""
        if self.holder is None:
            raise LedgerStopped("The log was closed. Open it again.")
        return super().append(list(events), condition)

    def holding(self, text: bytes) -> Iterator[DCBSequencedEvent]:
        """The events in whose data these bytes stand."""
        return (stored for stored in self.read() if text in stored.event.data)

    def newest(self, query: DCBQuery | None, most: int, *, up_to: int | None = None) -> list[DCBSequencedEvent]:
        """The last of all."""
        return _last(self.read(query), most, up_to)

    def lines(self) -> StoredLines:
        """All, written out."""
        return _written_out(self.read())

    def checkpoint(self, reconciled: int) -> bool:
        """Keeps how far the file work has come."""
        self.reconciled = reconciled
        return True

    def probe(self, room_bytes: int) -> None:
        """Memory has room."""

    def regain_space(self) -> bool:
        """Memory is never short of space for long."""
        self.short_of_space = False
        return True

    def sealed_point(self, at: str) -> bytes:  # noqa: ARG002 - nothing is kept
        """None."""
        return b""

    def refuse_without_point(self, stored: bytes) -> None:
        """It holds whatever it held."""

    def snapshot_point(self) -> InMemoryPoint:
        """Where the log ends now."""
        return InMemoryPoint(self.head)

    def write_snapshot(self, point: SnapshotPoint, state: Iterable[bytes]) -> None:
        """Keeps the last one."""
        self.snapshot = point.position, b"".join(state)

    def announce(self, address: str) -> None:
        """Kept with the holder."""
        self.holder = LogHolder(os.getpid(), address)

    def close(self) -> None:
        """Gives the log back."""
        self.holder = None

    def hand_on(self, on_event: OnEvent | None, restore: Restore | None) -> int:
        """What an opening hands on; gives the position of the snapshot that was taken in, or 0."""
        resumed = 0
        if restore is not None and self.snapshot is not None and restore(self.snapshot[1]):
            resumed = self.snapshot[0]
        if on_event is not None:
            for stored in self.read(after=resumed):
                event, position = stored.event, stored.position
                on_event(VerifiedEvent(position, position, event.type, event.tags, orjson.loads(event.data)))
        return resumed


def _last(found: Iterable[DCBSequencedEvent], most: int, up_to: int | None) -> list[DCBSequencedEvent]:
    fitting = [stored for stored in found if up_to is None or stored.position <= up_to]
    return fitting[-most:] if most else []


def _written_out(found: Iterable[DCBSequencedEvent]) -> StoredLines:
    written = b"".join(
        b'{"pos":%d,"type":%b,"tags":%b,"data":%b}\n'
        % (stored.position, orjson.dumps(stored.event.type), orjson.dumps(stored.event.tags), stored.event.data)
        for stored in found
    )
    return StoredLines(0, len(written), lambda begin, end: written[begin:end])


class InMemoryReader:
    """A log that is followed beside its writer."""

    doubt: str | None = None

    def __init__(self, log: InMemoryLog, resumed: int) -> None:
        self._log = log
        self.head = log.head
        self.resumed = resumed

    @property
    def reconciled(self) -> int:
        """As the writer left it."""
        return self._log.reconciled

    def read(
        self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None
    ) -> Iterator[DCBSequencedEvent]:
        """What has been taken in so far."""
        found = self._log.read(query, after=after, limit=limit)
        return (stored for stored in found if stored.position <= self.head)

    def holding(self, text: bytes) -> Iterator[DCBSequencedEvent]:
        """What has been taken in so far and holds these bytes."""
        return (stored for stored in self._log.holding(text) if stored.position <= self.head)

    def between(self, query: DCBQuery, after: int, up_to: int) -> Iterator[DCBSequencedEvent]:
        """What stands between two positions."""
        return (stored for stored in self.read(query, after=after) if stored.position <= up_to)

    def hand_on(self, after: int, on_event: OnEvent) -> None:
        """What was taken in above a position."""
        for stored in self.read(after=after):
            event, position = stored.event, stored.position
            on_event(VerifiedEvent(position, position, event.type, event.tags, orjson.loads(event.data)))

    def newest(self, query: DCBQuery | None, most: int, *, up_to: int | None = None) -> list[DCBSequencedEvent]:
        """The last of what has been taken in."""
        return _last(self.read(query), most, up_to)

    def lines(self) -> StoredLines:
        """What has been taken in, written out."""
        return _written_out(self.read())

    def follow(self) -> int:
        """Takes in all there is."""
        self.head = self._log.head
        return self.head

    def close(self) -> None:
        """There is nothing to give back."""


class InMemoryEngine:
    """An `EventLogEngine` that forgets its logs when it is let go."""

    def __init__(self) -> None:
        self._logs: dict[Path, InMemoryLog] = {}

    def open_for_writing(
        self,
        root: Path,
        *,
        clock: Clock,
        adopting: bool = False,
        on_event: OnEvent | None = None,
        restore: Restore | None = None,
    ) -> InMemoryLog:
        """Opens or begins the log."""
        root = root.resolve()
        if root not in self._logs:
            self.refuse_beside_remains(root, adopting=adopting)
            self._logs[root] = InMemoryLog(clock())
        log = self._logs[root]
        if log.holder is not None:
            raise LogLocked(f"The log of {root} is being written.", **log.holder._asdict())
        log.resumed = log.hand_on(on_event, restore)
        log.holder = LogHolder(os.getpid(), None)
        return log

    def open_for_reading(
        self,
        root: Path,
        *,
        beyond_watermark: bool = False,  # noqa: ARG002 - what is in memory is all one
        at_end: bool = False,  # noqa: ARG002 - and quickly read
        on_event: OnEvent | None = None,
        restore: Restore | None = None,
    ) -> InMemoryReader:
        """Opens the log beside its writer."""
        log = self._log(root)
        return InMemoryReader(log, log.hand_on(on_event, restore))

    def location(self, root: Path) -> LogLocation:
        """It is nowhere but here."""
        return LogLocation(f"in memory, of {root.resolve()}", "in memory")

    def exists(self, root: Path) -> bool:
        """Whether one was begun."""
        return root.resolve() in self._logs

    def holder(self, root: Path) -> LogHolder | None:
        """Who has it open."""
        return self._logs[root.resolve()].holder if self.exists(root) else None

    def refuse_without_log(self, root: Path) -> None:
        """Raises LogMissing where none was begun."""
        self._log(root)

    def refuse_beside_remains(self, root: Path, *, adopting: bool) -> None:
        """Images are all that may remain of a log that was here."""
        with suppress(FileNotFoundError):
            if not adopting and any((root / "images").iterdir()):
                raise LogMissing(f"There is no log of {root}, but there are images.")

    def unwritable(self, root: Path) -> list[str]:
        """Memory can be written."""
        del root
        return []

    def older_snapshots(self, root: Path) -> tuple[()]:  # noqa: ARG002 - as `snapshots`
        """None."""
        return ()

    def snapshot_before(self, root: Path, position: int) -> None:
        """None."""

    def beginning_before(self, root: Path, position: int) -> None:
        """None."""

    def snapshots(self, root: Path) -> tuple[()]:  # noqa: ARG002 - it keeps none that could be looked at
        """None."""
        return ()

    def verify(
        self,
        root: Path,
        *,
        on_event: OnEvent | None = None,
        restore: Restore | None = None,
        at_end: bool = False,  # noqa: ARG002 - it is quickly read
        points: bytes = b"",  # noqa: ARG002 - it makes none
        marks: Sequence[int] = (),  # noqa: ARG002 - it has no hashes to tell
    ) -> LogReport:
        """What stands in the log."""
        log = self._log(root)
        log.hand_on(on_event, restore)
        return LogReport(
            location=self.location(root).log,
            log_id=log.log_id,
            created=log.created,
            positions=log.head,
            batches=log.head,
            digest=sha256(repr(log.events).encode()).hexdigest(),
            size_bytes=sum(len(stored.event.data) for stored in log.events),
            watermark=log.head,
            reconciled=log.reconciled,
            torn_bytes=0,
            damage=None,
        )

    def refuse_damage(self, root: Path, damage: Damage | None) -> None:
        """Raises LogDamaged for damage."""
        if damage is not None:
            raise LogDamaged(f"The log of {root} is damaged: {damage.what}", position=damage.position)

    def salvage(self, root: Path, to: Path, *, on_event: OnEvent | None = None) -> SalvagedLog:  # noqa: ARG002 - it refuses
        """There is nothing to salvage."""
        raise ConfigError(NO_SALVAGE.format(root, to))

    def copy(
        self,
        root: Path,
        to: Path,
        *,
        on_event: OnEvent | None = None,  # noqa: ARG002 - it refuses
        up_to: int | None = None,  # noqa: ARG002 - the same
        with_key: bool = True,  # noqa: ARG002 - the same
    ) -> CopiedLog:
        """There is nothing that would outlast this process."""
        raise ConfigError(f"The log of {root} is in memory. It cannot be copied to {to}.")

    def _log(self, root: Path) -> InMemoryLog:
        if not self.exists(root):
            raise LogMissing(f"There is no log of {root}.")
        return self._logs[root.resolve()]


_OF_THIS_PROCESS = InMemoryEngine()


def event_log_engine(*, files: Files) -> EventLogEngine:
    """The one engine of this process, so that a command finds what another has recorded."""
    del files  # it has none
    return _OF_THIS_PROCESS
