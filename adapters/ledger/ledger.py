"""The ledger: the only place where decide, append and project meet.

Callers hand commands in and wait; one writer thread takes what waits, decides all of it against one draft, appends the
events of the whole batch at once, publishes the draft and wakes the callers. So decisions see each other, readers see
only what is durable, and no lock is held across an append. What commands mean is the domain's, how events reach the
disk is the recorder's, files are the storage's.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic

import structlog
from eventsourcing.dcb.api import DCBAppendCondition, DCBQuery
from eventsourcing.persistence import IntegrityError

from adapters.ledger import disk_wait
from adapters.ledger.batch import Batch
from adapters.ledger.codec import Recorded, decode
from adapters.ledger.disk_wait import DiskWait
from adapters.ledger.hooks import LedgerHooks
from adapters.ledger.pending import Accepted, Outcome, PendingCommand, result_of, wake
from adapters.ledger.projector import Projector
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ledger.tallies import LedgerTallies
from adapters.ports.clock import Clock
from adapters.ports.event_log import Recorder
from adapters.ports.faults import DiskFull, Fault, LedgerStopped, StorageUnavailable
from domain.commands import (
    CleanUp,
    Command,
    CompleteGeneration,
    CorrectClock,
    DeleteImage,
    ReleaseExpired,
    ReleasePlaces,
)
from domain.decisions import StoredAnswer, clock_is_behind, decide
from domain.refusals import Reason, Refusal
from projections.quota_state import QuotaState

MAX_QUEUED = 8_192
"""Commands that may wait; one more is BUSY."""
MAX_BATCH = 512
"""Commands that share one append."""
MAX_CONFLICTS = 16
"""Times a batch is decided again because another writer of a shared log was first."""
EXECUTE_WAITS = 100
EXECUTE_WAIT_SECONDS = 0.1
"""`execute` waits this often this long for room in the queue before it answers BUSY."""
IDLE_SECONDS = 0.2
"""Without a command for this long, the log's watermark is written."""
CHECKPOINT_SECONDS = 1.0
"""Under load the watermark is written this often."""
SWEEP_SECONDS = 60.0
"""How often expired places are released, and what failed before is tried again."""
CLOSE_SECONDS = 30.0
"""How long `close` waits for what is queued."""

ADMITTED_WITHOUT_SPACE = (DeleteImage, CleanUp, ReleasePlaces, ReleaseExpired, CompleteGeneration, CorrectClock)
"""What frees, or belongs to places that exist: the only commands while the disk is full."""

