"""A real disk whose syncs of the log hang for as long as a test wants, as those of a share that went away do."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

from adapters.disk.files import Files


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
