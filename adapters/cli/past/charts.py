"""Charts of a terminal: one bar a line, as wide as there is room. What is drawn is the commands' business."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

MOST_COLUMNS = 60
LEAST_COLUMNS = 5
PARTS = " ▏▎▍▌▋▊▉█"


class Bar(NamedTuple):
    """A line of a chart: what it is of, how long, and its figure in words."""

    label: str
    value: float
    figure: str


def bars(console: Console, title: str, rows: Sequence[Bar], *, whole: float | None = None) -> None:
    """Draws the bars, the longest as wide as fits; `whole` is the value of a full one, else the largest is."""
    if not rows:
        return
    label = max(len(row.label) for row in rows)
    figure = max(len(row.figure) for row in rows)
    columns = max(LEAST_COLUMNS, min(MOST_COLUMNS, console.width - label - figure - 4))
    full = whole or max(row.value for row in rows) or 1
    console.print(Text(title, style="bold"))
    for row in rows:
        share = min(1.0, row.value / full)
        line = f"{row.label:<{label}}  {_bar(share, columns):<{columns}}  {row.figure:>{figure}}"
        console.print(Text(line.rstrip(), style="red" if whole and row.value >= whole else ""))
    console.print()


def _bar(share: float, columns: int) -> str:
    """Blocks, to an eighth of a column."""
    eighths = round(share * columns * 8)
    whole, part = divmod(eighths, 8)
    return "█" * whole + PARTS[part].strip()
