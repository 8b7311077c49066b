"""Opens a log: takes the lock, makes what is missing where it may, verifies every byte, and decides by the table
"Opening".

A refusal is an exception of `adapters.faults` that names position, byte offset and the command to run next; nothing
is changed then, and nothing is ever repaired in silence. What can only be a batch that was never acknowledged is
copied to `logs/torn/` and cut off.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from stat import S_ISREG

import structlog

from adapters.clock import Clock
from adapters.eventlog.creation import begin_log, load_or_make_key, refuse_beside_remains
from adapters.eventlog.files import APPEND, READ, UPDATE, Files, is_disk_full
from adapters.eventlog.format import MAX_HEADER_BYTES, ForeignHeaderError, Header, Tip, decode_header
from adapters.eventlog.judging import Damage, contradicts_watermark, lost_more_than_a_batch
from adapters.eventlog.layout import LogPaths
from adapters.eventlog.lock import WriterLock, held_by_another
from adapters.eventlog.scanning import BLOCK_BYTES, OnEvent, Scanner, scan
from adapters.eventlog.spare import Spare, disk_full
from adapters.eventlog.watermark import Slot, read_slots, write_slot
from adapters.faults import Fault, LedgerStopped, LogDamaged, LogForeign, LogMissing, StorageUnavailable

ANYBODY_WRITES = 0o222

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class OpenLog:
    """An open log. `descriptors` closes all it holds. The last five are a writer's alone."""

    paths: LogPaths
    header: Header
    tip: Tip
    starts: array[int]
    watermark: Slot | None
    read_fd: int
    descriptors: ExitStack
    lock: WriterLock | None = None
    log_fd: int = -1
    head_fd: int = -1
    spare: Spare | None = None
    key: bytes = b""


def open_for_writing(
    paths: LogPaths, files: Files, clock: Clock, *, adopting: bool, on_event: OnEvent | None
) -> OpenLog:
    """Opens the log of a root, begun if there is none and nothing says that there was one. Raises any of the log's
    faults.
    """
    with ExitStack() as descriptors:
        try:
            return _Writing(paths, files, clock, descriptors).open(adopting=adopting, on_event=on_event)
        except OSError as error:
            raise unusable(paths, error) from error


def open_for_reading(paths: LogPaths, files: Files, *, beyond_watermark: bool, on_event: OnEvent | None) -> OpenLog:
    """Opens a log beside its writer, without a lock, and takes in the records up to the watermark, or all whole
    batches.
    """
    with ExitStack() as descriptors:
        try:
            if not files.lexists(paths.log):
                refuse_beside_remains(files, paths, adopting=False)
                raise LogMissing(f"There is no log {paths.log} yet. Start the service once, or check STORAGE_ROOT.")
            fd = _open(files, descriptors, paths, READ)
            size = files.size(fd)  # before the watermark is read: a log without events then has none yet
            slots = read_watermark(files, paths)
            end = size if beyond_watermark or not slots else min(size, slots[0].tip.offset)
            header, scanner = verify_to(files, fd, paths, slots, end=end, on_event=on_event)
        except OSError as error:
            raise unusable(paths, error) from error
        refuse_damage(paths, contradicts_watermark(scanner, slots, header, size))
        watermark = slots[0] if slots else None
        return OpenLog(paths, header, scanner.whole, scanner.starts, watermark, fd, descriptors.pop_all())


def verify_to(
    files: Files, fd: int, paths: LogPaths, slots: list[Slot], *, end: int, on_event: OnEvent | None = None
) -> tuple[Header, Scanner]:
    """Reads and verifies an open log up to byte `end`. Raises LogForeign where it does not begin as one of ours."""
    try:
        header = decode_header(files.read_all_at(fd, MAX_HEADER_BYTES, 0))
    except ForeignHeaderError as error:
        raise LogForeign(
            f"The file {paths.log} is not used, because {error}. It was left alone. "
            "Check STORAGE_ROOT, or move the file away; "
            "`abby verify` shows what it is.",
            offset=0,
        ) from error
    scanner = Scanner(
        Tip(0, header.size, header.digest),
        array("Q", [header.size]),
        mark=slots[0].tip.position if slots else 0,
        on_event=on_event,
    )
    scan(files, fd, scanner, end)
    return header, scanner


def refuse_damage(paths: LogPaths, damage: Damage | None) -> None:
    """Raises LogDamaged for damage, in words that say where, what and what to do."""
    if damage is None:
        return
    at = "" if damage.position is None else f" at position {damage.position} (byte {damage.offset})"
    raise LogDamaged(
        f"The log {paths.log} is damaged{at}: {damage.what}. Nothing was changed, and nothing is repaired by itself. "
        "Run `abby verify` to see more, and put the log back from a copy if there is one.",
        position=damage.position,
        offset=damage.offset,
    )


def sync_log(files: Files, fd: int, paths: LogPaths) -> None:
    """Syncs the log. Any failure is final: the system may have thrown away what it could not write, and a second try
    would lie.
    """
    try:
        files.sync_data(fd)
    except OSError as error:
        raise LedgerStopped(
            f"The disk of {paths.logs} failed while the log was synced ({error.strerror or error}), so it is not known "
            "what it holds. "
            "Check the disk and its free space, then restart; the log is read again from the disk."
        ) from error


def read_watermark(files: Files, paths: LogPaths) -> list[Slot]:
    """The valid slots of the watermark, the one that holds first; none where there is no watermark."""
    with ExitStack() as stack:
        try:
            fd = files.open(paths.head, READ)
        except FileNotFoundError:
            return []
        stack.callback(files.close, fd)
        return read_slots(files, fd)


