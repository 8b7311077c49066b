"""What a decision costs with many limits: ten of them, five grants and a tier of each user, beside one with the daily
limit alone. Both are whole: decided, encoded, hashed, written and synced, in full batches, and folded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from domain.commands import Command, GiveGrant, ReserveGeneration, SetPolicy
from domain.limit_names import FURTHER
from domain.limits import UserLimits
from domain.tier_commands import AssignTier, DefineTier
from scripts.bench.apart import apart
from scripts.bench.bench import Bench
from scripts.bench.figures import Bar, Case, Figure, compared
from scripts.bench.peer import Pair
from scripts.bench.peers.abby import TTL_SECONDS, AbbyPeer

BAR = Bar(1.5, at_least=False)
USERS = 200
GRANTS = 5
BATCH = 256
ENOUGH = 10**9
FURTHER_LIMITS = tuple((name, ENOUGH) for name in FURTHER if "week" not in name or name.startswith("user"))[:9]
"""Nine beside the daily one, of each scope and unit."""


def measure(bench: Bench) -> Iterator[Figure]:
    """With all of it and with none, in turn."""
    plain: list[float] = []
    full: list[float] = []
    for number in range(bench.sizes.rounds):
        bench.tell(f"limits: round {number + 1} of {bench.sizes.rounds}")
        for found, everything in ((plain, False), (full, True)):
            found.append(apart(microseconds_each, bench.folder, bench.sizes.decided_pairs, everything))
    case = Case("limits", "a decision with 10 limits, 5 grants, a tier", "us", "with the daily limit", BAR)
    yield compared(case, full, plain)


def microseconds_each(folder: Path, count: int, everything: bool) -> float:
    """The time of one reservation among full batches; the best of the batches, as others run here too."""
    with TemporaryDirectory(dir=folder, prefix="limits-") as own:
        return asyncio.run(_reserved(AbbyPeer(Path(own)), count, everything))


async def _reserved(peer: AbbyPeer, count: int, everything: bool) -> float:
    for command in _limits() if everything else ():
        peer.ledger.execute(command)
    times = []
    for first in range(0, max(count, 4 * BATCH), BATCH):
        commands = [_command(number, everything) for number in range(first, first + BATCH)]
        begin = perf_counter()
        await asyncio.gather(*(peer.ledger.submit(command) for command in commands))
        times.append((perf_counter() - begin) / BATCH)
    await peer.close()
    return min(times) * 1e6


def _limits() -> Iterator[Command]:
    yield SetPolicy("library", "constructor", windows=FURTHER_LIMITS)
    yield DefineTier(by="cli", tier="gold", limits=UserLimits(daily=ENOUGH), reason="a benchmark")
    for user in map(str, range(USERS)):
        yield AssignTier(user=user, by="cli", tier="gold", reason="a benchmark")
        for number in range(GRANTS):
            grant = f"g{number}"
            yield GiveGrant(user=user, by="cli", grant=grant, unit="generations", amount=100, reason="a benchmark")


def _command(number: int, everything: bool) -> ReserveGeneration:
    asked = ReserveGeneration(
        str(number % USERS), "library", Pair(number, "").reservation, TTL_SECONDS, operation="text_to_image"
    )
    priced = asked._replace(provider="stability", model="core", credits_each=3_000)
    return (priced if everything else asked)._replace(origin="guild:9")
