"""What the number of users costs: a decision, and a status, with 1,000 users and with the most."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time
from typing import NamedTuple

from adapters.application.reading import quota_status
from adapters.application.results import StoreSettings
from adapters.engines.opening import open_store
from adapters.ledger.pending import Accepted, PendingCommand
from scripts.bench.apart import apart
from scripts.bench.bench import Bench
from scripts.bench.figures import Bar, Case, Figure, compared
from scripts.bench.logs import Shape, make_log, user_name
from scripts.bench.peer import Pair
from scripts.bench.peers.abby import AbbyPeer, reserve_command, save_command

FEW = 1_000
BATCH = 256
BACKGROUND_CHECK = "abby-recheck"
"""The thread that verifies what lies before a snapshot."""
STATUSES = 20_000
DECISION = Bar(1.3, at_least=False)
STATUS = Bar(1.5, at_least=False)
STATUS_MICROSECONDS = Bar(10.0, at_least=False, absolute=True)


class Costs(NamedTuple):
    """Microseconds: of processor time for a pair of decisions with everything about it, and for a status."""

    pair: float
    status: float


def measure(bench: Bench) -> Iterator[Figure]:
    """The same with few users and with many, in turn; then the status beside a walk over the files."""
    many = max(bench.sizes.users)
    roots = {}
    for users in (FEW, many):
        bench.tell(f"users: making a log of {users:,} users with an image each")
        roots[users] = make_log(bench.folder / f"users-{users}", Shape(users, 2 * users + 1, brief=True))
    found: dict[int, list[Costs]] = {FEW: [], many: []}
    walks = []
    for number in range(bench.sizes.rounds):
        bench.tell(f"users: round {number + 1} of {bench.sizes.rounds}")
        for users, root in roots.items():
            found[users].append(apart(costs, root, users, bench.sizes.decided_pairs, number))
        walks.append(apart(walked_status, bench.folder, bench.sizes.walked_files))
    few, most = found[FEW], found[many]
    case = Case("decision", f"reserve and save, {many:,} users", "us of CPU", f"the same, {FEW:,} users", DECISION)
    yield compared(case, [each.pair for each in most], [each.pair for each in few])
    case = Case("status", f"{many:,} users", "us", f"the same, {FEW:,} users", STATUS)
    yield compared(case, [each.status for each in most], [each.status for each in few])
    walk = f"walking {bench.sizes.walked_files:,} files"
    case = Case("status", f"{FEW:,} users", "us", walk, STATUS_MICROSECONDS)
    yield compared(case, [each.status for each in few], walks)


def costs(root: Path, users: int, pairs: int, number: int) -> Costs:
    """Both, of users in no order, once the background has checked what lies before the snapshot."""
    rng = Random(number)  # noqa: S311 - users in no order, the same ones for the same round
    peer = AbbyPeer(root)
    _await_the_background_check()
    first = (number + 1) * 10**9
    spent = [_decided(peer, [Pair(first + done + i, user_name(rng.randrange(users))) for i in range(BATCH)])
             for done in range(0, pairs, BATCH)]  # fmt: skip
    asyncio.run(peer.close())
    store = open_store(root, settings=StoreSettings(check_images=False))
    _await_the_background_check()
    asked = [user_name(rng.randrange(users)) for _ in range(STATUSES)]
    for user in asked:
        quota_status(store, user)
    begin = perf_counter()
    for user in asked:
        quota_status(store, user)
    status = (perf_counter() - begin) / len(asked)
    store.close()
    return Costs(median(spent) * 1e6, status * 1e6)


def _decided(peer: AbbyPeer, pairs: Sequence[Pair]) -> float:
    """Seconds of processor time that the writer spends on each of some pairs: all of it but waiting for the disk."""
    begin = thread_time()
    for command in (reserve_command, save_command):
        pending = [PendingCommand(command(pair)) for pair in pairs]
        peer.ledger._carry_out(pending)  # noqa: SLF001 - the writer's own step, in a thread whose time is told apart
        assert all(isinstance(pending.outcome, Accepted) for pending in pending)
    return (thread_time() - begin) / len(pairs)


def _await_the_background_check() -> None:
    for thread in threading.enumerate():
        if thread.name == BACKGROUND_CHECK:
            thread.join()


def walked_status(folder: Path, files: int) -> float:
    """Microseconds of a status as the former code made it: the sizes of all files, and of those of one user."""
    with TemporaryDirectory(dir=folder, prefix="walked-") as own:
        for number in range(files):
            user = Path(own) / user_name(number // 10)
            user.mkdir(exist_ok=True)
            (user / f"image_{number}.png").write_bytes(b"x")
        _walk(own)
        begin = perf_counter()
        _walk(own)
        _walk(str(Path(own) / user_name(1)))
        return (perf_counter() - begin) * 1e6


def _walk(top: str) -> int:
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(top) for name in names)  # noqa: PTH118, PTH202 - as the former code did it
