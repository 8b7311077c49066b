"""Lines that a thread of their own writes, so that nobody waits for whoever reads them.

A pipe whose reader sleeps fills up, and the next write to it waits for ever: in the event loop that is the whole
service. Here such lines wait, up to a bound; what comes then is left out and counted, and the count is told later.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from typing import TextIO

import structlog

MOST_WAITING_BYTES = 4 * 1024 * 1024
"""Some ten thousand lines."""
GATHER_SECONDS = 0.02
"""How long lines are gathered before they are written together: a thread that woke for each would be in the way."""
CLOSE_SECONDS = 2.0
"""How long the end of the program waits for a reader."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class LinesAside:
    """Writes to a file descriptor, in order. What a handler of `logging` needs of a stream; any thread may write."""

    def __init__(self, descriptor: int, *, encoding: str = "utf-8") -> None:
        self._descriptor = descriptor
        self._encoding = encoding
        self._lines: list[bytes] = []
        self._waiting_bytes = 0
        self._left_out = 0
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="abby-log-lines", daemon=True).start()
        atexit.register(self.close)

    def write(self, text: str) -> int:
        """Has it written later, whole or not at all."""
        line = text.encode(self._encoding, "backslashreplace")
        with self._changed:
            if self._waiting_bytes + len(line) > MOST_WAITING_BYTES:
                self._left_out += 1
            else:
                self._lines.append(line)
                self._waiting_bytes += len(line)
                if len(self._lines) == 1:
                    self._changed.notify_all()
        return len(text)

    def flush(self) -> None:
        """Nothing: it is written as soon as it can be."""

    def close(self) -> None:
        """Waits a little until all is written; the thread ends with the program."""
        atexit.unregister(self.close)
        with self._changed:
            self._changed.wait_for(lambda: self._waiting_bytes == 0, CLOSE_SECONDS)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines)
            time.sleep(GATHER_SECONDS)
            with self._changed:
                lines = b"".join(self._lines)
                self._lines.clear()
            is_written = self._write(lines)
            with self._changed:
                self._waiting_bytes -= len(lines)
                left_out = self._left_out if is_written else 0
                self._left_out -= left_out
                self._changed.notify_all()
            if left_out:
                _log.warning("log entries left out", count=left_out, reason="nobody read them in time")

    def _write(self, lines: bytes) -> bool:
        """Not by the stream's own object, whose lock would still be held when the program ends."""
        left = memoryview(lines)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            return False  # nobody is left to read it
        return True


def aside(stream: TextIO) -> LinesAside | None:
    """The same lines aside; None for a terminal, whose person sees that it stands still, and what is no file."""
    try:
        return None if stream.isatty() else LinesAside(stream.fileno(), encoding=stream.encoding or "utf-8")
    except (OSError, ValueError):
        return None
