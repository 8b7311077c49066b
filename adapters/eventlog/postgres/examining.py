"""Looks whether a database does what the log needs of it. Nothing is written but, at most, the copy is brought up."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import psycopg
from eventsourcing.dcb.postgres_tt import PostgresDCBRecorderTT
from psycopg.sql import SQL, Identifier

from adapters.disk.files import Files
from adapters.eventlog.jsonl.creation import read_origin
from adapters.eventlog.jsonl.engine import JSONLEngine
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.postgres.company import all_there
from adapters.eventlog.postgres.database import Database
from adapters.eventlog.postgres.rows import KEPT, SECRET, Rows, position_of
from adapters.network.loopback import is_this_machine
from adapters.ports.database_found import CopyFound, DatabaseFound, Replication, Way

ASKED = 5
"""How often a small question is asked; the median is told."""
_SHOWN = ("server_version", "synchronous_commit", "synchronous_standby_names", "fsync")
_WAITED_FOR = SQL(
    "SELECT count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) AS waited_for, "
    "count(*) FILTER (WHERE sync_state IS NULL) AS unseen FROM pg_stat_replication"
)


def examine(environment: Mapping[str, str], files: Files, root: Path) -> DatabaseFound:
    """What is found. Raises ConfigError, StorageUnavailable where the database does not answer."""
    database = Database(environment, is_examined=True)
    with closing(database):
        rows = Rows(database)
        try:
            with database.session() as session:
                seconds, ahead = _asked(session)
                shown = {name: session.execute(SQL("SHOW {}").format(Identifier(name))).fetchone() for name in _SHOWN}
                settings = {name: str(row[0]) for name, row in shown.items() if row is not None}
                way = _way(session)
                waited_for = session.execute(_WAITED_FOR).fetchone() or (0, 0)
                with database.recorder() as recorder:
                    is_begun, lacking = _lacking(session, recorder, database.schema)
        except psycopg.Error as error:
            raise database.away(error) from error
        return DatabaseFound(
            place=database.place,
            version=settings["server_version"],
            way=way,
            round_trip_seconds=seconds,
            ahead_seconds=ahead,
            lacking=lacking,
            is_begun=is_begun,
            others=_others(database, files, root),
            replication=Replication(
                settings["synchronous_commit"],
                settings["synchronous_standby_names"],
                None if waited_for[1] else int(waited_for[0]),
                settings["fsync"] == "on",
            ),
            copy=_copy(rows, files, root, is_readable=is_begun and not lacking),
        )


def _way(session: psycopg.Connection[Any]) -> Way:
    """How a session goes there. Whether it is encrypted its own end knows: behind a pooler the server would tell of
    another one.
    """
    host = session.info.host
    if host.startswith(("/", "@")) or is_this_machine(host) or is_this_machine(session.info.hostaddr):
        return Way.HERE
    by_kerberos = session.execute("SELECT encrypted FROM pg_stat_gssapi WHERE pid = pg_backend_pid()").fetchone()
    return Way.ENCRYPTED if session.pgconn.ssl_in_use or by_kerberos == (True,) else Way.IN_CLEAR


def _asked(session: psycopg.Connection[Any]) -> tuple[float, float]:
    """How long a question takes, and how far the server's clock is surely ahead of ours."""
    taken, ahead = [], []
    for _ in range(ASKED):
        begun, began = datetime.now(UTC), perf_counter()
        row = session.execute("SELECT clock_timestamp()").fetchone()
        taken.append(perf_counter() - began)
        assert row is not None
        ahead.append(ahead_of(row[0], begun, datetime.now(UTC)))
    return median(taken), min(ahead, key=abs)


def ahead_of(told: datetime, begun: datetime, ended: datetime) -> float:
    """How far a clock that told a time between two of ours is surely ahead of ours, in seconds."""
    return min((told - begun).total_seconds(), 0.0) or max((told - ended).total_seconds(), 0.0)


def _lacking(
    session: psycopg.Connection[Any], recorder: PostgresDCBRecorderTT, schema: str
) -> tuple[bool, tuple[str, ...]]:
    """Whether the tables are there, and the statements that give the account what it lacks."""
    events, tags = recorder.events_table_name, recorder.tags_table_name
    row = session.execute(
        "SELECT current_user, to_regclass(%s) IS NOT NULL", [Identifier(schema, events).as_string()]
    ).fetchone()
    assert row is not None
    user, is_begun = row

    def lacks(what: str, name: Identifier, held: str) -> bool:
        text = SQL("SELECT {}(%s, %s)").format(Identifier(f"has_{what}_privilege"))
        asked = schema if what == "schema" else name.as_string()  # it alone takes a name as it is
        found = session.execute(text, [asked, held]).fetchone()
        return found is None or not found[0]

    if not is_begun:
        has_to = [("schema", Identifier(schema), "CREATE", "CREATE")]
    else:
        has_to = [
            ("table", Identifier(schema, events), "SELECT", "SELECT"),
            ("table", Identifier(schema, events), "INSERT", "INSERT"),
            ("table", Identifier(schema, events), "UPDATE, DELETE, TRUNCATE", "UPDATE"),
            ("table", Identifier(schema, tags), "INSERT", "INSERT"),
            ("table", Identifier(schema, SECRET), "SELECT", "SELECT"),
            *(("table", Identifier(schema, KEPT), right, right) for right in ("SELECT", "INSERT", "UPDATE")),
            ("sequence", Identifier(schema, f"{events}_id_seq"), "USAGE", "USAGE"),
        ]
    return bool(is_begun), tuple(
        f"GRANT {given} ON {what.upper()} {name.as_string()} TO {Identifier(user).as_string()}"
        for what, name, held, given in has_to
        if lacks(what, name, held)
    )


def _others(database: Database, files: Files, root: Path) -> int:
    """How many write the log now, but for whoever has the copy below a root."""
    paths = LogPaths.below(root)
    own = read_origin(files, paths)[1] if files.lexists(paths.origin) else ""
    return len(set(all_there(database)) - {own})


def _copy(rows: Rows, files: Files, root: Path, *, is_readable: bool) -> CopyFound:
    """How far the copy below a root is; as one log, where its last event is at the same place in the database."""
    engine = JSONLEngine(files)
    last = rows.last() if is_readable else None
    recorded = 0 if last is None else position_of(last)
    if not engine.exists(root) or last is None:
        return CopyFound(None, 0, recorded)
    with closing(engine.open_for_reading(root, at_end=True)) as copy:
        position = copy.head
        found = next(iter(copy.read(after=position - 1, limit=1)), None)
    row = rows.at(position)
    is_of_it = row is not None and (found is None or b'"data":' + found.event.data + b',"hash"' in row.line)
    return CopyFound(is_of_it, position, max(0, recorded - position))
