"""Carries the log of a storage root into an empty database: `abby migrate --to postgres`.

    what can be                                        what is done
    cut off anywhere, by a kill or a lost answer       the last row says where the next run goes on
    the answer of an append is lost, and it succeeded  the next one is refused by its condition, and looks again
    somebody starts a service with the database now    there is no secret before the end: nobody opens such a log
    somebody begins another log there at that moment   the first row decides; the other is told so
    two runs bring copies of the same log              each append is conditional, so that the lines stand once
    a service writes the root                          it is refused by the lock, and afterwards by the mark
    the database has something else, or more           refused, in words that say which way to go

The file is only read. When every row was read back and is the file's line, the root is marked as a copy, and only then
the log in the database is given its secret, so that there is never a moment in which two could be written. What is kept
beside the log goes with it from a log of its own; of a copy what the database has counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from eventsourcing.persistence import IntegrityError

from adapters.disk.files import Files
from adapters.eventlog.jsonl.format import decode_recorded
from adapters.eventlog.jsonl.held_log import HeldLog, holding
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.log_file import read_watermark
from adapters.eventlog.jsonl.watermark import Slot
from adapters.eventlog.postgres.comparing import OnProgress, compare
from adapters.eventlog.postgres.database import Database
from adapters.eventlog.postgres.rows import Row, RowMissing, Rows, position_of
from adapters.eventlog.postgres.told import telling
from adapters.ports.event_log import VerifiedEvent
from adapters.ports.faults import TargetRefused
from adapters.ports.log_reports import MovedLog

APPENDED_EVENTS = 2_000
"""At most in one append, but for a batch that has more."""


def to_database(
    root: Path, database: Database, files: Files, progress: OnProgress, beside: Mapping[str, Path]
) -> MovedLog:
    """Brings what the database lacks of the log, reads all of it back, and makes the root its copy. Done once, it finds
    nothing to do but to look. `beside` are names, and the files below the root that hold what is kept under them.

    Raises TargetRefused where the database holds something else or more, ConfigError where this account may not write
    there, LogLocked, LogMissing, LogForeign, LogDamaged, StorageUnavailable or DiskFull.
    """
    paths = LogPaths.below(root)
    files.confine(paths.root)
    read = _Count(progress, read_watermark(files, paths))
    with holding(root, files, on_event=read.verified) as log, closing(database), telling(database):
        bringing = _Bringing(log, database, read)
        brought = bringing.bring()
        compare(bringing.rows, log.header_line, log.tip.position, log.lines, read.read_back)
        if not log.is_copy:
            for name, file in beside.items():
                if files.lexists(root / file):
                    bringing.rows.keep(name, files.read(root / file))
        log.mark_as_copy(database.place)
        bringing.rows.end_to_bring(bringing.secret)
        return MovedLog(
            log=str(log.paths.log),
            database=database.place,
            log_id=log.header.log_id,
            position=log.tip.position,
            digest=log.tip.digest.hex(),
            size_bytes=log.tip.offset,
            brought=brought,
        )


class _Count:
    """Each event is told three times: verified in the file, brought, read back."""

    def __init__(self, progress: OnProgress, watermark: list[Slot]) -> None:
        self._progress = progress
        self._events = watermark[0].tip.position if watermark else 0

    def verified(self, event: VerifiedEvent) -> None:
        """While the file is read it is not surely known how many there are."""
        self._events = max(self._events, event.position)
        if not event.position % APPENDED_EVENTS:
            self._progress(event.position, 3 * self._events)

    def brought(self, position: int) -> None:
        """Up to which position the database has it."""
        self._progress(self._events + position, 3 * self._events)

    def read_back(self, position: int) -> None:
        """Up to which position that was seen."""
        self._progress(2 * self._events + position, 3 * self._events)


class _Bringing:
    """One log on its way into one database."""

    def __init__(self, log: HeldLog, database: Database, count: _Count) -> None:
        self.rows = Rows(database)
        self.secret = log.secret()
        self._log = log
        self._place = database.place
        self._count = count

    def bring(self) -> int:
        """Appends what the database lacks, and gives how many events that was."""
        self._refuse_another()
        self.rows.begin_to_bring(self._log.header_line)
        self._refuse_another()
        brought, last = 0, self._last()
        while (position := position_of(last)) < self._log.tip.position:
            lines = self._log.batches(position, APPENDED_EVENTS)
            events = [decode_recorded(line).event for line in lines]
            try:
                last = Row(self.rows.append(events, lines, last), lines[-1])
                brought += len(lines)
            except (IntegrityError, RowMissing):  # another run of ours, or a former one's append without its answer
                last = self._last()
            self._count.brought(position_of(last))
        return brought

    def _refuse_another(self) -> None:
        """Raises TargetRefused where the database holds another log, and LogDamaged where it holds no log of ours."""
        header, secret = self.rows.standing()
        if header not in {None, self._log.header_line}:
            raise TargetRefused(
                f"{self._named} holds another log already. Nothing was changed. Name an empty one, or another "
                "POSTGRES_SCHEMA in it; to go on with the log that it holds, start with "
                "PERSISTENCE_MODULE=eventsourcing.dcb.postgres_tt and another, empty STORAGE_ROOT."
            )
        if secret not in {None, self.secret}:
            raise TargetRefused(
                f"{self._named} holds this log with another secret than {self._log.paths.key}: requests were answered "
                "there since. Nothing was changed. Put the key back that belongs to this log, or go on with the one in "
                "the database and an empty STORAGE_ROOT."
            )
        if header is None and self._log.is_copy:
            raise TargetRefused(
                f"The log {self._log.paths.log} is a copy of one in another database, and {self._place} is empty. "
                "Nothing was changed. Check the POSTGRES_ settings; to bring the log into another database, run "
                "`abby migrate --to jsonl` with the settings of the former one first."
            )

    def _last(self) -> Row:
        """The last row, which must be a line of the log, in its place."""
        last = self.rows.last()
        assert last is not None, "its first row stands"
        position, head = position_of(last), self._log.tip.position
        if position > head:
            raise TargetRefused(self._more(position, head))
        if self._log.line(position) != last.line:
            raise TargetRefused(
                f"{self._named} and the log {self._log.paths.log} have the same beginning, and went on differently: at "
                f"position {position:,} they are not the same. Nothing was changed. One of the two was written after "
                "it had been carried to the other; decide which is right, and give up what only the other has."
            )
        return last

    def _more(self, position: int, head: int) -> str:
        here = "The root is a copy of it already" if self._log.is_copy else "It was written after the log was there"
        return (
            f"{self._named} has {position:,} events of this log, and {self._log.paths.log} has {head:,}. {here}, so "
            "there is nothing to bring. Nothing was changed. Start with "
            "PERSISTENCE_MODULE=eventsourcing.dcb.postgres_tt, which takes the rest in; or run `abby migrate --to "
            "jsonl` to bring the rest from there and go on without the database."
        )

    @property
    def _named(self) -> str:
        return self._place[0].upper() + self._place[1:]
