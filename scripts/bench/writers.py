"""Processes that write one log at once, each with a store of its own, as services on several machines do."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from adapters.application.reading import quota_status
from adapters.application.results import StoreSettings
from adapters.application.storage import Storage
from adapters.engines.choice import DEFAULT_MODULE, POSTGRES_MODULE, choose_engine
from adapters.engines.opening import open_store
from adapters.ledger.ledger import QuotaLedger
from adapters.ledger.pending import Accepted
from adapters.ports.engines import LogKeeper
from domain.commands import ReleasePlaces
from scripts.bench.logs import user_name
from scripts.bench.peer import Pair
from scripts.bench.peers.abby import LIMITS, reserve_command

START_SECONDS = 60.0
"""How long the first waits for the others."""
WARM_SHARE = 0.25
"""Of the seconds, spent before anything counts."""
SPREAD = 7_919
"""Prime, so that users come in no order."""
APART = 10**9
"""Between the numbers of processes."""
STATUSES, PASSES = 500, 40


class Writing(NamedTuple):
    """How a log is written: by so many processes, each with so many callers, for so many users, for so long.
    `environment` names the database; empty: the log is on the disk, and has one process.
    """

    processes: int
    callers: int
    users: int
    seconds: float
    environment: Mapping[str, str]


def rates(writing: Writing, folder: Path) -> list[float]:
    """Durable decisions a second, of each of the processes."""
    context = get_context("spawn")
    barrier = context.Barrier(writing.processes)
    with ProcessPoolExecutor(writing.processes, context, initializer=_meet_at, initargs=(barrier,)) as pool:
        return [*pool.map(_rate, *zip(*((writing, folder, n) for n in range(writing.processes)), strict=True))]


def status_microseconds(writing: Writing, folder: Path) -> float:
    """Of a status of one of the users, after some seconds of writing, while nobody writes: in the best of many passes,
    as the others are those of whatever else runs here.
    """
    with TemporaryDirectory(dir=folder, prefix="status-") as own, closing(_store(writing, Path(own))) as store:
        asyncio.run(_decided(store.opened().ledger, writing, 0))
        asked = [user_name(number * SPREAD % writing.users) for number in range(STATUSES)]
        return min(_asked(store, asked) for _ in range(PASSES)) / STATUSES * 1e6


_meeting: list[Barrier] = []
"""Where the processes wait for each other, once the pool has said so."""


def _asked(store: Storage, users: Sequence[str]) -> float:
    begin = perf_counter()
    for user in users:
        quota_status(store, user)
    return perf_counter() - begin


def _meet_at(barrier: Barrier) -> None:
    _meeting.append(barrier)


def _rate(writing: Writing, folder: Path, number: int) -> float:
    barrier = _meeting[0]
    with TemporaryDirectory(dir=folder, prefix=f"writer-{number}-") as own:
        with closing(_store(writing, Path(own))) as store:
            ledger = store.opened().ledger
            barrier.wait(START_SECONDS)
            decided = asyncio.run(_decided(ledger, writing, number))
            barrier.wait(START_SECONDS)
        return decided / (writing.seconds * (1 - WARM_SHARE))


def _store(writing: Writing, root: Path) -> Storage:
    keeper = LogKeeper(POSTGRES_MODULE if writing.environment else DEFAULT_MODULE, writing.environment)
    settings = StoreSettings(check_images=False)
    return open_store(root, engine=choose_engine(keeper), limits=LIMITS, settings=settings)


async def _decided(ledger: QuotaLedger, writing: Writing, process: int) -> int:
    """How many decisions were durable between the end of warming up and the end."""
    numbers = itertools.count(process * APART + 1)
    begin = perf_counter()
    counts_from, ends = begin + writing.seconds * WARM_SHARE, begin + writing.seconds
    decided = 0

    async def call() -> None:
        nonlocal decided
        while perf_counter() < ends:
            number = next(numbers)
            pair = Pair(number, user_name(number * SPREAD % writing.users))
            release = ReleasePlaces(pair.user, "library", pair.reservation, "failed")
            for command in (reserve_command(pair), release):
                assert isinstance(await ledger.submit(command), Accepted)
                decided += counts_from <= perf_counter() <= ends

    await asyncio.gather(*(call() for _ in range(writing.callers)))
    return decided
