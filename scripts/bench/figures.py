"""What a measurement says: ours, the peer's, and their ratio, each a median over rounds in which both were measured."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Bar(NamedTuple):
    """What is to be reached: the ratio at least or at most `bound`, or our own figure where `absolute`."""

    bound: float
    at_least: bool
    absolute: bool = False

    @property
    def words(self) -> str:
        """As the table has it."""
        return f"{'at least' if self.at_least else 'at most'} {self.bound:g}"

    def is_met(self, value: float) -> bool:
        """Whether a ratio or a figure is as it should be."""
        return value >= self.bound if self.at_least else value <= self.bound


class Figure(NamedTuple):
    """One row. `ratio` is ours to the peer's, the median over rounds; `low` and `high` are its extremes."""

    work: str
    case: str
    unit: str
    ours: float
    peer: str
    theirs: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    bar: Bar | None = None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the bar is met; None where there is none, or nothing to hold against it."""
        if self.bar is None:
            return None
        value = self.ours if self.bar.absolute else self.ratio
        return None if value is None else self.bar.is_met(value)


class Case(NamedTuple):
    """What a row is about, before there are figures."""

    work: str
    case: str
    unit: str
    peer: str
    bar: Bar | None = None


def compared(case: Case, ours: Sequence[float], theirs: Sequence[float]) -> Figure:
    """The row of figures that were measured in turn, round by round."""
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    return Figure(
        work=case.work,
        case=case.case,
        unit=case.unit,
        ours=median(ours),
        peer=case.peer,
        theirs=median(theirs),
        ratio=median(ratios),
        low=min(ratios),
        high=max(ratios),
        bar=case.bar,
    )


def alone(case: Case, ours: Sequence[float], note: str = "") -> Figure:
    """The row of a figure that has no peer here; `note` says why."""
    return Figure(case.work, case.case, case.unit, median(ours), case.peer, bar=case.bar, note=note)
