"""The writer's lock, `logs/.lock`: one process writes a log, and the others can say which one and where it can be
reached.

The file is never unlinked, because a lock on an unlinked file would keep nobody out. Its first line is
`{"pid":123,"address":null}` or, once a service has told where it listens, its address. The line is a courtesy; the
lock itself belongs to the open descriptor and ends with it.

Some have it for a moment only: whoever asks whether it is held, and a reader that brings a copy up to date, which says
so by `"visit":true`. They are waited for.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import orjson

from adapters.disk.files import READ, UPDATE, Files
from adapters.ports.faults import LogLocked

PATIENCE_SECONDS = 5.0
"""How long one who has the lock for a moment is waited for."""
MOMENT_SECONDS = 0.02
"""After so long it is asked for again: once, whoever has it, as that may be one who only asks."""
NOTE_BYTES = 512
"""The line is filled up with spaces to this length, so that writing it anew needs no room on the disk."""


class WriterLock:
    """The lock, taken for this process until `close`."""

    def __init__(self, files: Files, path: Path) -> None:
        """Takes the lock. Raises LogLocked, naming the holder where it is known."""
        self._files = files
        self._fd = files.open(path, UPDATE)
        try:
            self._take(path)
        except BaseException:
            files.close(self._fd)
            raise

    def _take(self, path: Path) -> None:
        until, is_asked_again = monotonic() + PATIENCE_SECONDS, False
        while True:
            try:
                return self._files.lock(self._fd)
            except BlockingIOError:
                is_a_visit = _note(self._files, path).get("visit") is True and monotonic() < until
                if is_asked_again and not is_a_visit:
                    raise held_by_another(self._files, path) from None
            sleep(MOMENT_SECONDS)
            is_asked_again = True

    def announce(self, address: str | None, *, is_visit: bool = False) -> None:
        """Writes who holds the lock and where it is reached; or that it is held for a moment only."""
        note = orjson.dumps({"pid": os.getpid(), "address": address, **({"visit": True} if is_visit else {})})
        with suppress(OSError):  # the lock holds without the line, and a full disk must not stop a start
            self._files.write_all_at(self._fd, note.ljust(NOTE_BYTES - 1) + b"\n", 0)

    def close(self) -> None:
        """Gives the lock back."""
        self._files.close(self._fd)


def read_holder(files: Files, path: Path) -> tuple[int | None, str | None]:
    """The pid and address in a lock file, None where they are not known. Whether the lock is held is not asked."""
    note = _note(files, path)
    try:
        return int(note["pid"]), note["address"] and str(note["address"])
    except (ValueError, KeyError, TypeError):
        return None, None


def _note(files: Files, path: Path) -> dict[str, Any]:
    """What a lock file says; nothing where it cannot be read."""
    try:
        fd = files.open(path, READ)
    except OSError:
        return {}
    try:
        note = orjson.loads(files.read_all_at(fd, NOTE_BYTES, 0))
    except (OSError, ValueError):
        return {}
    finally:
        files.close(fd)
    return note if isinstance(note, dict) else {}


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