def unusable(paths: LogPaths, error: OSError) -> Fault:
    """What to tell where the file system refuses while a log is opened."""
    if is_disk_full(error):
        return disk_full(paths.logs)
    where = f" ({error.filename})" if error.filename else ""
    return StorageUnavailable(
        f"The storage root {paths.root} cannot be used: {error.strerror or error}{where}. Create it, check who owns it "
        "and its permissions, or set STORAGE_ROOT to another folder."
    )


class _Writing:
    """One opening for writing: its steps in their order."""

    def __init__(self, paths: LogPaths, files: Files, clock: Clock, descriptors: ExitStack) -> None:
        self._paths = paths
        self._files = files
        self._clock = clock
        self._descriptors = descriptors

    def open(self, *, adopting: bool, on_event: OnEvent | None) -> OpenLog:
        files, paths = self._files, self._paths
        files.make_directories(paths.logs)
        if (kind := files.network_file_system(paths.logs)) is not None:
            _log.warning("log on a network file system", path=str(paths.logs), kind=kind, advice="use a local disk")
        lock = WriterLock(files, paths.lock)
        self._descriptors.callback(lock.close)
        spare = Spare(files, paths.spare)
        if not files.lexists(paths.log):
            refuse_beside_remains(files, paths, adopting=adopting)
            spare.with_room(lambda: begin_log(files, paths, self._clock))
        log_fd = _open(files, self._descriptors, paths, APPEND)
        self._lock_log(log_fd)
        lock.announce(None)
        sync_log(files, log_fd, paths)
        read_fd = _open(files, self._descriptors, paths, READ)
        files.drop_cache(read_fd)
        size = files.size(read_fd)
        slots = read_watermark(files, paths)
        header, scanner = verify_to(files, read_fd, paths, slots, end=size, on_event=on_event)
        refuse_damage(paths, contradicts_watermark(scanner, slots, header, size))
        refuse_damage(paths, lost_more_than_a_batch(scanner))
        if scanner.broken is not None:
            spare.with_room(lambda: self._keep_torn_bytes(read_fd, scanner, size))
            files.truncate(log_fd, scanner.whole.offset)
            sync_log(files, log_fd, paths)
        head_fd, watermark = spare.with_room(lambda: self._open_watermark(slots, header))
        key = spare.with_room(lambda: load_or_make_key(files, paths, events=scanner.whole.position > 0))
        spare.regain()
        files.sync_directory(paths.logs)
        return OpenLog(
            paths=paths,
            header=header,
            tip=scanner.whole,
            starts=scanner.starts,
            watermark=watermark,
            read_fd=read_fd,
            descriptors=self._descriptors.pop_all(),
            lock=lock,
            log_fd=log_fd,
            head_fd=head_fd,
            spare=spare,
            key=key,
        )

    def _lock_log(self, log_fd: int) -> None:
        """Locks the log itself too: whoever deletes the lock file while a writer runs must not let a second one in."""
        try:
            self._files.lock(log_fd)
        except BlockingIOError:
            raise held_by_another(self._files, self._paths.lock) from None

    def _keep_torn_bytes(self, read_fd: int, scanner: Scanner, size: int) -> None:
        """Copies what a batch that was never acknowledged left, durably, before it is cut off."""
        files, paths = self._files, self._paths
        offset = scanner.whole.offset
        time = self._clock().replace(":", "").replace("-", "")  # a colon is no character of a name on Windows
        files.make_directories(paths.torn)
        kept = paths.torn / f"{time}-{offset}.bin"
        with suppress(FileNotFoundError):  # a crash inside an earlier recovery may have left it
            files.unlink(kept)
        files.write_blocks_durably(kept, _blocks(files, read_fd, offset, size))
        files.sync_directory(paths.torn)
        _log.warning(
            "torn batch cut off",
            position=scanner.whole.position + 1,
            offset=offset,
            bytes=size - offset,
            kept=str(kept),
            reason="it was never acknowledged",
        )

    def _open_watermark(self, slots: list[Slot], header: Header) -> tuple[int, Slot]:
        """The open watermark and the slot that holds, written for position 0 where the log has neither events nor a
        watermark.
        """
        files = self._files
        head_fd = files.open(self._paths.head, UPDATE)
        try:
            slot = slots[0] if slots else Slot(header.log_id, 1, Tip(0, header.size, header.digest), 0)
            if slots:
                sync_log(files, head_fd, self._paths)  # what a killed process wrote may be in memory alone
            else:
                write_slot(files, head_fd, slot)
        except BaseException:
            files.close(head_fd)
            raise
        self._descriptors.callback(files.close, head_fd)
        return head_fd, slot


def _open(files: Files, descriptors: ExitStack, paths: LogPaths, flags: int) -> int:
    """A descriptor of the log, closed with the others. Raises LogForeign where it is no file, StorageUnavailable
    where it is protected.
    """
    mode = files.stat(paths.log).st_mode
    if not S_ISREG(mode):
        raise LogForeign(
            f"{paths.log} is no file, so it is no log of ours. It was left alone. Check STORAGE_ROOT, or move it away."
        )
    if flags == APPEND and not mode & ANYBODY_WRITES:
        raise StorageUnavailable(
            f"The log {paths.log} is write-protected (mode {mode & 0o777:04o}). Somebody did that on purpose, so it was "
            "left alone. "
            "Give this account leave to write it, or open it for reading only."
        )
    fd = files.open(paths.log, flags)
    descriptors.callback(files.close, fd)
    return fd


def _blocks(files: Files, fd: int, offset: int, end: int) -> Iterator[bytes]:
    """The bytes of an open file from an offset to its end, a block at a time."""
    while offset < end:
        block = files.read_all_at(fd, min(BLOCK_BYTES, end - offset), offset)
        yield block
        offset += len(block) or end
