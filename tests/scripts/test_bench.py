"""The benchmarks measure what they say: every peer really keeps its counts, and ratios are the right way up."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from eventsourcing.application import Application
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it comes without types

from adapters.application.reading import quota_status
from adapters.engines.opening import open_store
from adapters.eventlog.jsonl.verify import verify
from adapters.ports.clock import utc_now
from scripts.bench.callers import PEERS, Load, drive
from scripts.bench.chart import draw
from scripts.bench.figures import Bar, Case, alone, compared
from scripts.bench.logs import STEADY, Shape, make_log, user_name
from scripts.bench.peer import GEN_BYTES, IMAGE_BYTES, Pair, Peer
from scripts.bench.peers.abby import AbbyPeer
from scripts.bench.peers.counters import CountersPeer
from scripts.bench.peers.redis_scripts import HOW_TO_ENABLE, RedisPeer
from scripts.bench.peers.stock import CACHE, Pool, StockPeer, User
from scripts.bench.showing import cells
from tests.adapters.cli.processes import PROJECT, SCHEMAS

PAIRS = [Pair(number, f"user-{number % 2}") for number in range(1, 8)]
"""Seven, of two users."""


@pytest.fixture
def redis_server() -> None:
    """Skipped where there is no Redis, but under CI that fails."""
    if shutil.which("redis-server") is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"the peers may not be skipped under CI: {HOW_TO_ENABLE}", pytrace=False)
        pytest.skip(HOW_TO_ENABLE)


async def tell(peer: Peer) -> None:
    """Seven generations, the last place left open."""
    for pair in PAIRS:
        await peer.reserve(pair)
    for pair in PAIRS[:-1]:
        await peer.save(pair)


async def tell_and_close(peer: Peer) -> None:
    """And that was all."""
    await tell(peer)
    await peer.close()


USED, HELD = 6 * IMAGE_BYTES, GEN_BYTES


def test_our_ledger_keeps_the_pairs(tmp_path: Path) -> None:
    """What a status says afterwards, and the log is whole."""
    peer = AbbyPeer(tmp_path)
    asyncio.run(tell_and_close(peer))
    pool, days = peer.ledger.state.pool, peer.ledger.state.days("user-1")
    assert (pool.used_bytes, pool.held_bytes) == (USED, HELD)
    assert days[-1].count == 4
    assert verify(tmp_path).is_whole


@pytest.mark.parametrize("cache", [{}, CACHE], ids=["stock", "cached"])
def test_the_stock_application_keeps_the_pairs(cache: dict[str, str], tmp_path: Path) -> None:
    """Read again from the database by another application."""
    asyncio.run(tell_and_close(StockPeer(tmp_path, cache)))
    again: Application[Any] = Application(
        {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(tmp_path / "events.db")}
    )
    pool: Pool = again.repository.get(Pool.create_id())
    user: User = again.repository.get(User.create_id("user-1"))
    again.close()
    assert (pool.used_bytes, pool.held_bytes) == (USED, HELD)
    assert (user.count, list(user.places)) == (4, [PAIRS[-1].reservation])


def test_the_counters_keep_the_pairs(tmp_path: Path) -> None:
    """Sums of the tables, as another connection finds them; and every event stands."""
    asyncio.run(tell_and_close(CountersPeer(tmp_path)))
    db = sqlite3.connect(tmp_path / "counters.db")
    assert db.execute("pragma journal_mode").fetchone() == ("wal",)
    assert db.execute("select * from pool").fetchone() == (USED, HELD)
    assert db.execute("select sum(used), sum(held) from users").fetchone() == (USED, HELD)
    assert db.execute("select count from days where user = 'user-1'").fetchone() == (4,)
    assert db.execute("select count(*) from events").fetchone() == (13,)
    db.close()


@pytest.mark.usefixtures("redis_server")
def test_redis_keeps_the_pairs(tmp_path: Path) -> None:
    """And it syncs every write."""
    peer = RedisPeer(tmp_path)

    async def look() -> tuple[Any, ...]:
        await tell(peer)
        pool = await peer._redis.hgetall("pool")
        count = await peer._redis.hget("user:user-1", f"day:{PAIRS[0].reserved()['at']}"[:14])
        settings = await peer._redis.config_get("append*")
        events = await peer._redis.xlen("events")
        await peer.close()
        return pool, count, settings["appendfsync"], events

    pool, count, fsync, events = asyncio.run(look())
    assert {key.decode(): int(value) for key, value in pool.items()} == {"used": USED, "held": HELD}
    assert (int(count), fsync, events) == (4, "always", 13)


@pytest.mark.usefixtures("redis_server")
@pytest.mark.parametrize("name", PEERS)
def test_every_peer_is_driven_by_many_callers(name: str, tmp_path: Path) -> None:
    """For a moment; a rate comes out."""
    assert asyncio.run(drive(PEERS[name](tmp_path), Load(name, 8, 4, 0.1), itertools.count(1))) > 0


def test_a_made_log_is_one_of_a_service(tmp_path: Path) -> None:
    """Of the length asked for and one event of its opening, whole, with images that stand and one steady user."""
    make_log(tmp_path, Shape(10, 1_200))
    assert verify(tmp_path).positions in {1_200, 1_201}
    store = open_store(tmp_path, clock=utc_now)
    try:
        images = [quota_status(store, user_name(number))["user"]["images"] for number in range(10)]
        assert len(set(images)) <= 2
        assert min(images) >= 20
        events = store.opened().recorder.read()
        assert sum(f"user:{STEADY}" in stored.event.tags for stored in events) == 200
    finally:
        store.close()


def test_a_ratio_is_ours_to_the_peers_and_the_median_of_rounds() -> None:
    """At least, at most, an absolute bar, and no peer at all."""
    case = Case("pairs", "x", "pairs/s", "Redis", Bar(3, at_least=True))
    figure = compared(case, [30, 90, 50], [10, 10, 10])
    assert (figure.ours, figure.theirs, figure.ratio, figure.low, figure.high) == (50, 10, 5, 3, 9)
    assert figure.reached is True
    assert compared(case._replace(bar=Bar(3, at_least=False)), [50], [10]).reached is False
    assert compared(case._replace(bar=Bar(3, at_least=False, absolute=True)), [2], [10]).reached is True
    missing = alone(case, [50], "no Redis here")
    assert missing.reached is None
    assert "no Redis here" in cells(missing)


def test_the_chart_has_a_line_for_every_peer() -> None:
    """As SVG, with each one's name."""
    case = Case("pairs", "16 callers, 1,000 users", "pairs/s", "Redis")
    drawn = draw([compared(case._replace(peer=peer), [50], [10]) for peer in ("Redis", "SQLite counters")])
    assert ET.fromstring(drawn).tag.endswith("svg")
    assert all(f">{name}<" in drawn for name in ("Abby Ledger", "Redis", "SQLite counters"))


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.CompletedProcess[str]]:
    """`abby bench` of all that needs no peer, with little of everything, for programs."""
    folder = tmp_path_factory.mktemp("bench")
    (folder / "settings.env").write_text("", encoding="utf-8")
    words = ["--root", str(folder), "--env-file", str(folder / "settings.env"), "bench", "--quick", "--json"]
    words += [word for work in ("single", "replay", "history", "memory") for word in ("--only", work)]
    yield subprocess.run(
        [sys.executable, "-m", "adapters.cli", *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    assert not list(folder.glob(".bench-*"))


def test_the_command_gives_figures_as_its_schema_says(quick: subprocess.CompletedProcess[str]) -> None:
    """Every work that was asked for, and nothing else on standard output; what it does is told beside it."""
    told = json.loads(quick.stdout)
    schema = json.loads((SCHEMAS / "bench.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(told)
    assert {figure["work"] for figure in told["figures"]} == {"single", "replay", "history", "memory"}
    assert all(figure["ours"] > 0 for figure in told["figures"])
    assert "round 1 of 1" in quick.stderr


def test_memory_stays_below_what_the_design_allows(quick: subprocess.CompletedProcess[str]) -> None:
    """600 bytes a user and 300 an image: counted, not timed, so a test may hold it."""
    memory = [figure for figure in json.loads(quick.stdout)["figures"] if figure["work"] == "memory"]
    assert [figure["reached"] for figure in memory] == [True, True]


def bench(*words: str) -> list[str]:
    """The command line of the benchmarks."""
    return [sys.executable, "-m", "scripts.bench", *words]


def test_a_word_that_is_no_work_is_a_wrong_use() -> None:
    """2, and the works are named; one object where JSON was asked for."""
    told = subprocess.run(
        bench("--only", "nothing"), cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode == 2
    assert "pairs" in told.stderr


def test_rows_come_as_they_are_measured(tmp_path: Path) -> None:
    """The first stands there before the next work has begun; whoever has had enough ends it quietly."""
    words = ("--quick", "--dir", str(tmp_path), "--only", "memory", "--only", "single", "--only", "replay")
    with subprocess.Popen(
        bench(*words), cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        title, heading, first = (process.stdout.readline() for _ in range(3))
        assert "medians" in title
        assert heading.split()[:3] == ["work", "case", "Abby"]
        assert first.startswith("memory")
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(60) == 0
    assert "Traceback" not in said
    assert "replay:" not in said
