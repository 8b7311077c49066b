"""One storage root, opened for writing: the use cases of this room take it as their first argument.

A use case answers with a value of `results.py` or a Refusal; what is neither (a disk, a lock, bad bytes) is raised as a
Fault. It builds commands and carries out their effects on files; whether they are allowed is the ledger's to say.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from adapters.application.notes import Note
from adapters.application.opening import OpenRoot, acquire, give_back
from adapters.application.remembered import Remembered
from adapters.application.results import StoreSettings
from adapters.application.workers import WorkersByKind
from adapters.disk.files import Files
from adapters.ports.clock import Clock, utc_now
from adapters.ports.engines import Engines
from adapters.ports.faults import LedgerStopped, StorageUnavailable
from adapters.ports.measured import Measure
from domain.commands import SetPolicy

RETRY_SECONDS = 10.0
"""How often a root that could not be opened is tried again."""
NO_LIMITS = SetPolicy()
DEFAULTS = StoreSettings()

T = TypeVar("T")


class Storage:
    """One storage root and its ledger, opened for writing. Safe from any thread and any event loop."""

    def __init__(
        self,
        root: Path,
        *,
        engines: Engines,
        limits: SetPolicy = NO_LIMITS,
        settings: StoreSettings = DEFAULTS,
        clock: Clock = utc_now,
        files: Files | None = None,
    ) -> None:
        """Opens or creates the log under `root`.

        Raises LogLocked, LogDamaged and ConfigError; a root that cannot be made or written is tried again later.
        """
        self.root = root
        self.engines = engines
        self.settings = settings
        self.clock = clock
        self.last_cleanup: str | None = None
        """When old temp files were last removed, since the start."""
        self.watched: list[Callable[[], Iterable[Note]]] = []
        """What else the service stands on, each of which says what an operator should look at."""
        self.measured: list[Measure] = []
        """The same parts, each of which measures itself."""
        self.workers = WorkersByKind()
        """The threads in which the work of this storage is done."""
        self.remembered = Remembered()
        """What was read of its saves before."""
        self._limits = limits
        self._files = files or Files()
        self._guard = threading.Lock()
        self._opened: OpenRoot | None = None
        self._unavailable: str | None = None
        self._tried_at = 0.0
        self._closed = False
        self._background: set[asyncio.Task[Any]] = set()
        with suppress(StorageUnavailable):
            self.opened()

    def opened(self) -> OpenRoot:
        """The open root. Raises StorageUnavailable while it cannot be used, LedgerStopped after `close`."""
        with self._guard:
            if self._opened is not None:
                return self._opened
            if self._closed:
                raise LedgerStopped("this storage was closed. Open a new one.")
            if self._unavailable is not None and monotonic() - self._tried_at < RETRY_SECONDS:
                raise StorageUnavailable(self._unavailable)
            self._tried_at = monotonic()
            try:
                self._opened = acquire(
                    self.root,
                    self._limits,
                    engines=self.engines,
                    clock=self.clock,
                    files=self._files,
                    seals=self.settings.seal_file,
                )
            except StorageUnavailable as error:
                self._unavailable = str(error)
                raise
            self._unavailable = None
            return self._opened

    def running(self) -> OpenRoot:
        """The open root, if its ledger runs: the figures of a stopped one may be old, and nobody would see it."""
        opened = self.opened()
        opened.ledger.refuse_if_stopped()
        return opened

    def close(self) -> LedgerStopped | None:
        """Ends the use of the root; the last user of it in this process closes the log, and is given why its last
        watermark is not on the disk, None where it is.
        """
        with self._guard:
            self._closed = True
            opened, self._opened = self._opened, None
        self.workers.close()
        return None if opened is None else give_back(opened)

    async def to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Awaits work that belongs to the storage from now on: a caller that is cancelled no longer stops it."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return await asyncio.shield(task)
