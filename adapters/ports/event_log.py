"""The log's port: what the rest of the program needs of a log, whatever keeps it.

An engine keeps logs in its own way, one for each storage root, and has a folder of its own in `adapters.eventlog`;
which one a program uses is chosen in `adapters.engines`. An open log is seen by what is done with it: a ledger needs a
`Recorder`, a reader a `FollowedLog`, a storage root an `EventLog`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem, DCBSequencedEvent

from adapters.ports.clock import Clock
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
from adapters.ports.shared_log import SharedLog

ENOUGH_FREE_BYTES = 16 * 1024 * 1024
"""What a disk must have free before a log that ran short of space takes more than what frees."""

NO_ROOM_AT_ALL = (
    "The room that was kept for deletions is used up too, so that nothing can be recorded now, not even a deletion. "
    "Nothing is lost. Make room on the disk by other means: then deletions are taken at once, and saves when 16 MiB "
    "are free."
)
"""What is said while not even what frees can be recorded."""


class JSONEvent(DCBEvent):
    """An event to be recorded whose type and tags are text and whose `data` are a JSON object as orjson has just
    written it: no log need look whether they are.
    """


class LeadingTag(DCBQueryItem):
    """What matches as a tag does, and one of some types where they are given, asked for where all events that have the
    tag have it first: a log of text looks quicker for the longer text.
    """

    def __init__(self, tag: str, *types: str) -> None:
        super().__init__(types=list(types), tags=[tag])


class VerifiedEvent(NamedTuple):
    """An event as an opening log reads and verifies it: where it stands, the last position of what was recorded
    together with it, what was recorded.

    `data` are the bytes of the JSON that was recorded; an engine that keeps none gives the decoded object. What was
    recorded in another form than JSON is no JSON object here either.
    """

    position: int
    batch_last: int
    type: str
    tags: list[str]
    data: bytes | dict[str, Any]


OnEvent = Callable[[VerifiedEvent], None]
"""Called with each event, in order, while a log is opened: so a replay need not read the log a second time.

A LogDamaged that says `what` is wrong with the event is damage of the log there, and no later event is handed on.
Whatever else it raises goes to whoever opens, and then nothing stays open.
"""
Restore = Callable[[bytes], bool]
"""Takes a stored state in, before any event; False where it is not one of this version's, and then nothing changed."""


class SnapshotPoint(Protocol):
    """A moment of an open log that a snapshot may be of. What else it holds is the log's own."""

    @property
    def position(self) -> int:
        """The last position before it."""


class StoredLines(NamedTuple):
    """The events of an open log as lines of JSON, each with `pos`, `type`, `tags` and `data`: the bytes from `begin` to
    `end`, which `read` gives from an offset up to another. It raises what reading a log raises.
    """

    begin: int
    end: int
    read: Callable[[int, int], bytes]

    @property
    def size_bytes(self) -> int:
        """How many bytes they are."""
        return self.end - self.begin


class EventSource(Protocol):
    """What was recorded, to be read."""

    def read(
        self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None
    ) -> Iterator[DCBSequencedEvent]:
        """Recorded events in order. Raises LogDamaged while iterating where they are not what was recorded."""


class Recorder(EventSource, Protocol):
    """What a ledger stands on; every `DCBRecorder` of the `eventsourcing` library is one."""

    def append(self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None) -> int:
        """Records events together, durably, and gives the last one's position.

        Raises IntegrityError where an event matches the condition; DiskFull or StorageUnavailable, and then nothing was
        kept; LedgerStopped, and then it is not known whether they were, and everything is refused from there on.
        """


class OpenedLog(EventSource, Protocol):
    """What is known of a log while it is open, to its writer and to readers."""

    @property
    def head(self) -> int:
        """The last position that is recorded, for a reader that it has taken in; 0 where there is none."""

    @property
    def resumed(self) -> int:
        """The position of the snapshot that the opening went on from; 0 where there was none."""

    @property
    def reconciled(self) -> int:
        """The position up to which all file work is done: as found at opening, for a reader as it last looked."""

    def holding(self, text: bytes) -> Iterator[DCBSequencedEvent]:
        """The events in whose recorded form these bytes stand, in order. Raises LogDamaged while iterating."""

    def newest(self, query: DCBQuery | None, most: int, *, up_to: int | None = None) -> list[DCBSequencedEvent]:
        """The last events that match a query, at most so many, oldest first; of those up to a position, where one is
        given. What stands before them is not read. Raises LogDamaged.
        """

    def lines(self) -> StoredLines:
        """All that is recorded, for a reader that it has taken in, as it is stored: for whoever adds it up without this
        program. It is not verified again.
        """

    def close(self) -> None:
        """Gives the log back. Every later call is refused, but another close does nothing."""


