"""What a process knows of the others that write the same log: which are there, and that they recorded something.

One session serves both. While it stands it holds a lock of its own that all can see: so a process that was killed, or
whose machine went, is seen to be gone when the database has ended its session; so is one that was stopped, as a session
that asks nothing for long is ended too. And it listens: the recorder notifies of each append. A ring that is missed
only makes a process hear later, as it looks by itself too.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from math import inf
from selectors import EVENT_READ, DefaultSelector
from time import monotonic

import psycopg
import structlog
from psycopg.sql import SQL, Identifier

from adapters.eventlog.postgres.database import KEPT_ALIVE, NAME, Database
from adapters.eventlog.postgres.rows import Rows
from adapters.eventlog.postgres.tallies import SharingTallies
from adapters.ports.measured import Measured

LISTEN_SECONDS = 0.5
"""How long it waits for a ring, and how often it asks whether it is the first, which shows that its session stands."""
FIRST_SECONDS = 5.0
"""For so long after it asked it is the first: until before the database, or whoever gives a silent one up, could have
another be it.
"""
IDLE_SECONDS = 15
"""A session that asks nothing for so long is of a process that was stopped."""
IDLE_SETTING = "idle_session_timeout"
"""What it is called; PostgreSQL 13 has none."""
AGAIN_SECONDS = 1.0
"""After a session that failed."""
_OF, _FIRST_OF = "abby writers ", "abby first writer "
_ASK_AFTER_US = "; ".join(f"SET tcp_{name.removeprefix('tcp_')} = {value}" for name, value in KEPT_ALIVE.items())
"""The server asks after this machine as this asks after the server: by itself it would hold the locks of one that is
gone for two hours.
"""
_END_IF_IDLE = "SELECT set_config(name, %s, false) FROM pg_settings WHERE name = %s"
_BE_THERE = SQL("SELECT pg_advisory_lock_shared(hashtext({of}), {tag})")
_BE_FIRST = SQL("SELECT pg_try_advisory_lock(hashtext({of}), 1)")
_STILL = SQL("SELECT true")
_WHO_IS = SQL(
    "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND classid::bigint = hashtext({of})::bigint & 4294967295"
)

_log = structlog.wrap_logger(logging.getLogger(__name__))


def all_there(database: Database) -> list[str]:
    """The tags of all that are there. Raises StorageUnavailable."""
    with database.recorder() as recorder, recorder.datastore.cursor() as cursor:
        cursor.execute(_WHO_IS.format(of=_OF + database.schema))
        return [f"{row['objid']:08x}" for row in cursor.fetchall()]


class Company:
    """The others, and this one among them while it is open. `is_there` is set once the others can see it."""

    def __init__(self, database: Database, tag: str, behind: Callable[[], float], tallies: SharingTallies) -> None:
        """`behind`: how many seconds ago all was surely taken in."""
        self._tallies = tallies
        self._database = database
        self._behind = behind
        self._of = _OF + database.schema
        self._rings: list[Callable[[], None]] = []
        self._rung, self._stopped = threading.Event(), threading.Event()
        self._wakes, self._wake = socket.socketpair()
        self.tag = tag
        self._first_until = -inf
        self.is_there = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="abby-company", daemon=True)
        self._thread.start()

    @property
    def is_first(self) -> bool:
        """Whether it does what is to be done once: it has the lock of that, which the next one gets when it goes, and
        the database said so lately.
        """
        return monotonic() < self._first_until

    def listen(self, ring: Callable[[], None]) -> None:
        """Has it called at each append of anybody."""
        self._rings.append(ring)

    def has_rung(self) -> bool:
        """Whether somebody appended since it was asked last."""
        rung = self._rung.is_set()
        self._rung.clear()
        return rung

    def others(self) -> frozenset[str]:
        """The tags of the others that are there now. Raises StorageUnavailable."""
        return frozenset(all_there(self._database)) - {self.tag}

    @property
    def place(self) -> str:
        """The database."""
        return self._database.place

    def kept(self, name: str) -> bytes | None:
        """What all that write the log keep under a name. Raises StorageUnavailable."""
        return Rows(self._database).kept(name)

    def keep(self, name: str, content: bytes) -> None:
        """Keeps it for all of them. Raises StorageUnavailable."""
        Rows(self._database).keep(name, content)

    @property
    def seconds_behind(self) -> float:
        """How long ago all that was recorded was surely taken in."""
        return self._behind()

    def measured(self) -> list[Measured]:
        """How the turns of this one come, and what it took in."""
        return self._tallies.measured()

    def close(self) -> None:
        """Goes."""
        self._stopped.set()
        self._wake.close()
        self._thread.join(2 * LISTEN_SECONDS)

    def _listen(self) -> None:
        with self._wakes:  # it may still wait for a session when `close` no longer waits for it
            self._be_there()

    def _be_there(self) -> None:
        number, is_told = int.from_bytes(bytes.fromhex(self.tag), signed=True), False
        while not self._stopped.is_set():
            try:
                with self._database.session() as session:
                    session.execute(_ASK_AFTER_US)
                    session.execute(_END_IF_IDLE, (f"{IDLE_SECONDS}s", IDLE_SETTING))
                    session.execute(_BE_THERE.format(of=self._of, tag=number))
                    session.execute(SQL("LISTEN {}").format(Identifier(f"{NAME}_events_tt_main")))
                    self.is_there.set()
                    is_told = False
                    self._hear(session)
                    session.execute("SELECT pg_advisory_unlock_all()")  # whoever looks next does not see it
            except psycopg.Error as error:
                if not is_told:
                    _log.warning("others not heard, and this process not seen", reason=self._database.trouble(error))
                    is_told = True
                self._stopped.wait(AGAIN_SECONDS)

    def _hear(self, session: psycopg.Connection[tuple[object, ...]]) -> None:
        try:
            with DefaultSelector() as selector:
                for heard in (session, self._wakes):
                    selector.register(heard, EVENT_READ)
                asked_at, has_it = -inf, False
                while not self._stopped.is_set():
                    if (now := monotonic()) - asked_at >= LISTEN_SECONDS:
                        asked_at, has_it = now, self._has_lock_of_the_first(session, has_it=has_it)
                        self._first_until = now + FIRST_SECONDS if has_it else -inf
                    self._ring(session)  # of what came with the answer too
                    selector.select(LISTEN_SECONDS)
        finally:
            self._first_until = -inf

    def _has_lock_of_the_first(self, session: psycopg.Connection[tuple[object, ...]], *, has_it: bool) -> bool:
        """Takes it where it is free. A session that has it keeps it as long as it answers."""
        taking = _BE_FIRST.format(of=_FIRST_OF + self._database.schema)
        return session.execute(_STILL if has_it else taking).fetchone() == (True,)

    def _ring(self, session: psycopg.Connection[tuple[object, ...]]) -> None:
        for _ in session.notifies(timeout=0):
            self._rung.set()
            for ring in self._rings:
                ring()
