"""Rings when another process has recorded something: the recorder notifies whoever listens of each append. A ring that
is missed only makes a process hear later, as it looks by itself too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
from psycopg.sql import SQL, Identifier

from adapters.eventlog.postgres.database import Database

LISTEN_SECONDS = 0.5
"""How long it waits for a ring before it looks whether it is to stop."""
AGAIN_SECONDS = 1.0
"""After a session that failed."""


class Doorbell:
    """A thread that listens, in a session of its own."""

    def __init__(self, database: Database, channel: str, ring: Callable[[], None]) -> None:
        self._database = database
        self._channel = channel
        self._ring = ring
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="abby-doorbell", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening."""
        self._stopped.set()
        self._thread.join(2 * LISTEN_SECONDS)

    def _listen(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._database.session() as session:
                    session.execute(SQL("LISTEN {}").format(Identifier(self._channel)))
                    while not self._stopped.is_set():
                        for _ in session.notifies(timeout=LISTEN_SECONDS, stop_after=1):
                            self._ring()
            except psycopg.Error:
                self._stopped.wait(AGAIN_SECONDS)
