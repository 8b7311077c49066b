"""The log in the database: one row for each event, in the table of the library's recorder. What a row holds as its data
is the event's line of `events.jsonl`, without its LF, so that the chain of hashes is in the database itself and every
copy has the same bytes. The first row is the header line.

A row's id is the database's: ids rise, with gaps where a transaction came to nothing, so that the row of position p has
an id of p + 1 or more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import starmap
from typing import Any, NamedTuple

import psycopg
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery
from eventsourcing.dcb.postgres_tt import PostgresDCBRecorderTT
from eventsourcing.persistence import IntegrityError, PersistenceError
from psycopg.rows import DictRow, tuple_row
from psycopg.sql import SQL, Composed, Identifier, Literal

from adapters.eventlog.jsonl.format import fixed_form
from adapters.eventlog.postgres.clocks import NOW
from adapters.eventlog.postgres.database import NAME, WAIT_FOR_STANDBY, WARNING, Database
from adapters.ports.faults import ConfigError, LogDamaged, StorageUnavailable

HEADER = "LogBegun"
"""The type of the first row."""
PAGE = 2_000
"""Rows that are read at once."""
MAKING_SECONDS = 10
"""How long one waits for another that makes the tables."""
SCHEMA_LOCK = (0x41626279, 1)
"""The advisory lock under which tables are made."""
ANYTHING = DCBQuery()


class Row(NamedTuple):
    """A row's id, and the line that it holds."""

    id: int
    line: bytes


class Beginning(NamedTuple):
    """What a log begins with: its header line, and its secret, which no reader of the rows is given."""

    header: bytes
    secret: bytes


class RowMissing(Exception):
    """The row after which something was to be recorded is not in the database, or holds another line."""


class Standing(NamedTuple):
    """What is there of a log: its header line, None where there is not even that, and its secret, None where it was not
    brought there yet: nobody opens such a log.
    """

    header: bytes | None
    secret: bytes | None


