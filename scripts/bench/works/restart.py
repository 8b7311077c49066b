"""A restart: from a process that begins to a status that is answered, with the snapshot and without."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from adapters.application.reading import quota_status
from adapters.application.results import StoreSettings
from adapters.engines.opening import open_store
from scripts.bench.apart import apart
from scripts.bench.bench import Bench
from scripts.bench.figures import Bar, Case, Figure, compared
from scripts.bench.logs import Shape, make_log, user_name

EVENTS_A_USER = 100
LARGEST = 1_000_000
BAR = Bar(2.0, at_least=False, absolute=True)
"""Seconds, for a log that long with 10,000 users and 200,000 current images."""


def measure(bench: Bench) -> Iterator[Figure]:
    """Logs of every length that is worth a snapshot."""
    for events in bench.sizes.events[1:]:
        users = events // EVENTS_A_USER
        bench.tell(f"restart: making a log of {events:,} events")
        root = make_log(bench.folder / f"restart-{events}", Shape(users, events))
        bare = Path(shutil.copytree(root, bench.folder / f"restart-bare-{events}"))
        shutil.rmtree(bare / "logs" / "snapshots")
        ours, theirs = [], []
        for number in range(bench.sizes.rounds):
            bench.tell(f"restart: {events:,} events, round {number + 1} of {bench.sizes.rounds}")
            ours.append(apart(seconds_to_status, root))
            theirs.append(apart(seconds_to_status, bare))
            shutil.rmtree(bare / "logs" / "snapshots", ignore_errors=True)
        case = f"{events:,} events, {users:,} users"
        yield compared(
            Case("restart", case, "s", "without a snapshot", BAR if events == LARGEST else None), ours, theirs
        )


def seconds_to_status(root: Path) -> float:
    """Opens a root for writing, all that is imported already, and asks for one status."""
    begin = perf_counter()
    store = open_store(root, settings=StoreSettings(check_images=False))
    assert quota_status(store, user_name(1))["user"]["images"] > 0
    seconds = perf_counter() - begin
    store.close()
    return seconds
