"""What the tests of migrations stand on: roots with small logs, empty databases, and both ways between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from adapters.disk.files import Files
from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.engines.moving import Moving
from adapters.eventlog.postgres.database import Database
from adapters.eventlog.postgres.log import PostgresLog
from adapters.eventlog.postgres.rows import Rows
from adapters.ports.engines import LogKeeper
from adapters.ports.log_reports import MovedLog
from tests.adapters.eventlog.jsonl.logs import clock

Environment = Mapping[str, str]


def untold(_done: int, _total: int) -> None:
    """Progress that nobody looks at."""


def there(root: Path, environment: Environment) -> MovedLog:
    """The log of a root, brought into a database."""
    return Moving(root, environment, Files()).to_postgres(untold)


def back(root: Path, environment: Environment) -> MovedLog:
    """The log of a database, brought into a root."""
    return Moving(root, environment, Files()).to_jsonl(clock, untold)


@contextmanager
def served(root: Path, environment: Environment) -> Iterator[PostgresLog]:
    """The log of a database as a service has it."""
    engine = choose_engine(LogKeeper(POSTGRES_MODULE, environment))
    with closing(engine.open_for_writing(root, clock=clock)) as log:
        assert isinstance(log, PostgresLog)
        yield log


def rows_of(environment: Environment) -> bytes:
    """All rows, as the lines of a file."""
    with closing(Database(environment)) as database:
        return b"".join(row.line + b"\n" for row in Rows(database).after(0, 1_000_000))


def asked(environment: Environment, statement: Any, *values: object) -> list[tuple[Any, ...]]:
    """What a database answers to a statement, as its owner."""
    with closing(Database(environment)) as database, database.session() as session:
        cursor = session.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def log_of(root: Path) -> bytes:
    """The bytes of a root's log."""
    return (root / "logs" / "events.jsonl").read_bytes()


def is_copy(root: Path) -> bool:
    """Whether it is marked as a copy."""
    return (root / "logs" / "copy-of").exists()


def connected(environment: Environment, **more: str) -> psycopg.Connection[Any]:
    """A session of somebody."""
    return psycopg.connect(
        host=environment["POSTGRES_HOST"],
        port=environment["POSTGRES_PORT"],
        user=environment["POSTGRES_USER"],
        password=environment["POSTGRES_PASSWORD"],
        dbname=environment["POSTGRES_DBNAME"],
        **more,  # type: ignore[arg-type] # words of the connection
    )
