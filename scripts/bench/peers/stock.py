"""The stock application of the `eventsourcing` library on SQLite: aggregates, as its documentation shows them.

A user is one aggregate and the pool another, saved together. Both are snapshotted, as the documentation advises for
long ones: else each command would replay the whole pool. Commands take turns, else most of them would conflict there.
The second peer is the same with the library's cache of aggregates, and without its look for what others wrote: as fast
as it gets.
"""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from scripts.bench.peer import DAILY, DAY, GEN_BYTES, IMAGE_BYTES, SHA256, STORAGE_BYTES, Pair

EVENTS_A_SNAPSHOT = 50
CACHE = {"AGGREGATE_CACHE_MAXSIZE": "100000", "AGGREGATE_CACHE_FASTFORWARD": "n"}


class User(Aggregate):
    """One user's day and bytes."""

    @event("Opened")
    def __init__(self, user: str) -> None:
        self.user = user
        self.day = ""
        self.count = 0
        self.used_bytes = 0
        self.held_bytes = 0
        self.places: dict[str, int] = {}

    @staticmethod
    def create_id(user: str) -> UUID:
        """The id under which a user's aggregate is found."""
        return uuid5(NAMESPACE_URL, f"/users/{user}")

    @event("Reserved")
    def reserve(self, reservation: str, day: str, bytes_each: int, operation: str, expires_at: str) -> None:
        """Charges the day and holds bytes."""
        del operation, expires_at  # kept in the event
        self.count = self.count + 1 if day == self.day else 1
        self.day = day
        self.held_bytes += bytes_each
        self.places[reservation] = bytes_each

    @event("Saved")
    def save(self, reservation: str, name: str, size_bytes: int, sha256: str, media_type: str) -> None:
        """Settles a place."""
        del name, sha256, media_type  # kept in the event
        self.held_bytes -= self.places.pop(reservation)
        self.used_bytes += size_bytes


class Pool(Aggregate):
    """The bytes of all users."""

    @event("Opened")
    def __init__(self) -> None:
        self.used_bytes = 0
        self.held_bytes = 0

    @staticmethod
    def create_id() -> UUID:
        """The id of the one pool."""
        return uuid5(NAMESPACE_URL, "/pool")

    @event("Changed")
    def change(self, used_change: int, held_change: int) -> None:
        """Takes the pool past a command."""
        self.used_bytes += used_change
        self.held_bytes += held_change


class StockLedger(Application[UUID]):
    """The use cases, one save each."""

    snapshotting_intervals: ClassVar[dict[type[Any], int]] = {User: EVENTS_A_SNAPSHOT, Pool: EVENTS_A_SNAPSHOT}

    def __init__(self, folder: Path, cache: dict[str, str]) -> None:
        database = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "events.db")}
        super().__init__(database | cache)
        self._turn = threading.Lock()
        self._known: set[str] = set()
        self.save(Pool())

    def reserve(self, pair: Pair) -> None:
        """Checks the three limits and saves both aggregates."""
        with self._turn:
            user, pool = self._user(pair.user), self._pool()
            day_count = user.count if user.day == DAY else 0
            assert day_count < DAILY
            assert user.used_bytes + user.held_bytes + GEN_BYTES <= STORAGE_BYTES
            assert pool.used_bytes + pool.held_bytes + GEN_BYTES <= STORAGE_BYTES
            user.reserve(pair.reservation, DAY, GEN_BYTES, "text_to_image", f"{DAY}T12:15:00.000000Z")
            pool.change(0, GEN_BYTES)
            self.save(user, pool)

    def keep(self, pair: Pair) -> None:
        """Settles a place and saves both aggregates."""
        with self._turn:
            user, pool = self._user(pair.user), self._pool()
            held = user.places[pair.reservation]
            user.save(pair.reservation, pair.name, IMAGE_BYTES, SHA256, "image/png")
            pool.change(IMAGE_BYTES, -held)
            self.save(user, pool)

    def _user(self, name: str) -> User:
        if name in self._known:
            found: User = self.repository.get(User.create_id(name))
            return found
        self._known.add(name)
        return User(name)

    def _pool(self) -> Pool:
        found: Pool = self.repository.get(Pool.create_id())
        return found


class StockPeer:
    """The application, each command in a thread of the event loop's own pool."""

    def __init__(self, folder: Path, cache: dict[str, str]) -> None:
        self._ledger = StockLedger(folder, cache)

    async def reserve(self, pair: Pair) -> None:
        """One transaction."""
        await asyncio.to_thread(self._ledger.reserve, pair)

    async def save(self, pair: Pair) -> None:
        """One transaction."""
        await asyncio.to_thread(self._ledger.keep, pair)

    async def close(self) -> None:
        """Closes the database."""
        self._ledger.close()
