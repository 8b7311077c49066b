"""The story of a user, an image or a generation, as a table and as JSON: each line with what it changed and the
balances after it, and below them what became of each generation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from adapters.cli.tables import add_row, print_lines, table
from adapters.wording.events import words
from adapters.wording.figures import counted
from adapters.wording.settlements import sentence_of_settlement, settlement_as_data
from domain.limits import megabytes
from projections.user_replay import Line, settlements_of

FIGURES = ("counted", "stored MB", "held MB")


def described_lines(lines: Sequence[Line]) -> dict[str, Any]:
    """For programs."""
    return {
        "lines": [_described(line) for line in lines],
        "generations": [settlement_as_data(found) for found in settlements_of(lines)],
    }


def print_story(console: Console, user: str, lines: Sequence[Line]) -> None:
    """For people."""
    shown = table(f"{counted(len(lines), 'line')} of {user}", ("position", "time (UTC)", "event", *FIGURES, "what"),
                  right=("position", *FIGURES))  # fmt: skip
    for line in lines:
        event, after = line.event, line.after
        add_row(
            shown,
            str(line.position),
            event.at[:19].replace("T", " "),
            type(event).__name__,
            f"{after.counted}/{line.limits.daily}{_change(after.counted - line.before.counted)}",
            _size(after.image_bytes + after.temp_bytes, line.before.image_bytes + line.before.temp_bytes),
            _size(after.held_bytes, line.before.held_bytes),
            words(event),
        )
    console.print(shown)
    generations = settlements_of(lines)
    if generations:
        console.print(counted(len(generations), "generation"), style="bold")
        print_lines(console, *(sentence_of_settlement(found) for found in generations))


def _described(line: Line) -> dict[str, Any]:
    event = line.event
    before, after = line.before, line.after
    changed = {
        "counted": after.counted - before.counted,
        "image_bytes": after.image_bytes - before.image_bytes,
        "temp_bytes": after.temp_bytes - before.temp_bytes,
        "held_bytes": after.held_bytes - before.held_bytes,
    }
    return {
        "position": line.position,
        "at": event.at,
        "type": type(event).__name__,
        "by": event.by,
        "what": words(event),
        "reservation": getattr(event, "reservation", None),
        "changed": changed,
        "after": after._asdict(),
        "limits": {"daily": line.limits.daily, "user_bytes": line.limits.user_bytes},
    }


def _size(after: int, before: int) -> str:
    change = megabytes(after - before)
    return f"{megabytes(after):.2f}{f' {change:+.2f}' if after != before else ''}"


def _change(change: int) -> str:
    return f" {change:+d}" if change else ""
