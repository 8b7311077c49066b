"""Opens a log for reading beside its writer, and takes in what the writer records from then on.

A reader takes no lock and changes nothing. It shows what is at or below the watermark, which is surely on the disk; or,
asked to look beyond it, every batch that is whole, of which a power cut may take back the last.
"""

from __future__ import annotations

from contextlib import ExitStack

from adapters.disk.files import READ, Files
from adapters.eventlog.jsonl.creation import refuse_beside_remains
from adapters.eventlog.jsonl.judging import contradicts_watermark, holds_no_event
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.log_file import (
    WATERMARK_READS,
    OpenLog,
    Takers,
    identity,
    open_log_file,
    read_watermark,
    refuse_damage,
    unusable,
    verify_from_end,
    verify_to,
)
from adapters.eventlog.jsonl.scanning import Scanner, scan
from adapters.eventlog.jsonl.watermark import Slot
from adapters.ports.faults import LogMissing
from adapters.ports.log_reports import Damage


def open_for_reading(paths: LogPaths, files: Files, *, beyond_watermark: bool, at_end: bool, takers: Takers) -> OpenLog:
    """Opens a log and takes in its records up to the watermark, or all whole batches; `at_end` only those after the
    watermark, and nobody is handed them.

    Raises LogMissing, LogForeign, LogDamaged or StorageUnavailable, and then nothing stays open.
    """
    with ExitStack() as descriptors:
        try:
            if not files.lexists(paths.log):
                refuse_beside_remains(files, paths, adopting=False)
                raise LogMissing(f"There is no log {paths.log} yet. Start the service once, or check STORAGE_ROOT.")
            fd = open_log_file(files, descriptors, paths, READ)
            slots, size = look(files, fd, paths)
            end = _end(slots, size, beyond_watermark=beyond_watermark)
            header, scanner, resumed, lost = (
                verify_from_end(files, fd, paths, slots, end=end)
                if at_end
                else verify_to(files, fd, paths, slots, end=end, takers=takers)
            )
        except OSError as error:
            raise unusable(paths, error) from error
        refuse_damage(paths, lost)
        refuse_damage(paths, contradicts_watermark(scanner, slots, header, size))
        refuse_damage(paths, holds_no_event(scanner))
        return OpenLog(
            paths=paths,
            header=header,
            tip=scanner.whole,
            starts=scanner.starts,
            watermark=slots[0] if slots else None,
            read_fd=fd,
            identity=identity(files, fd),
            resumed=resumed,
            descriptors=descriptors.pop_all(),
            known_from=slots[0].tip.position if at_end and slots else 0,
        )


def look(files: Files, fd: int, paths: LogPaths) -> tuple[list[Slot], int]:
    """The watermark's valid slots, and a size of the log that belongs to them while a writer goes on.

    A log has a watermark before its first event, so without one the size is what it was before looking; with one the
    log was at least that long by then, so its size is looked at again. A writer takes back that the last one stopped
    there before it writes a line, so where the log is longer the watermark is looked at again.
    """
    size = files.fstat(fd).st_size
    slots = read_watermark(files, paths)
    for _ in range(WATERMARK_READS):
        if not slots:
            break
        size = files.fstat(fd).st_size
        if not slots[0].ended or size <= slots[0].tip.offset:
            break
        slots = read_watermark(files, paths)
    return slots, size


def take_in(log: OpenLog, files: Files, *, beyond_watermark: bool) -> None:
    """Moves an open log on to what its writer has recorded since. Raises LogDamaged or StorageUnavailable."""
    try:
        _refuse_another_file(log, files)
        slots, size = look(files, log.read_fd, log.paths)
        if size < log.tip.offset:
            refuse_damage(log.paths, Damage(log.tip.position, size, "it was cut while it was open"))
        scanner = Scanner(log.tip, log.starts, mark=slots[0].tip.position if slots else 0)
        scan(files, log.read_fd, scanner, _end(slots, size, beyond_watermark=beyond_watermark))
        refuse_damage(log.paths, contradicts_watermark(scanner, slots, log.header, size))
        log.tip, log.watermark = scanner.whole, slots[0] if slots else None
    except OSError as error:
        raise unusable(log.paths, error) from error
    finally:
        del log.starts[log.tip.position + 1 :]  # after a fault, what was passed is not taken in


def _refuse_another_file(log: OpenLog, files: Files) -> None:
    found = files.stat(log.paths.log)
    if (found.st_dev, found.st_ino) != log.identity:
        refuse_damage(log.paths, Damage(None, None, "another file was put in its place while it was open"))


def _end(slots: list[Slot], size: int, *, beyond_watermark: bool) -> int:
    """The byte up to which a reader reads."""
    return size if beyond_watermark else min(size, slots[0].tip.offset if slots else 0)
