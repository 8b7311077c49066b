"""A system may take or give less than it is asked for: here it is asked again, until all is done."""

from __future__ import annotations

import errno
from collections.abc import Callable

MAX_IDLE_WRITES = 100
"""Calls in a row that may write nothing, because a signal came or the system took no byte, before a write is given
up.
"""


def read_fully(size: int, read: Callable[[int, int], bytes]) -> bytes:
    """`size` bytes, fewer only where there are no more; `read` takes how many are left and how many are done."""
    block = read(size, 0)
    while block and len(block) < size:
        more = read(size - len(block), len(block))
        if not more:
            break
        block += more
    return block


def write_fully(data: bytes, write: Callable[[memoryview, int], int]) -> None:
    """Writes all of it; `write` takes the rest and how much is done, and gives how much it took."""
    rest, done, idle = memoryview(data), 0, 0
    while done < len(data):
        try:
            taken = write(rest[done:], done)
        except InterruptedError:
            taken = 0
        idle = 0 if taken else idle + 1
        if idle >= MAX_IDLE_WRITES:
            raise OSError(errno.EIO, f"nothing was written in {MAX_IDLE_WRITES} calls")
        done += taken
