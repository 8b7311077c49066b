"""Follows the hash chain through the bytes of a log, once, in blocks, and hands every event of a whole batch on as it
passes.

It says how far the log is whole, where it first is not, and whether anything after that proves that more was once
synced. What that means is `opening`'s to decide.
"""

from __future__ import annotations

from array import array
from hashlib import sha256
from typing import NamedTuple

from adapters.disk.files import Files
from adapters.eventlog.jsonl.format import (
    MAX_LINE_BYTES,
    SUFFIX_BYTES,
    NotAnEventError,
    Tip,
    decode_verified,
    fixed_form,
)
from adapters.ports.event_log import OnEvent, VerifiedEvent
from adapters.ports.faults import LogDamaged

BLOCK_BYTES = 1024 * 1024


class Break(NamedTuple):
    """The first record that is not whole: the position that belongs there, the byte offset of its line, and why."""

    position: int
    offset: int
    why: str


class Scanner:
    """Takes the bytes of a log in order from a point between two batches.

    `whole` is the end of the last batch of which everything is there; `broken` the first bad record after it, None
    where there is none; `is_cut_off`: it is bad because the bytes end there; `later` the offset of a complete line
    whose batch begins after the bad record. `starts[p]` is the offset after position p, so the line of p is
    `starts[p-1]:starts[p]`; it is given filled up to the point the scan begins at, and is filled on. The hash at
    position `mark` is kept for `passed`.

    `unfit` is the first event that whoever is handed the events says to be none, or none that can have happened there;
    `sound` is then the end of the last batch before it. Nobody is handed an event after it.
    """

    def __init__(self, tip: Tip, starts: array[int], *, mark: int = 0, on_event: OnEvent | None = None) -> None:
        self.whole = tip
        self.broken: Break | None = None
        self.is_cut_off = False
        self.later: int | None = None
        self.unfit: Break | None = None
        self.sound = tip
        self.batches = 0
        self.starts = starts
        self._begin = tip.position
        self._mark = mark
        self._marked_digest = tip.digest if mark == tip.position else None
        self._on_event = on_event
        self._reached = tip
        self._batch: tuple[int, int] | None = None
        self._pending: list[VerifiedEvent] = []
        self._rest = b""
        self._rest_offset = tip.offset

    def feed(self, block: bytes) -> None:
        """Takes the next bytes."""
        lines = (self._rest + block).split(b"\n")
        self._rest = lines.pop()
        taken = self._follow(lines) if self.broken is None else 0
        for line in lines[taken:]:
            self._look_at_remains(line)
        if len(self._rest) > MAX_LINE_BYTES:
            self._skip_rest()

    def skip(self, size: int) -> None:
        """Takes so many zeros as `feed` would; after damage alone."""
        assert self.broken is not None
        self._rest_offset += len(self._rest) + size - 1
        self._rest = b"\0"

    def finish(self) -> None:
        """Says that there are no more bytes. Offsets of a batch that is not whole are dropped from `starts`."""
        self.is_cut_off = self.broken is None and (bool(self._rest) or self._batch is not None)
        if self.broken is None and self._rest:
            self._break("the line does not end")
        elif self.broken is None and self._batch is not None:
            self._break(f"the log ends inside the batch of positions {self._batch[0]} to {self._batch[1]}")
        del self.starts[self.whole.position + 1 :]
        self._pending.clear()

    def passed(self, tip: Tip) -> bool:
        """Whether the scan came through exactly this point, whose position is the mark. Of a point before its beginning
        only the offset is known.
        """
        if self.starts[tip.position] != tip.offset:
            return False
        return tip.position < self._begin or self._marked_digest == tip.digest

    def _follow(self, lines: list[bytes]) -> int:
        """Verifies lines up to the first bad one; gives how many were good."""
        position, offset, digest = self._reached
        starts, pending, batch = self.starts, self._pending, self._batch
        why = None
        taken = 0
        for line in lines:
            found = sha256(digest + line[:-SUFFIX_BYTES]).digest()
            if line[-SUFFIX_BYTES:] != b',"hash":"%b"}' % found.hex().encode():
                why = "its hash does not fit its bytes"
                break
            try:
                event = decode_verified(line, position + 1, batch)
            except NotAnEventError as error:
                why = str(error)
                break
            taken += 1
            position += 1
            offset += len(line) + 1
            digest = found
            starts.append(offset)
            pending.append(event)
            if position == event.batch_last:
                batch = None
                self._hand_on(Tip(position, offset, digest))
            else:
                batch = batch or (position, event.batch_last)
        self._reached, self._batch, self._rest_offset = Tip(position, offset, digest), batch, offset
        if why is not None:
            self._break(why)
        return taken

    def _hand_on(self, tip: Tip) -> None:
        """A batch is whole."""
        self.whole = tip
        self.batches += 1
        if tip.position == self._mark:
            self._marked_digest = tip.digest
        if self.unfit is None:
            self._offer()
        if self.unfit is None:
            self.sound = tip
        self._pending.clear()

    def _offer(self) -> None:
        """Hands the events of a batch to whoever takes them."""
        if self._on_event is None:
            return
        for event in self._pending:
            try:
                self._on_event(event)
            except LogDamaged as fault:
                if fault.what is None:
                    raise
                self.unfit = Break(event.position, self.starts[event.position - 1], fault.what)
                return

    def _break(self, why: str) -> None:
        """Marks the first bad record, which stands where the scan has got to."""
        self.broken = Break(self._reached.position + 1, self._reached.offset, why)

    def _look_at_remains(self, line: bytes) -> None:
        """After damage only one thing matters: a line of a batch that was written after the damaged record had been
        synced.
        """
        assert self.broken is not None
        found = fixed_form(line)
        if self.later is None and found is not None and found[1] > self.broken.position:
            self.later = self._rest_offset
        self._rest_offset += len(line) + 1

    def _skip_rest(self) -> None:
        """A line too long to be one of ours: it is not kept, and what follows it up to the next LF is part of it."""
        if self.broken is None:
            self._break("the line is longer than any line of ours")
        self._rest_offset += len(self._rest) - 1
        self._rest = b"\0"


def scan(files: Files, fd: int, scanner: Scanner, end: int) -> None:
    """Feeds an open log to a scanner, from where the scanner begins to byte `end`, or to the end of the file if that
    is sooner. After damage no hole is read: whoever forges a log has one of any size for nothing.
    """
    offset = scanner.whole.offset
    while offset < end:
        if scanner.broken is not None and (data := min(files.next_data(fd, offset), end)) > offset:
            scanner.skip(data - offset)
            offset = data
            continue
        block = files.read_all_at(fd, min(BLOCK_BYTES, end - offset), offset)
        if not block:
            break
        scanner.feed(block)
        offset += len(block)
    scanner.finish()
