"""The log as an open file: what is known of it, how it is read and verified, and the sentences for what stands in the
way.

A refusal is an exception of `adapters.ports.faults` that names position, byte offset and the command to run next.
Opening for writing is `opening`'s, for reading `following`'s.
"""

from __future__ import annotations

from array import array
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

from adapters.disk.errors import NotOwnError, not_done_there
from adapters.disk.files import APPEND, READ, Files, is_disk_full
from adapters.disk.own_root import why_not_ordinary
from adapters.eventlog.jsonl.format import (
    MAX_HEADER_BYTES,
    ForeignHeaderError,
    Header,
    OtherFormatError,
    Tip,
    decode_header,
)
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.reserve_file import disk_full
from adapters.eventlog.jsonl.scanning import Scanner, scan
from adapters.eventlog.jsonl.seals import read_key
from adapters.eventlog.jsonl.snapshots import (
    HASH_ENDING_BYTES,
    OFFSET_BYTES,
    FilePoint,
    newer_than_log,
    resume,
    snapshots_of,
)
from adapters.eventlog.jsonl.watermark import Slot, read_slots
from adapters.ports.event_log import OnEvent, Restore
from adapters.ports.faults import Fault, LedgerStopped, LogDamaged, LogForeign, StorageUnavailable
from adapters.ports.log_reports import Damage

ANYBODY_WRITES = 0o222
WATERMARK_READS = 3
"""Times a watermark without a valid slot is read, because its writer may just be writing it."""


@dataclass(slots=True)
class OpenLog:
    """An open log. `tip` is the end of what is recorded, `starts` the offset after each position, `watermark` the slot
    that holds (None only for a log that its writer has just begun), `identity` the file's device and inode.
    `resumed` is the point of the snapshot that its opening went on from, `rechecked` whether what is before that was
    read nevertheless. Of positions before `known_from` no offset is known: the log was opened at its end.
    `descriptors` closes all it holds.
    """

    paths: LogPaths
    header: Header
    tip: Tip
    starts: array[int]
    watermark: Slot | None
    read_fd: int
    identity: tuple[int, int]
    resumed: FilePoint | None
    descriptors: ExitStack
    rechecked: bool = False
    known_from: int = 0


def open_log_file(files: Files, descriptors: ExitStack, paths: LogPaths, flags: int) -> int:
    """A descriptor of the log, closed with the others.

    Raises LogForeign where it is no ordinary file, as a link is none, StorageUnavailable where it is to be written and
    is protected.
    """
    found = files.lstat(paths.log)
    if (why := why_not_ordinary(found)) is not None:
        raise LogForeign(
            f"{paths.log} {why} It was left alone: a log is one file of one name. Check STORAGE_ROOT too; it may be "
            "meant for the folder where the log itself lies."
        )
    mode = found.st_mode & 0o777
    if flags == APPEND and not mode & ANYBODY_WRITES:
        raise StorageUnavailable(
            f"The log {paths.log} is write-protected (mode {mode:04o}). Somebody did that on purpose, so it "
            "was left alone. Give this account leave to write it, or open it for reading only."
        )
    fd = files.open(paths.log, flags)
    descriptors.callback(files.close, fd)
    return fd


def identity(files: Files, fd: int) -> tuple[int, int]:
    """Device and inode of an open file."""
    status = files.fstat(fd)
    return status.st_dev, status.st_ino


class Takers(NamedTuple):
    """Who takes in what an opening finds: `restore` a snapshot's state, `on_event` each event after it, in order."""

    on_event: OnEvent | None = None
    restore: Restore | None = None


NOBODY = Takers()


class Verified(NamedTuple):
    """A log as it was read: `resumed` is the point of the snapshot from which on, None where from its beginning; `lost`
    what a snapshot tells of an end that is missing.
    """

    header: Header
    scanner: Scanner
    resumed: FilePoint | None
    lost: Damage | None


def verify_to(
    files: Files, fd: int, paths: LogPaths, slots: list[Slot], *, end: int, takers: Takers = NOBODY
) -> Verified:
    """Reads and verifies an open log up to byte `end`, from the newest valid snapshot on where its state is taken in.

    Raises LogForeign where it does not begin as one of ours.
    """
    header = read_header(files, fd, paths)
    snapshots = snapshots_of(files, paths, header)
    lost = newer_than_log(snapshots, files.fstat(fd).st_size)
    resumed = None
    if takers.restore is not None and lost is None:
        usable = [head for head in snapshots if head.tip.offset <= end]
        resumed = resume(files, fd, header, usable, takers.restore)
    begin = resumed or FilePoint(header.log_id, Tip(0, header.size, header.digest), array("Q", [header.size]))
    mark = slots[0].tip.position if slots else 0
    scanner = Scanner(begin.tip, begin.starts, mark=mark, on_event=takers.on_event)
    scan(files, fd, scanner, end)
    if lost is not None and (scanner.broken is None or scanner.is_cut_off):
        lost = lost._replace(ends_at=scanner.whole.position)
    return Verified(header, scanner, resumed, lost)


