"""Which calls to a disk are under way, and for how long: one that hangs is no error, so nobody would hear of it.

Of this process, whatever they are about: a disk that does not answer holds each thread that asks it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from time import monotonic

STUCK_SECONDS = 2.0
"""A disk that is busy answers each call sooner."""

_since: dict[int, float] = {}
"""By thread."""

if hasattr(os, "register_at_fork"):  # not on Windows, where no process is forked
    os.register_at_fork(after_in_child=_since.clear)


@contextmanager
def under_way() -> Iterator[None]:
    """Within this block the thread is in a call to a disk."""
    thread = get_ident()
    if thread in _since:  # a call that is made of others
        yield
        return
    _since[thread] = monotonic()
    try:
        yield
    finally:
        del _since[thread]


def longest_seconds() -> float:
    """How long the call lasts that has lasted longest; 0 where none is under way."""
    began = list(_since.values())  # one step, whatever other threads do meanwhile
    return monotonic() - min(began) if began else 0.0
