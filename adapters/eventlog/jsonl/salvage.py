"""Makes a new log of what is provably whole in a damaged one, and a list of what is not: what `abby salvage` does.

The original is read and never touched. The new log has its bytes up to the end of the last whole batch before the first
damage, so every hash in it is one that was written. Nothing after that is taken over: it may rest on what is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import orjson

from adapters.disk.files import UPDATE, Files, is_disk_full
from adapters.disk.ways import lies_in, resolved
from adapters.eventlog.jsonl.format import MAX_LINE_BYTES, fixed_form
from adapters.eventlog.jsonl.judging import contradicts_watermark, holds_no_event, lost_more_than_a_batch
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.log_file import Takers, Verified, unusable
from adapters.eventlog.jsonl.scanning import BLOCK_BYTES
from adapters.eventlog.jsonl.seals import Key, Proof, keep_key, read_key
from adapters.eventlog.jsonl.verify import read_whole
from adapters.eventlog.jsonl.watermark import Slot, write_slot
from adapters.ports.event_log import OnEvent
from adapters.ports.faults import ANEW, Fault, LogDamaged, StorageUnavailable, TargetRefused, no_room_for
from adapters.ports.log_reports import SalvagedLog

LIST_NAME = "not-salvaged.jsonl"


def salvage(root: Path, to: Path, *, files: Files | None = None, on_event: OnEvent | None = None) -> SalvagedLog:
    """Salvages the log of a storage root into a new folder, which becomes a storage root without images. Where
    `on_event` refuses an event, its batch and what is after it are left out.

    Raises TargetRefused where the folder holds something or lies with the log, LogMissing or LogForeign where no log of
    ours stands, LogDamaged where nothing of it can be proven, StorageUnavailable or DiskFull.
    """
    files = files or Files()
    paths, target = LogPaths.below(root), LogPaths.below(to)
    if lies_in(resolved(target.root), resolved(paths.logs), files):
        raise TargetRefused(f"The folder {target.root} is inside that of the log. Name another one with --to.")
    for own in (paths, target):
        files.confine(own.root)
    with ExitStack() as descriptors:
        try:
            fd, slots, size, found = read_whole(files, descriptors, paths, takers=Takers(on_event), to_its_end=True)
            _refuse_unproven(paths, found, _believed(slots))
            key = read_key(files, paths)
        except OSError as error:
            raise unusable(paths, error) from error
        try:
            new = _Salvage(files=files, target=target, fd=fd, size=size, slots=slots, found=found)
            return new.carry_out(key, is_copy=files.lexists(paths.origin))
        except OSError as error:
            raise _unwritable(target, error) from error


def _believed(slots: list[Slot]) -> list[Slot]:
    """The watermarks that say something of the log: none that the key shows to be somebody else's."""
    return [] if slots and slots[0].proof in {Proof.FORGED, Proof.SEAL_LOST} else slots


def _unwritable(target: LogPaths, error: OSError) -> Fault:
    """Of the new folder, which is no storage root yet and has no setting."""
    if is_disk_full(error):
        return no_room_for("the new log", target.root, f"{ANEW} Nothing was changed where the log stands.")
    return StorageUnavailable(
        f"The new log cannot be written in {target.root}: {error.strerror or error}. Name another folder with --to, or "
        "check who owns it; nothing was changed where the log stands."
    )


def _refuse_unproven(paths: LogPaths, found: Verified, slots: list[Slot]) -> None:
    """Raises LogDamaged for a log that is whole in itself and yet not the one that was written: where it begins to
    differ cannot be told.
    """
    scanner, own = found.scanner, [slot for slot in slots if slot.log_id == found.header.log_id]
    if own and scanner.whole.position >= own[0].tip.position and not scanner.passed(own[0].tip):
        raise LogDamaged(
            f"Nothing of the log {paths.log} can be salvaged: it is not the log that was written, and where it begins "
            f"to differ cannot be told. Put a copy of {paths.logs} back.",
            position=own[0].tip.position,
        )


