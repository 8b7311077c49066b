"""Tables as people read them: one look for all commands, colours for how near a limit is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

STYLES = {"OK": "green", "WARNING": "yellow", "CRITICAL": "bold red", "WARN": "yellow", "FAIL": "bold red"}


def table(title: str, columns: Sequence[str], *, right: Iterable[str] = ()) -> Table:
    """An empty table; the columns in `right` hold figures. Nothing is cut off: what is too long goes on below."""
    made = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return made


def add_row(made: Table, *cells: str) -> None:
    """A row of plain text: brackets in it are brackets; a word for a status has its colour."""
    made.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in cells))


def print_lines(console: Console, *lines: str, style: str = "") -> None:
    """Plain text, a line each, which the terminal wraps: a command in it can be copied."""
    console.print(*lines, sep="\n", style=style, markup=False, soft_wrap=True)


def printable(text: Path | str) -> str:
    """A path from the disk as it may be shown: what is no text, or would steer a terminal, is escaped."""
    shown = str(text).encode(errors="backslashreplace").decode()
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in shown)
