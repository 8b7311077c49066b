"""What a part of the program measures of itself: plain figures under a name, for whoever shows them.

Which names there are, what they mean and in which format they are shown is `observability/metrics.py`'s to say.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple


class Spread(NamedTuple):
    """How values were spread, at one moment: how many were at most each bound, how many there were, and their sum."""

    bounds: tuple[float, ...]
    at_most: tuple[int, ...]
    count: int  # type: ignore[assignment]  # the word of every histogram; tuple.count is not needed
    sum: float


class Measured(NamedTuple):
    """One figure, or one spread of values. `labels` tell it from others of its name, and are of few known values."""

    name: str
    value: float | Spread
    labels: tuple[str, ...] = ()


Measure = Callable[[], Iterable[Measured]]
"""What a part measures at this moment. It is quick, and any thread may ask."""


class Distribution:
    """Counts values by bounds. One thread adds; another that looks meanwhile may miss the value that is being added."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds` in order, each the largest value of its part; what is larger than all is counted too."""
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """One more value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def spread(self) -> Spread:
        """All values so far."""
        at_most = tuple(accumulate(self._counts))
        return Spread(bounds=self._bounds, at_most=at_most[:-1], count=at_most[-1], sum=self._sum)
