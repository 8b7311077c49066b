"""Carries a log out of its database: `abby migrate --to jsonl`. The copy below the root is brought up to date, compared
with every row, and becomes a log of its own.

    what can be                                     what is done
    cut off anywhere                                the copy goes on from its watermark; it is a copy until the end
    a service is connected to the database          refused, by the name of its session, before and after
    something is recorded there meanwhile           refused after the comparison: the copy stays a copy
    the database is not whole, as its migration     the root that it comes from becomes its own again; every other is
    has not ended                                   refused
    the root holds another log, or went on by       refused, in words that say which
    itself
    it was done before                              found so, and told

The database is only read. What the processes keep there in common goes into the files of the root, under its names.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from time import sleep

import psycopg

from adapters.disk.files import Files
from adapters.disk.whole_files import put_whole
from adapters.eventlog.jsonl.creation import mark_as_own
from adapters.eventlog.jsonl.format import Tip
from adapters.eventlog.jsonl.held_log import HeldLog, holding
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.log_file import read_watermark
from adapters.eventlog.postgres.comparing import OnProgress, compare
from adapters.eventlog.postgres.database import NAME, Database
from adapters.eventlog.postgres.log import PostgresLog
from adapters.eventlog.postgres.rows import Beginning, Row, Rows, Standing, position_of
from adapters.eventlog.postgres.told import telling
from adapters.ports.clock import Clock
from adapters.ports.event_log import VerifiedEvent
from adapters.ports.faults import LogDamaged, LogForeign, LogLocked, LogMissing
from adapters.ports.log_reports import MovedLog

LOOKS, LOOK_SECONDS = 20, 0.1
"""A session that has just ended is listed for a moment longer: so often it is looked again whether others are there."""
TOLD_EVERY = 1_000
"""Events, after which progress is told."""
_OTHERS = """
SELECT count(*), min(host(client_addr)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = %s AND pid <> pg_backend_pid()
"""


def to_disk(
    root: Path, database: Database, files: Files, clock: Clock, progress: OnProgress, beside: Mapping[str, Path]
) -> MovedLog:
    """Makes the log in a database one of the root alone. `beside` are names of what is kept with it, and the files
    below the root for that.

    Raises LogLocked where others are connected to the database or hold the root, LogMissing where it holds no log,
    LogForeign where the root holds another, LogDamaged, StorageUnavailable or DiskFull.
    """
    paths = LogPaths.below(root)
    files.confine(paths.root)
    with closing(database), telling(database):
        _refuse_others(database)
        standing = Rows(database).standing()
        if standing.header is None or (last := Rows(database).last()) is None:
            raise LogMissing(
                f"There is no log in {database.place}, so there is nothing to bring from there. Nothing was changed. "
                "Check the POSTGRES_ settings."
            )
        is_copy = files.lexists(paths.origin) and standing.secret is not None
        if not is_copy and files.lexists(paths.log):
            with holding(root, files) as log:
                if (done := _already_there(log, database, standing, last)) is not None:
                    return done
        if standing.secret is None:
            raise LogDamaged(
                f"The log in {database.place} is not whole: an `abby migrate --to postgres` has not ended. Nothing was "
                "changed. Run that command again where the log comes from, or go on there without the database."
            )
        beginning = Beginning(standing.header, standing.secret)
        return _Bringing(root, database, beginning, files, progress).bring(clock, position_of(last), beside)


def _already_there(log: HeldLog, database: Database, standing: Standing, last: Row) -> MovedLog | None:
    """What is told of a log of its own that has all of the database; None where something is to be brought. Raises
    LogForeign where the two are not one log.
    """
    position = min(position_of(last), log.tip.position)
    row = Rows(database).at(position)
    if log.header_line != standing.header or row is None or row.line != log.line(position):
        raise LogForeign(
            f"The log {log.paths.log} is another than the one in {database.place}, or went on differently. Nothing was "
            "changed. Name another, empty root with --root, and what the database has is brought there."
        )
    if position_of(last) > log.tip.position:
        return None
    compare(Rows(database), log.header_line, position, log.lines, lambda _: None)
    mark_as_own(log.files, log.paths)  # it stands where a migration to the database was cut off at its very end
    return _moved(log.paths, database, log.header.log_id, log.tip, brought=0)


class _Bringing:
    """One log on its way out of one database."""

    def __init__(
        self, root: Path, database: Database, beginning: Beginning, files: Files, progress: OnProgress
    ) -> None:
        self._root = root
        self._database = database
        self._beginning = beginning
        self._files = files
        self._progress = progress
        self._events = 0

    def bring(self, clock: Clock, events: int, beside: Mapping[str, Path]) -> MovedLog:
        """Brings so many events, compares them, and makes the copy a log of its own."""
        self._events = events
        paths, database, rows = LogPaths.below(self._root), self._database, Rows(self._database)
        former = read_watermark(self._files, paths)
        with closing(
            PostgresLog(
                self._root,
                database=database,
                beginning=self._beginning,
                clock=clock,
                files=self._files,
                on_event=self._taken_in,
            )
        ) as log:
            found = compare(rows, self._beginning.header, log.head, log.lines_between, self._compared)
            _refuse_others(database)
            if rows.last() != found:
                raise _is_written(database)
            for name, file in beside.items():
                if (content := rows.kept(name)) is not None:
                    put_whole(self._files, self._root / file, content)
            log.become_own()
            brought = log.head - (former[0].tip.position if former else 0)
            return _moved(paths, database, log.log_id, log.tip, brought=brought)

    def _taken_in(self, event: VerifiedEvent) -> None:
        if not event.position % TOLD_EVERY:
            self._progress(event.position, 2 * self._events)

    def _compared(self, position: int) -> None:
        self._progress(self._events + position, 2 * self._events)


def _moved(paths: LogPaths, database: Database, log_id: str, tip: Tip, *, brought: int) -> MovedLog:
    return MovedLog(
        log=str(paths.log),
        database=database.place,
        log_id=log_id,
        position=tip.position,
        digest=tip.digest.hex(),
        size_bytes=tip.offset,
        brought=brought,
    )


def _refuse_others(database: Database) -> None:
    """Raises LogLocked where a process of ours has a session there: it may write at any moment."""
    try:
        with database.session() as session:
            for _ in range(LOOKS):
                sessions, one = session.execute(_OTHERS, (NAME,)).fetchone() or (0, None)
                if not sessions:
                    return
                sleep(LOOK_SECONDS)
    except psycopg.Error as error:
        raise database.failed(error) from error
    where = f", one of them from {one}" if one else ""
    raise LogLocked(
        f"Others use {database.place}: {sessions} sessions of Abby{where}. What they record would be missing in the "
        "log that is made here. Nothing was changed in the database, and the root has no log of its own from it "
        "yet. Stop every service, bot and program that uses the database, on each machine, and run the command again."
    )


def _is_written(database: Database) -> LogLocked:
    return LogLocked(
        f"Somebody recorded something in {database.place} while the log was brought from there. The root is a copy as "
        "before. Stop every service, bot and program that uses it, on each machine, and run the command again."
    )