def verify_from_end(files: Files, fd: int, paths: LogPaths, slots: list[Slot], *, end: int) -> Verified:
    """Reads and verifies an open log from its watermark on up to byte `end`; of what is before, the last line alone.

    Raises LogForeign where it does not begin as one of ours. `lost` also tells that the line is not the watermark's.
    A log that ends before its watermark is read whole: how far it is whole nothing else knows.
    """
    header = read_header(files, fd, paths)
    tip = slots[0].tip if slots else Tip(0, header.size, header.digest)
    size = files.fstat(fd).st_size
    if tip.offset > size:
        return verify_to(files, fd, paths, slots, end=size)
    lost = newer_than_log(snapshots_of(files, paths, header), size)
    ending = files.read_all_at(fd, HASH_ENDING_BYTES, tip.offset - HASH_ENDING_BYTES) if tip.position else b""
    if lost is None and tip.position and tip.offset <= size and ending != b'%b"}\n' % tip.digest.hex().encode():
        lost = Damage(tip.position, tip.offset, "it is not the log that was written: it was changed or replaced")
    starts = array("Q", bytes(tip.position * OFFSET_BYTES))
    starts.append(tip.offset)
    scanner = Scanner(tip, starts, mark=tip.position)
    scan(files, fd, scanner, end)
    return Verified(header, scanner, None, lost)


def read_header(files: Files, fd: int, paths: LogPaths) -> Header:
    """The first line of an open log. Raises LogForeign where it does not begin as one of ours."""
    try:
        return decode_header(files.read_all_at(fd, MAX_HEADER_BYTES, 0))
    except ForeignHeaderError as error:
        advice = "Check STORAGE_ROOT, or put the right file there; `abby verify` says the same of any file."
        if files.lexists(paths.head) and not isinstance(error, OtherFormatError):
            advice = (
                f"Its watermark {paths.head} stands beside it, so it may be our log, damaged at its beginning; `abby "
                f"salvage` cannot read it without that line. Put it back from a copy, or move {paths.logs} away and "
                f"run `abby adopt {paths.images}` to bring the images that are left into a new log."
            )
        raise LogForeign(
            f"The file {paths.log} is not used, because {error}. It was left alone. {advice}", offset=0, what=str(error)
        ) from error


def sync_log(files: Files, fd: int, paths: LogPaths) -> None:
    """Syncs the log. Any failure is final: the system may have thrown away what it could not write, and a second try
    would lie. Raises LedgerStopped.
    """
    try:
        files.sync_data(fd)
    except OSError as error:
        full = "; the disk is full" if is_disk_full(error) else ""
        raise LedgerStopped(
            f"The disk of {paths.logs} failed while the log was synced ({error.strerror or error}{full}), so it is not "
            "known what it holds. Check the disk and its free space, then restart; the log is read again from the disk."
        ) from error


def read_watermark(files: Files, paths: LogPaths) -> list[Slot]:
    """The valid slots of the watermark with what their seals say, the one that holds first; none where there is no
    watermark.
    """
    with ExitStack() as stack:
        try:
            fd = files.open(paths.head, READ)
        except FileNotFoundError:
            return []
        stack.callback(files.close, fd)
        found: list[Slot] = []
        for _ in range(WATERMARK_READS):
            found = found or read_slots(files, fd)
    try:
        key = read_key(files, paths)
    except PermissionError:  # a reader of another account; a writer is refused when it needs the key
        return found
    return [slot.asked(key) for slot in found]


def refuse_damage(paths: LogPaths, damage: Damage | None) -> None:
    """Raises LogDamaged for damage, in words that say where, what and what to do."""
    if damage is None:
        return
    raise LogDamaged(
        f"{damage.likeness}{damage.in_words(f'The log {paths.log}')} `abby verify` shows more.",
        position=damage.position,
        offset=damage.offset,
        looks_like=damage.looks_like,
    )


def unusable(paths: LogPaths, error: OSError) -> Fault:
    """What to tell where the file system refuses while a log is opened."""
    if is_disk_full(error):
        return disk_full(paths.logs)
    if isinstance(error, NotOwnError):
        return StorageUnavailable(f"The storage root {paths.root} cannot be used: {error.sentence}")
    where = f" ({error.filename})" if error.filename else ""
    if (not_done := not_done_there(paths.root, error)) is not None:
        return StorageUnavailable(not_done)
    return StorageUnavailable(
        f"The storage root {paths.root} cannot be used: {error.strerror or error}{where}. Create it, check who owns it "
        "and its permissions, or set STORAGE_ROOT to another folder."
    )