class Rows:
    """The rows of one database. Its calls block; what they raise is told each. Safe from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beginning(self, new: Callable[[], Beginning] | None) -> Beginning | None:
        """What the log begins with; where there is none, a new one is begun with what is given, or None is told.

        Raises StorageUnavailable, ConfigError where the tables are missing and may not be made.
        """
        with self._database.recorder() as recorder:
            if not self._has_tables(recorder):
                if new is None:
                    return None
                self._make_tables(recorder)
            recorder.datastore.register_type_adapters()  # of tables that were made since it was connected
            if (found := self._found(recorder)) is None and new is not None:
                self._begin(recorder, new())
                found = self._found(recorder)
            return found

    def standing(self) -> Standing:
        """What is there of a log. Raises StorageUnavailable, LogDamaged where another program's rows stand there."""
        with self._database.recorder() as recorder:
            return self._standing(recorder) if self._has_tables(recorder) else Standing(None, None)

    def begin_to_bring(self, header: bytes) -> None:
        """Begins a log that is kept elsewhere, with its header line, where there is none; it has no secret before
        `end_to_bring`. Raises StorageUnavailable, ConfigError as `beginning` does.
        """
        with self._database.recorder() as recorder:
            if not self._has_tables(recorder):
                self._make_tables(recorder)
            with recorder.datastore.transaction(commit=True) as cursor:
                if not _is_begun(recorder, cursor):
                    cursor.execute(self._sql(_FORGET_SECRET))  # of who was about to begin another, and will not now
                    events = recorder.construct_psycopg_dcb_events([_first(header)])
                    cursor.execute(recorder.sql_unconditional_append, {"events": events})  # nobody else may add a row

    def end_to_bring(self, secret: bytes) -> None:
        """From here on the log is kept in the database. Raises StorageUnavailable."""
        with self._database.recorder() as recorder, recorder.datastore.transaction(commit=True) as cursor:
            cursor.execute(self._sql(_KEEP_SECRET), (secret,))

    def append(self, events: Sequence[DCBEvent], lines: Sequence[bytes], after: Row) -> int:
        """Records the lines of events right after a row, which is to be there still, and gives the last row's id.

        Raises IntegrityError where another row follows it already, RowMissing where it is not there;
        StorageUnavailable, also where ids are behind, and then it is not known whether they were recorded: `outcome`
        tells.
        """
        stored = [DCBEvent(event.type, line, list(event.tags)) for event, line in zip(events, lines, strict=True)]
        with self._replicated() as (recorder, cursor):
            if self._following(recorder, cursor, after, 1):
                raise IntegrityError(f"row {after.id} is no longer the last")
            given = {"events": recorder.construct_psycopg_dcb_events(stored)}
            try:
                cursor.execute(recorder.sql_unconditional_append, given, prepare=True)
            except psycopg.errors.UniqueViolation as error:
                raise self._ids_are_behind(recorder) from error
            (last,) = (cursor.fetchone() or {}).values()
            if last <= after.id:  # among rows that were left out: nobody would find it behind the last one
                raise self._ids_are_behind(recorder)
            return int(last)

    def _ids_are_behind(self, recorder: PostgresDCBRecorderTT) -> StorageUnavailable:
        schema, table = self._database.schema, recorder.events_table_name
        mending = _CATCH_UP.format(Literal(f"{schema}.{table}_id_seq"), Identifier(schema, table)).as_string()
        return StorageUnavailable(
            f"The ids that the table {table} in {self._database.place} gives are behind its rows, as where it was "
            "restored or replicated without its sequence. Nothing of this was recorded, and what was recorded before "
            f"is whole. Run `{mending}` there; all goes on by itself then."
        )

    def outcome(self, lines: Sequence[bytes], after: Row) -> int | None:
        """What became of lines that were to be recorded after a row: the id of the last one's row, None where they were
        not recorded. No append that began before is under way any more when it answers: each holds the lock that it
        waits for; and where commits wait for a standby, that has them too. Raises RowMissing, StorageUnavailable.
        """
        with self._replicated() as (recorder, cursor):
            found = self._following(recorder, cursor, after, len(lines))
            cursor.execute(WAIT_FOR_STANDBY)
        return found[-1].id if [row.line for row in found] == list(lines) else None

    @contextmanager
    def _replicated(self) -> Iterator[tuple[PostgresDCBRecorderTT, psycopg.Cursor[DictRow]]]:
        """A transaction that is committed at the end, on a standby too where commits wait for one. Raises
        StorageUnavailable also where somebody had it wait no longer: the server calls it done then, with a warning.
        """
        warnings: list[str] = []

        def note(told: psycopg.errors.Diagnostic) -> None:
            if told.sqlstate == WARNING:
                warnings.append(told.message_primary or WARNING)

        with self._database.recorder() as recorder, recorder.datastore.get_connection() as session:
            session.add_notice_handler(note)
            try:
                with session.transaction():
                    yield recorder, session.cursor()
            finally:
                session.remove_notice_handler(note)
            if warnings:
                raise psycopg.OperationalError(warnings[0])

    def _following(
        self, recorder: PostgresDCBRecorderTT, cursor: psycopg.Cursor[Any], after: Row, limit: int
    ) -> list[Row]:
        """Rows after one that must be there, under the lock that each append holds until it is committed."""
        if recorder.datastore.lock_timeout:
            cursor.execute(recorder.sql_set_local_lock_timeout)
        cursor.execute(recorder.sql_lock_table)
        cursor.execute(recorder.sql_select_all, {"after": after.id - 1, "limit": limit + 1}, prepare=True)
        found = [Row(row["id"], bytes(row["data"])) for row in cursor.fetchall()]
        if not found or found[0] != after:
            raise RowMissing
        return found[1:]

    def after(self, row: int, limit: int = PAGE) -> list[Row]:
        """Rows above an id, in order; asked again at once where a session had ended. Raises StorageUnavailable."""
        try:
            return self._read(row, limit)
        except StorageUnavailable:
            return self._read(row, limit)

    def _read(self, row: int, limit: int) -> list[Row]:
        with self._database.recorder() as recorder, recorder.datastore.get_connection() as session:
            cursor = session.cursor(binary=True, row_factory=tuple_row)
            text = _READ.format(table=Identifier(self._database.schema, recorder.events_table_name))
            return [*starmap(Row, cursor.execute(text, (row, limit), prepare=True).fetchall())]

    def time(self) -> str:
        """What the database's clock shows, as events have it. Raises StorageUnavailable."""
        with self._database.recorder() as recorder, recorder.datastore.cursor() as cursor:
            cursor.execute(f"SELECT {NOW} AS now")
            found = cursor.fetchone()
        assert found is not None, "it is one row"
        return str(found["now"])

    def last(self) -> Row | None:
        """The last row. Raises StorageUnavailable."""
        with self._database.recorder() as recorder, recorder.datastore.cursor() as cursor:
            cursor.execute(recorder.sql_select_max_id)
            found = cursor.fetchone()
            if found is None or found["max"] is None:
                return None
            row = next(iter(recorder.read(after=found["max"] - 1, limit=1)))
            return Row(row.position, bytes(row.event.data))

    def at(self, position: int) -> Row | None:
        """The row of a position, None where there is none: each look jumps over the gaps it has found so far. Raises
        StorageUnavailable, LogDamaged where a row is no line of ours.
        """
        row = position + 1
        while found := self.after(row - 1, 1):
            if (there := position_of(found[0])) >= position:
                return found[0] if there == position else None
            row = found[0].id + position - there
        return None

    def kept(self, name: str) -> bytes | None:
        """What is kept under a name beside the log, None where nothing is. Raises StorageUnavailable."""
        with self._database.recorder() as recorder, recorder.datastore.cursor() as cursor:
            cursor.execute(self._sql(_READ_KEPT), (name,))
            found = cursor.fetchone()
        return None if found is None else bytes(found["content"])

    def keep(self, name: str, content: bytes) -> None:
        """Keeps something under a name beside the log, durably. Raises StorageUnavailable."""
        with self._database.recorder() as recorder, recorder.datastore.transaction(commit=True) as cursor:
            cursor.execute(self._sql(_KEEP), (name, content))

    def _has_tables(self, recorder: PostgresDCBRecorderTT) -> bool:
        with recorder.datastore.cursor() as cursor:
            cursor.execute(_ARE_THERE, [self._names(recorder)])
            found = cursor.fetchone()
        return found is not None and found["bool_and"] is True

    def _names(self, recorder: PostgresDCBRecorderTT) -> list[str]:
        tables = (recorder.events_table_name, SECRET, KEPT)
        return [Identifier(self._database.schema, table).as_string() for table in tables]

    def _make_tables(self, recorder: PostgresDCBRecorderTT) -> None:
        """Under a lock, as several processes may start at once."""
        try:
            with self._database.session() as session:
                session.execute("SELECT set_config('lock_timeout', %s, false)", (f"{MAKING_SECONDS}s",))
                session.execute("SELECT pg_advisory_lock(%s, %s)", SCHEMA_LOCK)
                if not self._has_tables(recorder):
                    recorder.create_table()
                    session.execute(self._sql(_SECRET_TABLE))
                    session.execute(self._sql(_KEPT_TABLE))
        except IntegrityError as error:  # what a process that was cut off has begun to make is not undone yet
            raise self._database.failed(error) from error
        except (psycopg.errors.InsufficientPrivilege, PersistenceError) as error:
            cause = error if isinstance(error, psycopg.Error) else error.__cause__
            if not isinstance(cause, psycopg.errors.InsufficientPrivilege):
                raise
            raise ConfigError(
                f"The tables of the log are missing in {self._database.place}, and this account may not make them "
                f"({' '.join(str(cause).split())}). Start the service once with an account that may, or grant CREATE "
                f"on the schema {self._database.schema}."
            ) from error

    def _begin(self, recorder: PostgresDCBRecorderTT, beginning: Beginning) -> None:
        """The first to come begins the log; its secret is there before its first row."""
        with recorder.datastore.transaction(commit=True) as cursor:
            if _is_begun(recorder, cursor):
                return
            cursor.execute(self._sql(_KEEP_SECRET), (beginning.secret,))
        try:
            recorder.append([_first(beginning.header)], DCBAppendCondition(ANYTHING))
        except IntegrityError:
            return

    def _found(self, recorder: PostgresDCBRecorderTT) -> Beginning | None:
        header, secret = self._standing(recorder)
        if header is None:
            return None
        if secret is None:
            raise LogDamaged(
                f"The log in {self._database.place} has no secret: an `abby migrate --to postgres` has not ended yet, "
                f"or its table {SECRET} was lost. Nothing was changed. Run that command again where the log comes "
                "from; it goes on where it stopped. A table that was lost is put back from a backup of the database."
            )
        return Beginning(header, secret)

    def _standing(self, recorder: PostgresDCBRecorderTT) -> Standing:
        first = next(iter(recorder.read(limit=1)), None)
        if first is None:
            return Standing(None, None)
        if first.event.type != HEADER:
            raise LogDamaged(
                f"The table {recorder.events_table_name} in {self._database.place} does not begin with the header of a "
                "log of ours. It was left alone. Name another POSTGRES_SCHEMA or database, or look who wrote there."
            )
        with recorder.datastore.cursor() as cursor:  # after the row, before which a log that is begun has its secret
            cursor.execute(self._sql(_READ_SECRET))
            kept = cursor.fetchone()
        return Standing(bytes(first.event.data) + b"\n", None if kept is None else bytes(kept["secret"]))

    def _sql(self, text: SQL) -> Composed:
        schema = self._database.schema
        return text.format(secret=Identifier(schema, SECRET), kept=Identifier(schema, KEPT))


