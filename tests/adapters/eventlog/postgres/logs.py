"""Logs in a database for the tests of this room: opened, looked at from outside, and brought out of order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

from adapters.disk.files import Files
from adapters.eventlog.postgres.engine import PostgresEngine
from adapters.eventlog.postgres.log import PostgresLog
from adapters.ports.event_log import OnEvent
from tests.adapters.eventlog.jsonl.logs import Disk, clock
from tests.servers.postgres import PASSWORD, USER, shared

Environment = dict[str, str]
TABLE = "abby_events_tt_main"


def new_schema() -> Environment:
    """The settings of an empty schema of the shared server, which is made sooner than a database."""
    environment = {**shared().environment(), "POSTGRES_SCHEMA": f"test_{uuid4().hex}"}
    with session({**environment, "POSTGRES_SCHEMA": "public"}) as asked:
        asked.execute(SQL("CREATE SCHEMA {}").format(Identifier(environment["POSTGRES_SCHEMA"])))
    return environment


def opened(
    root: Path, environment: Environment, files: Files | None = None, *, on_event: OnEvent | None = None
) -> PostgresLog:
    """A log whose copy is below a root, on a quick disk unless another is given."""
    return PostgresEngine(files or Disk(), environment).open_for_writing(root, clock=clock, on_event=on_event)


def copy_of(root: Path) -> bytes:
    """The bytes of a copy."""
    return (root / "logs" / "events.jsonl").read_bytes()


def abandon(log: PostgresLog) -> None:
    """Lets go of a log as a killed process does: nothing more is written, its sessions end."""
    log._closed = True
    log._log.descriptors.close()
    log.close()


@contextmanager
def session(environment: Environment) -> Iterator[psycopg.Connection[Any]]:
    """A session of whoever looks after the database; each statement is a transaction."""
    with psycopg.connect(
        host=environment["POSTGRES_HOST"],
        port=environment["POSTGRES_PORT"],
        dbname=environment["POSTGRES_DBNAME"],
        user=USER,
        password=PASSWORD,
        autocommit=True,
    ) as found:
        found.execute(SQL("SET search_path = {}").format(Identifier(environment.get("POSTGRES_SCHEMA", "public"))))
        yield found


def leave_out_ids(environment: Environment, count: int) -> None:
    """So many ids will have no row, as after transactions that came to nothing."""
    with session(environment) as asked:
        asked.execute(f"SELECT nextval('{TABLE}_id_seq') FROM generate_series(1, {count})")


def ids(environment: Environment) -> list[int]:
    """The ids of all rows."""
    with session(environment) as asked:
        return [row[0] for row in asked.execute(f"SELECT id FROM {TABLE} ORDER BY id").fetchall()]


def end_sessions(environment: Environment) -> int:
    """Ends the sessions of all programs with that database, as an operator or a restart does; how many there were."""
    with session(environment) as asked:
        return len(
            asked.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'abby'"
            ).fetchall()
        )
