"""A real disk whose syncs hang as long as a test wants, as those of a share that went away do: the log's, or all."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event
from typing import Any

from adapters.disk.files import Files
from adapters.disk.platforms import this_platform


class HangingSync(Files):
    """The real disk; while `answers` is not set, a sync of the log waits for it."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self.answers = Event()
        self.answers.set()
        self._log = log

    def sync_data(self, fd: int) -> None:
        """Waits, and then syncs."""
        if not self.answers.is_set() and os.path.samestat(os.fstat(fd), self._log.stat()):
            self.answers.wait()
        super().sync_data(fd)


class HangingPlatform:
    """The real system; while `answers` is not set, every sync waits for it."""

    def __init__(self) -> None:
        self.answers = Event()
        self.answers.set()
        self._real = this_platform()

    def sync_data(self, fd: int) -> None:
        """Waits, and then syncs."""
        self.answers.wait()
        self._real.sync_data(fd)

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._real, verb)