class FollowedLog(OpenedLog, Protocol):
    """A log that is read beside its writer."""

    doubt: str | None
    """That more may have been recorded than can be read here, as a sentence; None where that is not so."""

    def between(self, query: DCBQuery, after: int, up_to: int) -> Iterator[DCBSequencedEvent]:
        """The events above one position and up to another that match a query, in order; nothing behind that is looked
        at. Raises LogDamaged while iterating.
        """

    def hand_on(self, after: int, on_event: OnEvent) -> None:
        """Hands on every event that was taken in above a position with which something ended that was recorded
        together, as an opening does: verified, in order. Raises LogDamaged.
        """

    def follow(self) -> int:
        """Takes in what the writer recorded since, and gives the new head. Raises LogDamaged or StorageUnavailable."""


class EventLog(OpenedLog, Recorder, Protocol):
    """A log that is open for writing, by its only writer."""

    @property
    def log_id(self) -> str:
        """The random id of the log, 32 hex digits, which it keeps wherever it is copied, restored or carried to."""

    @property
    def size_bytes(self) -> int:
        """What the log takes where it is kept, as far as it is written."""

    @property
    def secret(self) -> bytes:
        """The random key of request digests, 32 bytes."""

    @property
    def short_of_space(self) -> bool:
        """Whether only what frees should be admitted."""

    @property
    def room_used_up(self) -> bool:
        """Whether not even what frees could be recorded, when it was tried last."""

    def turn(self, news: Callable[[int], None] = ...) -> AbstractContextManager[int]:
        """The time in which a batch is decided and appended; gives the head, up to which all that other writers
        recorded can be read. `news` is given what the head is meanwhile, where the turn is waited for. Nothing to wait
        for where there are none. Raises StorageUnavailable, DiskFull or LogDamaged where it cannot be known what they
        recorded.
        """

    def follow(self) -> int:
        """Makes what other writers recorded since readable, and gives the new head. Raises as `turn` does."""

    @property
    def shared(self) -> SharedLog | None:
        """The others that write it; None where it has one writer."""

    def hurry(self) -> None:
        """It is to be closed soon: what keeps silent is waited for no longer than some seconds. Any thread may."""

    def checkpoint(self, reconciled: int) -> bool:
        """Keeps how far the log and the file work have come, if either moved since; False where there is no room for
        it now or it may not be written, which harms nothing. Raises LedgerStopped.
        """

    def probe(self, room_bytes: int) -> None:
        """Tries whether so many bytes of events, and all that goes with them, could be kept now; leaves nothing behind.
        Raises OSError where not, LedgerStopped.
        """

    def regain_space(self) -> bool:
        """Ends being short of space where ENOUGH_FREE_BYTES are free; whether that is over."""

    def sealed_point(self, at: str) -> bytes:
        """How far the last checkpoint came, at a time: a line to be kept outside; empty where the log makes none."""

    def refuse_without_point(self, stored: bytes) -> None:
        """Raises LogDamaged where the log does not hold the last of such lines."""

    def snapshot_point(self) -> SnapshotPoint:
        """Where the log ends now: the place of a snapshot of this moment."""

    def write_snapshot(self, point: SnapshotPoint, state: Iterable[bytes]) -> None:
        """Keeps what projections were at a place that the last checkpoint has reached, for a later start. Any thread
        may. Raises OSError, and then there is no new snapshot, which harms nothing.
        """

    def announce(self, address: str) -> None:
        """Tells whoever finds the log held where the service that holds it is reached."""


