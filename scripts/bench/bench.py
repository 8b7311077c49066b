"""One run of the benchmarks: how much of everything, where files go, and what is told while it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
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


FULL = Sizes(
    5, 2.0, (1, 16, 256, 1024), (1, 1_000, 1_000_000), (1_000, 100_000, 1_000_000), 400, 10_000, 10_000, 10_240
)
QUICK = Sizes(1, 0.2, (1, 256), (1, 2_000), (1_000, 5_000), 20, 200, 500, 512)


class Bench(NamedTuple):
    """What every work is given. `tell` takes a line for somebody who waits."""

    sizes: Sizes
    folder: Path
    tell: Callable[[str], None]
