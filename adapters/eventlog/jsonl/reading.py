"""Reads recorded events lazily: a response iterates over lines in file order, in blocks, and matches them against a
query.

Which events are read for a query is `index`'s to say, which bytes belong to which positions the recorder knows.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice

from eventsourcing.dcb.api import DCBQuery, DCBReadResponse, DCBSequencedEvent

from adapters.eventlog.jsonl.format import NotAnEventError, decode_recorded
from adapters.ports.faults import LogDamaged

READ_BLOCK_BYTES = 256 * 1024
"""How much of the log is read at once."""

Matches = Callable[[DCBSequencedEvent], bool]


class LazyReadResponse(DCBReadResponse):
    """Events as they are asked for. `head` is as in the library's recorder in memory: the log's when it was read, or
    with a limit the last position that the response gives (asking for it then reads what is left).
    """

    def __init__(self, events: Iterator[DCBSequencedEvent], *, head: int | None, limit: int | None) -> None:
        self._events = events if limit is None else islice(events, limit)
        self._head = head if limit is None else None
        self._limited = limit is not None

    @property
    def head(self) -> int | None:
        """A position, None where there is none."""
        if self._limited:
            rest = list(self._events)
            if rest:
                self._head = rest[-1].position
            self._events = iter(rest)
        return self._head

    def __iter__(self) -> Iterator[DCBSequencedEvent]:
        """Itself; without a limit the events, as their head is known: that is quicker."""
        return self if self._limited else self._events

    def __next__(self) -> DCBSequencedEvent:
        event = next(self._events)
        if self._limited:
            self._head = event.position
        return event


def matcher(query: DCBQuery | None) -> Matches | None:
    """Whether an event matches one item of a query: its type is one of the item's, if any, and it has all the item's
    tags.

    None where every event matches.
    """
    if query is None or not query.items:
        return None
    items = [(frozenset(item.types), frozenset(item.tags)) for item in query.items]

    def matches(found: DCBSequencedEvent) -> bool:
        event = found.event
        return any((not types or event.type in types) and tags.issubset(event.tags) for types, tags in items)

    return matches


def next_block(starts: array[int], after: int, head: int) -> int:
    """The last position, at most `head`, of a block of lines that begins after `after`; one line at least."""
    return max(bisect_right(starts, starts[after] + READ_BLOCK_BYTES, after + 1, head + 1) - 1, after + 1)


def decode_block(block: bytes, first: int, last: int, offset: int) -> Iterator[DCBSequencedEvent]:
    """The recorded events of whole lines, of positions `first` to `last`, read at a byte offset of the log.

    They were verified when the log was opened, so what does not fit now was changed since: raises LogDamaged.
    """
    lines = block.split(b"\n")
    for position in range(first, last + 1):
        try:
            event = decode_recorded(lines[position - first])
        except (NotAnEventError, IndexError) as error:
            raise _changed(position, offset) from error
        if event.position != position:
            raise _changed(position, offset)
        yield event


def _changed(position: int, offset: int) -> LogDamaged:
    return LogDamaged(
        f"The log was changed while it was open, at position {position} (after byte {offset}). "
        "`abby verify` shows more; restart what has it open. If it stays so, `abby salvage --to DIR` writes a new log "
        "of what is whole.",
        position=position,
        offset=offset,
    )
