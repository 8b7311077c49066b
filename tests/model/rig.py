"""The program under test on a simulated disk, so that nothing of it depends on time: what is handed in is carried out
by whoever hands it in, and a watermark or a snapshot is written when the machine says so.

The ledger is the real one without its thread. A crash leaves a copy of the disk at some call; the process that was
under way is thrown away.
"""

from __future__ import annotations

import asyncio
import atexit
import itertools
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest

from adapters.application import abandoned, opening, saving
from adapters.application.opening import OpenRoot
from adapters.application.results import StoreSettings
from adapters.application.storage import Storage
from adapters.application.workers import Workers
from adapters.engines.choice import default_engines
from adapters.eventlog.jsonl import rechecking, reserve_file
from adapters.ledger import ledger as ledger_module
from adapters.ledger import snapshotting
from adapters.ledger.codec import Recorded
from adapters.ledger.ledger import QuotaLedger
from adapters.ledger.pending import PendingCommand
from domain.commands import SetPolicy
from domain.refusals import Refusal
from tests.crash.disk import Disk
from tests.crash.faulty_files import SmallFiles
from tests.crash.judging import ROOT, recorder_of
from tests.crash.stories import empty_disk
from tests.model.asks import RESERVATION_SECONDS, Ask, GenerationOutcome, Limits
from tests.model.buckets import engines_of
from tests.model.calls import Calls
from tests.model.log_reader import LogReader
from tests.model.people import text_of

NEVER_SECONDS = 1e6
NEVER_EVENTS = 1_000_000
RESERVE_BYTES = 65_536
TURNS_TO_HAND_IN = 3
"""Turns of the event loop after which a call has handed its command in."""
SETTINGS = StoreSettings(reservation_seconds=RESERVATION_SECONDS, check_images=False)

T = TypeVar("T")


class Left(NamedTuple):
    """What a crash left: the disk with its doubts, what of the log was answered for, whether the command was done; the
    objects of a bucket, which has what it said to have.
    """

    disk: Disk
    promised: bytes
    done: bool
    objects: dict[str, bytes]


class CrowdedFiles(SmallFiles):
    """A disk on which others take what becomes free, so that what is full stays full until the reserve is given."""

    def _give(self, size_bytes: int) -> None:
        if self.room_bytes != 0 or size_bytes >= RESERVE_BYTES:
            super()._give(size_bytes)


class PromptLedger(QuotaLedger):
    """The ledger without its thread: a command is carried out when it is handed in, or with others in `turn`."""

    holding = False

    def turn(self) -> None:
        """Carries out what waits, as one batch."""
        batch: list[PendingCommand] = []
        try:
            if self._queue.qsize():
                self._drain(batch)
                self._carry_out(batch)
        except BaseException as error:  # noqa: BLE001 - as the writer's thread does it
            self._fail_stop(error, batch)

    def close(self) -> None:
        """As the ledger, and what its thread does last."""
        if not self._closing:
            super().close()
            super()._run()

    def _enqueue(self, pending: PendingCommand) -> Refusal | None:
        refused = super()._enqueue(pending)
        if refused is None and not self.holding:
            self.turn()
        return refused

    def _run(self) -> None:
        """Nothing: there is no thread."""


class Watched(OpenRoot):
    """A root that tells when events are durable, which is before anybody can hear of them."""

    def durable(self, recorded: Iterable[Recorded]) -> None:
        """As the root, and noted."""
        super().durable(recorded)
        assert Rig.running is not None
        Rig.running.promise()


async def _not_asked(*_arguments: object, **_keywords: object) -> None:
    """The question that comes before a save is looked at; that one would not share the batch of the save."""


