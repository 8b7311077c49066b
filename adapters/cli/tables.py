"""Tables as people read them: one look for all commands, at any width; colours for how near a limit is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    """A table; where the terminal is too narrow for it, several one under another, with the first column in each, if
    its columns go in groups that fit; else each row as lines of its own. Nothing is cut or left out, and no figure,
    name or id is broken in a table.
    """

    def __init__(
        self, title: str, columns: Sequence[str], right: Iterable[str], groups: Sequence[Sequence[str]] = ()
    ) -> None:
        self._title = title
        self._columns = tuple(columns)
        self._figures = frozenset(right)
        self._groups = groups
        self._rows: list[tuple[str, ...]] = []

    def add(self, cells: tuple[str, ...]) -> None:
        """One more row."""
        self._rows.append(cells)

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """What rich prints of it."""
        parts = [self] if self.width() <= options.max_width else list(self._parts(options.max_width))
        if all(part.width() <= options.max_width for part in parts):
            yield from (part.whole() for part in parts)
        else:
            yield from self._lines()

    def _parts(self, most: int) -> Iterator[Rows]:
        """Tables of as many groups as fit beside each other."""
        part: list[str] = []
        for group in self._groups or [self._columns[1:]]:
            if part and self._of([*part, *group], "").width() > most:
                yield self._of(part, self._title if part[0] == self._columns[1] else "")
                part = []
            part += group
        yield self._of(part, "" if self._groups else self._title)

    def _of(self, columns: Sequence[str], title: str) -> Rows:
        """The first column beside some others."""
        made = Rows(title, (self._columns[0], *columns), self._figures)
        places = [self._columns.index(name) for name in made._columns]
        for row in self._rows:
            made.add(tuple(row[place] for place in places))
        return made

    def width(self) -> int:
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

    def whole(self) -> Table:
        """All of it as one table."""
        made = Table(
            title=self._title or None, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False
        )
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
        widest = [max((len(row[number]) for row in self._rows), default=0) for number in range(len(self._columns))]
        widths = dict(zip(self._columns, widest, strict=True))
        for row in self._rows:
            cells = [(name, cell) for name, cell in zip(self._columns, row, strict=True) if cell]
            names = list(takewhile(lambda told: told[0] not in self._figures, cells))
            figures = [
                Text(f"{name} ") + _styled(cell.ljust(widths[name])) for name, cell in cells if name in self._figures
            ]
            words: list[RenderableType] = [
                _styled(cell) for name, cell in cells[len(names) :] if name not in self._figures
            ]
            if not figures and len(names) > 1:
                words = [_styled(names.pop()[1])]
            yield Text("  ").join(_styled(cell) for _, cell in names)
            blocks: list[RenderableType] = [Columns(figures, padding=(0, 3))] if figures else []
            for block in blocks + words:
                yield Padding(block, (0, 0, 0, 2), expand=False)


def table(
    title: str, columns: Sequence[str], *, right: Iterable[str] = (), groups: Sequence[Sequence[str]] = ()
) -> Rows:
    """An empty table; the columns in `right` hold figures, and a last one beside them words. `groups` are the columns
    but the first, as they stay together where not all have room.
    """
    return Rows(title, columns, right, groups)


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
