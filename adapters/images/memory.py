"""The memory in which pictures are decoded: so much for all of this process together, given out in the order of asking.

What was paid for is asked for first, and comes first. A picture larger than all there is has all of it, alone. Ordinary
pictures have memory of their own, so that they never wait for one that takes all of the other. The figures are what
formats take at most, so what is really in use is less. It is asked for in worker threads, which wait.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Condition, local

from adapters.images.containers.outline import MAX_DECODED_BYTES

SMALL_BYTES = 32_000_000
"""What a picture of 8,000,000 pixels takes."""
MOST_OF_SMALL_BYTES = 3 * SMALL_BYTES
"""One for each turn (`check`)."""
FREED_AT_ONCE_BYTES = 4_000_000
"""What is at least as large is the system's own, and not the heap's. Pillow has a picture in blocks of 16 MB."""
_M_MMAP_THRESHOLD = -3  # malloc.h of glibc; once it is set, it no longer grows with what is freed


class DecodingMemory:
    """So many bytes; `held` blocks until there are enough of them."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._free = most_bytes
        self._changed = Condition()
        self._waiting: list[object] = []

    @contextmanager
    def held(self, size_bytes: int, *, first: bool = False) -> Iterator[None]:
        """Within this block so many bytes are somebody's. Who holds some may not ask for more."""
        taken = min(size_bytes, self._most_bytes)
        place = object()
        with self._changed:
            self._waiting.insert(0 if first else len(self._waiting), place)
            try:
                self._changed.wait_for(lambda: self._waiting[0] is place and taken <= self._free)
                self._free -= taken
            finally:
                self._waiting.remove(place)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += taken
                self._changed.notify_all()


class _Thread(local):
    """Whether this thread holds some."""

    holds = False


def give_back_what_is_freed() -> None:
    """From now on the memory of large pictures goes back to the system with them. Else the C library keeps it for the
    thread that had it, and each of those that decode may come to keep as much as there is for all. It concerns the
    whole process, so a program says it for itself.
    """
    with suppress(OSError, AttributeError):  # not glibc
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, FREED_AT_ONCE_BYTES)


_large, _small = DecodingMemory(MAX_DECODED_BYTES), DecodingMemory(MOST_OF_SMALL_BYTES)
_thread = _Thread()


def _begin_anew() -> None:
    """In a forked child nobody gives back what was held when it was forked."""
    global _large, _small
    _large, _small = DecodingMemory(MAX_DECODED_BYTES), DecodingMemory(MOST_OF_SMALL_BYTES)


if hasattr(os, "register_at_fork"):  # not on Windows, where no process is forked
    os.register_at_fork(after_in_child=_begin_anew)


@contextmanager
def held(size_bytes: int, *, first: bool = False) -> Iterator[None]:
    """Within this block so many bytes of the process's decoding memory are somebody's; blocks until there are. Within
    such a block of its own thread another one asks for nothing: two that wait for each other's would wait for ever.
    """
    if _thread.holds:
        yield
        return
    with (_small if size_bytes <= SMALL_BYTES else _large).held(size_bytes, first=first):
        _thread.holds = True
        try:
            yield
        finally:
            _thread.holds = False
