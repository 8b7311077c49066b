"""The callers that drive every peer alike: coroutines of one event loop, each making one pair after another."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from scripts.bench.logs import user_name
from scripts.bench.peer import Pair, Peer
from scripts.bench.peers.abby import AbbyPeer
from scripts.bench.peers.counters import CountersPeer
from scripts.bench.peers.redis_scripts import RedisPeer
from scripts.bench.peers.stock import StockPeer

PEERS: dict[str, Callable[[Path], Peer]] = {
    "abby": AbbyPeer,
    "eventsourcing on SQLite": StockPeer,
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
        peer = PEERS[load.peer](Path(own))
        try:
            return asyncio.run(drive(peer, load))
        finally:
            peer.close()


async def drive(peer: Peer, load: Load, numbers: itertools.count[int] | None = None) -> float:
    """Pairs a second of an open peer. Those begun before the end count, and so does the time until the last is done."""
    numbers = numbers or itertools.count(1)
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
    return (len(counted) - 1) / (counted[-1] - counted[0])
