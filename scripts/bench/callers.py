"""The callers that drive every peer alike: coroutines of one event loop, each making one pair after another."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from scripts.bench.logs import user_name
from scripts.bench.peer import Pair, Peer
from scripts.bench.peers.abby import AbbyPeer
from scripts.bench.peers.counters import CountersPeer
from scripts.bench.peers.redis_scripts import RedisPeer
from scripts.bench.peers.stock import CACHE, StockPeer

PEERS: dict[str, Callable[[Path], Peer]] = {
    "abby": AbbyPeer,
    "eventsourcing on SQLite": partial(StockPeer, cache={}),
    "eventsourcing, cached": partial(StockPeer, cache=CACHE),
    "SQLite counters": CountersPeer,
    "Redis": RedisPeer,
}
WARM_SHARE = 0.25
"""Of the seconds, spent before anything counts."""
SPREAD = 7_919
"""Prime, so that users come in no order."""


class Load(NamedTuple):
    """How a peer is driven: by so many callers at once, for so many users, for so long."""

    peer: str
    callers: int
    users: int
    seconds: float


def pairs_a_second(load: Load, folder: Path) -> float:
    """Durable pairs of reservation and save a second, of a peer whose files are below `folder`. Raises PeerMissing."""
    with TemporaryDirectory(dir=folder, prefix="peer-") as own:
        return asyncio.run(drive(PEERS[load.peer](Path(own)), load, itertools.count(1)))


async def drive(peer: Peer, load: Load, numbers: itertools.count[int]) -> float:
    """Pairs a second of an open peer, which is closed then. Those begun before the end count, and so does the time
    until the last of them is done.
    """
    try:
        return await _rate(peer, load, numbers)
    finally:
        await peer.close()


async def _rate(peer: Peer, load: Load, numbers: itertools.count[int]) -> float:
    begin = perf_counter()
    counts_from, ends = begin + load.seconds * WARM_SHARE, begin + load.seconds
    done: list[float] = []

    async def call() -> None:
        while perf_counter() < ends:
            number = next(numbers)
            pair = Pair(number, user_name(number * SPREAD % load.users))
            await peer.reserve(pair)
            await peer.save(pair)
            done.append(perf_counter())

    await asyncio.gather(*(call() for _ in range(load.callers)))
    counted = [moment for moment in done if moment >= counts_from]
    return len(counted) / (counted[-1] - counts_from)
