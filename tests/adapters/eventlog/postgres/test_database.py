"""How a database is reached that has several hosts, whichever of them answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

import psycopg
import pytest

from adapters.eventlog.postgres.database import Database
from adapters.ports.faults import ConfigError, StorageUnavailable
from tests.adapters.eventlog.postgres.logs import opened
from tests.servers.postgres import new_database, shared


@contextmanager
def deaf() -> Iterator[int]:
    """The port of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_host_that_does_not_answer_is_not_waited_for_again() -> None:
    """The first session waits for it; each further one goes at once to the host that took that."""
    given = new_database()
    with deaf() as port:
        database = Database(
            {
                **given,
                "POSTGRES_HOST": "127.0.0.1, 127.0.0.1",
                "POSTGRES_PORT": f"{port},{given['POSTGRES_PORT']}",
                "POSTGRES_CONNECT_TIMEOUT": "2",
            }
        )
        began = monotonic()
        database.session().close()
        waited = monotonic() - began
        began = monotonic()
        for _ in range(3):
            database.session().close()
        with database.recorder() as recorder, recorder.datastore.cursor() as cursor:
            cursor.execute("SELECT 1")
        database.close()
        assert monotonic() - began < waited
        assert database.place.endswith(f" at 127.0.0.1:{port} or 127.0.0.1:{given['POSTGRES_PORT']}")


def test_hosts_and_ports_that_do_not_go_together_are_refused() -> None:
    """One port is that of all; else there is one for each."""
    given = {**new_database(), "POSTGRES_HOST": "a,b,c"}
    Database(given)
    with pytest.raises(ConfigError, match="names 3 hosts and POSTGRES_PORT 2 ports"):
        Database({**given, "POSTGRES_PORT": "5432,5433"})
    for hosts in ("a,", ",a", "a, ,b"):
        with pytest.raises(ConfigError, match="has a comma with no host beside it"):
            Database({**given, "POSTGRES_HOST": hosts})


@pytest.mark.parametrize("host", ["db:5432", "a, b:5432", "[::1]", "[::1]:5432", "::1]", "db:"])
def test_a_port_beside_a_host_is_refused(host: str) -> None:
    """It would be looked up as a name, and shown twice."""
    with pytest.raises(ConfigError, match=r"has a port in it. Name the host alone.*the port in POSTGRES_PORT"):
        Database({**new_database(), "POSTGRES_HOST": host})


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("db", "db:5432"),
        ("::1", "[::1]:5432"),
        ("fe80::1%eth0", "[fe80::1%eth0]:5432"),
        ("a,::1", "a:5432 or [::1]:5432"),
    ],
)
def test_hosts_are_shown_as_they_are_written_with_a_port(host: str, shown: str) -> None:
    """So that the end of an address and its port are told apart."""
    place = Database({**shared().environment(), "POSTGRES_HOST": host, "POSTGRES_PORT": ""}).place
    assert place == f"the database postgres at {shown}"


def test_why_it_does_not_answer_is_told_once() -> None:
    """Without the way, which is told before, and the client's question; of several, each with its own."""
    given = {**shared().environment(), "POSTGRES_PORT": "1"}
    for host, reason in (
        ("127.0.0.1", "127.0.0.1:1 does not answer as it should (Connection refused)."),
        ("127.0.0.1,127.0.0.2", "(127.0.0.1:1: Connection refused; 127.0.0.2:1: Connection refused)."),
        ("/no-such-folder", "(No such file or directory)."),
    ):
        database = Database({**given, "POSTGRES_HOST": host})
        with pytest.raises(psycopg.OperationalError) as refused:
            database.session()
        assert database.trouble(refused.value).endswith(reason)


def test_a_schema_that_is_called_as_a_word_of_sql_is_refused(tmp_path: Path) -> None:
    """The server's parser would refuse it in the middle of a start."""
    given = new_database()
    for word in ("user", "values"):
        with pytest.raises(ConfigError, match=f"POSTGRES_SCHEMA={word} is a word of SQL"):
            opened(tmp_path, {**given, "POSTGRES_SCHEMA": word})


def test_a_schema_that_is_missing_and_a_right_that_is_say_what_to_do(tmp_path: Path) -> None:
    """The server's own words, and which way to go."""
    given = new_database()
    with pytest.raises(StorageUnavailable, match=r'schema "nowhere" does not exist.*make the schema, or correct'):
        opened(tmp_path / "nowhere", {**given, "POSTGRES_SCHEMA": "nowhere"})
    opened(tmp_path / "owner", given).close()
    with psycopg.connect(shared().dsn, autocommit=True) as asked:
        asked.execute("CREATE ROLE without_rights LOGIN PASSWORD 'of nobody'")
    other = {**given, "POSTGRES_USER": "without_rights", "POSTGRES_PASSWORD": "of nobody"}
    with pytest.raises(StorageUnavailable, match=r"permission denied for table.*`abby doctor` gives the statements"):
        opened(tmp_path / "other", other)


def test_a_database_without_an_encoding_keeps_a_log(tmp_path: Path) -> None:
    """As a server makes them that was set up in the locale C: what is text is told as text."""
    with psycopg.connect(shared().dsn, autocommit=True) as asked:
        asked.execute("CREATE DATABASE of_bytes ENCODING 'SQL_ASCII' TEMPLATE template0")
    environment = shared().environment("of_bytes")
    with closing(opened(tmp_path / "first", environment)) as log:
        begun = log.log_id
    with closing(opened(tmp_path / "second", environment)) as log:
        assert log.log_id == begun
