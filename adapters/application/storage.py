"""The storage as a typed service: what HTTP, the command line, the studio and the seeds' `StorageManager` stand on.

A call answers with a value of `results.py` or a Refusal; what is neither (a disk, a lock, bad bytes) is raised as a
Fault. Here commands are built and their effects on files carried out; whether they are allowed is the ledger's to say.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from adapters.application import intake
from adapters.application.opening import OpenRoot, acquire, give_back
from adapters.application.results import (
    LIBRARY,
    Actor,
    GivenLimits,
    SavedImage,
    StoreSettings,
)
from adapters.application.saving import Saving, saved_image
from adapters.disk.files import Files
from adapters.ledger.pending import Accepted
from adapters.ledger.projector import decode
from adapters.ports.clock import Clock, utc_now
from adapters.ports.faults import LedgerStopped, StorageUnavailable
from domain.commands import (
    CompleteGeneration,
    DeleteImage,
    ReleasePlaces,
    ReserveGeneration,
)
from domain.events import ImageSaved, idempotency_tag
from domain.refusals import Reason, Refusal

MAX_CLEANUP_ROUNDS = 1_000
"""Rounds of one cleanup, each of at most MAX_CLEANUP_FILES files."""
RETRY_SECONDS = 60.0
"""How often a root that could not be opened is tried again."""
NO_LIMITS = GivenLimits()
DEFAULTS = StoreSettings()

T = TypeVar("T")
C = TypeVar("C", ReserveGeneration, CompleteGeneration, ReleasePlaces, DeleteImage)
Done = Callable[[Accepted], T]


class Storage:
    """One storage root and its ledger, opened for writing. Calls are safe from any thread and any event loop."""

    def __init__(
        self,
        root: Path,
        *,
        limits: GivenLimits = NO_LIMITS,
        settings: StoreSettings = DEFAULTS,
        clock: Clock = utc_now,
        files: Files | None = None,
    ) -> None:
        """Opens or creates the log under `root`.

        Raises LogLocked, LogDamaged and ConfigError; a root that cannot be made or written is tried again later.
        """
        self.root = root
        self.settings = settings
        self._limits = limits
        self.clock = clock
        self._files = files or Files()
        self._guard = threading.Lock()
        self._opened: OpenRoot | None = None
        self._unavailable: str | None = None
        self._tried_at = 0.0
        self._closed = False
        self.last_cleanup: str | None = None
        """When old temp files were last removed, since the start."""
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
                self._opened = acquire(self.root, self._limits, clock=self.clock, files=self._files)
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

    def close(self) -> None:
        """Ends the use of the root; the last user of it in this process closes the log."""
        with self._guard:
            self._closed = True
            opened, self._opened = self._opened, None
        if opened is not None:
            give_back(opened)

    # Commands

    async def save(  # noqa: PLR0913 - the keywords are the seeds' own
        self,
        user: str,
        data: bytes,
        *,
        name: str | None = None,
        temp: bool = False,
        reservation: str | None = None,
        operation: str | None = None,
        actor: Actor = LIBRARY,
        idempotency_key: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> SavedImage | Refusal:
        """Keeps an image, or a temp file. Raises InvalidImage for bytes that may not be kept, and Faults.

        Once its bytes are staged the save belongs to the storage: a caller that is cancelled no longer stops it.
        """
        if sentence := intake.malformed_save(user, name):
            return Refusal(Reason.MALFORMED, None, sentence)
        opened = self.running()
        checked = await intake.check(data, name, self.settings)
        want = intake.wanted(name, operation)
        saving = Saving(opened, user, bytes(data), checked, want, temp, reservation, actor, idempotency_key, details)
        task = asyncio.get_running_loop().create_task(saving.carry_out())
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return await asyncio.shield(task)

    def saved_under(self, actor: Actor, idempotency_key: str) -> SavedImage | None:
        """The image that was saved under an idempotency key, None where none was."""
        opened = self.opened()
        answer = opened.ledger.state.answer(idempotency_tag(actor.by, idempotency_key))
        if answer is None:
            return None
        for stored in opened.recorder.read(after=answer.positions[-1] - 1, limit=1):
            event = decode(stored)
            if isinstance(event, ImageSaved):
                return saved_image(opened, stored.position, event, replayed=True)
        return None
