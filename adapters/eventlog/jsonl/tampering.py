"""What damage of a log looks like: lines edited, taken out, put in, in another order, or of another log.

It is told beside the finding and decides nothing: whoever can write the log can make one kind look like another. Each
line names its own hash and stands on the one before it, so what follows a break falls into runs: lines that stand on
each other. Where two kinds leave the same bytes, both are named, the likelier first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

from adapters.disk.files import Files
from adapters.eventlog.jsonl.format import MAX_LINE_BYTES, SUFFIX_BYTES, Header, fixed_form
from adapters.eventlog.jsonl.scanning import BLOCK_BYTES, Scanner
from adapters.eventlog.jsonl.watermark import Slot
from adapters.ports.log_reports import Tampering

MAX_RUNS = 64
"""Runs after the break that are looked at."""
RUNS_OF_A_SPLICE = 2
"""Those that it leaves: the other log's lines, and ours after them."""
_PLACE = re.compile(rb'\{"pos":([0-9]{1,18}),"batch":\[')
_HEADER = re.compile(rb'\{"log":"[0-9a-f]{32}","format":')

Kinds = tuple[Tampering, ...]
Repeated = Callable[[bytes], bool]
"""Whether more than one line names a hash."""


class Run(NamedTuple):
    """Lines that stand on each other: the position of the first and of the one after the last, how many there are, the
    first one's body, the hashes that the first and the last name (empty where one names none), and whether the
    watermark's is among them.
    """

    first: int
    after: int
    lines: int
    body: bytes
    named: bytes
    last: bytes
    is_ours: bool

    def stands_on(self, digest: bytes) -> bool:
        """Whether the first line was written after the one of this hash."""
        return bool(digest) and self.named == sha256(digest + self.body).digest()


def looks_like(files: Files, fd: int, header: Header, scanner: Scanner, slots: Sequence[Slot]) -> Kinds:
    """What was done to a log that is damaged, as far as its lines tell. `slots` are those of its watermark. Raises
    OSError.
    """
    slot = slots[0] if slots else None
    if scanner.broken is None:
        return _of_whole_lines(header, scanner, slot)
    if slot is not None and _begins_behind_the_end(header, scanner, slot):
        return (Tampering.ADDED,)
    if scanner.is_cut_off:
        return (Tampering.TRUNCATED,)
    start = files.read_all_at(fd, BLOCK_BYTES, scanner.broken.offset)
    if not _PLACE.match(start):
        return (Tampering.SPLICED if _HEADER.match(start) else Tampering.OVERWRITTEN,)
    before = _hash_before(files, fd, scanner)
    mark = None if slot is None else slot.tip.digest
    runs = list(_runs(_lines(files, fd, scanner.broken.offset), mark))
    if not runs:  # it begins as a line of ours, and is longer than any
        return (Tampering.OVERWRITTEN,)
    return _of_runs(runs, scanner.broken.position, before, lambda digest: _times(files, fd, digest) > 1)


def _begins_behind_the_end(header: Header, scanner: Scanner, slot: Slot) -> bool:
    """Whether all is there up to where the writer stopped in order, so that the break is in what came after it."""
    if slot.proof.doubt is not None or slot.log_id != header.log_id or not slot.ended:
        return False
    return scanner.whole.position >= slot.tip.position and scanner.passed(slot.tip)


def _of_whole_lines(header: Header, scanner: Scanner, slot: Slot | None) -> Kinds:
    """Where every hash fits, the watermark alone says what it was."""
    if slot is None or slot.proof.doubt is not None:
        return ()
    if slot.log_id != header.log_id:
        return (Tampering.ANOTHER_LOG,)
    if scanner.whole.position < slot.tip.position:
        return (Tampering.TRUNCATED,)
    if not scanner.passed(slot.tip):
        return (Tampering.ANOTHER_HISTORY,)
    return (Tampering.ADDED,) if slot.ended and scanner.unfit is None else ()


