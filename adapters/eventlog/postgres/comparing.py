"""Compares the rows of a database with the lines of a log, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, count

from adapters.eventlog.postgres.rows import PAGE, Row, Rows, position_of
from adapters.ports.faults import LogDamaged

Lines = Callable[[int, int], bytes]
"""Gives the lines of the positions above one and up to another, each with its LF."""
OnProgress = Callable[[int, int], None]
"""Called with how much is done, and how much there is."""


def compare(rows: Rows, header: bytes, head: int, lines: Lines, progress: Callable[[int], None]) -> Row:
    """Reads every row, by pages, and gives the last one: they are the header line, without its LF, and the lines up to
    a position, each in its place. `progress` is told each position that was reached.

    Raises LogDamaged where a row is another line, one is missing or one is too many; StorageUnavailable.
    """
    found = rows.after(0, 1)
    last = found[0] if found else Row(0, b"")
    if last.line != header.rstrip(b"\n"):
        raise _other(0)
    position = 0
    while page := rows.after(last.id, PAGE):
        end = min(position + len(page), head)
        if b"".join(row.line + b"\n" for row in page) != lines(position, end):
            wanted = lines(position, end).split(b"\n")[:-1]
            same = next((n for n in count() if n >= len(wanted) or page[n].line != wanted[n]), 0)
            raise _other(position + same + 1)
        last, position = page[-1], end
        progress(position)
    if position < head or position_of(last) != position:
        raise _other(position + 1)
    return last


def compare_beginning(rows: Rows, size: int, read: Callable[[int, int], bytes]) -> None:
    """Compares the rows, by pages, with the first bytes of a log, which end with a line; what has more rows is not
    looked at. `read` gives bytes from an offset up to another.

    Raises LogDamaged where a row is another line or one is missing; StorageUnavailable.
    """
    offset = position = last = 0
    while offset < size:
        page = rows.after(last, PAGE)
        lines = [row.line + b"\n" for row in page]
        wanted = read(offset, min(offset + sum(map(len, lines)), size))
        if not page or not b"".join(lines).startswith(wanted):
            ends = [*accumulate(map(len, lines))]
            raise _other(position + sum(wanted[:end] == b"".join(lines)[:end] for end in ends))
        last, position, offset = page[-1].id, position + len(page), offset + len(wanted)


def _other(position: int) -> LogDamaged:
    return LogDamaged(
        f"What is in the database is not what is in the log: they differ at position {position:,}, although both were "
        "the same before it. Somebody else changed one of them. Nothing was changed because of it. Look who it was, "
        "and put the right one back from a copy; while a log is carried, an empty database or folder can be named.",
        position=position,
    )
