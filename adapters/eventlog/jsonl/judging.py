"""Decides what a scanned log is: whole, with a torn end, or damaged. The rows of the table "Opening", in their order.

After them comes a line that is well hashed and yet no event there. It only decides. What is then done, and that nothing
is ever repaired in silence, is `opening`'s; `verify` tells the same finding.
"""

from __future__ import annotations

from adapters.eventlog.jsonl.format import Header
from adapters.eventlog.jsonl.scanning import Scanner
from adapters.eventlog.jsonl.watermark import Slot
from adapters.ports.log_reports import Damage


def contradicts_watermark(scanner: Scanner, slots: list[Slot], header: Header, size: int) -> Damage | None:
    """What of the acknowledged log is not as the watermark says, None where all is.

    `slots` are the watermark's valid ones, the one that holds first; the scan went to the watermark's offset or
    further, and kept the hash at its position; `size` is the size of the log.
    """
    if any(slot.log_id != header.log_id for slot in slots):
        return Damage(None, None, "its watermark, logs/head, is that of another log")
    if not slots:
        if size == header.size:
            return None
        return Damage(None, None, "it has events, but its watermark, logs/head, is missing or unreadable")
    if (doubt := slots[0].proof.doubt) is not None:
        return Damage(None, None, doubt)
    mark = slots[0].tip
    whole, broken = scanner.whole, scanner.broken
    if size < mark.offset or (broken is None and whole.position < mark.position):
        once = f"{mark.position} positions and {mark.offset} bytes were surely on the disk once"
        what = f"it ends too early: {once}, as its watermark, logs/head, says"
        if broken is not None and not scanner.is_cut_off:
            return Damage(whole.position + 1, whole.offset, f"{broken.why}, and {what}")
        return Damage(whole.position + 1, whole.offset, what, ends_at=whole.position)
    if broken is not None and whole.position < mark.position:
        return Damage(broken.position, broken.offset, f"{broken.why}, and this was surely on the disk once")
    if not scanner.passed(mark):
        return Damage(
            mark.position,
            scanner.starts[mark.position],
            "it is not the log that was written: it was changed or replaced",
        )
    if slots[0].ended and size > mark.offset:
        return Damage(mark.position + 1, mark.offset, _added(whole.position - mark.position, size - mark.offset))
    return None


def _added(events: int, size: int) -> str:
    lines = f"{events:,} {'line' if events == 1 else 'lines'}, " if events else ""
    return f"{lines}{size:,} bytes were added after the service had stopped, and not by it"


def lost_more_than_a_batch(scanner: Scanner, *, is_copy: bool) -> Damage | None:
    """Damage that cannot be a torn batch, because a later batch is written only after the earlier one was synced. Not
    so in a copy of a log that is kept elsewhere, which is synced before its watermark is written.
    """
    if scanner.broken is None or scanner.later is None or is_copy:
        return None
    position, offset, why = scanner.broken
    return Damage(position, offset, f"{why}, although a later batch (at byte {scanner.later}) was written after it")


def holds_no_event(scanner: Scanner) -> Damage | None:
    """Damage that every hash fits: a line that is no event of this version, or none that can stand where it does."""
    if scanner.unfit is None:
        return None
    position, offset, why = scanner.unfit
    return Damage(position, offset, why)
