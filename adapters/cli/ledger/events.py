"""`abby events`: the lines of the log, as they were recorded and, with `--follow`, as they come.

It reads beside the writer, without its lock, what is surely on the disk, and of a long log no more than it shows: each
line is checked against the one before, and `verify` reads all. Which events it begins with: those after
`--after` where that is given, else the newest ones. Where a line is too short for all columns, what happened has lines
of its own.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain, islice
from typing import NamedTuple

from eventsourcing.dcb.api import DCBQuery, DCBSequencedEvent
from rich.console import Console

from adapters.application.recorded import Wanted as OfLog
from adapters.application.recorded import line_of, unknown_type
from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed
from adapters.cli.reach.access import log_of
from adapters.ledger.codec import decode
from adapters.ports.event_log import FollowedLog
from adapters.wording.events import words
from domain.events import Event
from domain.names import malformed_user

NEWEST_SHOWN = 50
"""Events that are shown where nothing says how many."""
FOLLOW_SECONDS = 0.2
"""How often `--follow` looks for new events."""

_NUMBER, _TIME, _USER, _TYPE, _ACTOR = 8, 20, 20, 19, 18
"""Widths of the columns; what is longer moves the rest of its line."""
WIDE_COLUMNS = 140
"""From this width of a terminal on an event is one line, as it is in a file."""
INDENT = "    "


class Wanted(NamedTuple):
    """Which events: of a user, of some types, after a position, at most so many; and those to come."""

    user: str | None = None
    types: tuple[str, ...] = ()
    after: int | None = None
    limit: int | None = None
    follow: bool = False

    @property
    def those(self) -> OfLog:
        """Without where they begin and end."""
        return OfLog(self.user, self.types)


def events(invocation: Invocation, output: Output, wanted: Wanted) -> int:
    """Shows the events that are wanted, oldest first."""
    if sentence := _cannot_be_meant(wanted):
        return output.refused(malformed(sentence))
    root, engine = log_of(invocation.set_up())
    with closing(engine.open_for_reading(root, at_end=True)) as recorder:
        output.doubted(doubt := recorder.doubt)
        query = wanted.those.query
        begun = list(islice(found := _begin(recorder, wanted, query), 1))
        is_read = _show_heading(output) and _show(output, chain(begun, found))
        if not begun:
            output.note(_of_nothing(recorder, wanted))
        while wanted.follow and is_read:
            seen = recorder.head
            time.sleep(FOLLOW_SECONDS)
            recorder.follow()
            if doubt is None:
                output.doubted(recorder.doubt)
            doubt = recorder.doubt
            is_read = output.is_read() and _show(output, recorder.read(query, after=seen))
    return Exit.DONE


def _cannot_be_meant(wanted: Wanted) -> str | None:
    if wanted.user is not None and (sentence := malformed_user(wanted.user)):
        return sentence
    if sentence := unknown_type(wanted.types):
        return sentence
    if wanted.follow and wanted.after is not None and wanted.limit is not None:
        return "With --follow, --after shows all from there on; leave --limit out, or leave --after out."
    return None


def _begin(recorder: FollowedLog, wanted: Wanted, query: DCBQuery | None) -> Iterator[DCBSequencedEvent]:
    """What the log holds already: after a position the first ones, else the newest ones."""
    if wanted.after is not None:
        return islice(recorder.read(query, after=wanted.after), wanted.limit)
    return iter(recorder.newest(query, NEWEST_SHOWN if wanted.limit is None else wanted.limit))


def _of_nothing(recorder: FollowedLog, wanted: Wanted) -> str:
    """Why there is nothing to show."""
    if wanted.user is not None and not any(recorder.read(OfLog(wanted.user).query, limit=1)):
        return f"The log knows nothing of {wanted.user} yet."
    if wanted.after is not None and wanted.after >= recorder.head:
        return f"There is nothing after position {wanted.after} yet: the log ends at {recorder.head}."
    return "No event of the log is one of these."


def _show_heading(output: Output) -> bool:
    columns = Columns(number="position", at="time (UTC)", event="event", user="user", actor="by", what="what")
    return output.as_json or output.text_line(_text(columns, output.console), style="bold")


def _show(output: Output, found: Iterable[DCBSequencedEvent]) -> bool:
    """Shows what was found; False where nobody reads any more."""
    return all(_shown(output, stored) for stored in found)


def _shown(output: Output, stored: DCBSequencedEvent) -> bool:
    event = decode(stored)
    if not output.as_json:
        return output.text_line(_text(_columns(stored.position, event), output.console))
    return output.json_line(line_of(stored))


class Columns(NamedTuple):
    """What is shown of an event."""

    number: str
    at: str
    event: str
    user: str
    actor: str
    what: str


def _columns(position: int, event: Event) -> Columns:
    return Columns(
        number=str(position),
        at=event.at[:19].replace("T", " "),
        event=type(event).__name__,
        user=getattr(event, "user", ""),
        actor=event.by,
        what=words(event),
    )


def _text(columns: Columns, console: Console) -> str:
    """One line; on a narrow terminal the words below the rest, both wrapped between words."""
    if console.is_terminal and console.width < WIDE_COLUMNS:
        head = " ".join(filter(None, columns[:-1]))
        return "\n".join((*_wrapped(head, "", console.width), *_wrapped(columns.what, INDENT, console.width)))
    widths = (_NUMBER, _TIME, _TYPE, _USER, _ACTOR)
    return "".join(cell.ljust(width) + " " for cell, width in zip(columns, widths, strict=False)) + columns.what


def _wrapped(text: str, indent: str, width: int) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=INDENT, break_on_hyphens=False, replace_whitespace=False
    )
