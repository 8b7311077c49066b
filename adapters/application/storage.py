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
from uuid import uuid4

from adapters.application import intake
from adapters.application.idempotency import keyed
from adapters.application.opening import OpenRoot, acquire, give_back
from adapters.application.results import (
    LIBRARY,
    Actor,
    Changed,
    CleanedUp,
    DeletedImage,
    Delivery,
    GivenLimits,
    Reserved,
    SavedImage,
    StoreSettings,
)
from adapters.application.saving import Saving, saved_image
from adapters.disk.files import Files
from adapters.ledger.codec import decode
from adapters.ledger.pending import Accepted
from adapters.ports.clock import Clock, utc_now
from adapters.ports.event_log import EventLogEngine
from adapters.ports.faults import LedgerStopped, StorageUnavailable
from domain.commands import (
    CleanUp,
    Command,
    CompleteGeneration,
    CorrectClock,
    DeleteImage,
    OverrideLimits,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SetPreference,
)
from domain.events import CleanupCompleted, GenerationReserved, ImageDeleted, ImageSaved, idempotency_tag
from domain.images import MAX_CLEANUP_FILES
from domain.limits import UserLimits
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
        engine: EventLogEngine,
        limits: GivenLimits = NO_LIMITS,
        settings: StoreSettings = DEFAULTS,
        clock: Clock = utc_now,
        files: Files | None = None,
    ) -> None:
        """Opens or creates the log under `root`.

        Raises LogLocked, LogDamaged and ConfigError; a root that cannot be made or written is tried again later.
        """
        self.root = root
        self.engine = engine
        self.settings = settings
        self._limits = limits
        self._clock = clock
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
                self._opened = acquire(
                    self.root, self._limits, engine=self.engine, clock=self._clock, files=self._files
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

    async def reserve(  # noqa: PLR0913 - keywords that are given by name
        self,
        user: str,
        count: int = 1,
        *,
        operation: str | None = None,
        actor: Actor = LIBRARY,
        idempotency_key: str | None = None,
        content: tuple[bytes, ...] = (),
        exclusive: bool = False,
    ) -> Reserved | Refusal:
        """Holds places before a provider is called. `content` tells requests under one key apart, such as by their
        prompt; its parts are digested aside, as an input image of many megabytes would hold the event loop up.
        """
        command = ReserveGeneration(
            user,
            actor.by,
            uuid4().hex,
            self.settings.reservation_seconds,
            count,
            None,
            operation or "unspecified",
            exclusive,
            actor.origin,
        )
        if idempotency_key is not None:
            command = await asyncio.to_thread(self._keyed, command, idempotency_key, content)
        return await self._submit(command, _reserved)

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

    async def complete(
        self,
        user: str,
        reservation: str,
        delivery: Delivery,
        *,
        actor: Actor = LIBRARY,
        idempotency_key: str | None = None,
    ) -> Changed | Refusal:
        """Records that the provider delivered."""
        command = CompleteGeneration(user, actor.by, reservation, *delivery, actor.origin)
        return await self._submit(self._keyed(command, idempotency_key), _changed)

    async def release(
        self,
        user: str,
        reservation: str,
        *,
        reason: str = "cancelled",
        count: int | None = None,
        actor: Actor = LIBRARY,
        idempotency_key: str | None = None,
    ) -> Changed | Refusal:
        """Gives open places back, all of them where no count is given."""
        command = ReleasePlaces(user, actor.by, reservation, reason, count, actor.origin)
        return await self._submit(self._keyed(command, idempotency_key), _changed)

    async def delete(
        self, user: str, name: str, *, actor: Actor = LIBRARY, reason: str = "user", idempotency_key: str | None = None
    ) -> DeletedImage | Refusal:
        """Takes a kept image away."""
        return await asyncio.to_thread(
            self.delete_now, user, name, actor=actor, reason=reason, idempotency_key=idempotency_key
        )

    def delete_now(
        self, user: str, name: str, *, actor: Actor = LIBRARY, reason: str = "user", idempotency_key: str | None = None
    ) -> DeletedImage | Refusal:
        """`delete` for callers without an event loop; it needs none, so it may also be called inside a coroutine."""
        command = DeleteImage(user, actor.by, name, reason=reason, origin=actor.origin)
        return self._execute(self._keyed(command, idempotency_key), self._deleted)

    def cleanup_now(self, days: int | None = None, *, actor: Actor = LIBRARY) -> CleanedUp | Refusal:
        """Removes temp files that are so many days old, by the age in the log."""
        command = CleanUp(actor.by, self.settings.cleanup_days if days is None else days, actor.origin)
        total = CleanedUp(0, 0, 0)
        for _ in range(MAX_CLEANUP_ROUNDS):
            done = self._execute(command, self._cleaned)
            if isinstance(done, Refusal):
                return done
            total = CleanedUp(total.files + done.files, total.freed_bytes + done.freed_bytes, done.position)
            if done.files < MAX_CLEANUP_FILES:
                break
        self.last_cleanup = self._clock()
        return total

    async def prefer(self, user: str, preference: str, value: str, *, actor: Actor = LIBRARY) -> Changed | Refusal:
        """Remembers a user's own choice."""
        return await self._submit(SetPreference(user, actor.by, preference, value, actor.origin), _changed)

    def reset_daily_now(self, user: str, reason: str, *, actor: Actor = LIBRARY) -> Changed | Refusal:
        """Sets a user's count of today to 0."""
        return self._execute(ResetDaily(user, actor.by, reason, actor.origin), _changed)

    def override_limits_now(
        self, user: str, reason: str, own: UserLimits, *, until: str | None = None, actor: Actor = LIBRARY
    ) -> Changed | Refusal:
        """Gives a user limits of their own, replacing former ones whole; none given takes them away."""
        command = OverrideLimits(user, actor.by, reason, own.user_bytes, own.daily, until, actor.origin)
        return self._execute(command, _changed)

    def correct_clock_now(self, *, actor: Actor = LIBRARY) -> Changed | Refusal:
        """Records that the clock once stood wrong and is right now."""
        return self._execute(CorrectClock(actor.by, actor.origin), _changed)

    def _keyed(self, command: C, key: str | None, content: tuple[bytes, ...] = ()) -> C:
        if key is None:
            return command
        return command._replace(
            idempotency_key=keyed(key, command, secret=self.opened().recorder.secret, content=content)
        )

    async def _submit(self, command: Command, done: Done[T]) -> T | Refusal:
        outcome = await self.opened().ledger.submit(command)
        return outcome if isinstance(outcome, Refusal) else done(outcome)

    def _execute(self, command: Command, done: Done[T]) -> T | Refusal:
        outcome = self.opened().ledger.execute(command)
        return outcome if isinstance(outcome, Refusal) else done(outcome)

    def _deleted(self, accepted: Accepted) -> DeletedImage:
        position, event = accepted.recorded[-1]
        assert isinstance(event, ImageDeleted)
        self.opened().images.reconcile(event.user, event.name, temp=event.temp)
        return DeletedImage(event.user, event.name, event.bytes, position, accepted.replayed)

    def _cleaned(self, accepted: Accepted) -> CleanedUp:
        images = self.opened().images
        events = [event for event in accepted.events if isinstance(event, CleanupCompleted)]
        for file in (file for event in events for file in event.files):
            images.reconcile(file.user, file.name, temp=True)
        files = sum(len(event.files) for event in events)
        return CleanedUp(files, sum(event.freed_bytes for event in events), accepted.recorded[-1][0])


def _changed(accepted: Accepted) -> Changed:
    return Changed(accepted.recorded[-1][0] if accepted.recorded else 0, accepted.replayed)


def _reserved(accepted: Accepted) -> Reserved:
    position, event = accepted.recorded[0]
    assert isinstance(event, GenerationReserved)
    return Reserved(
        event.reservation, event.user, event.count, event.bytes_each, event.expires_at, position, accepted.replayed
    )
