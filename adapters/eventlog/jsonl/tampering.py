"""What damage of a log looks like: lines edited, taken out, put in, in another order, or of another log.

It is told beside the finding and decides nothing: whoever can write the log can make one kind look like another.
"""

from __future__ import annotations

import re

from adapters.disk.files import Files
from adapters.eventlog.jsonl.scanning import BLOCK_BYTES, Scanner
from adapters.eventlog.jsonl.watermark import Slot

AHEAD = 3
"""Lines after the bad one that are looked at for the position that is missing."""
CUT, EDITED, PUT_IN = "its end was cut off", "a line was edited", "lines were put in"
TAKEN_OUT, ANOTHER_ORDER = "lines were taken out", "lines were put in another order"
OVERWRITTEN, OF_ANOTHER = "it was overwritten", "lines of another log were put there"
_LINE = re.compile(rb'\{"pos":([0-9]{1,18}),"batch":\[')


def looks_like(files: Files, fd: int, scanner: Scanner, slot: Slot | None) -> str | None:
    """What was done to a log that breaks somewhere, as far as its lines tell; None where it breaks nowhere.

    Of an edited line and of one of another log the position is right; what follows an edited one still comes to the
    watermark's hash. Raises OSError.
    """
    broken = scanner.broken
    if broken is None:
        return CUT if slot is not None and scanner.whole.position < slot.tip.position else None
    lines = files.read_all_at(fd, BLOCK_BYTES, broken.offset).split(b"\n")[: AHEAD + 1]
    if scanner.is_cut_off:
        return CUT
    first, *ahead = [int(found[1]) if (found := _LINE.match(line)) else None for line in lines]
    if first is None:
        return OVERWRITTEN
    if first > broken.position:
        return ANOTHER_ORDER if broken.position in ahead else TAKEN_OUT
    if first < broken.position or ahead[:1] == [first]:
        return PUT_IN
    if slot is not None and not _has(files, fd, broken.offset, slot.tip.digest.hex().encode()):
        return OF_ANOTHER
    return EDITED


def _has(files: Files, fd: int, offset: int, digest: bytes) -> bool:
    """Whether a line from an offset on ends in this hash."""
    wanted, kept = b'"hash":"%b"}\n' % digest, b""
    while block := files.read_at(fd, BLOCK_BYTES, offset):
        if wanted in kept + block:
            return True
        kept, offset = block[-len(wanted) :], offset + len(block)
    return False
