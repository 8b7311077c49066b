"""What is read at an offset of an open file, by the calls that a system has for it."""

from __future__ import annotations

import errno
import os

from adapters.disk.errors import NOT_DONE_HERE

HAS_PREAD = hasattr(os, "pread")
"""Reading at an offset in one call, which Windows has not."""
_SEEK_DATA: int | None = getattr(os, "SEEK_DATA", None)
"""How to ask for what is no hole, where the system can tell; Windows has no such question."""


def bytes_at(fd: int, size: int, offset: int) -> bytes:
    """At most `size` bytes from an offset, none at the end."""
    if HAS_PREAD:
        return os.pread(fd, size, offset)
    os.lseek(fd, offset, os.SEEK_SET)
    return os.read(fd, size)


def data_from(fd: int, offset: int) -> int:
    """The first offset from this one on where the disk holds data, or the file's end; the offset itself where the
    system cannot tell.
    """
    if _SEEK_DATA is None:
        return offset
    try:
        return os.lseek(fd, offset, _SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return max(offset, os.fstat(fd).st_size)
        if error.errno in NOT_DONE_HERE:
            return offset
        raise
