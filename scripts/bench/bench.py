"""One run of the benchmarks: how much of everything, where files go, and what is told while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple


class Sizes(NamedTuple):
    """How much of everything. The whole run takes a quarter of an hour, the quick one a few seconds."""

    rounds: int
    seconds: float
    callers: tuple[int, ...]
    users: tuple[int, ...]
    events: tuple[int, ...]
    singles: int
    walked_files: int
    counted_users: int
    decided_pairs: int
    processes: tuple[int, ...]


FULL = Sizes(
    rounds=5,
    seconds=2.0,
    callers=(1, 16, 256, 1024),
    users=(1, 1_000, 1_000_000),
    events=(1_000, 100_000, 1_000_000),
    singles=400,
    walked_files=10_000,
    counted_users=10_000,
    decided_pairs=10_240,
    processes=(1, 2, 4, 8),
)
QUICK = Sizes(
    rounds=1,
    seconds=0.2,
    callers=(1, 256),
    users=(1, 2_000),
    events=(1_000, 5_000),
    singles=20,
    walked_files=200,
    counted_users=500,
    decided_pairs=512,
    processes=(1, 2),
)


class Bench(NamedTuple):
    """What every work is given. `tell` takes a line for somebody who waits; `database` has the settings of one, if any
    is configured.
    """

    sizes: Sizes
    folder: Path
    tell: Callable[[str], None]
    database: Mapping[str, str] = MappingProxyType({})
