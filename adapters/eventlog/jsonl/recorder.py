"""The recorder: an `eventsourcing.dcb.api.DCBRecorder` over one file of JSON lines, with one writer and any number of
readers.

It keeps the library's contract and guards against use from several threads, after a close, a fork or a fault. Opening
and its refusals are `opening`'s and `following`'s, the bytes on the disk `writing`'s; what events mean is the
ledger's.
"""

from __future__ import annotations

import os
import threading
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBRecorder, DCBSequencedEvent
from eventsourcing.persistence import IntegrityError, ProgrammingError

from adapters.disk.files import Files
from adapters.eventlog.jsonl.following import open_for_reading, take_in
from adapters.eventlog.jsonl.index import Index
from adapters.eventlog.jsonl.judging import holds_no_event
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.log_file import Takers, refuse_damage
from adapters.eventlog.jsonl.older_snapshots import retire
from adapters.eventlog.jsonl.opening import Origin, open_for_writing
from adapters.eventlog.jsonl.points import LogAsRead, lacks_a_point
from adapters.eventlog.jsonl.reading import LazyReadResponse, decode_block, matcher, next_block
from adapters.eventlog.jsonl.rechecking import Recheck
from adapters.eventlog.jsonl.scanning import Scanner, scan
from adapters.eventlog.jsonl.searching import Search
from adapters.eventlog.jsonl.snapshots import OFFSET_BYTES, FilePoint, forget_snapshots, write_snapshot
from adapters.eventlog.jsonl.writing import LogWriter
from adapters.ports.clock import Clock
from adapters.ports.event_log import OnEvent, Restore, SnapshotPoint, StoredLines
from adapters.ports.faults import LedgerStopped, LogDamaged
from adapters.ports.log_reports import Damage
from adapters.ports.only_writer import OnlyWriter

if TYPE_CHECKING:
    from adapters.eventlog.jsonl.subscribing import JSONLSubscription  # late: see `subscribe`

PROBE_WAIT_SECONDS = 2.0
"""A disk that is busy is waited for; a longer wait is a stuck one's."""


