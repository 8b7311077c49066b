"""Brings a copy of a log up to date beside its writer: what a backup and a restore do with it.

The copy is a log of its own below another root, with a watermark that says how far it goes. What a former copy has is
never written again: its end is looked for in the log, and what came after is added. So a copy that is not a beginning
of the log is refused, and one that was cut off in the middle goes on. The original is read and never touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from adapters.disk.errors import NotOwnError
from adapters.disk.files import CREATE, READ, UPDATE, Files, is_disk_full
from adapters.eventlog.jsonl.format import MAX_LINE_BYTES, Header, Tip, fixed_form
from adapters.eventlog.jsonl.judging import contradicts_watermark, holds_no_event, lost_more_than_a_batch
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.log_file import Takers, refuse_damage, unusable
from adapters.eventlog.jsonl.scanning import BLOCK_BYTES, Scanner
from adapters.eventlog.jsonl.seals import Key, keep_key, read_key
from adapters.eventlog.jsonl.snapshots import HASH_ENDING_BYTES
from adapters.eventlog.jsonl.verify import WholeLog, read_whole
from adapters.eventlog.jsonl.watermark import Slot, read_slots, write_slot
from adapters.ports.event_log import OnEvent
from adapters.ports.faults import GOES_ON, Fault, LogDamaged, StorageUnavailable, TargetRefused, no_room_for
from adapters.ports.log_reports import CopiedLog


def copy_log(
    root: Path,
    to: Path,
    *,
    files: Files,
    on_event: OnEvent | None = None,
    up_to: int | None = None,
    with_key: bool = True,
) -> CopiedLog:
    """Copies the log of a storage root to that of another one, all that is whole or up to the position that ends a
    batch.

    Raises TargetRefused where a log stands there that is no beginning of this one, LogMissing, LogForeign and
    LogDamaged for the original, StorageUnavailable or DiskFull.
    """
    paths, target = LogPaths.below(root), LogPaths.below(to)
    for own in (paths, target):
        files.confine(own.root, anew=False)
    with ExitStack() as descriptors:
        try:
            log = read_whole(files, descriptors, paths, takers=Takers(on_event))
            scanner, header = log.found.scanner, log.found.header
            refuse_damage(paths, contradicts_watermark(scanner, log.slots, header, log.size))
            refuse_damage(paths, lost_more_than_a_batch(scanner, is_copy=files.lexists(paths.origin)))
            refuse_damage(paths, log.found.lost or holds_no_event(scanner))
            tip = _tip_at(files, log, paths, scanner.whole.position if up_to is None else up_to)
            key = _key(files, paths) if with_key else None
        except OSError as error:
            raise unusable(paths, error) from error
        try:
            return _Copy(files, target, log, tip, key).carry_out()
        except OSError as error:
            raise _unwritable(target, error) from error


def _key(files: Files, paths: LogPaths) -> Key | None:
    """The key, None where there is none that this account may read: a group's backup may not."""
    try:
        return read_key(files, paths)
    except PermissionError:
        return None


def _tip_at(files: Files, log: WholeLog, paths: LogPaths, position: int) -> Tip:
    """The point of the log at a position. Raises LogDamaged where the log has none, or no batch ends there."""
    scanner, header = log.found.scanner, log.found.header
    if position > scanner.whole.position:
        raise LogDamaged(
            f"The log {paths.log} ends at position {scanner.whole.position:,}, and should go up to {position:,}: its "
            "end is missing. Nothing was changed.",
            position=scanner.whole.position,
        )
    tip = Tip(position, scanner.starts[position], _digest_at(files, log.fd, scanner, header, position))
    begin = scanner.starts[position - 1] if position else tip.offset
    line = files.read_all_at(log.fd, min(tip.offset - begin, MAX_LINE_BYTES), begin)
    form = fixed_form(line[:-1])
    if position and (form is None or form[2] != position):
        raise LogDamaged(f"No batch of the log {paths.log} ends at position {position:,}.", position=position)
    return tip


def _digest_at(files: Files, fd: int, scanner: Scanner, header: Header, position: int) -> bytes:
    """The hash at a position of a log that was verified: its line says so."""
    if not position:
        return header.digest
    ending = files.read_all_at(fd, HASH_ENDING_BYTES, scanner.starts[position] - HASH_ENDING_BYTES)
    return bytes.fromhex(ending[:64].decode())


def _unwritable(target: LogPaths, error: OSError) -> Fault:
    if is_disk_full(error):
        return no_room_for("the copy of the log", target.root, GOES_ON)
    told = error.sentence if isinstance(error, NotOwnError) else (error.strerror or str(error))
    return StorageUnavailable(f"The copy of the log cannot be written in {target.root}: {told}")


