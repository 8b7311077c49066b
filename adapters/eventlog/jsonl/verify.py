"""Reads a whole log and tells what it is, without a lock and without changing anything: what `abby verify` shows. Of a
long log it may read a part, and tells which.

It reads with the code that opening uses, so it says what a start would say; only a log without any watermark beside
it, as in a copy of the file alone, is judged by itself, and a start refuses it. A verifier that shares no code with the
writer is another program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from adapters.disk.files import READ, Files
from adapters.eventlog.jsonl import rechecking
from adapters.eventlog.jsonl.creation import refuse_beside_remains
from adapters.eventlog.jsonl.following import look
from adapters.eventlog.jsonl.format import Header
from adapters.eventlog.jsonl.judging import contradicts_watermark, holds_no_event, lost_more_than_a_batch
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.log_file import (
    NOBODY,
    Takers,
    Verified,
    open_log_file,
    read_header,
    unusable,
    verify_from_end,
    verify_to,
)
from adapters.eventlog.jsonl.older_snapshots import nearest
from adapters.eventlog.jsonl.points import LogAsRead, lacks_a_point, marked_points
from adapters.eventlog.jsonl.seals import Proof, read_key
from adapters.eventlog.jsonl.snapshots import OLDER, beginning_before, look_at_all
from adapters.eventlog.jsonl.tampering import looks_like
from adapters.eventlog.jsonl.watermark import Slot
from adapters.ports.faults import LogMissing
from adapters.ports.log_reports import Damage, KeptSnapshot, LogReport, StateBeginning

T = TypeVar("T")


class WholeLog(NamedTuple):
    """A log that was read from end to end: its descriptor, the valid slots of its watermark, the size that it had, and
    what was found in it.
    """

    fd: int
    slots: list[Slot]
    size: int
    found: Verified


def verify(
    root: Path,
    *,
    files: Files | None = None,
    takers: Takers = NOBODY,
    at_end: bool = False,
    points: bytes = b"",
    marks: Sequence[int] = (),
) -> LogReport:
    """Verifies the log of a storage root, beside a running writer too: from its beginning, from the newest snapshot
    that the takers take in, or `at_end` from its watermark on. What is short before a snapshot is read too.

    Raises LogMissing where there is none, LogForeign where the file is none of ours, StorageUnavailable where it cannot
    be read.
    """
    files = files or Files()
    paths = LogPaths.below(root)
    files.confine(paths.root)
    with ExitStack() as descriptors:
        try:
            fd, slots, size, (header, scanner, resumed, lost) = read_whole(
                files, descriptors, paths, takers=takers, at_end=at_end
            )
            if resumed is not None and resumed.tip.offset <= rechecking.SHORT_BYTES and slots:
                lost, resumed = lost or rechecking.damage_before(files, fd, header, resumed, slots[0].tip), None
            read = LogAsRead(fd, header, scanner.starts, scanner.whole)
            marked = marked_points(files, read, marks)
            if points:
                lost = lost or lacks_a_point(files, read, points, read_key(files, paths))
            found = Verified(header, scanner, resumed, lost)
            is_alone = not slots and not files.lexists(paths.head)
            is_copy = files.lexists(paths.origin)
            damage = _damage_of(found, None if is_alone else slots, size, is_copy=is_copy)
            if damage is not None and not damage.looks_like:
                damage = damage._replace(looks_like=looks_like(files, fd, header, scanner, slots))
        except OSError as error:
            raise unusable(paths, error) from error
    report = _report_of(str(paths.log), found, slots[0] if slots else None, size, damage)
    if at_end and slots and slots[0].tip.offset <= size:
        report = replace(report, unread=slots[0].tip.position)
    return replace(report, marked=marked)


def _report_of(location: str, found: Verified, slot: Slot | None, size: int, damage: Damage | None) -> LogReport:
    header, scanner, resumed, _ = found
    return LogReport(
        location=location,
        log_id=header.log_id,
        created=header.created,
        positions=scanner.whole.position,
        batches=scanner.batches,
        digest=scanner.whole.digest.hex(),
        size_bytes=size,
        watermark=slot.tip.position if slot else None,
        reconciled=slot.reconciled if slot else None,
        torn_bytes=0 if damage else size - scanner.whole.offset,
        damage=damage,
        unread=resumed.tip.position if resumed else 0,
        is_sealed={Proof.SEALED: True, Proof.UNSEALED: False}.get(slot.proof) if slot else None,
    )


def _damage_of(found: Verified, slots: list[Slot] | None, size: int, *, is_copy: bool) -> Damage | None:
    """What is wrong with a log as it was read; `slots` None where there is no watermark to compare it with."""
    header, scanner, _, lost = found
    contradiction = None if slots is None else contradicts_watermark(scanner, slots, header, size)
    return contradiction or lost_more_than_a_batch(scanner, is_copy=is_copy) or lost or holds_no_event(scanner)


def kept_snapshots(root: Path, *, files: Files) -> list[KeptSnapshot]:
    """The snapshots beside the log of a storage root. Raises LogMissing, LogForeign or StorageUnavailable."""
    return _beside(root, files, look_at_all)


def kept_older_snapshots(root: Path, *, files: Files) -> list[KeptSnapshot]:
    """Those that are kept for replays of the past. Raises LogMissing, LogForeign or StorageUnavailable."""
    return _beside(root, files, lambda files, fd, paths, header: look_at_all(files, fd, paths, header, OLDER))


def snapshot_before(root: Path, position: int, *, files: Files) -> KeptSnapshot | None:
    """The newest valid one of a position or of one before it. Raises LogMissing, LogForeign or StorageUnavailable."""
    return _beside(root, files, lambda files, fd, paths, header: nearest(files, fd, paths, header, position))


def state_beginning_before(root: Path, position: int, *, files: Files) -> StateBeginning | None:
    """How the state of the newest one there begins. Raises LogMissing, LogForeign or StorageUnavailable."""
    return _beside(root, files, lambda files, fd, paths, header: beginning_before(files, fd, paths, header, position))


def _beside(root: Path, files: Files, look: Callable[[Files, int, LogPaths, Header], T]) -> T:
    """What stands beside an open log."""
    paths = LogPaths.below(root)
    files.confine(paths.root)
    try:
        with ExitStack() as descriptors:
            require(files, paths)
            fd = open_log_file(files, descriptors, paths, READ)
            return look(files, fd, paths, read_header(files, fd, paths))
    except OSError as error:
        raise unusable(paths, error) from error


def require(files: Files, paths: LogPaths) -> None:
    """Raises LogMissing where there is no log; where remains say that one stood there, in words that say so."""
    if not files.lexists(paths.log):
        refuse_beside_remains(files, paths, adopting=False)
        raise LogMissing(f"There is no log {paths.log}. Check STORAGE_ROOT.")


def read_whole(
    files: Files,
    descriptors: ExitStack,
    paths: LogPaths,
    *,
    takers: Takers = NOBODY,
    at_end: bool = False,
    to_its_end: bool = False,
) -> WholeLog:
    """Reads a log up to where it ends at this moment; `to_its_end` not beyond where its writer stopped in order, if it
    did. Raises LogMissing, LogForeign and OSError.
    """
    require(files, paths)
    fd = open_log_file(files, descriptors, paths, READ)
    slots, size = look(files, fd, paths)
    if at_end:
        return WholeLog(fd, slots, size, verify_from_end(files, fd, paths, slots, end=size))
    stopped = to_its_end and bool(slots) and slots[0].ended and slots[0].proof.doubt is None
    end = min(size, slots[0].tip.offset) if stopped else size
    return WholeLog(fd, slots, size, verify_to(files, fd, paths, slots, end=end, takers=takers))
