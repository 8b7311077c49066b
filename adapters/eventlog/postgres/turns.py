"""Writers take turns: whoever has the turn takes in what others recorded, decides a batch and appends it, so that
nobody decides in vain and nobody starves; the database gives turns in the order in which they were asked for.

A turn is a transaction that holds an advisory lock. It makes writing quick, not safe: safe it is by the condition of
each append. So nobody waits long for a turn: a writer that was stopped in the middle of one loses it, as the database
ends a transaction that idles, and where no turn comes in time one writes without.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from threading import Thread
from time import monotonic
from typing import Any

import psycopg
import structlog
from psycopg.sql import SQL

from adapters.eventlog.postgres.clocks import NOW
from adapters.eventlog.postgres.database import LONGEST_SECONDS, WAIT_FOR_STANDBY, Database
from adapters.eventlog.postgres.tallies import SharingTallies

LOCK_CLASS = 0x41626279
"""The first half of the advisory lock; the other is that of the schema's name."""
WAIT_SECONDS = 5
"""After this a writer goes on without a turn."""
MEANWHILE_SECONDS = 0.005
"""How often something else is looked for while a turn is waited for."""
_ASK = SQL(
    "BEGIN; SET LOCAL idle_in_transaction_session_timeout = {}; SET LOCAL lock_timeout = {}; "
    "SELECT pg_advisory_xact_lock({}, hashtext({})), " + NOW
)

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Turns:
    """The turns of one writer, for its thread alone."""

    def __init__(self, database: Database, tallies: SharingTallies) -> None:
        self._database = database
        self._tallies = tallies
        self._session: psycopg.Connection[Any] | None = None
        self._has_turn = False
        self._ask = _ASK.format(f"{LONGEST_SECONDS}s", f"{WAIT_SECONDS}s", LOCK_CLASS, database.schema)
        self.shown_at: str | None = None
        """What the database's clock showed when the turn began; None where none came in time."""

    @property
    def without(self) -> int:
        """How often no turn came in time."""
        return self._tallies.without

    @contextmanager
    def turn(self, meanwhile: Callable[[], None] = lambda: None) -> Iterator[None]:
        """A turn, for as long as the context lasts and the database lets it, or until `end`; while it is waited for,
        `meanwhile` is called again and again. Raises StorageUnavailable where there is no database to ask.
        """
        began, asked = monotonic(), self._asked()
        try:
            try:
                while not wait([asked], MEANWHILE_SECONDS).done:
                    meanwhile()
            finally:
                self._has_turn = asked.result()
            self._tallies.waited(monotonic() - began, has_turn=self._has_turn)
            yield
        finally:
            self.end()

    def end(self) -> None:
        """The turn is over, where there is one: the next may have it."""
        if self._has_turn:
            self._has_turn = False
            self._give_back()

    def close(self) -> None:
        """Ends the session."""
        self._end()

    def _asked(self) -> Future[bool]:
        """A turn is asked for, by a thread that keeps no program from ending where the server keeps silent."""
        self.shown_at = None
        asked: Future[bool] = Future()

        def ask() -> None:
            try:
                asked.set_result(self._take())
            except BaseException as error:  # noqa: BLE001 - whoever waits is told
                asked.set_exception(error)

        Thread(target=ask, name="abby-turn", daemon=True).start()
        return asked

    def _end(self) -> None:
        if self._session is not None:
            with suppress(psycopg.Error):
                self._session.close()
            self._session = None

    def _take(self) -> bool:
        for _ in range(2):
            is_new = self._session is None
            try:
                self._session = self._session or self._replicated_session()
                told = self._session.execute(self._ask)
            except psycopg.errors.LockNotAvailable:
                self._give_back()
                _log.warning("writing without a turn", waited_seconds=WAIT_SECONDS, times=self.without + 1)
                return False
            except psycopg.Error as error:  # perhaps the session ended with a turn that was too long
                self._end()
                if is_new:
                    raise self._database.failed(error) from error
            else:
                self.shown_at = _last_of(told)
                return True
        raise AssertionError("a new session returns or raises")

    def _replicated_session(self) -> psycopg.Connection[Any]:
        """A new session, once a standby has what it shows, where commits wait for one: a server that was restarted
        shows commits that its standby has not got, and nobody is to be told of them.
        """
        session = self._database.session()
        try:
            session.execute(WAIT_FOR_STANDBY)
        except BaseException:
            session.close()
            raise
        return session

    def _give_back(self) -> None:
        try:
            if self._session is not None:
                self._session.execute("ROLLBACK")  # nothing was written in it
        except psycopg.Error:
            self._end()


def _last_of(told: psycopg.Cursor[Any]) -> str:
    """What the last statement of several told last."""
    while told.nextset():
        pass
    found = told.fetchone()
    assert found is not None, "it is one row"
    return str(found[-1])
