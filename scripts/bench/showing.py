"""The figures as a table for people and as an object for programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.bench.figures import Figure

PIPED_WIDTH = 190
"""Columns of a table that goes to a file."""
VERDICTS = {True: "reached", False: "not reached", None: ""}


def print_table(figures: Sequence[Figure]) -> None:
    """One row a figure."""
    table = Table(title="Abby Ledger beside its peers, medians of one run")
    for name in ("work", "case", "Abby", "peer", "peer's figure", "ratio", "(from to)", "to reach", ""):
        table.add_column(name, justify="left" if name in {"work", "case", "peer", ""} else "right")
    for figure in figures:
        table.add_row(*cells(figure))
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(table)


def cells(figure: Figure) -> list[str]:
    """The words of one row."""
    theirs = figure.note if figure.theirs is None else quantity(figure.theirs, figure.unit)
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    spread = "" if figure.low is None or figure.high is None else f"{figure.low:.2f} {figure.high:.2f}"
    to_reach = figure.bar.words if figure.bar else ""
    ours = quantity(figure.ours, figure.unit)
    return [figure.work, figure.case, ours, figure.peer, theirs, ratio, spread, to_reach, VERDICTS[figure.reached]]


def quantity(value: float, unit: str) -> str:
    """A figure with its unit, in three digits or whole thousands."""
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def as_json(figures: Sequence[Figure]) -> dict[str, Any]:
    """All figures, for programs."""
    return {"figures": [_object(figure) for figure in figures]}


def _object(figure: Figure) -> dict[str, Any]:
    bar = figure.bar
    return {
        **figure._asdict(),
        "bar": None if bar is None else bar._asdict(),
        "reached": figure.reached,
    }
