"""Finds lines of a log without reading all of it as events: the newest ones from its end backwards, those after a
position by halving, those of a tag or type by looking for their bytes.

A line that is found is checked: its hash must be that of its bytes after the hash of the line before. What stands
between is not looked at. Which part of a log was verified whole is its opening's to know.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import islice
from typing import NoReturn

import orjson
from eventsourcing.dcb.api import DCBQuery, DCBSequencedEvent

from adapters.eventlog.jsonl.format import MAX_LINE_BYTES, SUFFIX_BYTES, Header, NotAnEventError, Tip, decode_recorded
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.log_file import refuse_damage
from adapters.eventlog.jsonl.reading import matcher
from adapters.eventlog.jsonl.snapshots import HASH_ENDING_BYTES
from adapters.ports.event_log import LeadingTag
from adapters.ports.log_reports import Damage

BLOCK_BYTES = 1048576
"""How much is looked through at once; the newest few lines take less."""
FIRST_BLOCK_BYTES = 64 * 1024
NEAR_BYTES = 16 * 1024
"""How near a line is looked for by halving; the lines of so many bytes are gone through."""
GROWTH = 4
"""How many times the block before it the next block is that is looked through, up to BLOCK_BYTES."""
MOST_PLACES = 64
"""Places that are remembered; where there are more, every other one is forgotten."""
LINE_BYTES = 4 * 1024
"""Most lines are shorter; where one is looked for, no more is read at first."""
POSITION_BYTES = 32
"""Enough of a line to tell its position."""

Read = Callable[[int, int], bytes]
"""The bytes of the log from an offset up to another."""


class Search:
    """Looks through the lines of one log."""

    def __init__(self, read: Read, paths: LogPaths, header: Header) -> None:
        self._read = read
        self._paths = paths
        self._header = header
        self._places: list[tuple[int, int]] = []
        """Lines that a position was looked for at: their positions, in order, and where they begin. Positions that are
        looked for one after the other lie near each other.
        """

    def newest(self, query: DCBQuery | None, most: int, end: int) -> list[DCBSequencedEvent]:
        """The last events before byte `end` that match a query, at most so many, oldest first. Raises LogDamaged."""
        found = list(islice(self._backwards(query, end), most))
        return found[::-1]

    def between(
        self, query: DCBQuery | None, after: int, end: int, up_to: int | None = None
    ) -> Iterator[DCBSequencedEvent]:
        """The events above a position, and up to another where one is given, before byte `end` that match a query, in
        order. Raises LogDamaged.
        """
        begin, size = self._offset_after(after, end), NEAR_BYTES
        while begin < end and (up_to is None or self._position_at(begin) <= up_to):
            block = self._whole_lines(begin, end, size)
            for found in self._matching(query, begin, block, after):
                if up_to is not None and found.position > up_to:
                    return
                yield found
            begin, size = begin + len(block), min(GROWTH * size, BLOCK_BYTES)

    def tip_at(self, position: int, end: int) -> Tip:
        """Where the line of a position ends, before byte `end`, and its hash. Raises LogDamaged."""
        if not position:
            return Tip(0, self._header.size, self._header.digest)
        begin = self._offset_after(position - 1, end)
        while begin < end:
            block = self._whole_lines(begin, end, FIRST_BLOCK_BYTES)
            for start, stop in _candidates(block, None):
                if self._event(block, begin, start, stop).position == position:
                    digest = bytes.fromhex(block[stop + 1 - HASH_ENDING_BYTES : stop + 1][:64].decode())
                    return Tip(position, begin + stop + 1, digest)
            begin += len(block)
        return self._refuse(end, b"", f"it has no position {position}")

    def holding(self, text: bytes, end: int) -> Iterator[DCBSequencedEvent]:
        """The events before byte `end` in whose lines these bytes stand, in order. Raises LogDamaged."""
        begin = self._header.size
        while begin < end:
            block = self._whole_lines(begin, end)
            for start, stop in _candidates(block, [text]):
                yield self._event(block, begin, start, stop)
            begin += len(block)

    def _backwards(self, query: DCBQuery | None, end: int) -> Iterator[DCBSequencedEvent]:
        size = FIRST_BLOCK_BYTES
        while end > self._header.size:
            begin, block = self._whole_lines_before(end, size)
            yield from reversed(list(self._matching(query, begin, block)))
            end, size = begin, BLOCK_BYTES

    def _matching(
        self, query: DCBQuery | None, begin: int, block: bytes, after: int = 0
    ) -> Iterator[DCBSequencedEvent]:
        """The events of whole lines, read at a byte offset, that match a query and stand above a position."""
        matches, is_past = matcher(query), not after
        for start, stop in _candidates(block, _needles(query)):
            if (
                not is_past
            ):  # near the beginning alone are lines that nobody asks for, whose hashes need not be looked at
                is_past = (_position(block[start : start + POSITION_BYTES]) or after) >= after
                if not is_past:
                    continue
            event = self._event(block, begin, start, stop)
            if event.position > after and (matches is None or matches(event)):
                yield event

    def _event(self, block: bytes, begin: int, start: int, stop: int) -> DCBSequencedEvent:
        """The event of one line, whose LF is at `stop`, checked against the line before."""
        line, offset = block[start:stop], begin + start
        former = self._header.digest
        if offset > self._header.size:
            kept = block[start - HASH_ENDING_BYTES : start] if start >= HASH_ENDING_BYTES else b""
            ending = kept or self._read(offset - HASH_ENDING_BYTES, offset)
            try:
                former = bytes.fromhex(ending[:64].decode())
            except ValueError:
                self._refuse(offset, line, "the line before it has no hash")
        digest = sha256(former + line[:-SUFFIX_BYTES]).hexdigest().encode()
        if line[-SUFFIX_BYTES:] != b',"hash":"%b"}' % digest:
            self._refuse(offset, line, "its hash does not fit its bytes")
        try:
            return decode_recorded(line)
        except NotAnEventError as error:
            self._refuse(offset, line, str(error))

    # -- blocks of whole lines ---------------------------------------------------------------------

    def _whole_lines(self, begin: int, end: int, size: int = BLOCK_BYTES) -> bytes:
        """A block that begins at a line and ends with one, of about a size."""
        while True:
            block = self._read(begin, min(end, begin + size))
            whole = block.rfind(b"\n") + 1
            if whole:
                return block[:whole]
            size = self._larger(size, begin)

    def _whole_lines_before(self, end: int, size: int) -> tuple[int, bytes]:
        """A block that begins at a line and ends at a byte after one, and where it begins."""
        while True:
            begin = max(self._header.size, end - size)
            block = self._read(begin, end)
            if begin == self._header.size:
                return begin, block
            cut = block.find(b"\n") + 1
            if 0 < cut < len(block):
                return begin + cut, block[cut:]
            size = self._larger(size, begin)

    def _offset_after(self, position: int, end: int) -> int:
        """The beginning of a line at or before the one after a position, and not far before it."""
        low, high = self._around(position, end)
        while position > 0 and high - low > NEAR_BYTES:
            middle = (low + high) // 2
            start = self._line_after(middle, high)
            if start >= high:
                high = middle
                continue
            found = self._position_at(start)
            self._remember(found, start)
            if found <= position:
                low = start
            else:
                high = start
        return low

    def _around(self, position: int, end: int) -> tuple[int, int]:
        """Between which offsets the line after a position begins, by what was looked for before."""
        places = self._places
        index = bisect_left(places, (position + 1,))
        low = places[index - 1][1] if index else self._header.size
        high = places[index][1] if index < len(places) else end
        return low, min(high, end)

    def _remember(self, position: int, offset: int) -> None:
        insort(self._places, (position, offset))
        if len(self._places) > MOST_PLACES:
            self._places = self._places[::2]

    def _line_after(self, offset: int, end: int) -> int:
        """Where the first line begins after an offset; `end` where none does before that."""
        size = LINE_BYTES
        while True:
            block = self._read(offset, min(end, offset + size))
            if ending := block.find(b"\n") + 1:
                return offset + ending
            if offset + len(block) >= end:
                return end
            size = self._larger(size, offset)

    def _position_at(self, offset: int) -> int:
        head = self._read(offset, offset + POSITION_BYTES)
        position = _position(head)
        if position is None:
            self._refuse(offset, head, "it is no event line")
        return position

    def _larger(self, size: int, offset: int) -> int:
        """Twice as much, up to the longest line. Raises LogDamaged beyond that."""
        if size > MAX_LINE_BYTES:
            self._refuse(offset, b"", "a line is longer than any line of ours")
        return 2 * size

    def _refuse(self, offset: int, line: bytes, why: str) -> NoReturn:
        refuse_damage(self._paths, Damage(_position(line), offset, why))
        raise AssertionError("damage is refused")


def _position(line: bytes) -> int | None:
    """The position that a line begins with, None where it does not."""
    number = line.removeprefix(b'{"pos":').partition(b",")[0]
    return int(number) if line.startswith(b'{"pos":') and number.isdigit() else None


def _needles(query: DCBQuery | None) -> list[bytes] | None:
    """Bytes of which one is in every line that may match; None where any line may."""
    needles = []
    for item in query.items if query else []:
        if isinstance(item, LeadingTag):
            tag = b'"tags":[' + orjson.dumps(item.tags[0])
            needles += [b'"type":%b,%b' % (orjson.dumps(name), tag) for name in item.types] or [tag]
        elif item.tags:
            needles.append(orjson.dumps(item.tags[0]))
        elif item.types:
            needles += [b'"type":' + orjson.dumps(name) for name in item.types]
        else:
            return None
    return needles or None


def _candidates(block: bytes, needles: list[bytes] | None) -> list[tuple[int, int]]:
    """Where the lines with one of these bytes begin and end, in order; their LF is at the end."""
    if needles is None:
        needles = [b'{"pos":']
    found = set()
    for needle in needles:
        at = block.find(needle)
        while at >= 0:
            start, stop = block.rfind(b"\n", 0, at) + 1, block.find(b"\n", at)
            found.add((start, stop))
            at = block.find(needle, stop)
    return sorted(found)
