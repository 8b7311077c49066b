"""Tables as people read them: one look for all commands, at any width; colours for how near a limit is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Literal

from rich import box
from rich.columns import Columns
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

STYLES = {"OK": "green", "WARNING": "yellow", "CRITICAL": "bold red", "WARN": "yellow", "FAIL": "bold red"}
BETWEEN_COLUMNS = 3
AROUND_COLUMNS = 2
LEAST_PROSE = 24
"""Columns that a last column of words needs to be read beside others."""


class Rows:
    """A table; where the terminal is too narrow for it, each row as lines of its own. Nothing is cut or left out, and
    no figure, name or id is broken in a table.
    """

    def __init__(self, title: str, columns: Sequence[str], right: Iterable[str]) -> None:
        self._title = title
        self._columns = tuple(columns)
        self._figures = frozenset(right)
        self._rows: list[tuple[str, ...]] = []

    def add(self, cells: tuple[str, ...]) -> None:
        """One more row."""
        self._rows.append(cells)

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """What rich prints of it."""
        if self._width() <= options.max_width:
            yield self._table()
        else:
            yield from self._lines()

    def _width(self) -> int:
        """The columns that the table needs."""
        return sum(self._least()) + BETWEEN_COLUMNS * (len(self._columns) - 1) + AROUND_COLUMNS

    def _least(self) -> list[int]:
        """The width that each column needs."""
        rows = (self._columns, *self._rows)
        return [max(self._needs(number, row[number]) for row in rows) for number in range(len(self._columns))]

    def _needs(self, number: int, cell: str) -> int:
        if self._columns[number] in self._figures:
            return len(cell)
        if number == len(self._columns) - 1:
            return min(len(cell), LEAST_PROSE)
        return max(map(len, cell.split()), default=0)

    def _table(self) -> Table:
        made = Table(title=self._title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
        for name, least in zip(self._columns, self._least(), strict=True):
            is_figure = name in self._figures
            justify: Literal["left", "right"] = "right" if is_figure else "left"
            made.add_column(name, justify=justify, no_wrap=is_figure, overflow="fold", min_width=least)
        for row in self._rows:
            made.add_row(*map(_styled, row))
        return made

    def _lines(self) -> RenderResult:
        """Names first, then each figure beside its name, as many in a line as fit, then words."""
        yield Text(self._title, style="bold")
        for row in self._rows:
            cells = [(name, cell) for name, cell in zip(self._columns, row, strict=True) if cell]
            names = list(takewhile(lambda told: told[0] not in self._figures, cells))
            figures = [Text(f"{name} ") + _styled(cell) for name, cell in cells if name in self._figures]
            words: list[RenderableType] = [
                _styled(cell) for name, cell in cells[len(names) :] if name not in self._figures
            ]
            if not figures and len(names) > 1:
                words = [_styled(names.pop()[1])]
            yield Text("  ").join(_styled(cell) for _, cell in names)
            blocks: list[RenderableType] = [Columns(figures, padding=(0, 3))] if figures else []
            for block in blocks + words:
                yield Padding(block, (0, 0, 0, 2), expand=False)


def table(title: str, columns: Sequence[str], *, right: Iterable[str] = ()) -> Rows:
    """An empty table; the columns in `right` hold figures, and a last one beside them words."""
    return Rows(title, columns, right)


def add_row(made: Rows, *cells: str) -> None:
    """A row of plain text: brackets in it are brackets; a word for a status has its colour."""
    made.add(cells)


def _styled(cell: str) -> Text:
    return Text(cell, style=STYLES.get(cell, ""), overflow="fold")


def print_lines(console: Console, *lines: str, style: str = "") -> None:
    """Plain text, a line each, which the terminal wraps: a command in it can be copied."""
    console.print(*lines, sep="\n", style=style, markup=False, soft_wrap=True)


def printable(text: Path | str) -> str:
    """A path from the disk as it may be shown: what is no text, or would steer a terminal, is escaped."""
    shown = str(text).encode(errors="backslashreplace").decode()
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in shown)