class JSONLRecorder(OnlyWriter, DCBRecorder):
    """The log of a storage root.

    `read_only` opens it beside its writer, showing what is at or below the watermark, or with `beyond_watermark` every
    whole batch; `follow` moves on. `at_end`: what is before the watermark is only searched, when it is asked for.
    `adopting` lets a new log be begun beside images, `copy_of` opens a copy of a log that is kept elsewhere.
    `on_event` is called with each event while opening verifies it, so that a replay need not read and decode the log a
    second time; what it raises goes to the caller, and then nothing stays open. `restore` is called before that with
    the state of the newest valid snapshot (adapters.eventlog.jsonl.snapshots); only later events are handed on then,
    and what is before is verified in the background: a finding there stops the recorder.

    Raises StorageUnavailable, LogLocked, LogMissing, LogForeign, LogDamaged, DiskFull or LedgerStopped.
    """

    def __init__(  # noqa: PLR0913 - the composition root says all of it once, by name
        self,
        root: Path,
        *,
        clock: Clock,
        files: Files | None = None,
        read_only: bool = False,
        beyond_watermark: bool = False,
        at_end: bool = False,
        adopting: bool = False,
        on_event: OnEvent | None = None,
        restore: Restore | None = None,
        copy_of: Origin | None = None,
    ) -> None:
        self._files = files or Files()
        self._beyond_watermark = beyond_watermark
        self._pid = os.getpid()
        self._closed = False
        self._changing = threading.RLock()
        self._reading = threading.Lock()
        self._listeners: set[threading.Event] = set()
        self._index = Index(self._events)
        self._writer: LogWriter | None = None
        self._finding: LogDamaged | None = None
        paths, takers = LogPaths.below(root), Takers(on_event, restore)
        self._files.confine(paths.root)
        if read_only:
            self._log = open_for_reading(
                paths, self._files, beyond_watermark=beyond_watermark, at_end=at_end, takers=takers
            )
        else:
            writable = open_for_writing(paths, self._files, clock, adopting=adopting, takers=takers, copy_of=copy_of)
            self._log = writable.log
            self._writer = LogWriter(writable, self._files)
        self._search = Search(self._bytes, paths, self._log.header)
        self._recheck = Recheck(self._log, self._files, self._found)
        self._recheck.start()

    # -- what it knows -----------------------------------------------------------------------------

    @property
    def head(self) -> int:
        """The last position that is recorded, for a reader that it has taken in; 0 where there is none."""
        return self._log.tip.position

    @property
    def size_bytes(self) -> int:
        """How long the file is, as far as it is recorded, or for a reader taken in."""
        return self._log.tip.offset

    @property
    def log_id(self) -> str:
        """The random id of the log: 32 hex digits."""
        return self._log.header.log_id

    @property
    def created(self) -> str:
        """When the log was begun, RFC 3339."""
        return self._log.header.created

    @property
    def resumed(self) -> int:
        """The position of the snapshot that the opening went on from; 0 where there was none."""
        return self._log.resumed.tip.position if self._log.resumed else 0

    @property
    def secret(self) -> bytes:
        """The random key of request digests, 32 bytes. A reader is not given it."""
        return self._writing().key.secret

    @property
    def reconciled(self) -> int:
        """The position up to which all file work is done: as found at opening, for a reader as it last looked."""
        return self._log.watermark.reconciled if self._log.watermark else 0

    @property
    def short_of_space(self) -> bool:
        """Whether the reserve file is used up, so that only what frees should be admitted. False for a reader."""
        return self._writer is not None and self._writer.short_of_space

    @property
    def room_used_up(self) -> bool:
        """Whether not even what frees could be recorded, when it was tried last. False for a reader."""
        return self._writer is not None and self._writer.room_used_up

    # -- the library's interface -------------------------------------------------------------------

    def read(
        self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None
    ) -> LazyReadResponse:
        """Recorded events in order, lazily; those of a tag or type by the index, which the first such read makes.

        Raises LogDamaged while iterating where the file was changed beneath.
        """
        self._refuse_if_unusable()
        head, known, begin = self.head, self._log.known_from, max(after or 0, 0)
        events: Iterator[DCBSequencedEvent]
        if known:
            matches = matcher(query)
            events = chain(
                self._search.between(query, begin, self._log.starts[known]) if begin < known else (),
                (event for event in self._events(max(begin, known), head) if matches is None or matches(event)),
            )
        elif query is None or (matches := matcher(query)) is None:
            events = self._events(begin, head if limit is None else min(head, begin + limit))
        else:
            events = filter(matches, self._index.candidates(query, begin, head))
        return LazyReadResponse(events, head=head or None, limit=limit)

    def between(self, query: DCBQuery, after: int, up_to: int) -> Iterator[DCBSequencedEvent]:
        """The events above one position and up to another that match a query, in order; each is checked, the rest is
        looked through, and nothing behind is.

        Raises LogDamaged while iterating where what is found is not what was recorded.
        """
        self._refuse_if_unusable()
        return self._search.between(query, after, self._log.tip.offset, up_to)

    def hand_on(self, after: int, on_event: OnEvent) -> None:
        """Hands on every event above the end of a batch, verified from there on. Raises LogDamaged."""
        self._refuse_if_unusable()
        log, tip = self._log, self._search.tip_at(after, self._log.tip.offset)
        starts = array("Q", bytes(after * OFFSET_BYTES))
        starts.append(tip.offset)
        scanner = Scanner(tip, starts, on_event=on_event)
        scan(self._files, log.read_fd, scanner, log.tip.offset)
        broken = scanner.broken
        refuse_damage(log.paths, broken and Damage(*broken))
        refuse_damage(log.paths, holds_no_event(scanner))

    def newest(self, query: DCBQuery | None, most: int, *, up_to: int | None = None) -> list[DCBSequencedEvent]:
        """The last events that match a query, at most so many, oldest first; of those up to a position, where one is
        given. The writer reads them by the index, others from the end, no further than needed.

        Raises LogDamaged where what is read is not what was recorded.
        """
        self._refuse_if_unusable()
        log, head = self._log, self.head if up_to is None else min(up_to, self.head)
        if query is not None and self._writer is not None and not log.known_from and (matches := matcher(query)):
            found = self._index.newest(query, most, head, matches)
            if found is not None:
                return found
        end = log.tip if head == log.tip.position else self._search.tip_at(head, log.tip.offset)
        return self._search.newest(query, most, end.offset)

    def holding(self, text: bytes) -> Iterator[DCBSequencedEvent]:
        """The events in whose line these bytes stand, in order; each is checked, the rest is looked through.

        Raises LogDamaged where what is found is not what was recorded.
        """
        self._refuse_if_unusable()
        return self._search.holding(text, self._log.tip.offset)

    def lines(self) -> StoredLines:
        """The lines of all events, as they stand in the file."""
        self._refuse_if_unusable()
        return StoredLines(self._log.header.size, self._log.tip.offset, self._bytes)

    def append(self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None) -> int:
        """Records events together, durably, and gives the last one's position.

        Raises IntegrityError where an event matches the condition; DiskFull or StorageUnavailable, and then nothing was
        kept; LedgerStopped, and then it is not known whether they were, and the recorder refuses everything from there
        on.
        """
        with self._changing:
            self._refuse_if_unusable()
            writer = self._writing()
            if condition is not None and self._is_violated(condition):
                raise IntegrityError(condition)
            writer.append(events)
            self._notify_listeners()
            return self.head

    def subscribe(self, query: DCBQuery | None = None, *, after: int | None = None) -> JSONLSubscription:
        """Recorded events, and then new ones as they come (for a reader, as `follow` takes them in)."""
        from adapters.eventlog.jsonl.subscribing import JSONLSubscription  # late: what it stands on is slow to import

        self._refuse_if_unusable()
        return JSONLSubscription(self, query=query, after=after)

    # -- beside it ---------------------------------------------------------------------------------

    def checkpoint(self, reconciled: int) -> bool:
        """Writes the watermark if the log or `reconciled` moved since; False where the disk has no room for it now,
        which harms nothing. Raises LedgerStopped.
        """
        with self._changing:
            self._refuse_if_unusable()
            return self._writing().checkpoint(reconciled)

    def probe(self, room_bytes: int) -> None:
        """Tries whether so many bytes and the watermark could be written now. Raises OSError. Behind a writer who waits
        for the disk nothing is tried: what it meets it tells.
        """
        if not self._changing.acquire(timeout=PROBE_WAIT_SECONDS):
            return
        try:
            self._refuse_if_unusable()
            self._writing().probe(room_bytes)
        finally:
            self._changing.release()

    def sealed_point(self, at: str) -> bytes:
        """How far the log surely is at a time, sealed: a line to be kept outside its folder."""
        return self._writing().point(at)

    def refuse_without_point(self, stored: bytes) -> None:
        """Raises LogDamaged where the log does not hold the last of such lines."""
        log = self._log
        read = LogAsRead(log.read_fd, log.header, log.starts, log.tip)
        refuse_damage(log.paths, lacks_a_point(self._files, read, stored, self._writing().key))

    def snapshot_point(self) -> SnapshotPoint:
        """Where the log ends now: the point of a snapshot of this moment."""
        with self._changing:
            self._refuse_if_unusable()
            return FilePoint(self.log_id, self._log.tip, self._log.starts[: self.head + 1])

    def write_snapshot(self, point: SnapshotPoint, state: Iterable[bytes]) -> None:
        """Keeps what projections were at a point that the watermark has reached, for a later start. Any thread may.

        Raises OSError, and then there is no new snapshot, which harms nothing.
        """
        assert isinstance(point, FilePoint), "the point of another log"
        paths, key = self._log.paths, self._writing().key
        write_snapshot(self._files, paths, key, point, state)
        retire(self._files, paths, key)
        if self._finding is not None:
            forget_snapshots(self._files, self._log.paths)

    def regain_space(self) -> bool:
        """Makes the reserve file again where 16 MiB are free; whether it is there now."""
        with self._changing:
            self._refuse_if_unusable()
            return self._writing().regain_space()

    def announce(self, address: str) -> None:
        """Tells, in the lock file, where the service that holds the log is reached."""
        with self._changing:
            self._refuse_if_unusable()
            self._writing().announce(address)

    def follow(self) -> int:
        """Takes in what the writer recorded since, and gives the new head. For a reader; a writer has nothing to
        follow.

        Raises LogDamaged where the log is not the one that was opened, or does not continue it.
        """
        with self._changing:
            self._refuse_if_unusable()
            if self._writer is None:
                take_in(self._log, self._files, beyond_watermark=self._beyond_watermark)
                self._notify_listeners()
            return self.head

    def close(self) -> None:
        """Writes the watermark and gives the log back. Every later call is refused, but another close does nothing."""
        if self._pid == os.getpid():
            self._recheck.stop()
        with self._changing:
            if self._closed:
                return
            try:
                if self._writer is not None and self._writer.stopped is None and self._pid == os.getpid():
                    self._writer.end()
            finally:
                with self._reading:
                    self._closed = True
                    self._log.descriptors.close()
                self._notify_listeners()

    def listen(self, event: threading.Event) -> None:
        """Has an event set whenever there may be something new to read; at once, for what came before."""
        self._listeners.add(event)
        event.set()

    def unlisten(self, event: threading.Event) -> None:
        """Ends `listen`."""
        self._listeners.discard(event)

    # -- inside ------------------------------------------------------------------------------------

    def _events(self, after: int, head: int) -> Iterator[DCBSequencedEvent]:
        """The events above `after`, up to `head`."""
        while after < head:
            last = next_block(self._log.starts, after, head)
            begin, end = self._log.starts[after], self._log.starts[last]
            with self._reading:
                self._refuse_if_unusable()
                block = self._files.read_all_at(self._log.read_fd, end - begin, begin)
            yield from decode_block(block, after + 1, last, begin)
            after = last

    def _bytes(self, begin: int, end: int) -> bytes:
        """The bytes of the log from an offset up to another."""
        with self._reading:
            self._refuse_if_unusable()
            return self._files.read_all_at(self._log.read_fd, end - begin, begin)

    def _is_violated(self, condition: DCBAppendCondition) -> bool:
        """Whether an event after the condition's position matches it. Costs nothing where that position is the head."""
        after = condition.after or 0
        if after >= self.head:
            return False
        return next(self.read(condition.fail_if_events_match, after=after, limit=1), None) is not None

    def _writing(self) -> LogWriter:
        if self._writer is None:
            raise ProgrammingError("The log was opened for reading only.")
        return self._writer

    def _found(self, damage: LogDamaged) -> None:
        """What was before the snapshot is not what was written: nothing is told or taken from here on.

        A snapshot must not spare the next start that part again: it would serve until it finds the same.
        """
        self._finding = damage
        if self._writer is not None:
            self._writer.stop_for(damage)
            forget_snapshots(self._files, self._log.paths)

    def _refuse_if_unusable(self) -> None:
        if self._writer is not None and self._writer.stopped is not None:
            raise LedgerStopped(str(self._writer.stopped)) from self._writer.stopped
        if self._finding is not None:
            raise LogDamaged(
                str(self._finding), position=self._finding.position, offset=self._finding.offset
            ) from self._finding
        if self._closed:
            raise LedgerStopped("The log was closed. Open it again.")
        if self._pid != os.getpid():
            raise LedgerStopped("This process was forked from the one that opened the log. Open the log again in it.")

    def _notify_listeners(self) -> None:
        for listener in tuple(self._listeners):
            listener.set()
