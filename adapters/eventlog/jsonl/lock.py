"""The writer's lock, `logs/.lock`: one process writes a log, and the others can say which one and where it can be
reached.

The file is never unlinked, because a lock on an unlinked file would keep nobody out. Its first line is
`{"pid":123,"address":null}` or, once a service has told where it listens, its address. The line is a courtesy; the
lock itself belongs to the open descriptor and ends with it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import orjson

from adapters.disk.files import READ, UPDATE, Files
from adapters.ports.faults import LogLocked

NOTE_BYTES = 512
"""The line is filled up with spaces to this length, so that writing it anew needs no room on the disk."""


class WriterLock:
    """The lock, taken for this process until `close`."""

    def __init__(self, files: Files, path: Path) -> None:
        """Takes the lock. Raises LogLocked, naming the holder where it is known."""
        self._files = files
        self._fd = files.open(path, UPDATE)
        try:
            files.lock(self._fd)
        except BlockingIOError:
            files.close(self._fd)
            raise held_by_another(files, path) from None
        except BaseException:
            files.close(self._fd)
            raise

    def announce(self, address: str | None) -> None:
        """Writes who holds the lock and where it is reached."""
        note = orjson.dumps({"pid": os.getpid(), "address": address})
        with suppress(OSError):  # the lock holds without the line, and a full disk must not stop a start
            self._files.write_all_at(self._fd, note.ljust(NOTE_BYTES - 1) + b"\n", 0)

    def close(self) -> None:
        """Gives the lock back."""
        self._files.close(self._fd)


def read_holder(files: Files, path: Path) -> tuple[int | None, str | None]:
    """The pid and address in a lock file, None where they are not known. Whether the lock is held is not asked."""
    try:
        fd = files.open(path, READ)
    except OSError:
        return None, None
    try:
        note = orjson.loads(files.read_all_at(fd, NOTE_BYTES, 0))
        return int(note["pid"]), note["address"] and str(note["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, None
    finally:
        files.close(fd)


def is_held(files: Files, path: Path) -> bool:
    """Whether a process has the lock: asked by taking it, for as long as it takes to give it back."""
    try:
        fd = files.open(path, READ)
    except OSError:
        return False
    try:
        files.lock(fd)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        files.close(fd)
    return False


def held_by_another(files: Files, path: Path) -> LogLocked:
    """What to tell whoever wanted to write too."""
    pid, address = read_holder(files, path)
    holder = f"process {pid}" if pid else "another process"
    at = f", which serves {address}" if address else ""
    return LogLocked(
        f"The log {path.parent} is being written by {holder}{at}, and only one may write. "
        "Use that service, stop it, or open the log for reading only.",
        pid=pid,
        address=address,
    )
