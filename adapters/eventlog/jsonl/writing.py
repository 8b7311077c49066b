"""The writing side of an open log: one write and one sync for a batch, the watermark, the reserve file.

After any failure of which it is not known what the disk holds, it has stopped for good; `stopped` says why. Only a
write that found no room is undone, and one that was not allowed has written nothing. Which events, and when the
watermark is written, is the recorder's and the ledger's.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from itertools import accumulate
from typing import NoReturn

from eventsourcing.dcb.api import DCBEvent

from adapters.disk.files import Files, is_disk_full
from adapters.eventlog.jsonl.format import Tip, encode_batch
from adapters.eventlog.jsonl.log_file import sync_log
from adapters.eventlog.jsonl.opening import WritableLog
from adapters.eventlog.jsonl.points import encode_point
from adapters.eventlog.jsonl.reserve_file import disk_full, no_room_at_all
from adapters.eventlog.jsonl.seals import Key
from adapters.eventlog.jsonl.snapshots import forget_snapshots
from adapters.eventlog.jsonl.watermark import Slot, write_slot
from adapters.eventlog.jsonl.writable import probe
from adapters.ports.faults import DiskFull, LedgerStopped, LogDamaged, StorageUnavailable

NOT_ALLOWED = frozenset({errno.EPERM, errno.EACCES})
"""What a system says that lets a file be written no longer, before it has written anything: an attribute was set."""


class LogWriter:
    """Appends to a log that is held by its lock. One thread at a time."""

    def __init__(self, writable: WritableLog, files: Files) -> None:
        self.stopped: LedgerStopped | None = None
        self.room_used_up = False
        """Whether the last batch found no room, and none was left to give up for it."""
        self._files = files
        self._held = writable
        self._log = writable.log
        self._watermark = writable.watermark
        self._reconciled = writable.watermark.reconciled
        self._is_unsynced = False

    @property
    def key(self) -> Key:
        """The random key of request digests, of seals and of snapshots."""
        return self._held.key

    @property
    def short_of_space(self) -> bool:
        """Whether the reserve file is used up."""
        return not self._held.reserve_file.stands

    def append(self, events: Sequence[DCBEvent]) -> None:
        """Records a batch durably. Raises DiskFull or StorageUnavailable, and then nothing of it was kept, or
        LedgerStopped.
        """
        self.add_encoded(*encode_batch(events, self._log.tip), durably=True)

    def add_encoded(self, lines: Sequence[bytes], digest: bytes, *, durably: bool) -> None:
        """Adds the lines that `encode_batch` made after the tip, as `add` does, and keeps their offsets."""
        tip = self._log.tip
        offsets = list(accumulate(map(len, lines), initial=tip.offset))[1:]
        self.add(b"".join(lines), Tip(tip.position + len(lines), offsets[-1], digest), durably=durably)
        self._log.starts.extend(offsets)

    def add(self, lines: bytes, tip: Tip, *, durably: bool) -> None:
        """Adds the lines of whole batches, up to that tip: durably now, or by the next watermark, where they are kept
        elsewhere too. Whoever calls keeps the offsets. Raises as `append` does.
        """
        self._refuse_if_moved()
        if self._watermark.ended:
            self._seal(ended=False)  # surely before a line after it, which would look like somebody else's
        self._write(lines, durably=durably)
        self._log.tip = tip

    def checkpoint(self, reconciled: int | None = None) -> bool:
        """Writes the watermark if the log or `reconciled` (None: as it is) moved; False where the disk has no room
        for it now or it may not be written, which harms nothing. Raises LedgerStopped.
        """
        if reconciled is not None:
            self._reconciled = reconciled
        former = self._watermark
        if (former.tip, former.reconciled) == (self._log.tip, self._reconciled):
            return True
        return self._is_sealed(ended=False)

    def point(self, at: str) -> bytes:
        """How far the log surely is, as it is kept outside its folder."""
        return encode_point(self._watermark, at, self.key)

    def end(self) -> None:
        """Writes that the writer stops in order here, where there is room and leave. Raises LedgerStopped."""
        former = self._watermark
        if not former.ended or (former.tip, former.reconciled) != (self._log.tip, self._reconciled):
            self._is_sealed(ended=True)

    def _is_sealed(self, *, ended: bool) -> bool:
        try:
            self._seal(ended=ended)
        except (DiskFull, StorageUnavailable):
            return False
        return True

    def _seal(self, *, ended: bool) -> None:
        """Writes the watermark as all stands now. Raises DiskFull, StorageUnavailable or LedgerStopped."""
        former, head = self._watermark, self._log.paths.head
        if self._is_unsynced:
            self._sync(self._held.log_fd)
            self._is_unsynced = False
        slot = Slot(former.log_id, former.counter + 1, self._log.tip, self._reconciled, ended=ended).sealed(self.key)
        try:
            self._held.reserve_file.with_room(lambda: write_slot(self._files, self._held.head_fd, slot))
        except OSError as error:
            if error.errno in NOT_ALLOWED:
                raise StorageUnavailable(
                    f"The watermark {head} may not be written ({error.strerror or error}). Nothing of this was "
                    "recorded, and what was recorded before is whole. Check its permissions and attributes; all goes "
                    "on by itself then."
                ) from error
            self._stop(f"its watermark {head} could not be written ({error.strerror or error})", error)
        self._sync(self._held.head_fd)
        self._watermark = slot

    def probe(self, room_bytes: int) -> None:
        """Tries what the next batches and their watermark need. Raises OSError."""
        probe(self._files, self._log.paths, self._held.head_fd, room_bytes)

    def regain_space(self) -> bool:
        """Makes the reserve file again where enough is free; whether it is there now."""
        return self._held.reserve_file.regain()

    def announce(self, address: str) -> None:
        """Tells, in the lock file, where the service that holds the log is reached."""
        self._held.lock.announce(address)

    def stop_for(self, damage: LogDamaged) -> None:
        """Refuses everything from here on, because what was written once is no longer as it was."""
        stopped = LedgerStopped(str(damage))
        stopped.__cause__ = damage
        self.stopped = self.stopped or stopped

    def _refuse_if_moved(self) -> None:
        """Stops where the path of the log no longer leads to the file as we left it: an open file does not see that it
        was renamed or deleted.
        """
        path = self._log.paths.log
        try:
            found = self._files.stat(path)
        except OSError as error:
            self._stop(f"{path} is gone ({error.strerror or error})", error)
        if (found.st_dev, found.st_ino) != self._log.identity:
            self._stop(f"another file stands at {path}, where it was", None)
        if found.st_size != self._log.tip.offset:
            sizes = f"has {found.st_size} bytes where {self._log.tip.offset} were written"
            self._stop(f"{path} {sizes}: another program changed it", None)

    def _write(self, data: bytes, *, durably: bool) -> None:
        """Appends bytes, or leaves the log as it was and raises DiskFull or StorageUnavailable, or stops.

        The first write that finds no room is refused, so that its caller brings only what frees; for that, room is
        given up until it fits.
        """
        was_short = self.short_of_space
        while (error := self._fails_to_write(data)) is not None:
            self.room_used_up = not self._give_up_room()
            if self.room_used_up:
                raise no_room_at_all(self._log.paths.logs) from error
            if not was_short:
                raise disk_full(self._log.paths.logs) from error
        self.room_used_up = False
        if durably:
            self._sync(self._held.log_fd)
        else:
            self._is_unsynced = True

    def _fails_to_write(self, data: bytes) -> OSError | None:
        """Writes; gives the error where there was no room, after the log was cut back to what it was."""
        try:
            self._files.write_all(self._held.log_fd, data)
        except OSError as error:
            self._refuse_if_not_allowed(error)
            if not is_disk_full(error):
                self._stop(f"a write to {self._log.paths.log} failed ({error.strerror or error})", error)
            self._take_back()
            return error
        return None

    def _refuse_if_not_allowed(self, error: OSError) -> None:
        """Raises StorageUnavailable for a write that was not allowed and has left the log as it was."""
        if error.errno in NOT_ALLOWED and self._files.fstat(self._held.log_fd).st_size == self._log.tip.offset:
            raise StorageUnavailable(
                f"The log {self._log.paths.log} may not be written ({error.strerror or error}). Nothing of this was "
                "recorded, and what was recorded before is whole. Check its permissions and attributes; all goes on by "
                "itself then."
            ) from error

    def _take_back(self) -> None:
        """After a write that found no room: the log is cut back to what it was."""
        path = self._log.paths.log
        try:
            self._files.truncate(self._held.log_fd, self._log.tip.offset)
        except OSError as failed:
            self._stop(f"the disk is full, and a part of a batch could not be cut off {path} again", failed)
        self._sync(self._held.log_fd)

    def _give_up_room(self) -> bool:
        """A part of the reserve file, then the snapshots, which are caches; False where nothing is left."""
        return self._held.reserve_file.give_up_a_part() or forget_snapshots(self._files, self._log.paths)

    def _sync(self, fd: int) -> None:
        try:
            sync_log(self._files, fd, self._log.paths)
        except LedgerStopped as error:
            self.stopped = error
            raise

    def _stop(self, why: str, error: OSError | None) -> NoReturn:
        """Refuses everything from here on."""
        self.stopped = LedgerStopped(
            f"The log is no longer written: {why}. Put that right, then restart; the log is read again from the disk."
        )
        raise self.stopped from error