def position_of(row: Row) -> int:
    """The position of the event in a row, 0 for the header's. Raises LogDamaged."""
    if row.id and (found := fixed_form(row.line)) is not None:
        return found[0]
    if row.line.startswith(b'{"log":'):
        return 0
    raise LogDamaged(f"Row {row.id} of the log's table is no line of a log of ours. Put back a backup of the database.")


def _first(header: bytes) -> DCBEvent:
    return DCBEvent(HEADER, header.rstrip(b"\n"), [])


def _is_begun(recorder: PostgresDCBRecorderTT, cursor: psycopg.Cursor[Any]) -> bool:
    """Whether there is a row; nobody adds one before the transaction ends."""
    cursor.execute(recorder.sql_lock_table)
    cursor.execute(recorder.sql_select_max_id)
    found = cursor.fetchone()
    return found is not None and found["max"] is not None


_READ = SQL("SELECT id, data FROM {table} WHERE id > %s ORDER BY id LIMIT %s")
_CATCH_UP = SQL("SELECT setval({}, (SELECT max(id) FROM {}))")
_ARE_THERE = SQL("SELECT bool_and(to_regclass(name) IS NOT NULL) FROM unnest(%s::text[]) name")
SECRET = f"{NAME}_secret"
_SECRET_TABLE = SQL(
    "CREATE TABLE IF NOT EXISTS {secret} "
    "(is_one boolean PRIMARY KEY DEFAULT true CHECK (is_one), secret bytea NOT NULL)"
)
_KEEP_SECRET = SQL("INSERT INTO {secret} (secret) VALUES (%s) ON CONFLICT DO NOTHING")
_FORGET_SECRET = SQL("DELETE FROM {secret}")
_READ_SECRET = SQL("SELECT secret FROM {secret}")
KEPT = f"{NAME}_kept"
_KEPT_TABLE = SQL("CREATE TABLE IF NOT EXISTS {kept} (name text PRIMARY KEY, content bytea NOT NULL)")
_KEEP = SQL(
    "INSERT INTO {kept} (name, content) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET content = excluded.content"
)
_READ_KEPT = SQL("SELECT content FROM {kept} WHERE name = %s")