class _Salvage:
    """One salvage of a log that was read."""

    def __init__(self, files: Files, target: LogPaths, fd: int, size: int, slots: list[Slot], found: Verified) -> None:
        self._files = files
        self._target = target
        self._fd = fd
        self._size = size
        self._slots = slots
        self._believed = _believed(slots)
        self._found = found
        self._entries = 0

    def carry_out(self, key: Key | None, *, is_copy: bool) -> SalvagedLog:
        """Writes the new root. Its log is named last, so that half of one is never taken for a log."""
        files, target, whole = self._files, self._target, self._found.scanner.sound
        if files.list_directory(target.root):
            raise TargetRefused(
                f"The folder {target.root} is not empty. Name a new one with --to; nothing was changed."
            )
        files.make_directories(target.logs)
        left_out = target.root / LIST_NAME
        files.write_blocks_durably(left_out, self._list())
        if key is not None:
            keep_key(files, target, key._replace(has_sealed=True))
        self._write_watermark(key)
        files.write_blocks_durably(target.log_in_making, self._blocks(0, whole.offset))
        files.rename(target.log_in_making, target.log)
        files.sync_directory(target.logs)
        files.sync_directory(target.root)
        scanner, header = self._found.scanner, self._found.header
        damage = contradicts_watermark(scanner, self._slots, header, self._size)
        damage = damage or lost_more_than_a_batch(scanner, is_copy=is_copy)
        return SalvagedLog(
            log=target.log,
            left_out=left_out,
            positions=whole.position,
            size_bytes=whole.offset,
            entries=self._entries,
            damage=damage or self._found.lost or holds_no_event(scanner),
        )

    def _write_watermark(self, key: Key | None) -> None:
        """All of the new log is surely on the disk; file work is done as far as it was. Without a key it has no seal:
        the first start makes one, and takes it in.
        """
        files, whole, log_id = self._files, self._found.scanner.sound, self._found.header.log_id
        reconciled = min([slot.reconciled for slot in self._believed[:1] if slot.log_id == log_id] or [0])
        head_fd = files.open(self._target.head, UPDATE)
        try:
            slot = Slot(log_id, 1, whole, min(reconciled, whole.position))
            write_slot(files, head_fd, slot if key is None else slot.sealed(key))
            files.sync_data(head_fd)
        finally:
            files.close(head_fd)

    def _blocks(self, begin: int, end: int) -> Iterator[bytes]:
        for offset in range(begin, end, BLOCK_BYTES):
            yield self._files.read_all_at(self._fd, min(BLOCK_BYTES, end - offset), offset)

    def _list(self) -> Iterator[bytes]:
        """What is not in the new log, an object a line: each line after its end, then what is not there at all."""
        scanner = self._found.scanner
        whole, reasons = scanner.sound, {found.offset: found.why for found in (scanner.broken, scanner.unfit) if found}
        for offset, size, line in self._lines(whole.offset):
            form = fixed_form(line)
            why = reasons.get(offset, "it follows the damage, or belongs to its batch")
            yield self._entry(position=form[0] if form else None, offset=offset, bytes=size, why=why)
        known = [slot.tip.position for slot in self._believed if slot.log_id == self._found.header.log_id]
        if (lost := self._found.lost) is not None:
            known.append(lost.position or 0)
        if (once := max(known, default=0)) > whole.position:
            why = f"positions {whole.position + 1} to {once} were surely on the disk once"
            yield self._entry(position=whole.position + 1, offset=None, bytes=0, why=why)

    def _entry(self, **members: object) -> bytes:
        self._entries += 1
        return orjson.dumps(members, option=orjson.OPT_APPEND_NEWLINE)

    def _lines(self, begin: int) -> Iterator[tuple[int, int, bytes]]:
        """The lines from a byte on with their offsets and sizes; what is longer than any of ours comes in pieces, and a
        hole, which is not read, as one.
        """
        files, rest, offset, done = self._files, b"", begin, begin
        while done < self._size:
            if (data := min(files.next_data(self._fd, done), self._size)) > done + MAX_LINE_BYTES:
                yield offset, data - offset, b""
                rest, offset, done = b"", data, data
            block = files.read_all_at(self._fd, min(BLOCK_BYTES, self._size - done), done)
            done += len(block)
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                yield offset, len(line) + 1, line
                offset += len(line) + 1
            if len(rest) > MAX_LINE_BYTES:
                yield offset, len(rest), rest
                offset += len(rest)
                rest = b""
            if not block:
                break
        if rest:
            yield offset, len(rest), rest
