"""The story of a user, an image or a generation, as a table and as JSON: each line with what it changed and the
balances after it, and below them what became of each generation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console

from adapters.cli.tables import add_row, print_lines, table
from adapters.wording.events import words
from adapters.wording.figures import counted
from adapters.wording.limits import set_by, step_in_words
from adapters.wording.settlements import sentence_of_settlement, settlement_as_data
from domain.events import PolicyChanged
from domain.limits import Limits, SharedLimits, megabytes
from projections.user_replay import Line, settlements_of

FIGURES = ("counted", "stored MB", "held MB")


def described_lines(lines: Sequence[Line]) -> dict[str, Any]:
    """For programs."""
    return {
        "lines": [_described(line, what) for line, what in zip(lines, _told(lines), strict=True)],
        "generations": [settlement_as_data(found) for found in settlements_of(lines)],
    }


def print_story(console: Console, user: str, lines: Sequence[Line]) -> None:
    """For people."""
    shown = table(f"{counted(len(lines), 'line')} of {user}", ("position", "time (UTC)", "event", *FIGURES, "what"),
                  right=("position", *FIGURES))  # fmt: skip
    for line, what in zip(lines, _told(lines), strict=True):
        event, after = line.event, line.after
        add_row(
            shown,
            str(line.position),
            event.at[:19].replace("T", " "),
            type(event).__name__,
            f"{after.counted}/{line.limits.daily}{_change(after.counted - line.before.counted)}",
            _size(after.image_bytes + after.temp_bytes, line.before.image_bytes + line.before.temp_bytes),
            _size(after.held_bytes, line.before.held_bytes),
            what,
        )
    console.print(shown)
    generations = settlements_of(lines)
    if generations:
        console.print(counted(len(generations), "generation"), style="bold")
        print_lines(console, *(sentence_of_settlement(found) for found in generations))


def _told(lines: Sequence[Line]) -> Iterator[str]:
    """What each event is in words; of the limits for everybody, where they were told before, from what to what."""
    former: Limits | None = None
    for line in lines:
        event = line.event
        if not isinstance(event, PolicyChanged):
            yield words(event)
            continue
        names = () if former is None else SharedLimits._fields
        steps = [
            step_in_words(name, was, now)
            for name in names
            if (was := getattr(former, name)) != (now := getattr(event.limits, name))
        ]
        yield f"{'; '.join(steps)}, {set_by(event.source, event.by, event.reason)}" if steps else words(event)
        former = event.limits


def _described(line: Line, what: str) -> dict[str, Any]:
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
        "what": what,
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