def _of_runs(runs: list[Run], expected: int, before: bytes, is_repeated: Repeated) -> Kinds:
    """What the runs from the break on say; `expected` is the position that belongs there, `before` the hash."""
    first, others = runs[0], runs[1:]
    ends = [run.last for run in runs]
    if any(run.stands_on(before) for run in others):
        return _of_what_was_put_in(runs, before, ends, is_repeated)
    if any(first.stands_on(end) for end in ends):
        return (Tampering.REORDERED,)
    if first.is_ours:
        if first.first == expected:
            return (Tampering.EDITED,)
        return (Tampering.DROPPED if first.first > expected else Tampering.INSERTED,)
    if first.first < expected:
        return (Tampering.INSERTED,) if is_repeated(first.named) else (Tampering.SPLICED, Tampering.INSERTED)
    if first.first > expected:
        return (Tampering.DROPPED,) if _goes_up(runs) else (Tampering.SPLICED, Tampering.DROPPED)
    if not first.last or any(run.stands_on(sha256(before + first.body).digest()) for run in others):
        return (Tampering.EDITED,)  # its own hash alone: what follows stands on the one that it had
    return (Tampering.EDITED, Tampering.SPLICED) if first.lines == 1 else (Tampering.SPLICED, Tampering.EDITED)


def _of_what_was_put_in(runs: list[Run], before: bytes, ends: list[bytes], is_repeated: Repeated) -> Kinds:
    """Nothing of ours is missing at the break: what stands before the line that belongs there is too much there."""
    first = runs[0]
    if any(first.stands_on(end) for end in ends):
        return (Tampering.REORDERED,)
    if first.stands_on(before) or is_repeated(first.named):
        return (Tampering.INSERTED,)
    return (Tampering.SPLICED,) if first.lines > 1 else (Tampering.INSERTED, Tampering.SPLICED)


def _goes_up(runs: list[Run]) -> bool:
    """Whether lines are missing between all runs, as where they were taken out in several places. Where the watermark's
    was too, or is too far behind, several gaps tell enough: another log's lines leave none.
    """
    is_told = len(runs) > RUNS_OF_A_SPLICE or any(run.is_ours for run in runs)
    return is_told and all(one.after < other.first for one, other in pairwise(runs))


def _runs(lines: Iterator[bytes], mark: bytes | None) -> Iterator[Run]:
    """The first MAX_RUNS, to the first line that is no line of a log."""
    run: Run | None = None
    found = 0
    for line in lines:
        if (place := _PLACE.match(line)) is None:
            break
        named = bytes.fromhex(line[-66:-2].decode()) if fixed_form(line) else b""
        position, body = int(place[1]), line[:-SUFFIX_BYTES]
        is_next = run is not None and bool(named and run.last) and named == sha256(run.last + body).digest()
        if run is not None and is_next:
            is_ours = run.is_ours or named == mark
            run = run._replace(after=position + 1, lines=run.lines + 1, last=named, is_ours=is_ours)
            continue
        if run is not None:
            yield run
            found += 1
            if found == MAX_RUNS:
                return
        run = Run(
            first=position,
            after=position + 1,
            lines=1,
            body=body,
            named=named,
            last=named,
            is_ours=bool(named) and named == mark,
        )
    if run is not None:
        yield run


def _lines(files: Files, fd: int, offset: int) -> Iterator[bytes]:
    """Whole lines from an offset on, without their LF, up to one that is longer than any of ours."""
    kept = b""
    while block := files.read_at(fd, BLOCK_BYTES, offset):
        offset += len(block)
        *lines, kept = (kept + block).split(b"\n")
        yield from lines
        if len(kept) > MAX_LINE_BYTES:
            return


def _hash_before(files: Files, fd: int, scanner: Scanner) -> bytes:
    """The hash that the line at the break is to stand on; it may be inside a batch."""
    assert scanner.broken is not None
    if scanner.broken.offset == scanner.whole.offset:
        return scanner.whole.digest
    return bytes.fromhex(files.read_all_at(fd, 64, scanner.broken.offset - 67).decode())


def _times(files: Files, fd: int, digest: bytes) -> int:
    """How many lines of a log name a hash."""
    wanted, kept, offset, found = b'"hash":"%b"}\n' % digest.hex().encode(), b"", 0, 0
    while block := files.read_at(fd, BLOCK_BYTES, offset):
        found += (kept + block).count(wanted)
        kept, offset = block[-len(wanted) + 1 :], offset + len(block)
        if (data := files.next_data(fd, offset)) > offset:
            kept, offset = b"", data
    return found
