"""The figures as rows for people, each as soon as it is known, and as an object for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scripts.bench.figures import Figure

TITLE = "Abby Ledger beside its peers, medians of one run"
HEADINGS = ("work", "case", "Abby", "peer", "peer's figure", "ratio", "(from to)", "to reach", "")
WIDTHS = (8, 44, 18, 24, 18, 6, 13, 13, 11)
"""Of the columns; what is longer moves the rest of its row."""
LEFT = frozenset({"work", "case", "peer", ""})
VERDICTS = {True: "reached", False: "not reached", None: ""}


def row(words: Sequence[str]) -> str:
    """One line, with a space between its columns."""
    columns = zip(words, HEADINGS, WIDTHS, strict=True)
    return " ".join(word.ljust(width) if name in LEFT else word.rjust(width) for word, name, width in columns).rstrip()


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
