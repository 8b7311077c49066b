"""Durable pairs of reservation and save, by the number of callers and by the number of users."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from adapters.wording.figures import counted
from scripts.bench.apart import apart
from scripts.bench.bench import Bench
from scripts.bench.callers import PEERS, Load, pairs_a_second
from scripts.bench.figures import Bar, Case, Figure, alone, compared
from scripts.bench.peer import PeerMissing

USUAL_USERS = 1_000
USUAL_CALLERS = 256
BARS = {"eventsourcing on SQLite": Bar(25, at_least=True), "Redis": Bar(3, at_least=True)}
"""To reach with the usual callers and users."""


def measure(bench: Bench) -> Iterator[Figure]:
    """Every peer with every number of callers, then with every number of users."""
    for callers in bench.sizes.callers:
        yield from _rows(bench, callers, USUAL_USERS)
    for users in bench.sizes.users:
        if users != USUAL_USERS:
            yield from _rows(bench, USUAL_CALLERS, users)


def _rows(bench: Bench, callers: int, users: int) -> Iterator[Figure]:
    found: dict[str, list[float]] = {name: [] for name in PEERS}
    missing: dict[str, str] = {}
    for number in range(bench.sizes.rounds):
        bench.tell(f"pairs: {callers} callers, {users} users, round {number + 1} of {bench.sizes.rounds}")
        for name in PEERS.keys() - missing.keys():
            load = Load(name, callers, users, bench.sizes.seconds)
            try:
                found[name].append(apart(pairs_a_second, load, bench.folder))
            except PeerMissing as error:
                missing[name] = str(error)
    ours = found.pop("abby")
    usual = (callers, users) == (USUAL_CALLERS, USUAL_USERS)
    case = partial(Case, "pairs", f"{counted(callers, 'caller')}, {counted(users, 'user')}", "pairs/s")
    for name, theirs in found.items():
        row = case(name, BARS.get(name) if usual else None)
        yield alone(row, ours, missing[name]) if name in missing else compared(row, ours, theirs)
