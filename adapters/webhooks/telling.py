"""Tells a receiver what was recorded: follows the log behind its cursor, one message at a time, each until it is taken.

no answer, none in time, a broken one,     the same message again, with the same id, after a pause that grows to
any status but 2xx, no connection or TLS   ten minutes; for as long as the log has it
Retry-After                                that pause, up to an hour
a redirect                                 as any failure: nobody is followed elsewhere
410                                        nothing more until the next start, which tries once more
taken, but the cursor cannot be written    nothing further is posted until it is written
killed between the two                     that one message once more, with its id; never another
the cursor file is damaged                 nothing is posted until somebody puts it back or removes it
the log was restored from a backup         on from the last mark that the log still has
another log, or none was told of yet       what is recorded from now on
more events than can be posted             they are in the log, and a page of them at a time in memory
several processes write the log            one of them tells; where it goes, another goes on from its cursor, once it
                                           has taken in what was told
the service stops                          an attempt under way may end; else the next start posts it again
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import NamedTuple

import structlog

from adapters.application.notes import Note, NoteKind
from adapters.application.recorded import EventLine, Passage, Wanted, passage_after
from adapters.application.storage import Storage
from adapters.ports.faults import Fault
from adapters.ports.measured import Measured
from adapters.webhooks.backing_off import BackOff
from adapters.webhooks.cursor import Cursor, CursorUnreadable, Mark, Marks, mark_at, moved_on, resumed
from adapters.webhooks.messages import message_of
from adapters.webhooks.receiver import Answer, Receiver

PAGE_LINES = 20
"""Events that are read at once."""
NEAR = 2_000
"""Positions; who is further behind reads in the threads of long passes."""
LOOK_SECONDS = 0.5
"""How often it is looked for what came."""
UNTOLD_POSITIONS = 10_000
"""After so many events that nobody is told of, the cursor moves on too: a start need not go through them again."""
AWAY_SECONDS = 900.0
"""A receiver that has taken nothing for so long is worth a note."""
DRAIN_SECONDS = 3.0
"""How long an attempt under way may take when the service stops."""

BEHIND = (
    "Webhooks wait: {receiver} has taken none for {minutes} minutes, as {why}. It is tried again every ten minutes; "
    "what was recorded since position {position} stays in the log and is told in order."
)
GONE = (
    "Webhooks have stopped: {receiver} says that {why}. Take WEBHOOK_URL away, or see to the receiver and start the "
    "service again: what was recorded since position {position} is told then."
)
NOT_NOTED = "Webhooks wait: how far was told cannot be noted: {why}"

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Pacing(NamedTuple):
    """Which time it goes by: how pauses are made, and what passes meanwhile."""

    pause: Callable[[float], Awaitable[None]] | None = None
    seconds: Callable[[], float] = monotonic


USUAL_PACE = Pacing()


class Webhooks:
    """One receiver that is told, from `start` to `stop`, in one event loop."""

    def __init__(
        self,
        store: Storage,
        receiver: Receiver,
        types: tuple[str, ...],
        kept: Cursor,
        *,
        pacing: Pacing = USUAL_PACE,
        back_off: BackOff | None = None,
    ) -> None:
        self.receiver, self.types = receiver, types
        self._store, self._wanted, self._kept = store, Wanted(types=types), kept
        self._pacing, self._back_off = pacing, back_off or BackOff()
        self._marks: Marks | None = None
        self._now: int | None = None
        """Where the log ended when this was made, before anybody could be served."""
        with suppress(Fault):
            self._now = store.running().state.position
        self._position = 0
        self._stopping = asyncio.Event()
        self._living: asyncio.Task[None] | None = None
        self._taken = self._failed = 0
        self._away_since: float | None = None
        self._why = ""
        self._stopped: str | None = None

    def start(self) -> None:
        """Begins, and returns at once."""
        self._living = asyncio.get_running_loop().create_task(self._live())

    async def stop(self) -> None:
        """Posts nothing new; what is under way may end."""
        self._stopping.set()
        if self._living is not None:
            _, unfinished = await asyncio.wait({self._living}, timeout=DRAIN_SECONDS)
            if unfinished:
                self._living.cancel()
                await asyncio.wait({self._living})

    def notes(self) -> tuple[Note, ...]:
        """What an operator should look at: that nothing more is told, or nothing was taken for long."""
        if self._stopped is not None:
            return (Note(NoteKind.WEBHOOKS_STOPPED, self._stopped),)
        away = self._away_seconds()
        if away < AWAY_SECONDS:
            return ()
        sentence = BEHIND.format(
            receiver=self.receiver.shown, minutes=int(away // 60), why=self._why, position=self._position
        )
        return (Note(NoteKind.WEBHOOKS_BEHIND, sentence),)

    def measured(self) -> list[Measured]:
        """Messages that were taken, attempts that failed, for how long none was taken, and how far is told."""
        return [
            Measured("abby_webhook_attempts", self._taken, ("taken",)),
            Measured("abby_webhook_attempts", self._failed, ("failed",)),
            Measured("abby_webhook_away_seconds", self._away_seconds()),
            Measured("abby_webhook_position", self._position),
        ]

    async def _live(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._go_on()
            except CursorUnreadable as fault:
                self._now = None  # whoever removes it begins then
                await self._wait_for_an_operator(str(fault))
            except (Fault, OSError) as error:
                _log.warning("webhooks wait", reason=str(error))
                await self._pause(self._back_off.after_failure())
            except Exception as error:  # noqa: BLE001 - whatever it is, the service goes on, and so does this
                _log.error("webhooks wait after a defect", exc_info=error)
                await self._pause(self._back_off.after_failure())

    async def _go_on(self) -> None:
        """Tells a page of what comes next; where there is none, looks again a little later."""
        if not self._is_ours():
            self._marks = None  # whoever tells meanwhile moves on
            await self._pause(LOOK_SECONDS)
            return
        if self._marks is None and not await self._resumed():
            return
        assert self._marks is not None, "it is known from where on to tell"
        if self._store.running().state.position <= self._position:
            await self._pause(LOOK_SECONDS)
            return
        passage = await self._passage()
        for line in passage.lines:
            if not await self._told(line):
                return
        self._position = passage.up_to
        if passage.up_to - self._marks[-1].position >= UNTOLD_POSITIONS:
            mark = await self._store.workers.reading.run(mark_at, self._store, passage.up_to)
            await self._noted(moved_on(self._marks, mark))
        if len(passage.lines) < PAGE_LINES:
            await self._pause(LOOK_SECONDS)

    def _is_ours(self) -> bool:
        """Whether this process is the one that tells, where several write the log."""
        shared = self._store.running().shared
        return shared is None or shared.is_first

    async def _resumed(self) -> bool:
        """Finds from where on to tell, and notes it, so that it is known also where nothing comes for long."""
        kept, marks = await self._store.workers.keeping.run(self._where)
        if kept is not None and self._is_behind(kept):
            await self._pause(LOOK_SECONDS)
            return False
        if marks != kept:
            _log.info("webhooks begin", after=marks[-1].position, was=kept[-1].position if kept else None)
            return await self._noted(marks)
        self._take_over(marks)
        return True

    def _is_behind(self, kept: Marks) -> bool:
        """Whether another process has told of what this one has yet to take in: it would be told once more."""
        root = self._store.running()
        return root.shared is not None and root.state.position < kept[-1].position

    def _where(self) -> tuple[Marks | None, Marks]:
        """What the cursor says, and what of it holds."""
        head = self._store.running().state.position
        kept = self._kept.read()
        return kept, resumed(self._store, kept, head if self._now is None else self._now)

    async def _passage(self) -> Passage:
        store, workers = self._store, self._store.workers
        is_near = store.running().state.position - self._position <= NEAR
        threads = workers.reading if is_near else workers.surveying
        return await threads.run(passage_after, store, self._wanted, self._position, PAGE_LINES)

    async def _told(self, line: EventLine) -> bool:
        """Posts it until it is taken, and notes that; False where that is no longer tried."""
        message = message_of(line)
        while not self._stopping.is_set():
            answer = await self.receiver.tell(message)
            if answer.is_taken:
                self._taken += 1
                self._away_since = None
                self._back_off.succeeded()
            else:
                await self._wait_after(answer)
            if not self._is_ours():  # whoever tells by now may be further, and is not to be set back
                self._marks = None
                return False
            if answer.is_taken:
                assert self._marks is not None, "what is told follows a mark"
                return await self._noted(moved_on(self._marks, Mark(message.position, message.id)))
        return False

    async def _wait_after(self, answer: Answer) -> None:
        self._failed += 1
        self._why = answer.why
        if self._away_since is None:
            self._away_since = self._pacing.seconds()
            _log.warning("webhook not taken", receiver=self.receiver.shown, reason=answer.why)
        if answer.is_gone:
            told = {"receiver": self.receiver.shown, "why": answer.why, "position": self._position}
            await self._wait_for_an_operator(GONE.format(**told), for_good=True)
        else:
            await self._pause(self._back_off.after_failure(answer.retry_after_seconds))

    async def _noted(self, marks: Marks) -> bool:
        """Keeps how far it is before anything else is told; False where the service stops before that is done, or
        another process has told more meanwhile.
        """
        is_again = False
        while True:
            try:
                is_noted = await self._store.workers.keeping.run(self._note, marks, is_again=is_again)
            except (Fault, OSError) as error:
                await self._wait_for_an_operator(NOT_NOTED.format(why=error))
                if self._stopping.is_set():
                    return False
                is_again = True
            else:
                self._take_over(marks)
                if not is_noted:
                    self._marks = None
                return is_noted

    def _note(self, marks: Marks, is_again: bool) -> bool:
        """Keeps them, unless another process is further by now, which is not to be set back; whether they are kept."""
        if is_again and self._store.running().shared is not None:
            kept = self._kept.read()
            if kept is not None and kept[-1].position > marks[-1].position:
                return False
        self._kept.write(marks)
        return True

    def _take_over(self, marks: Marks) -> None:
        self._marks, self._position, self._stopped = marks, marks[-1].position, None
        self._back_off.succeeded()

    async def _wait_for_an_operator(self, sentence: str, *, for_good: bool = False) -> None:
        """Until what stands in the way is looked at again; `for_good` until the service stops."""
        if self._stopped != sentence:
            _log.error(sentence)
        self._stopped = sentence
        if for_good:
            await self._stopping.wait()
        else:
            await self._pause(self._back_off.after_failure())

    def _away_seconds(self) -> float:
        return 0.0 if self._away_since is None else max(0.0, self._pacing.seconds() - self._away_since)

    async def _pause(self, seconds: float) -> None:
        """So long, or until the service stops."""
        if self._pacing.pause is not None:
            await self._pacing.pause(seconds)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
