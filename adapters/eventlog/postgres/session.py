"""A session that is not waited for without end.

Where a server is frozen, or a machine is paused behind something that goes on acknowledging, no session ends and none
is answered. So whoever waits for an answer looks by itself, as it wakes ten times a second anyway: after some silence
the server is asked on a new session whether it still works on what was asked. If it does, as where a commit waits for
its standby, it is waited for: what is given up would stay in the server, and keep one of its places. If it does not, or
cannot be reached, the session is lost, as where its connection had broken; what became of an append is asked then.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any, ClassVar, NamedTuple, Self

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.rows import Row, tuple_row
from psycopg.sql import SQL

SILENT_SECONDS = 6.0
"""After so long without an answer the server is asked on a new session: above the wait for a turn, which is 5."""
SOON_SECONDS = 0.5
"""The same, of a session that was there already when another was lost."""
CLOSING_SECONDS = 3.0
"""While all are to end, silence is borne for so long, and nobody is asked."""


class Backend(NamedTuple):
    """Who answers a session: the process, and when the server that it is of was started, in seconds since 1970."""

    pid: int
    server_began: str


_BEGAN = SQL("extract(epoch FROM pg_postmaster_start_time())::text")  # the same in every time zone
_WHO = SQL("SELECT pg_backend_pid(), {}").format(_BEGAN)  # a pooler gives other numbers by itself
_WORKS = SQL(
    "SELECT {} = %s AND EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s AND state NOT LIKE 'idle%%')"
).format(_BEGAN)


class Patience:
    """How long the sessions of one database are waited for."""

    def __init__(self, new_session: Callable[[], Session[Any]]) -> None:
        """`new_session` connects to the server that takes writes now; raises psycopg.Error."""
        self._new_session = new_session
        self._lost_at = -inf
        self.is_closing = False
        """Whether all sessions are to end: then nothing is waited for that keeps silent."""

    def seconds(self, session: Session[Any]) -> float:
        """How long its silence is borne now."""
        if self.is_closing:
            return CLOSING_SECONDS
        return SOON_SECONDS if session.began < self._lost_at else SILENT_SECONDS

    def lasts(self, session: Session[Any]) -> bool:
        """Whether a session that kept silent is waited for further."""
        if not self.is_closing and session.backend is not None and self._works(session.backend):
            session.began = monotonic()  # nobody doubts it any more
            return True
        self._lost_at = monotonic()
        return False

    def _works(self, backend: Backend) -> bool:
        """Whether the server that takes writes now is at work for a session."""
        try:
            with self._new_session() as asked:
                asked.backend = None  # nobody is asked about whom this is asked
                return asked.execute(_WORKS, (backend.server_began, backend.pid)).fetchone() == (True,)
        except psycopg.Error:
            return False


class Session(psycopg.Connection[Row]):
    """A session whose silence is borne for a while. What ends it is told as that of a connection that broke."""

    patience: ClassVar[Patience]
    backend: Backend | None = None
    """Who answers it; None while that is not known, and then it is not asked about."""
    began: float
    """When it was surely there last."""
    cancelled_after_seconds: float = inf
    """After so long the server is asked to end what it works on."""

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> Self:
        """A new one, whose statements are each a transaction. Raises psycopg.Error."""
        session = super().connect(conninfo, **{**kwargs, "autocommit": True})
        session.began = monotonic()
        try:
            with session.cursor(row_factory=tuple_row) as cursor:
                session.backend = Backend(*(cursor.execute(_WHO).fetchone() or (0, "")))
        except BaseException:
            session.close()
            raise
        return session

    def wait(self, gen: PQGen[RV], *args: Any, **kwargs: Any) -> RV:
        """Waits for what was asked, as any session does. Raises psycopg.OperationalError where it was silent for too
        long.
        """
        return super().wait(self._watched(gen), *args, **kwargs)

    def _watched(self, gen: PQGen[RV]) -> PQGen[RV]:
        """The same questions and answers, and a look at each silence between them."""
        try:
            wanted = next(gen)
            began = since = monotonic()
            while True:
                ready = yield wanted
                since = monotonic() if ready else self._bear(began, since)
                wanted = gen.send(ready)
        except StopIteration as end:
            value: RV = end.value
            return value

    def _bear(self, began: float, since: float) -> float:
        """Waits further, and gives since when all is silent. Ends the session, and raises psycopg.OperationalError,
        where the server does not work on what was asked.
        """
        now = monotonic()
        if now - began > self.cancelled_after_seconds:
            self.cancelled_after_seconds = inf
            self.cancel_safe(timeout=CLOSING_SECONDS)
        if now - since <= self.patience.seconds(self):
            return since
        if not self.patience.lasts(self):
            self.pgconn.finish()
            why = "all is to be closed" if self.patience.is_closing else "does not work on it"
            raise psycopg.OperationalError(f"it kept silent for {now - since:.0f} seconds, and {why}")
        return monotonic()


def sessions_with(patience: Patience) -> type[Session[Any]]:
    """What makes the sessions of one database."""

    class Ours(Session[Any]):
        pass

    Ours.patience = patience
    return Ours
