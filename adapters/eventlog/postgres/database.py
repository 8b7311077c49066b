"""One database: how it is reached, and what it says when it cannot be.

Each of its sessions goes to a server that takes writes, whichever of several hosts that is. Nothing here holds on to a
session that failed: whoever comes next is given a new one, so that a fail-over is over when the new primary answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import Any

import psycopg
from eventsourcing.dcb.postgres_tt import PostgresDCBRecorderTT, PostgresTTDCBFactory
from eventsourcing.persistence import IntegrityError, PersistenceError
from eventsourcing.utils import Environment
from psycopg.sql import SQL

from adapters.eventlog.postgres.addresses import address, servers_in
from adapters.eventlog.postgres.reasons import reason_of
from adapters.eventlog.postgres.recording import TextRecorder
from adapters.eventlog.postgres.session import CLOSING_SECONDS, Patience, Session, sessions_with
from adapters.ports.faults import ConfigError, StorageUnavailable

NAME = "abby"
"""How the log's tables begin, and how sessions are called."""
CONNECT_SECONDS = 5
KEPT_ALIVE = {"keepalives_idle": 3, "keepalives_interval": 1, "keepalives_count": 3, "tcp_user_timeout": 6_000}
"""A server whose machine is gone is given up after some six seconds, milliseconds for the last: so a fail-over is over
within fifteen, as its host is asked once more before the others.
"""
CLOSE_SECONDS = 1.0
"""How long the end of the recorder's sessions waits for those that are only just being begun."""
AGAIN_SECONDS = 0.5
"""For so long after it could not be reached, nobody waits for the same again."""
LONGEST_SECONDS = 2
"""A transaction in which nothing was asked of the database for so long is over, and what it held is free for others."""
WAIT_FOR_STANDBY = SQL("SELECT pg_logical_emit_message(true, 'abby', '')")
"""Writes what nobody reads: the commit of a transaction that wrote nothing waits for no standby."""
WARNING = "01000"
"""What a server says of a commit that was cancelled while it waited for a standby, in whatever language."""
STANDBY_SECONDS = 5.0
"""For so long it is waited until a standby has what a server shows, before nothing of it is believed."""
SESSIONS = 3
"""How many the recorder keeps at most: one appends, one reads, one is to spare."""
SAID_NO = ("25006", "42", "53", "54", "55")
"""How codes begin by which the server itself says no to a statement, and has undone its transaction: all may only be
read, or this account may not, there is no such table, no room, or what is needed is in use.
"""
LOOK = "look whether it runs, and whether the POSTGRES_ settings are right"
WITHOUT_COPY = ", and there is no copy of its log on this machine yet"
_LOOK_BY_CODE = {
    "3F000": "make the schema, or correct POSTGRES_SCHEMA",
    "42501": "`abby doctor` gives the statements by which this account may do what it has to",
}
_IS_KEYWORD = "SELECT 1 FROM pg_get_keywords() WHERE word = %s AND catcode <> 'U'"
_SCHEMA = re.compile("[a-z_][a-z0-9_]{0,62}")
"""The library writes it without quotes in some places."""
REQUIRED = ("POSTGRES_HOST", "POSTGRES_DBNAME", "POSTGRES_USER", "POSTGRES_PASSWORD")


