"""A bound for what a question takes in memory, beyond the database's own: one value can be larger than that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.limits import MEGABYTE

MOST_BYTES = 1_200 * MEGABYTE
"""What a question may take on top of what the program had: the database's own, and an answer with its forms."""
_IN_USE = Path("/proc/self/statm")
_DATA = 5
"""Where Linux says how many pages of data a program has."""


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Within this block more memory is refused with MemoryError rather than taken from all. Linux alone can do that;
    elsewhere the database's own bound and that of an answer's size remain.
    """
    try:
        import resource

        in_use = int(_IN_USE.read_text().split()[_DATA]) * resource.getpagesize()
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    except (ImportError, OSError):
        yield
        return
    lower = [one for one in (soft, hard) if one != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([in_use + MOST_BYTES, *lower]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
