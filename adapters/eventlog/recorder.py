"""The recorder: an `eventsourcing.dcb.api.DCBRecorder` over one file of JSON lines, with one writer and any number of
readers.

`append` is one write and one sync of the data; nothing is acknowledged before the sync returns. After a failure of
which it is not known what the disk holds, the recorder has stopped for good and refuses everything. Opening, its
refusals included, is `opening`'s; what the events mean and when to write the watermark is the ledger's.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NoReturn

from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBRecorder, DCBSequencedEvent
from eventsourcing.dcb.persistence import DCBListenNotifySubscription
from eventsourcing.persistence import IntegrityError, ProgrammingError

from adapters.clock import Clock
from adapters.eventlog.files import Files, is_disk_full
from adapters.eventlog.format import NotAnEventError, Tip, decode_recorded, encode_batch
from adapters.eventlog.judging import contradicts_watermark
from adapters.eventlog.layout import LogPaths
from adapters.eventlog.opening import (
    open_for_reading,
    open_for_writing,
    read_watermark,
    refuse_damage,
    sync_log,
    unusable,
)
from adapters.eventlog.reading import LazyReadResponse, matcher
from adapters.eventlog.scanning import OnEvent, Scanner, scan
from adapters.eventlog.spare import Spare, disk_full
from adapters.eventlog.watermark import Slot, write_slot
from adapters.faults import LedgerStopped, LogDamaged

READ_BLOCK_BYTES = 256 * 1024


class JSONLRecorder(DCBRecorder):
    """The log of a storage root.

    `read_only` opens it beside its writer, showing what is at or below the watermark, or with `beyond_watermark`
    every whole batch; `follow` moves on. `adopting` lets a new log be begun beside images. `on_event` is called with
    each event while opening (and `follow`) verifies it, so that a replay need not decode the log a second time. What
    it raises goes to the caller, and then nothing stays open.

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
        adopting: bool = False,
        on_event: OnEvent | None = None,
    ) -> None:
        self._files = files or Files()
        paths = LogPaths.below(root)
        if read_only:
            self._log = open_for_reading(paths, self._files, beyond_watermark=beyond_watermark, on_event=on_event)
        else:
            self._log = open_for_writing(paths, self._files, clock, adopting=adopting, on_event=on_event)
        self._beyond_watermark = beyond_watermark
        self._on_event = on_event
        self._pid = os.getpid()
        self._reconciled = self.reconciled
        self._stopped: LedgerStopped | None = None
        self._closed = False
        self._writing = threading.RLock()
        self._reading = threading.Lock()
        self._listeners: set[threading.Event] = set()
        status = self._files.stat(paths.log)
        self._identity = (status.st_dev, status.st_ino)

    # -- what it knows -----------------------------------------------------------------------------

    @property
    def head(self) -> int:
        """The last position that is recorded, for a reader that it has taken in; 0 where there is none."""
        return self._log.tip.position

    @property
    def log_id(self) -> str:
        """The random id of the log: 32 hex digits."""
        return self._log.header.log_id

    @property
    def created(self) -> str:
        """When the log was begun, RFC 3339."""
        return self._log.header.created

    @property
    def secret(self) -> bytes:
        """The random key of request digests, 32 bytes; a reader is not given it."""
        if self._log.lock is None:
            raise ProgrammingError("The log was opened for reading only, which does not load its key.")
        return self._log.key

    @property
    def reconciled(self) -> int:
        """The position up to which all file work is done, as the watermark said at opening (a reader: when it last
        looked).
        """
        return self._log.watermark.reconciled if self._log.watermark else 0

    @property
    def short_of_space(self) -> bool:
        """Whether the spare room is used up, so that only what frees should be admitted. False for a reader."""
        return self._log.spare is not None and not self._log.spare.stands

    # -- DCBRecorder -------------------------------------------------------------------------------

    def read(
        self, query: DCBQuery | None = None, *, after: int | None = None, limit: int | None = None
    ) -> LazyReadResponse:
        """Recorded events in order, lazily. Raises LogDamaged, here or while iterating, where the file changed
        beneath.
        """
        self._refuse_if_unusable()
        head = self.head
        events = self._events(max(after or 0, 0), head)
        matches = matcher(query)
        return LazyReadResponse(filter(matches, events) if matches else events, head=head or None, limit=limit)

    def append(self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None) -> int:
        """Records events together, durably, and gives the last one's position.

        Raises IntegrityError where an event matches the condition; DiskFull, and then nothing was kept;
        LedgerStopped, and then it is not known whether they were, and the recorder refuses everything from there on.
        """
        with self._writing:
            self._refuse_if_unusable()
            self._writer_only()
            if condition is not None and self._is_violated(condition):
                raise IntegrityError(condition)
            lines, digest = encode_batch(events, self._log.tip)
            self._refuse_if_moved()
            self._write(b"".join(lines))
            self._publish(lines, digest)
            return self.head

    def subscribe(self, query: DCBQuery | None = None, *, after: int | None = None) -> JSONLSubscription:
        """Recorded events, and then new ones as they come (a reader: as `follow` takes them in)."""
        return JSONLSubscription(self, query=query, after=after)

    # -- beside the library's interface ------------------------------------------------------------

    def checkpoint(self, reconciled: int) -> None:
        """Writes the watermark, if the log or `reconciled` moved since. Raises DiskFull (try again later) or
        LedgerStopped.
        """
        with self._writing:
            self._refuse_if_unusable()
            spare = self._writer_only()
            former = self._log.watermark
            assert former is not None
            if (former.tip, former.reconciled) == (self._log.tip, reconciled):
                return
            slot = Slot(self.log_id, former.counter + 1, self._log.tip, reconciled)
            try:
                spare.with_room(lambda: write_slot(self._files, self._log.head_fd, slot))
            except OSError as error:
                self._stop(
                    f"the watermark {self._log.paths.head} could not be written ({error.strerror or error})", error
                )
            self._log.watermark = slot
            self._reconciled = reconciled

    def regain_space(self) -> bool:
        """Makes the spare room again where 16 MiB are free; whether it is there now."""
        with self._writing:
            self._refuse_if_unusable()
            return self._writer_only().regain()

    def announce(self, address: str) -> None:
        """Tells, in the lock file, where the service that holds the log is reached."""
        self._writer_only()
        assert self._log.lock is not None
        self._log.lock.announce(address)

    def follow(self) -> int:
        """Takes in what the writer recorded since, as the watermark says (or every whole batch); gives the new head.
        For a reader.

        Raises LogDamaged where the log is not the one that was opened, or does not continue it.
        """
        with self._writing:
            self._refuse_if_unusable()
            if self._log.lock is not None:
                raise ProgrammingError("The writer of a log need not follow it.")
            try:
                self._take_in()
            except OSError as error:
                raise unusable(self._log.paths, error) from error
            self._notify_listeners()
            return self.head

    def close(self) -> None:
        """Writes the watermark and gives the log back. Every later call is refused."""
        with self._writing:
            if self._closed:
                return
            try:
                if self._log.lock is not None and self._stopped is None and self._pid == os.getpid():
                    self.checkpoint(self._reconciled)
            finally:
                with self._reading:
                    self._closed = True
                    self._log.descriptors.close()
                self._notify_listeners()

    def listen(self, event: threading.Event) -> None:
        """Has an event set whenever there is something new to read."""
        self._listeners.add(event)
        event.set()

    def unlisten(self, event: threading.Event) -> None:
        """Ends `listen`."""
        self._listeners.discard(event)

    # -- reading -----------------------------------------------------------------------------------

    def _events(self, after: int, head: int) -> Iterator[DCBSequencedEvent]:
        """The events above `after`, up to `head`."""
        starts = self._log.starts
        position = after
        while position < head:
            first, end = starts[position], starts[position + 1]
            beyond = position + 1
            while beyond < head and starts[beyond + 1] - first <= READ_BLOCK_BYTES:
                beyond += 1
                end = starts[beyond]
            lines = self._block(first, end).split(b"\n")
            if len(lines) != beyond - position + 1 or lines[-1]:
                raise self._changed(position + 1, first)
            for line in islice(lines, beyond - position):
                position += 1
                yield self._decode(line, position)

    def _decode(self, line: bytes, position: int) -> DCBSequencedEvent:
        try:
            event = decode_recorded(line)
        except NotAnEventError as error:
            raise self._changed(position, self._log.starts[position - 1]) from error
        if event.position != position:
            raise self._changed(position, self._log.starts[position - 1])
        return event

    def _block(self, first: int, end: int) -> bytes:
        with self._reading:
            self._refuse_if_unusable()
            return self._files.read_all_at(self._log.read_fd, end - first, first)

    def _changed(self, position: int, offset: int) -> LogDamaged:
        return LogDamaged(
            f"The log {self._log.paths.log} was changed while it was open, at position {position} (byte {offset}). "
            "Run `abby verify` to see more.",
            position=position,
            offset=offset,
        )

    def _is_violated(self, condition: DCBAppendCondition) -> bool:
        """Whether an event after the condition's position matches it. Costs nothing where that position is the head."""
        after = condition.after or 0
        if after >= self.head:
            return False
        return next(self.read(condition.fail_if_events_match, after=after, limit=1), None) is not None

    # -- writing -----------------------------------------------------------------------------------

    def _write(self, data: bytes) -> None:
        """Appends bytes durably, or leaves the log as it was and raises DiskFull, or stops."""
        log, files = self._log, self._files
        try:
            files.write_all(log.log_fd, data)
        except OSError as error:
            if not is_disk_full(error):
                self._stop(f"a write to the log {log.paths.log} failed ({error.strerror or error})", error)
            self._take_back(error)
        self._sync()

    def _take_back(self, error: OSError) -> NoReturn:
        """After a write that found no room: the log is cut back to what it was, and the spare room is given up."""
        try:
            self._files.truncate(self._log.log_fd, self._log.tip.offset)
        except OSError as failed:
            self._stop(
                f"the disk is full, and a part of a batch could not be cut off {self._log.paths.log} again", failed
            )
        self._sync()
        assert self._log.spare is not None
        self._log.spare.give_up()
        raise disk_full(self._log.paths.logs) from error

    def _sync(self) -> None:
        try:
            sync_log(self._files, self._log.log_fd, self._log.paths)
        except LedgerStopped as error:
            self._stopped = error
            raise

    def _publish(self, lines: list[bytes], digest: bytes) -> None:
        """Lets readers see what is durable now."""
        log = self._log
        offset = log.tip.offset
        for line in lines:
            offset += len(line)
            log.starts.append(offset)
        log.tip = Tip(log.tip.position + len(lines), offset, digest)
        self._notify_listeners()

    def _refuse_if_moved(self) -> None:
        """Stops where the path of the log no longer leads to the file we write, as we left it: renamed, deleted, cut
        or written by another.
        """
        path = self._log.paths.log
        try:
            found = self._files.stat(path)
        except OSError as error:
            self._stop(f"the log {path} is gone ({error.strerror or error})", error)
        if (found.st_dev, found.st_ino) != self._identity:
            self._stop(f"another file stands where the log {path} was", None)
        if found.st_size != self._log.tip.offset:
            self._stop(
                f"the log {path} has {found.st_size} bytes and should have {self._log.tip.offset}: "
                "another program changed it",
                None,
            )

    def _stop(self, why: str, error: OSError | None) -> NoReturn:
        """Refuses everything from here on."""
        self._stopped = LedgerStopped(
            f"The log is no longer written: {why}. Put that right, then restart; the log is read again."
        )
        raise self._stopped from error

    def _writer_only(self) -> Spare:
        if self._log.spare is None:
            raise ProgrammingError("The log was opened for reading only.")
        return self._log.spare

    def _refuse_if_unusable(self) -> None:
        if self._stopped is not None:
            raise LedgerStopped(str(self._stopped)) from self._stopped
        if self._closed:
            raise LedgerStopped("The log was closed. Open it again.")
        if self._pid != os.getpid():
            raise LedgerStopped("This process was forked from the one that opened the log. Open the log again in it.")

    # -- following ---------------------------------------------------------------------------------

    def _take_in(self) -> None:
        log, files = self._log, self._files
        found = files.stat(log.paths.log)
        if (found.st_dev, found.st_ino) != self._identity:
            raise LogDamaged(
                f"Another file stands where the log {log.paths.log} was. Open it again to see what it holds."
            )
        slots = read_watermark(files, log.paths)
        size = found.st_size if self._beyond_watermark else files.size(log.read_fd)
        mark = slots[0].tip if slots else log.tip
        end = size if self._beyond_watermark else min(size, mark.offset)
        if mark.position < log.tip.position and size >= log.tip.offset:
            return
        scanner = Scanner(log.tip, log.starts, mark=mark.position, on_event=self._on_event)
        scan(files, log.read_fd, scanner, end)
        refuse_damage(log.paths, contradicts_watermark(scanner, slots, log.header, size))
        log.tip, log.watermark = scanner.whole, slots[0] if slots else None

    def _notify_listeners(self) -> None:
        for listener in tuple(self._listeners):
            listener.set()


class JSONLSubscription(DCBListenNotifySubscription[JSONLRecorder]):
    """Events as they are recorded; a context manager, which must be left for its thread to end."""

    def __init__(self, recorder: JSONLRecorder, query: DCBQuery | None = None, after: int | None = None) -> None:
        super().__init__(recorder=recorder, query=query, after=after)
        self._recorder.listen(self._has_been_notified)

    def stop(self) -> None:
        """Ends the subscription."""
        super().stop()
        self._recorder.unlisten(self._has_been_notified)