class _Copy:
    """One copy of a log that was read and is whole, up to a point."""

    def __init__(self, files: Files, target: LogPaths, log: WholeLog, tip: Tip, key: Key | None) -> None:
        self._files = files
        self._target = target
        self._log = log
        self._tip = tip
        self._key = key

    def carry_out(self) -> CopiedLog:
        """Adds what is missing. A new copy has its name last, so that half of one is never taken for a log."""
        files, target, tip = self._files, self._target, self._tip
        files.make_directories(target.logs)
        former = self._former()
        if former is None:
            self._begin()
        else:
            self._go_on(former)
        files.sync_directory(target.logs)
        return CopiedLog(
            log_id=self._log.found.header.log_id,
            position=tip.position,
            digest=tip.digest.hex(),
            size_bytes=tip.offset,
            copied_bytes=tip.offset - (former.offset if former else 0),
            has_key=self._key is not None,
        )

    def _begin(self) -> None:
        files, target = self._files, self._target
        for left in (target.log_in_making, target.log):
            with suppress(FileNotFoundError):
                files.unlink(left)
        files.write_blocks_durably(target.log_in_making, self._blocks(0))
        self._keep_key()
        self._write_watermark()
        files.rename(target.log_in_making, target.log)

    def _go_on(self, former: Tip) -> None:
        """What an interrupted copy wrote after the watermark is written again; what stands before is left alone."""
        files, target = self._files, self._target
        fd = files.open(target.log, UPDATE)
        try:
            files.truncate(fd, former.offset)
            offset = former.offset
            for block in self._blocks(former.offset):
                files.write_all_at(fd, block, offset)
                offset += len(block)
            files.sync_data(fd)
        finally:
            files.close(fd)
        self._keep_key()
        self._write_watermark()

    def _former(self) -> Tip | None:
        """How far a former copy surely goes, None where there is none, or none that was finished once. Raises
        TargetRefused where it is not of this log.
        """
        files, target = self._files, self._target
        if not files.lexists(target.log) or not files.lexists(target.head):
            return None
        fd = files.open(target.head, READ)
        try:
            slots = read_slots(files, fd)
        finally:
            files.close(fd)
        if not slots or files.lstat(target.log).st_size < slots[0].tip.offset:
            return None
        self._refuse_another(slots[0])
        return slots[0].tip

    def _refuse_another(self, slot: Slot) -> None:
        header, scanner = self._log.found.header, self._log.found.scanner
        if slot.log_id != header.log_id:
            raise TargetRefused(f"The copy in {self._target.root} is of another log. Name another folder.")
        if slot.tip.position > self._tip.position:
            raise TargetRefused(
                f"The copy in {self._target.root} knows more than the log: it goes up to position "
                f"{slot.tip.position:,}, and the log to {self._tip.position:,}. Either the log is an older copy, or "
                "its end was cut off. Nothing was changed. Look into that first; to begin another copy of the log as "
                "it is, name another folder."
            )
        position = slot.tip.position
        found = _digest_at(self._files, self._log.fd, scanner, header, position)
        if scanner.starts[position] != slot.tip.offset or found != slot.tip.digest:
            raise TargetRefused(
                f"The copy in {self._target.root} and the log tell different stories: at position {position:,} they "
                "have different hashes. Nothing was changed. `abby verify` looks at the log; to begin another copy of "
                "the log as it is, name another folder."
            )

    def _blocks(self, begin: int) -> Iterator[bytes]:
        end = self._tip.offset
        for offset in range(begin, end, BLOCK_BYTES):
            yield self._files.read_all_at(self._log.fd, min(BLOCK_BYTES, end - offset), offset)

    def _keep_key(self) -> None:
        """The key as the copy is to have it; it is told to have sealed, as the watermark is written with it."""
        files, target = self._files, self._target
        if self._key is None:
            with suppress(FileNotFoundError):
                files.unlink(target.key)
            return
        key = self._key._replace(has_sealed=True)
        if read_key(files, target) != key:
            keep_key(files, target, key)

    def _write_watermark(self) -> None:
        """Put in the place of the former one as a whole: all of the copy is on the disk, and so are its files."""
        files, target = self._files, self._target
        in_making = target.head.with_name("head.new")
        with suppress(FileNotFoundError):
            files.unlink(in_making)
        slot = Slot(self._log.found.header.log_id, 1, self._tip, self._tip.position)
        fd = files.open(in_making, CREATE)
        try:
            write_slot(files, fd, slot if self._key is None else slot.sealed(self._key))
            files.sync_data(fd)
        finally:
            files.close(fd)
        files.rename(in_making, target.head)