class Rig:
    """One run of the program after another on one disk."""

    running: Rig | None = None
    loop: asyncio.AbstractEventLoop
    in_bucket = False
    """Whether images are objects of a bucket."""

    def __init__(self) -> None:
        Rig.running = self
        self.now = datetime(1, 1, 1)  # noqa: DTZ001 - times here are naive and in UTC
        self.log = LogReader()
        self._left: Left | None = None
        self._calls_left: int | None = None
        self._put(empty_disk(), {})

    # -- the program -------------------------------------------------------------------------------

    @property
    def root(self) -> OpenRoot:
        """The open root."""
        return self.store.opened()

    @property
    def ledger(self) -> PromptLedger:
        """Its ledger."""
        ledger = self.root.ledger
        assert isinstance(ledger, PromptLedger)
        return ledger

    def open(self, given: Limits) -> None:
        """Starts the program."""
        engines = engines_of(self) if self.in_bucket else default_engines(self.files)
        self.store = Storage(
            ROOT,
            engines=engines,
            limits=SetPolicy(**given._asdict()),
            settings=SETTINGS,
            clock=lambda: text_of(self.now),
            files=self.files,
        )
        self.root.ledger.refuse_if_stopped()
        self.calls = Calls(self.store, self.reservation, self.number)
        self.read_log()

    def stop(self, *, snapshot: bool) -> None:
        """Stops it in order, and has it leave a snapshot or not."""
        snapshotting.EVENTS_AT_A_STOP = 1 if snapshot else NEVER_EVENTS
        self.store.close()

    def idle(self, *, snapshot: bool) -> None:
        """A quiet moment, in which the watermark is written, and a snapshot or not."""
        snapshotting.EVENTS_BETWEEN = 1 if snapshot else NEVER_EVENTS
        self.root.checkpoint()
        writing = self.root.snapshotting._writing
        if writing is not None:
            writing.join()

    def sweep(self) -> None:
        """What the ledger does once a minute."""
        self.ledger._sweep()

    def ask(self, ask: Ask) -> GenerationOutcome:
        """Asks for one thing, as a caller does."""
        return self._run(self.calls.answer(ask, self.now, shared=False))

    def ask_together(self, asks: Sequence[Ask]) -> list[GenerationOutcome]:
        """Asks for several things that share one batch, and brings all files into place, as a sweep does."""

        async def together() -> list[GenerationOutcome]:
            self.ledger.holding = True
            tasks = []
            for ask in asks:
                tasks.append(self.loop.create_task(self.calls.answer(ask, self.now, shared=True)))
                for _ in range(TURNS_TO_HAND_IN):
                    await asyncio.sleep(0)
            self.ledger.holding = False
            self.ledger.turn()
            return await asyncio.gather(*tasks)

        answers = self._run(together())
        self.root.images.reconcile_all()
        return answers

    def reservation(self, number: int) -> str:
        """The id of a reservation by its number."""
        return self.log.reservations[number - 1] if 0 < number <= len(self.log.reservations) else "none"

    def number(self, reservation: str) -> int:
        """The number of a reservation by its id."""
        self.read_log()
        return self.log.reservations.index(reservation) + 1

    def read_log(self) -> None:
        """Takes in what the log has got since."""
        self.log.take(self.log_bytes())

    def log_bytes(self) -> bytes:
        """The log as any program would read it now."""
        return self.disk.files_below(ROOT / "logs").get("events.jsonl", b"")

    def promise(self) -> None:
        """All of the log that there is has been answered for."""
        self.promised = self.log_bytes()

    def _run(self, asked: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asked)

    # -- crashes -----------------------------------------------------------------------------------

    def cut_after(self, calls: int) -> None:
        """A copy of the disk is kept after so many calls that change it, 0 for as it is now."""
        self._left, self._calls_left = None, calls
        if calls == 0:
            self._keep(done=False)

    def crash(self) -> Left:
        """The process is gone; what it left, as of the call that was counted, or of now where there were fewer."""
        if self._left is None:
            self._keep(done=True)
        assert self._left is not None
        left, self._left = self._left, None
        self.abandon()
        return left

    def go_on_with(self, left: Left) -> None:
        """Another process finds this disk."""
        room = self.files.room_bytes
        self._put(left.disk, left.objects)
        self.promised = left.promised
        self.log = LogReader()
        if room is not None:
            reserve = left.disk.files_below(ROOT / "logs").get(".spare", b"")
            self.files.room_bytes = 0 if len(reserve) == RESERVE_BYTES else RESERVE_BYTES

    def abandon(self) -> None:
        """Ends the process without a word."""
        opened = opening._roots.pop(ROOT, None)
        if opened is not None:
            recorder_of(opened)._recheck.stop()
            atexit.unregister(opened.ledger.close)

    def _put(self, disk: Disk, objects: dict[str, bytes]) -> None:
        self.disk, self.objects = disk, objects
        self.promised = b""
        self.files = CrowdedFiles(disk, self.after_call)

    def after_call(self, _verb: str, _path: Path) -> None:
        """A call has changed something: the disk, or the bucket."""
        if self._calls_left is not None and self._calls_left > 0:
            self._calls_left -= 1
            if self._calls_left == 0:
                self._keep(done=False)

    def _keep(self, *, done: bool) -> None:
        self._calls_left = None
        self._left = Left(self.disk.copy(), self.promised, done, dict(self.objects))


async def _at_once(_workers: Workers, call: Callable[..., T], *arguments: Any, **keywords: Any) -> T:
    return call(*arguments, **keywords)


@contextmanager
def timeless() -> Iterator[None]:
    """Everything the rig needs while it runs; then nothing of it is left."""
    loop = asyncio.new_event_loop()
    ids = itertools.count(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger_module, "IDLE_SECONDS", 0.0)
        patch.setattr(ledger_module, "CHECKPOINT_SECONDS", NEVER_SECONDS)
        patch.setattr(ledger_module, "SWEEP_SECONDS", NEVER_SECONDS)
        patch.setattr(rechecking, "BEGIN_AFTER_SECONDS", NEVER_SECONDS)
        patch.setattr(reserve_file, "RESERVE_BYTES", RESERVE_BYTES)
        patch.setattr(reserve_file, "PARTS", 1)
        patch.setattr(snapshotting, "EVENTS_AT_A_STOP", NEVER_EVENTS)
        patch.setattr(snapshotting, "EVENTS_BETWEEN", NEVER_EVENTS)
        patch.setattr(opening, "OpenRoot", Watched)
        patch.setattr(opening, "QuotaLedger", PromptLedger)
        patch.setattr(saving, "random_hex", lambda _: f"{next(ids):032x}")
        # The number stands before the digit that tells whose a reservation is: so ids are in the order of their making.
        patch.setattr(abandoned, "random_hex", lambda _: f"{next(ids) << 96:032x}")
        patch.setattr(saving, "refusal_unseen", _not_asked)
        patch.setattr(Workers, "run", _at_once)
        patch.setattr(Workers, "run_recorded", _at_once)
        patch.setattr(Rig, "loop", loop, raising=False)
        try:
            yield
        finally:
            if Rig.running is not None:
                Rig.running.abandon()
            Rig.running = None
            loop.close()