class Database:
    """A database that is reached by the library's settings, `POSTGRES_*`. Safe from any thread."""

    def __init__(self, environment: Mapping[str, str], *, called: str = NAME, is_examined: bool = False) -> None:
        """Connects to nothing; its sessions are called so in the database. One that `is_examined` shows what no standby
        has too. Raises ConfigError where a setting is missing or is none.
        """
        missing = [name for name in REQUIRED if not environment.get(name)]
        if missing:
            raise ConfigError(
                f"A log in PostgreSQL is asked for, and {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} "
                "not set. Set what the database is reached by."
            )
        schema = environment.get("POSTGRES_SCHEMA") or "public"
        if _SCHEMA.fullmatch(schema) is None:
            raise ConfigError(
                f"POSTGRES_SCHEMA={schema!r} is no name that can be used: write one of small letters, digits and _."
            )
        self._environment = {
            "POSTGRES_CONNECT_TIMEOUT": str(CONNECT_SECONDS),
            "POSTGRES_IDLE_IN_TRANSACTION_SESSION_TIMEOUT": str(LONGEST_SECONDS),
            "POSTGRES_POOL_SIZE": "1",
            "POSTGRES_MAX_OVERFLOW": str(SESSIONS - 1),
            **environment,
            "CREATE_TABLE": "no",
        }
        self._called, self._is_examined = called, is_examined
        self._servers = servers_in(environment["POSTGRES_HOST"], environment.get("POSTGRES_PORT") or "5432")
        servers = " or ".join(address(host, port) for host, port in self._servers)
        self._place = f"the database {environment['POSTGRES_DBNAME']} at {servers}"
        self._has_own_sessions = False
        self._guard = Lock()
        self._recorder: PostgresDCBRecorderTT | None = None
        self._unreachable = ("", 0.0)
        self._patience = Patience(self.session)
        self._sessions = sessions_with(self._patience)

    @property
    def place(self) -> str:
        """Where it is, as people are told."""
        return self._place

    @property
    def schema(self) -> str:
        """Where its tables stand."""
        return self._environment.get("POSTGRES_SCHEMA") or "public"

    @contextmanager
    def recorder(self) -> Iterator[PostgresDCBRecorderTT]:
        """The library's recorder. What it raises but IntegrityError is followed by a new one at the next call, and is
        told as `failed` does.
        """
        with self._guard:
            try:
                recorder = self._recorder = self._recorder or self._connected()
            except (PersistenceError, psycopg.Error, OSError) as error:
                raise self.failed(error) from error
        try:
            yield recorder
        except IntegrityError:
            raise
        except (PersistenceError, psycopg.Error) as error:
            self._give_up(recorder)
            raise self.failed(error) from error

    def session(self) -> Session[Any]:
        """A session of its own, whose statements are each a transaction, at the server that takes writes: of several
        hosts the one that did when it was looked for last is asked first. Raises psycopg.Error.
        """
        reason, until = self._unreachable
        if monotonic() < until:
            raise psycopg.OperationalError(reason)
        env = self._environment
        try:
            session = self._sessions.connect(
                dbname=env["POSTGRES_DBNAME"],
                user=env["POSTGRES_USER"],
                password=env["POSTGRES_PASSWORD"],
                **self._further(),
            )
        except psycopg.Error as error:
            self._unreachable = (str(error), monotonic() + AGAIN_SECONDS)
            raise
        there = session.info.host, str(session.info.port)
        self._servers = sorted(self._servers, key=lambda server: server != there)
        return session

    def failed(self, error: BaseException) -> StorageUnavailable:
        """The fault of a database that did not do what was asked of it."""
        return StorageUnavailable(
            f"{self.trouble(error)} Nothing of this was recorded, and what was recorded before is whole. All goes on "
            f"by itself once it does; {_LOOK_BY_CODE.get(_code_of(error), LOOK)}."
        )

    def trouble(self, error: BaseException) -> str:
        """What is the matter, as a sentence; of a fault that was told, what caused it."""
        return f"{self._told(error)}."

    def away(self, error: BaseException, further: str = "") -> StorageUnavailable:
        """The fault of a database of which something was only asked; `further` goes on with its sentence."""
        look = _LOOK_BY_CODE.get(_code_of(error), LOOK)
        return StorageUnavailable(f"{self._told(error)}{further}. {look[0].upper()}{look[1:]}.")

    def _told(self, error: BaseException) -> str:
        cause = error.__cause__ if isinstance(error, StorageUnavailable) and error.__cause__ else error
        return f"{self.place[0].upper()}{self.place[1:]} does not answer as it should ({reason_of(cause)})"

    def close(self) -> None:
        """Ends the recorder's sessions."""
        with self._guard:
            recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.datastore.pool.close(timeout=CLOSE_SECONDS)

    def hurry(self) -> None:
        """From now on whoever waits for a silent server is told that it does not answer, as all is to be closed."""
        self._patience.is_closing = True

    def _connected(self) -> PostgresDCBRecorderTT:
        with self.session() as session:  # what cannot be reached says so at once, where a pool would wait
            self._refuse_lent(session)
            self._refuse_keyword(session)
            if not self._is_examined:
                self._refuse_unreplicated(session)
        factory = PostgresTTDCBFactory(Environment(NAME, self._environment))
        given = factory.datastore.pool.kwargs
        assert isinstance(given, dict), "the library gives its pool the words of each connection"
        factory.datastore.pool.kwargs = {**given, **self._further()}
        factory.datastore.pool.connection_class = self._sessions
        return TextRecorder(factory.datastore, events_table_name=f"{NAME}_events")

    def _refuse_lent(self, session: Session[Any]) -> None:
        """Raises ConfigError where two sessions of ours are one of the server's: neither keeps a lock or is rung."""
        if self._has_own_sessions:
            return
        with self.session() as other:
            if session.backend == other.backend:
                raise ConfigError(
                    f"{self.place[0].upper()}{self.place[1:]} is behind a pooler that lends sessions by the "
                    "transaction. Processes know of each other by sessions of their own, so nothing was begun. Set "
                    "pool_mode = session in PgBouncer, or connect to PostgreSQL itself."
                )
        self._has_own_sessions = True

    def _refuse_keyword(self, session: psycopg.Connection[Any]) -> None:
        """Raises ConfigError where the schema is called as a word of SQL, which the library writes without quotes."""
        if session.execute(_IS_KEYWORD, [self.schema]).fetchone():
            raise ConfigError(
                f"POSTGRES_SCHEMA={self.schema} is a word of SQL, and cannot be used as a name here. Name another "
                "schema."
            )

    def _refuse_unreplicated(self, session: Session[Any]) -> None:
        """Raises psycopg.OperationalError where commits wait for a standby that has not all that the server shows, as
        one that was restarted alone: what it shows may be lost with it. What is asked for that stays in no server.
        """
        told: list[str | None] = []
        session.add_notice_handler(lambda notice: told.append(notice.sqlstate))
        session.cancelled_after_seconds = STANDBY_SECONDS
        session.execute(WAIT_FOR_STANDBY)
        if WARNING in told:
            reason = "a standby has not got yet what the database shows, and commits wait for it"
            self._unreachable = (reason, monotonic() + AGAIN_SECONDS)
            raise psycopg.OperationalError(reason)

    def _further(self) -> dict[str, Any]:
        hosts, ports = zip(*self._servers, strict=True)
        seconds = int(self._environment["POSTGRES_CONNECT_TIMEOUT"])
        return {
            "host": ",".join(hosts),
            "port": ",".join(ports),
            "connect_timeout": min(seconds, int(CLOSING_SECONDS)) if self._patience.is_closing else seconds,
            "target_session_attrs": "read-write",
            "application_name": self._called,
            "client_encoding": "utf8",  # else a database without an encoding gives bytes where text is meant
            **KEPT_ALIVE,
        }

    def _give_up(self, recorder: PostgresDCBRecorderTT) -> None:
        with self._guard:
            if self._recorder is recorder:
                self._recorder = None
        recorder.datastore.pool.close(timeout=0)  # its threads may wait for a host that is silent, and end after it


def said_no(fault: StorageUnavailable) -> bool:
    """Whether the server itself refused what was asked, so that nothing of it was done. Otherwise, as where a session
    ended, that is not known.
    """
    return _code_of(fault).startswith(SAID_NO)


def _code_of(error: BaseException | None) -> str:
    """The code by which the server told what was the cause; empty where it told none."""
    while error is not None and not isinstance(error, psycopg.Error):
        error = error.__cause__
    return "" if error is None else error.sqlstate or ""
