"""Opens a log for writing: takes the lock, makes what is missing where it may, verifies every byte (from a snapshot on,
where one is taken in), and decides by the table "Opening".

Where it refuses, nothing is changed, and nothing is ever repaired in silence. What can only be a batch that was never
acknowledged is copied to `logs/torn/` and cut off.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import NamedTuple

from adapters.disk.file_systems import Weakness, weakness_of
from adapters.disk.files import APPEND, READ, UPDATE, Files
from adapters.disk.litter import is_litter
from adapters.eventlog.jsonl import rechecking
from adapters.eventlog.jsonl.creation import (
    begin_log,
    make_key,
    mark_as_copy,
    new_header,
    read_origin,
    refuse_beside_remains,
)
from adapters.eventlog.jsonl.format import Header, Tip, encode_header
from adapters.eventlog.jsonl.judging import contradicts_watermark, holds_no_event, lost_more_than_a_batch
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.lock import WriterLock, held_by_another
from adapters.eventlog.jsonl.log_file import (
    OpenLog,
    Takers,
    identity,
    open_log_file,
    read_header,
    read_watermark,
    refuse_damage,
    sync_log,
    unusable,
    verify_from_end,
    verify_to,
)
from adapters.eventlog.jsonl.reserve_file import ReserveFile
from adapters.eventlog.jsonl.scanning import BLOCK_BYTES, Scanner, scan
from adapters.eventlog.jsonl.seals import Key, Proof, keep_key, read_key
from adapters.eventlog.jsonl.snapshots import OFFSET_BYTES, FilePoint, set_aside
from adapters.eventlog.jsonl.watermark import Slot, write_slot
from adapters.ports.clock import Clock
from adapters.ports.faults import ConfigError, LogForeign
from adapters.ports.program_log import ProgramLog

_log = ProgramLog(__name__)


@dataclass(slots=True)
class WritableLog:
    """What a writer holds beside the log as it is read."""

    log: OpenLog
    watermark: Slot
    lock: WriterLock
    log_fd: int
    head_fd: int
    reserve_file: ReserveFile
    key: Key


class Origin(NamedTuple):
    """What a log is a copy of: its header line, its secret, where it is kept, as people are told, and what raises
    LogDamaged where that lacks what the copy holds up to a point. On a visit the copy is opened for a moment, to bring
    it up to date for whoever reads it: what is before its watermark is not read.
    """

    header: bytes
    secret: bytes
    place: str
    refuse_lost: Callable[[Tip], None]
    is_visit: bool = False


def open_for_writing(
    paths: LogPaths,
    files: Files,
    clock: Clock,
    *,
    adopting: bool,
    takers: Takers,
    copy_of: Origin | None = None,
) -> WritableLog:
    """Opens the log of a root, begun if there is none and nothing says that there was one; or the copy of one.

    Raises any of the log's faults, and then nothing stays open.
    """
    with ExitStack() as descriptors:
        try:
            return _Opening(paths, files, clock, descriptors, copy_of).carry_out(adopting=adopting, takers=takers)
        except OSError as error:
            raise unusable(paths, error) from error


class _Opening:
    """One opening for writing: its steps, in their order."""

    def __init__(
        self, paths: LogPaths, files: Files, clock: Clock, descriptors: ExitStack, copy_of: Origin | None
    ) -> None:
        self._copy_of = copy_of
        self._is_visit = copy_of is not None and copy_of.is_visit
        self._paths = paths
        self._files = files
        self._clock = clock
        self._descriptors = descriptors

    def carry_out(self, *, adopting: bool, takers: Takers) -> WritableLog:
        files, paths = self._files, self._paths
        files.make_directories(paths.logs)
        self._descriptors.enter_context(files.holding(paths.logs))
        self._refuse_what_is_no_logs_folder(adopting=adopting)
        self._refuse_what_is_a_copy()
        self._tell_of_weakness()
        lock = self._take_lock()
        reserve_file = ReserveFile(files, paths.reserve_file)
        self._begin_where_there_is_none(reserve_file, adopting=adopting)
        log_fd = self._open_log(lock)
        read_fd = self._open_to_read()
        self._fit_copy(log_fd, read_fd)
        size, slots = files.fstat(read_fd).st_size, read_watermark(files, paths)
        header, scanner, resumed = self._verify(read_fd, size, slots, takers)
        rechecked = self._check_before_snapshot(read_fd, header, resumed, slots)
        if scanner.broken is not None:
            reserve_file.with_room(lambda: self._keep_torn_bytes(read_fd, scanner.whole, size))
            self._cut_off(log_fd, scanner.whole)
        self._tell_after_seal(scanner, slots)
        key = reserve_file.with_room(lambda: self._key(events=scanner.whole.position > 0))
        head_fd, watermark = reserve_file.with_room(lambda: self._open_watermark(slots, header, key))
        set_aside(files, paths, header, key)
        reserve_file.regain()
        files.sync_directory(paths.logs)  # also what an earlier process had named and not synced when it was killed
        log = OpenLog(
            paths=paths,
            header=header,
            tip=scanner.whole,
            starts=scanner.starts,
            watermark=watermark,
            read_fd=read_fd,
            identity=identity(files, log_fd),
            resumed=resumed,
            descriptors=self._descriptors.pop_all(),
            rechecked=rechecked,
        )
        return WritableLog(
            log=log, watermark=watermark, lock=lock, log_fd=log_fd, head_fd=head_fd, reserve_file=reserve_file, key=key
        )

    def _verify(
        self, fd: int, size: int, slots: list[Slot], takers: Takers
    ) -> tuple[Header, Scanner, FilePoint | None]:
        """Reads the log as it is; the table "Opening" has each of the refusals. Raises LogForeign and LogDamaged."""
        header, scanner, resumed, lost = (
            verify_from_end(self._files, fd, self._paths, slots, end=size)
            if self._is_visit
            else verify_to(self._files, fd, self._paths, slots, end=size, takers=takers)
        )
        refuse_damage(self._paths, lost)
        refuse_damage(self._paths, contradicts_watermark(scanner, slots, header, size))
        refuse_damage(self._paths, lost_more_than_a_batch(scanner, is_copy=self._files.lexists(self._paths.origin)))
        refuse_damage(self._paths, holds_no_event(scanner))
        return header, scanner, resumed

    def _check_before_snapshot(self, fd: int, header: Header, resumed: FilePoint | None, slots: list[Slot]) -> bool:
        """Verifies what a snapshot spared, where that is short; whether it was. Raises LogDamaged."""
        if resumed is None or resumed.tip.offset > rechecking.SHORT_BYTES:
            return False
        refuse_damage(self._paths, rechecking.damage_before(self._files, fd, header, resumed, slots[0].tip))
        return True

    def _begin_where_there_is_none(self, reserve_file: ReserveFile, *, adopting: bool) -> None:
        files, paths = self._files, self._paths
        if not files.lexists(paths.log):
            copied = self._copy_of
            refuse_beside_remains(files, paths, adopting=adopting or copied is not None)
            if copied is not None:
                mark_as_copy(files, paths, copied.place)  # first: it is never a log of its own
            header = new_header(self._clock) if copied is None else copied.header
            reserve_file.with_room(lambda: begin_log(files, paths, header))
        elif not files.lexists(paths.head):
            # A killed process may have named the log and not synced that, and a watermark without a log is refused.
            files.sync_directory(paths.logs)

    def _refuse_what_is_a_copy(self) -> None:
        """Raises ConfigError where a log of its own is to be written in the place of a copy: they would part."""
        if self._copy_of is None and self._files.lexists(self._paths.origin):
            place, _ = read_origin(self._files, self._paths)
            raise ConfigError(
                f"The log {self._paths.log} is a copy of the one in {place}, and what was written here would be "
                "missing there. Set PERSISTENCE_MODULE as it was, or give StorageManager `postgres`; to go on with "
                "this log alone, run `abby migrate --to jsonl` once."
            )

    def _fit_copy(self, log_fd: int, read_fd: int) -> None:
        """Looks that a copy is one of the right log, and cuts off what is not surely on the disk, once it is seen that
        it is kept elsewhere: else it may be all that is left of what was acknowledged. Of one that is not marked as a
        copy nobody knows that yet, and nothing is cut off. Raises LogForeign, LogDamaged where it is not kept there.
        """
        files, paths, copied = self._files, self._paths, self._copy_of
        if copied is None:
            return
        header = read_header(files, read_fd, paths)
        if encode_header(header.log_id, header.created) != copied.header:
            raise LogForeign(
                f"The log {paths.log} is not a copy of the one in {copied.place}: they have different ids. It was left "
                "alone. Check STORAGE_ROOT and the settings of the database; `abby migrate --to postgres` brings a log "
                "into an empty one."
            )
        slots = read_watermark(files, paths)
        is_marked = files.lexists(paths.origin)
        if is_marked and slots and files.fstat(read_fd).st_size > slots[0].tip.offset:
            copied.refuse_lost(self._whole_after(read_fd, slots[0].tip))
            self._cut_off(log_fd, slots[0].tip)
        if (key := read_key(files, paths)) is None or key.secret != copied.secret:
            if key is not None:
                raise LogForeign(
                    f"The key {paths.key} is another than that of the log in {copied.place}. Nothing was changed. "
                    f"Move {paths.logs} away and start again: the copy is made anew."
                )
            keep_key(files, paths, Key(copied.secret, has_sealed=bool(slots) and slots[0].proof is Proof.KEY_LOST))

    def _whole_after(self, read_fd: int, tip: Tip) -> Tip:
        """Up to where a log is whole from a point on."""
        starts = array("Q", bytes(tip.position * OFFSET_BYTES))
        starts.append(tip.offset)
        scanner = Scanner(tip, starts)
        scan(self._files, read_fd, scanner, self._files.fstat(read_fd).st_size)
        return scanner.whole

    def _refuse_what_is_no_logs_folder(self, *, adopting: bool) -> None:
        """Raises LogForeign, before anything is made there, where the operator's link leads to other things: to a log
        that is none of ours, or to none and something else.
        """
        files, paths = self._files, self._paths
        if not files.is_elsewhere(paths.logs):
            return
        if files.lexists(paths.log):
            with ExitStack() as descriptors:
                read_header(files, open_log_file(files, descriptors, paths, READ), paths)
        elif not adopting:
            others = [name for name in files.list_directory(paths.logs) if not (is_litter(name) or paths.has(name))]
            if others:
                raise LogForeign(
                    f"{paths.logs} is a link to a folder without a log that holds other things, such as {others[0]}. "
                    "Nothing was made there. Let it lead to a folder of its own."
                )

    def _take_lock(self) -> WriterLock:
        lock = WriterLock(self._files, self._paths.lock)
        self._descriptors.callback(lock.close)
        if self._is_visit:
            lock.announce(None, is_visit=True)
        return lock

    def _tell_of_weakness(self) -> None:
        if self._is_visit:
            return
        logs = self._paths.logs
        kind = self._files.file_system(logs)
        match weakness_of(kind):
            case Weakness.NETWORK:
                _log.warning("log on a network file system", path=str(logs), kind=kind, advice="use a local disk")
            case Weakness.RENAME:
                advice = "use a disk with ext4, xfs, btrfs, APFS or NTFS"
                _log.warning("log where renames are not atomic", path=str(logs), kind=kind, advice=advice)

    def _open_log(self, lock: WriterLock) -> int:
        """Opens the log and syncs it: a reader may have seen what a killed process had written and not synced.

        The log is locked too: whoever deletes the lock file while a writer runs must not let a second one in.
        """
        files, paths = self._files, self._paths
        log_fd = open_log_file(files, self._descriptors, paths, APPEND)
        try:
            files.lock(log_fd)
        except BlockingIOError:
            raise held_by_another(files, paths.lock) from None
        lock.announce(None, is_visit=self._is_visit)
        sync_log(files, log_fd, paths)
        return log_fd

    def _open_to_read(self) -> int:
        """What is verified comes from the disk."""
        read_fd = open_log_file(self._files, self._descriptors, self._paths, READ)
        if not self._is_visit:
            self._files.drop_cache(read_fd)
        return read_fd

    def _keep_torn_bytes(self, read_fd: int, whole: Tip, size: int) -> None:
        """Copies what a batch that was never acknowledged left, durably, before it is cut off."""
        files, paths = self._files, self._paths
        offset = whole.offset
        time = self._clock().replace(":", "").replace("-", "")  # a colon is no character of a name on Windows
        files.make_directories(paths.torn)
        kept = paths.torn / f"{time}-{offset}.bin"
        with suppress(FileNotFoundError):  # a crash inside an earlier recovery may have left it
            files.unlink(kept)
        files.write_blocks_durably(kept, self._blocks(read_fd, offset, size))
        files.sync_directory(paths.torn)
        _log.warning(
            "torn batch cut off",
            position=whole.position + 1,
            offset=offset,
            bytes=size - offset,
            kept=str(kept),
            reason="it was never acknowledged",
        )

    def _blocks(self, fd: int, offset: int, end: int) -> Iterator[bytes]:
        """The bytes of an open file, a block at a time."""
        for begin in range(offset, end, BLOCK_BYTES):
            yield self._files.read_all_at(fd, min(BLOCK_BYTES, end - begin), begin)

    def _cut_off(self, log_fd: int, whole: Tip) -> None:
        """Cuts the log back to its whole part, durably."""
        self._files.truncate(log_fd, whole.offset)
        sync_log(self._files, log_fd, self._paths)

    def _tell_after_seal(self, scanner: Scanner, slots: list[Slot]) -> None:
        """After a crash some events stand after the last seal: nothing but their hashes says whose they are."""
        if slots and slots[0].proof is Proof.SEALED and (more := scanner.whole.position - slots[0].tip.position) > 0:
            after = slots[0].tip.position
            _log.info("events after the last seal", events=more, after=after, reason="the last stop was a crash")

    def _key(self, *, events: bool) -> Key:
        """The key of the log, made anew where it is missing."""
        return read_key(self._files, self._paths) or make_key(self._files, self._paths, events=events)

    def _open_watermark(self, slots: list[Slot], header: Header, key: Key) -> tuple[int, Slot]:
        """The open watermark and the slot that holds, sealed; a log without events and without one is given one."""
        files = self._files
        with ExitStack() as stack:
            head_fd = files.open(self._paths.head, UPDATE)
            stack.callback(files.close, head_fd)
            slot = slots[0] if slots else Slot(header.log_id, 0, Tip(0, header.size, header.digest), 0)
            if slot.proof is not Proof.SEALED:
                slot = slot._replace(counter=slot.counter + 1).sealed(key)
                write_slot(files, head_fd, slot)
            sync_log(files, head_fd, self._paths)  # also of what a killed process wrote, which may be in memory alone
            if not key.has_sealed:
                keep_key(files, self._paths, key._replace(has_sealed=True))
            self._descriptors.push(stack.pop_all())
        return head_fd, slot