ANYTHING = DCBQuery()
"""Matches every event."""
_NEWS = PendingCommand(None)
"""Nobody's: others may have recorded something."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class QuotaLedger:
    """Admits commands, one batch at a time. `close` it, or let the end of the program do so."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        clock: Clock,
        hooks: LedgerHooks | None = None,
        projector: Projector | None = None,
    ) -> None:
        """Replays the log and starts the writer. Raises LogDamaged where the log tells what cannot have happened."""
        self._recorder = recorder
        self._clock = clock
        self._hooks = hooks or LedgerHooks()
        self.projector = projector or Projector()
        self.projector.replay(recorder)
        self._queue: SimpleQueue[PendingCommand | None] = SimpleQueue()
        self._is_told = False
        """Whether it waits in the queue that others recorded something."""
        self._gate = threading.Lock()
        self._drained = threading.Event()
        self._closing = False
        self._fault: LedgerStopped | None = None
        self.disk_wait = DiskWait(self._hooks.keeper)
        self.tallies = LedgerTallies(self._queue.qsize)
        self._pid = os.getpid()
        self._writer = threading.Thread(target=self._run, name="abby-ledger", daemon=True)
        self._writer.start()
        atexit.register(self.close)

    @property
    def state(self) -> QuotaState:
        """The published figures: only what is durable."""
        return self.projector.state

    @property
    def fault(self) -> LedgerStopped | None:
        """Why the ledger stopped, None while it runs."""
        return self._fault

    @property
    def is_inherited(self) -> bool:
        """Whether this process was forked from the one that owns the ledger, and so has no writer."""
        return self._pid != os.getpid()

    def now(self) -> str:
        """The ledger's present: the clock's, but never before the last event."""
        return max(self._clock(), self.state.last_at)

    def clock_is_behind(self) -> bool:
        """Whether commands are refused because the clock, now or once, stood wrong."""
        return clock_is_behind(self.state, self._clock())

    def refuse_if_stopped(self) -> None:
        """Raises LedgerStopped where nothing is admitted any more: after a fault, and in a forked child."""
        if self.is_inherited:
            raise LedgerStopped(
                "This process was forked from the one that owns the ledger, and two must not write one log. "
                "Open a StorageManager after the fork, in one of them."
            )
        if self._fault is not None:
            # A new one each time: an exception that is raised again and again keeps all that its callers held.
            raise LedgerStopped(str(self._fault)) from self._fault.__cause__

    def execute(self, command: Command) -> Outcome:
        """Carries a command out and blocks until it is durable. Not for a thread that runs an event loop others need.

        Raises LedgerStopped after a fault, DiskFull without room for what grows, OutcomeUnknown and StorageUnavailable
        where the disk does not answer.
        """
        pending = PendingCommand(command)
        refused = self._enqueue(pending)
        for _ in range(EXECUTE_WAITS):
            if refused is None or refused.reason is not Reason.BUSY:
                break
            self._drained.wait(EXECUTE_WAIT_SECONDS)
            refused = self._enqueue(pending)
        if refused is not None:
            return refused
        assert pending.lock is not None
        while not pending.lock.acquire(timeout=disk_wait.ANSWER_SECONDS):
            self.disk_wait.refuse_unknown()
        return result_of(pending)

    def look(self) -> None:
        """Has the writer look at once whether others recorded something, if it is idle."""
        if not self._is_told:
            self._is_told = True
            self._queue.put(_NEWS)

    async def submit(self, command: Command) -> Outcome:
        """Carries a command out without blocking the event loop. Cancelling the wait does not cancel the command.

        Raises what `execute` raises.
        """
        loop = asyncio.get_running_loop()
        pending = PendingCommand(command, loop)
        if (refused := self._enqueue(pending)) is not None:
            return refused
        assert pending.future is not None
        overdue = loop.call_later(disk_wait.ANSWER_SECONDS, self.disk_wait.tell_overdue, pending.future)
        try:
            return await pending.future
        finally:
            overdue.cancel()

    def close(self) -> None:
        """Finishes what is queued, writes the watermark and stops. Later commands are refused as STOPPED."""
        atexit.unregister(self.close)
        if self.is_inherited:
            return
        with self._gate:
            if not self._closing:
                self._closing = True
                self._queue.put(None)
        if threading.current_thread() is not self._writer:
            self._writer.join(CLOSE_SECONDS)

    def _enqueue(self, pending: PendingCommand) -> Refusal | None:
        self.refuse_if_stopped()  # before the gate, which a fork may have left shut
        with self._gate:
            if self._fault is not None:
                self.refuse_if_stopped()
            user = getattr(pending.command, "user", None)
            if self._closing:
                return self.tallies.turn_away(Reason.STOPPED, user)
            self.disk_wait.refuse_more()
            if self._queue.qsize() >= MAX_QUEUED:
                self._drained.clear()
                return self.tallies.turn_away(Reason.BUSY, user)
            self._queue.put(pending)
            return None

    def _run(self) -> None:
        batch: list[PendingCommand] = []
        try:
            self._serve(batch)
        except BaseException as error:  # noqa: BLE001 - whatever ends the writer, its callers must be told
            self._fail_stop(error, batch)

    def _serve(self, batch: list[PendingCommand]) -> None:
        checkpoint_at = sweep_at = monotonic()
        running = True
        while running:
            self.disk_wait.ends()
            running = self._drain(batch)
            self.disk_wait.begins()
            rung, self._is_told = self._is_told, False
            idle = not (batch or rung)
            if batch:
                self._carry_out(batch)
                batch.clear()
            else:
                self._take_in(self._hooks.follow())
            now = monotonic()
            if self.disk_wait.seconds() >= disk_wait.ANSWER_SECONDS:
                sweep_at = -SWEEP_SECONDS  # whoever would have brought files into place was told and has gone
            if idle or not running or now - checkpoint_at >= CHECKPOINT_SECONDS:
                self._hooks.checkpoint()
                checkpoint_at = now
            if now - sweep_at >= SWEEP_SECONDS:
                self._sweep()
                sweep_at = now
        self._hooks.stopping()

    def _drain(self, batch: list[PendingCommand]) -> bool:
        """Fills the batch with what waits, waiting for the first; False once the ledger is to close."""
        with suppress(Empty):
            pending = self._queue.get(timeout=IDLE_SECONDS)
            while pending is not None:
                if pending is not _NEWS:
                    batch.append(pending)
                if len(batch) >= MAX_BATCH:
                    break
                pending = self._queue.get_nowait()
            else:
                return False
        self._drained.set()
        return True

    def _sweep(self) -> None:
        self._carry_out([*map(PendingCommand, (ReleaseExpired(), *self._hooks.commands_of_sweep()))])
        self._hooks.sweep()

    def _carry_out(self, batch: list[PendingCommand]) -> None:
        """Decides, appends and publishes a batch in a turn, and wakes its callers."""
        try:
            with self._hooks.turn(self._take_in) as head:
                self._take_in(head)
                self._decide_and_append(list(batch))
        except (DiskFull, StorageUnavailable) as error:  # there was no turn
            self._give_up(batch, error)
        self.tallies.decided(batch)
        wake(batch)

    def _take_in(self, head: int) -> None:
        """Publishes what others recorded, up to a position."""
        if head > self.state.position:
            with collecting_no_garbage():
                self._hooks.durable(self.projector.catch_up(self._recorder))

    def _decide_and_append(self, waiting: list[PendingCommand]) -> None:
        """Until all is recorded or refused: anew where others were first, or where one of them spoilt the others."""
        for _ in range(MAX_CONFLICTS):
            work = Batch(self.state.draft(), self._clock())
            broken = self._decide(work, waiting)
            if broken is not None:
                waiting.remove(broken)
                continue
            try:
                self._append(work)
            except DiskFull as error:
                if work.without_space:
                    self._give_up(waiting, error)
                    break
            except StorageUnavailable as error:
                self._give_up(waiting, error)
                break
            except IntegrityError:
                self._hooks.durable(self.projector.catch_up(self._recorder))
            else:
                self._answer(work)
                break
        else:
            self._give_up(waiting, None)

    def _decide(self, work: Batch, waiting: list[PendingCommand]) -> PendingCommand | None:
        """Decides every command; returns a pending whose events do not fold or cannot be written, which is a bug and
        must not spoil the others.
        """
        work.without_space = self._hooks.short_of_space()
        if not clock_is_behind(work.draft, work.now):
            work.take(decide(ReleaseExpired(), work.draft, work.draft.policy, work.now))
        for pending in waiting:
            assert pending.command is not None
            pending.error = None
            if work.without_space and not isinstance(pending.command, ADMITTED_WITHOUT_SPACE):
                pending.error = DiskFull(self._hooks.without_space())
                continue
            try:
                decision = decide(pending.command, work.draft, work.draft.policy, work.now)
            except Exception as error:  # noqa: BLE001 - a bug in one decision is its caller's alone
                pending.error = error
                continue
            try:
                work.answers.append((pending, work.take(decision)))
            except Exception as error:  # noqa: BLE001 - the draft is spoilt: it is thrown away and the others decided anew
                pending.error = error
                return pending
        return None

    def _append(self, work: Batch) -> None:
        if not work.events:
            self._refuse_if_behind()
            return
        nothing_since = DCBAppendCondition(ANYTHING, after=self.state.position)
        began = monotonic()
        last = self._recorder.append(work.stored, nothing_since)
        self.tallies.appended(monotonic() - began, work.events)
        work.first = last - len(work.stored) + 1
        recorded = work.recorded()
        self._hooks.durable(recorded)
        if last == work.draft.position:
            work.draft.commit()
            for position, event in recorded:
                self.projector.feed(position, event)
        else:
            self.projector.catch_up(self._recorder)

    def _refuse_if_behind(self) -> None:
        """Raises IntegrityError where another writer of a shared log has recorded what these decisions did not know."""
        if next(self._recorder.read(after=self.state.position, limit=1), None) is not None:
            raise IntegrityError

    def _answer(self, work: Batch) -> None:
        recorded = work.recorded()
        for pending, found in work.answers:
            if isinstance(found, StoredAnswer):
                pending.outcome = Accepted(self._recorded(found.positions, work), replayed=True)
            elif isinstance(found, Refusal):
                pending.outcome = found
            else:
                pending.outcome = Accepted(tuple(recorded[found]))

    def _recorded(self, positions: tuple[int, ...], work: Batch) -> tuple[Recorded, ...]:
        """The events of a stored answer: of this batch, or read again from the log."""
        if positions[0] >= work.expected_first:
            return tuple(work.recorded()[position - work.expected_first] for position in positions)
        stored = self._recorder.read(after=positions[0] - 1, limit=len(positions))
        return tuple((event.position, decode(event)) for event in stored)

    def _give_up(self, waiting: list[PendingCommand], error: Fault | None) -> None:
        for pending in waiting:
            pending.error = pending.error or error
            if pending.error is None:
                pending.outcome = Refusal(Reason.BUSY, getattr(pending.command, "user", None))

    def _fail_stop(self, error: BaseException, batch: list[PendingCommand]) -> None:
        """After this every caller, waiting or to come, is told that the ledger has stopped."""
        _log.error("ledger stopped", reason=str(error), exc_info=error)
        fault = LedgerStopped(f"The ledger has stopped: {error} Restart it; it reads again what is on the disk.")
        fault.__cause__ = error
        with self._gate:
            self._fault = fault
        with suppress(Empty):
            while True:
                pending = self._queue.get_nowait()
                if pending is not None:
                    batch.append(pending)
        unknown = LedgerStopped(
            f"The outcome of this command is unknown, because the ledger stopped while it was under way: {error} "
            "Restart it, and send the command again with the same request key."
        )
        unknown.__cause__ = error
        for pending in batch:
            pending.outcome, pending.error = None, unknown
        wake(batch)
