"""A primary and its standby, as two real servers, and the settings of a program that may use whichever takes writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from tests.servers.postgres import START_SECONDS, Server, running

STANDBY = "standby"
"""By this name a primary knows its standby."""
SYNCHRONOUS: Mapping[str, str] = {"synchronous_standby_names": STANDBY, "synchronous_commit": "remote_apply"}
"""What a primary runs with that says a thing is done when its standby has it too."""
AT_ONCE: Mapping[str, str] = {"fsync": "off", "wal_retrieve_retry_interval": "100ms"}
"""The tests lose processes, not power; a standby that lost its primary asks for it again soon."""


@dataclass
class Pair:
    """The two: which is the primary now, and which follows it."""

    primary: Server
    standby: Server
    settings: Mapping[str, str]

    def environment(self, database: str = "postgres") -> dict[str, str]:
        """The settings of a program that knows both, and is to use a database of them."""
        both = (self.primary, self.standby)
        hosts, ports = ",".join("127.0.0.1" for _ in both), ",".join(str(server.port) for server in both)
        return {**self.primary.environment(database), "POSTGRES_HOST": hosts, "POSTGRES_PORT": ports}

    def fail_over(self) -> None:
        """Kills the primary, and has the standby take over."""
        self.primary.kill()
        self.take_over()

    def take_over(self) -> None:
        """Makes the standby the primary, which waits for no standby, as it has none."""
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary
        configure(self.primary, dict.fromkeys(self.settings, ""))

    @contextmanager
    def without_standby(self) -> Iterator[None]:
        """While the standby is away: commits wait for it."""
        self.standby.stop()
        try:
            yield
        finally:
            self.standby.start(**AT_ONCE)

    def rebuild(self) -> None:
        """Makes a new standby in the place of the server that was lost, for which the primary waits from then on."""
        lost = self.standby
        self.standby = Server(lost.folder.with_name(f"{lost.folder.name}_"), port=lost.port)
        self.standby.follow(self.primary, STANDBY)
        self.standby.start(**AT_ONCE)
        self.wait_for_standby()
        configure(self.primary, self.settings)

    def wait_for_standby(self) -> None:
        """Until the standby has all that the primary has."""
        deadline = monotonic() + START_SECONDS
        while not self._has_all():
            assert monotonic() < deadline, "the standby does not come after"
            sleep(0.02)

    def _has_all(self) -> bool:
        with operator(self.primary) as session:
            found = session.execute("SELECT replay_lsn >= pg_current_wal_lsn() FROM pg_stat_replication").fetchall()
        return found == [(True,)]


def operator(server: Server, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
    """A session of a server's operator, each statement a transaction."""
    return psycopg.connect(server.dsn, dbname=database, autocommit=True, connect_timeout=2)


def configure(server: Server, settings: Mapping[str, str]) -> None:
    """Writes settings into a server's own file, which a standby that is made of it takes over, and lets it read them;
    an empty one is what it is by default.
    """
    with operator(server) as session:
        for name, value in settings.items():
            if value:
                session.execute(SQL("ALTER SYSTEM SET {} = {}").format(Identifier(name), value))
            else:
                session.execute(SQL("ALTER SYSTEM RESET {}").format(Identifier(name)))
        session.execute("SELECT pg_reload_conf()")


@contextmanager
def pair(settings: Mapping[str, str] = SYNCHRONOUS) -> Iterator[Pair]:
    """A new primary that has these settings while a standby follows it, and that standby."""
    with running(**AT_ONCE) as primary, ExitStack() as stopping:
        both = Pair(primary, Server(primary.folder.with_name("standby")), settings)
        stopping.callback(lambda: both.standby.stop("immediate"))
        stopping.callback(lambda: both.primary.stop("immediate"))
        both.rebuild()
        yield both