class EventLogEngine(Protocol):
    """A way to keep logs, one of each storage root. It is made with all that it works with, so that its calls are given
    the root alone.

    Every Fault that they raise says what happened and what to do.
    """

    def open_for_writing(
        self,
        root: Path,
        *,
        clock: Clock,
        adopting: bool = False,
        on_event: OnEvent | None = None,
        restore: Restore | None = None,
    ) -> EventLog:
        """Opens the log as its only writer, and begins it where there is none and nothing says that there was one; with
        `adopting` images may be there already.

        Raises StorageUnavailable, LogLocked, LogMissing, LogForeign, LogDamaged, DiskFull or LedgerStopped.
        """

    def open_for_reading(
        self,
        root: Path,
        *,
        beyond_watermark: bool = False,
        at_end: bool = False,
        on_event: OnEvent | None = None,
        restore: Restore | None = None,
    ) -> FollowedLog:
        """Opens the log beside its writer, without a lock and without a change: what is surely on the disk, or
        `beyond_watermark` all that is whole. `at_end` for a few events of a long log: what was recorded before is
        neither verified nor handed on, and only searched when it is asked for.

        Raises StorageUnavailable, LogMissing, LogForeign or LogDamaged.
        """

    def location(self, root: Path) -> LogLocation:
        """Where the log is, or would be."""

    def exists(self, root: Path) -> bool:
        """Whether there is a log, or what is never there without one."""

    def holder(self, root: Path) -> LogHolder | None:
        """Who writes the log now; None where nobody does."""

    def refuse_without_log(self, root: Path) -> None:
        """Raises LogMissing where there is nothing yet that could be changed, and makes nothing."""

    def refuse_beside_remains(self, root: Path, *, adopting: bool) -> None:
        """Raises LogMissing where something says that there was a log; `adopting` means that images may be there."""

    def unwritable(self, root: Path) -> list[str]:
        """What stands of the log and cannot be written by this account, a sentence each. Changes nothing."""

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
        """Reads the whole log and tells what it is, beside a running writer too. With `restore`, from the newest
        snapshot on, as a start does; `at_end` only what is not surely on the disk. The report tells what was not read.
        `points` are lines that were kept outside: a log that does not hold the last one is damaged. `marks` are
        positions whose points the report tells.

        Raises LogMissing, LogForeign or StorageUnavailable.
        """

    def snapshots(self, root: Path) -> Sequence[KeptSnapshot]:
        """Each snapshot beside the log, the newest first. Raises LogMissing, LogForeign or StorageUnavailable."""

    def older_snapshots(self, root: Path) -> Sequence[KeptSnapshot]:
        """Each snapshot that is kept for replays of the past alone, the newest first. Raises as `snapshots` does."""

    def snapshot_before(self, root: Path, position: int) -> KeptSnapshot | None:
        """The newest valid snapshot of a position or of one before it, with its state; None where none is kept. Raises
        LogMissing, LogForeign or StorageUnavailable.
        """

    def beginning_before(self, root: Path, position: int) -> StateBeginning | None:
        """How the state of such a snapshot begins, up to an engine's bound, told without reading the rest; None where
        none tells it so. Raises as `snapshot_before` does.
        """

    def refuse_damage(self, root: Path, damage: Damage | None) -> None:
        """Raises LogDamaged for what a report tells of the log; None is no damage."""

    def salvage(self, root: Path, to: Path, *, on_event: OnEvent | None = None) -> SalvagedLog:
        """Makes a new log of what is provably whole in one, in a new folder, and a list of what is not; the original is
        read and never touched. What `on_event` says to be no event is not whole, nor is what follows it.

        Raises TargetRefused for a folder that cannot be used, LogMissing or LogForeign, LogDamaged where nothing can be
        proven, StorageUnavailable or DiskFull.
        """

    def copy(
        self,
        root: Path,
        to: Path,
        *,
        on_event: OnEvent | None = None,
        up_to: int | None = None,
        with_key: bool = True,
    ) -> CopiedLog:
        """Makes the log of another root the same as this one, beside a running writer too: all that is whole, or up to
        a position. A former copy is only added to. The copy says that all file work is done; without the key whoever
        opens it makes a new one.

        Raises TargetRefused where what stands there is no beginning of this log, LogMissing, LogForeign, LogDamaged,
        StorageUnavailable or DiskFull.
        """
