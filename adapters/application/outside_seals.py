"""The file outside the storage root, perhaps on another machine, to which the storage adds how far its log surely is.

It is asked at a start and written in a thread of its own at most once a minute, and when the storage closes: a disk
that does not answer holds nobody up. What a line says, and what it proves, is the log's to say.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import structlog

from adapters.disk.files import READ, UPDATE, Files

EVERY_SECONDS = 60.0
ANSWERS_WITHIN_SECONDS = 5.0
READS_BYTES = 64 * 1024
"""The end of the file, which a start reads: some hundred points."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class OutsideSeals:
    """One such file. The methods are for one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.trouble: str | None = None
        """Why the last point is not in the file."""
        self._path = path
        self._files = Files()
        self._next_at = 0.0
        self._busy: threading.Thread | None = None

    def stored(self) -> bytes:
        """The end of what stands in the file; nothing where it cannot be read."""
        found: list[bytes] = []
        self._start(lambda: found.append(self._read()))
        self.settle()
        return b"".join(found)

    def is_due(self) -> bool:
        """Whether a minute has passed since the last point."""
        return monotonic() >= self._next_at

    def keep(self, line: bytes) -> None:
        """Adds a point, unless the last one is still being added."""
        self._next_at = monotonic() + EVERY_SECONDS
        self._start(lambda: self._add(line))

    def keep_last(self, line: bytes) -> None:
        """Adds the last point of a storage that closes."""
        self.settle()
        self._start(lambda: self._add(line))
        self.settle()

    def settle(self) -> None:
        """Waits for what is being added; `trouble` then says whether it is in the file."""
        if self._busy is not None:
            self._busy.join(ANSWERS_WITHIN_SECONDS)
            if self._busy.is_alive():
                self._failed("it does not answer")

    def _start(self, work: Callable[[], None]) -> None:
        if self._busy is not None and self._busy.is_alive():
            self._failed("it does not answer")
            return
        self._busy = threading.Thread(target=self._carry_out, args=(work,), name="abby-outside-seals", daemon=True)
        self._busy.start()

    def _carry_out(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            self._failed(error.strerror or str(error))
        else:
            self.trouble = None

    def _failed(self, why: str) -> None:
        if self.trouble is None:
            _log.warning("seal not kept outside", path=str(self._path), reason=why)
        self.trouble = (
            f"The log's seals are not kept outside: SEAL_FILE ({self._path}): {why}. Nothing else is held up. Check "
            "that its disk is there and that this account may write it."
        )

    def _read(self) -> bytes:
        try:
            fd = self._files.open(self._path, READ)
        except FileNotFoundError:
            return b""
        try:
            size = self._files.fstat(fd).st_size
            begin = max(0, size - READS_BYTES)
            return self._files.read_all_at(fd, size - begin, begin)
        finally:
            self._files.close(fd)

    def _add(self, line: bytes) -> None:
        """Adds a line durably, on a line of its own where the last one was cut."""
        fd = self._files.open(self._path, UPDATE, 0o600)
        try:
            size = self._files.fstat(fd).st_size
            cut = size > 0 and self._files.read_all_at(fd, 1, size - 1) != b"\n"
            self._files.write_all_at(fd, b"\n" + line if cut else line, size)
            self._files.sync_data(fd)
        finally:
            self._files.close(fd)
