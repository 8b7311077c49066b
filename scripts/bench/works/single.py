"""One durable command of one caller, beside one bare write and sync of the same bytes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from adapters.disk.files import Files
from adapters.ledger.pending import Accepted
from scripts.bench.apart import apart
from scripts.bench.bench import Bench
from scripts.bench.figures import Bar, Case, Figure, compared
from scripts.bench.peer import Pair
from scripts.bench.peers.abby import AbbyPeer, reserve_command

BAR = Bar(1.6, at_least=False)
USERS = 1_000


class Singles(NamedTuple):
    """Median microseconds of one command by each way, and of one bare write and sync."""

    execute: float
    submit: float
    bare: float


def measure(bench: Bench) -> Iterator[Figure]:
    """Through `execute`, and awaited through `submit`."""
    found = []
    for number in range(bench.sizes.rounds):
        bench.tell(f"single: round {number + 1} of {bench.sizes.rounds}")
        found.append(apart(singles, bench.folder, bench.sizes.singles))
    bare = [each.bare for each in found]
    case = Case("single", "execute, one caller", "us", "bare write and sync", BAR)
    yield compared(case, [each.execute for each in found], bare)
    case = Case("single", "submit, one caller", "us", "bare write and sync")
    yield compared(case, [each.submit for each in found], bare)


def singles(folder: Path, count: int) -> Singles:
    """The three in turn, one of each at a time, so that each meets the disk in the same mood."""
    with TemporaryDirectory(dir=folder, prefix="single-") as own:
        return asyncio.run(_in_turn(AbbyPeer(Path(own)), Path(own), count))


async def _in_turn(peer: AbbyPeer, folder: Path, count: int) -> Singles:
    ledger, files = peer.ledger, Files()
    log = folder / "logs" / "events.jsonl"
    size_before = log.stat().st_size
    assert isinstance(ledger.execute(reserve_command(Pair(0, "user-0"))), Accepted)
    line = b"x" * (log.stat().st_size - size_before)
    fd = os.open(folder / "bare", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    execute, submit, bare = [], [], []
    for number in range(1, count + 1):
        pair = Pair(2 * number, f"user-{number % USERS}")
        execute.append(_timed(partial(ledger.execute, reserve_command(pair))))
        begin = perf_counter()
        await ledger.submit(reserve_command(pair._replace(number=2 * number + 1)))
        submit.append(perf_counter() - begin)
        bare.append(_timed(partial(_write_and_sync, files, fd, line)))
    os.close(fd)
    await peer.close()
    return Singles(*(median(seconds) * 1e6 for seconds in (execute, submit, bare)))


def _write_and_sync(files: Files, fd: int, line: bytes) -> None:
    os.write(fd, line)
    files.sync_data(fd)


def _timed(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin
