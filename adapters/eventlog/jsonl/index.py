"""Where the events with a tag, or of a type, stand: so that one user's history does not scan the log.

It is made when it is first asked for and taken on to the end of the log whenever it is asked again; so it is not in the
way of a start, and no append waits for it. It is a hint, not an answer: it gives every position that may match, and
who reads there matches again. So no text of a tag is kept, and two tags with one hash share a list.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem, DCBSequencedEvent

SCANNED_EVENTS = 512
"""A part of the log this short is read through: quicker than asking."""
SCAN_SHARE = 4
"""Where more than one in so many events may match, all of them are read through."""
MAX_POSITION = 2**32 - 1
"""The last position that a list of four bytes a position can hold; a longer log is read through."""

Matches = Callable[[DCBSequencedEvent], bool]
Between = Callable[[int, int], Iterator[DCBSequencedEvent]]
"""The events above a position, up to another."""


class Postings:
    """Positions in order by key: a number where there is one, an array from the second on."""

    def __init__(self) -> None:
        self._found: dict[int, int | array[int]] = {}

    def add(self, key: str, position: int) -> None:
        """The key stands at a position, none before the last one added to it."""
        hashed = hash(key)
        known = self._found.get(hashed)
        if known is None:
            self._found[hashed] = position
        elif isinstance(known, int):
            if known != position:  # two tags of one event may have one hash
                self._found[hashed] = array("I", (known, position))
        elif known[-1] != position:
            known.append(position)

    def between(self, key: str, after: int, last: int) -> Sequence[int]:
        """The positions of a key above `after`, up to `last`."""
        known = self._found.get(hash(key), ())
        positions = (known,) if isinstance(known, int) else known
        return positions[bisect_right(positions, after) : bisect_right(positions, last)]


class Index:
    """The lists of one log, whose events `read` gives. Any thread may ask; they take turns."""

    def __init__(self, read: Between) -> None:
        self._read = read
        self._turn = threading.Lock()
        self._position = 0
        self._tags = Postings()
        self._types = Postings()

    def candidates(self, query: DCBQuery, after: int, head: int) -> Iterator[DCBSequencedEvent]:
        """In order, the events above `after` and up to `head` that may match a query, with others perhaps."""
        positions = self._positions(query, after, head)
        if positions is None or len(positions) * SCAN_SHARE > head - after:
            yield from self._read(after, head)
            return
        yield from self._at(positions)

    def newest(self, query: DCBQuery, most: int, head: int, matches: Matches) -> list[DCBSequencedEvent] | None:
        """The last events up to `head` that match a query, at most so many, oldest first: others are hardly read. None
        where the index is not asked.
        """
        positions = self._positions(query, 0, head)
        if positions is None:
            return None
        found: list[DCBSequencedEvent] = []
        end = len(positions)
        while end and len(found) < most:
            begin = max(0, end - (most - len(found)))
            found += [event for event in self._at(positions[begin:end]) if matches(event)][::-1]
            end = begin
        return found[::-1]

    def _at(self, positions: Sequence[int]) -> Iterator[DCBSequencedEvent]:
        """The events at these positions; where they lie close together those between them too."""
        if positions and len(positions) * SCAN_SHARE > positions[-1] - positions[0] + 1:
            yield from self._read(positions[0] - 1, positions[-1])
            return
        for position in positions:
            yield from self._read(position - 1, position)

    def _positions(self, query: DCBQuery, after: int, head: int) -> Sequence[int] | None:
        """Where a query may match; None where that is anywhere, or not worth asking."""
        if head - after <= SCANNED_EVENTS or head > MAX_POSITION:
            return None
        if not all(item.tags or item.types for item in query.items):
            return None
        with self._turn:
            self._move_on(head)
            if len(query.items) == 1 and query.items[0].tags:
                return self._of_tags(query.items[0], after, head)
            return sorted({position for item in query.items for position in self._places(item, after, head)})

    def _places(self, item: DCBQueryItem, after: int, head: int) -> Iterable[int]:
        """Where one item of a query may match: at its rarest tag, else at any of its types."""
        if item.tags:
            return self._of_tags(item, after, head)
        return (position for name in item.types for position in self._types.between(name, after, head))

    def _of_tags(self, item: DCBQueryItem, after: int, head: int) -> Sequence[int]:
        return min((self._tags.between(tag, after, head) for tag in item.tags), key=len)

    def _move_on(self, head: int) -> None:
        """Takes in what was recorded since. What a fault interrupts goes on there the next time."""
        for found in self._read(self._position, head) if self._position < head else ():
            self._types.add(found.event.type, found.position)
            for tag in dict.fromkeys(found.event.tags):
                self._tags.add(tag, found.position)
            self._position = found.position
