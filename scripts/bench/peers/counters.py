"""SQLite counters with a table of events (WAL, synchronous FULL), as a careful programmer writes them."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import orjson

from scripts.bench.peer import DAILY, DAY, GEN_BYTES, IMAGE_BYTES, STORAGE_BYTES, Pair

TABLES = """
create table users (user text primary key, used integer not null, held integer not null) without rowid;
create table days (user text, day text, count integer not null, primary key (user, day)) without rowid;
create table places (reservation text primary key, held integer not null) without rowid;
create table images (user text, name text, bytes integer not null, primary key (user, name)) without rowid;
create table pool (used integer not null, held integer not null);
create table events (position integer primary key, type text not null, user text not null, data blob not null);
insert into pool values (0, 0);
"""
CHARGE_DAY = "insert into days values (?, ?, 1) on conflict do update set count = count + 1"
CHANGE_USER = """
insert into users values (?, ?, ?) on conflict do update set used = used + excluded.used, held = held + excluded.held
"""
CHANGE_POOL = "update pool set used = used + ?, held = held + ?"


class CountersPeer:
    """One connection, one transaction a command, each in a thread of the event loop's own pool."""

    def __init__(self, folder: Path) -> None:
        self._turn = threading.Lock()
        self._db = sqlite3.connect(folder / "counters.db", isolation_level=None, check_same_thread=False)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.executescript(TABLES)

    async def reserve(self, pair: Pair) -> None:
        """Three limits, three counters, one event."""
        await asyncio.to_thread(self._reserve, pair)

    async def save(self, pair: Pair) -> None:
        """A place goes, an image comes."""
        await asyncio.to_thread(self._save, pair)

    async def close(self) -> None:
        """Closes the database."""
        self._db.close()

    def _reserve(self, pair: Pair) -> None:
        with self._turn:
            run = self._db.execute
            run("begin immediate")
            (count,) = run("select count from days where user = ? and day = ?", (pair.user, DAY)).fetchone() or (0,)
            user = sum(run("select used, held from users where user = ?", (pair.user,)).fetchone() or (0,))
            pool = sum(run("select used, held from pool").fetchone())
            assert count < DAILY
            assert max(user, pool) + GEN_BYTES <= STORAGE_BYTES
            run(CHARGE_DAY, (pair.user, DAY))
            run(CHANGE_USER, (pair.user, 0, GEN_BYTES))
            run(CHANGE_POOL, (0, GEN_BYTES))
            run("insert into places values (?, ?)", (pair.reservation, GEN_BYTES))
            self._record("GenerationReserved", pair, pair.reserved())

    def _save(self, pair: Pair) -> None:
        with self._turn:
            run = self._db.execute
            run("begin immediate")
            (held,) = run("delete from places where reservation = ? returning held", (pair.reservation,)).fetchone()
            run(CHANGE_USER, (pair.user, IMAGE_BYTES, -held))
            run(CHANGE_POOL, (IMAGE_BYTES, -held))
            run("insert into images values (?, ?, ?)", (pair.user, pair.name, IMAGE_BYTES))
            self._record("ImageSaved", pair, pair.saved())

    def _record(self, type_name: str, pair: Pair, data: dict[str, object]) -> None:
        insert = "insert into events (type, user, data) values (?, ?, ?)"
        self._db.execute(insert, (type_name, pair.user, orjson.dumps(data)))
        self._db.execute("commit")
