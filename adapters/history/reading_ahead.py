"""Reads a log through, in a process of its own where that is worth its start: to check lines, to make events of them
and of those what a decision needs takes nearly half of the time of deciding anew, and then runs beside the rest.

What is told, in which order, and what is raised is the same either way. What becomes of it is its taker's.
"""

from __future__ import annotations

import pickle
import signal
from collections.abc import Callable
from contextlib import closing, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from adapters.ledger.codec import event_of
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.event_log import EventLogEngine, VerifiedEvent
from adapters.ports.faults import Fault, StorageUnavailable
from projections.self_check import Stored

LONG = 100_000
"""Events from which on a second process is worth its start."""
EVENTS_A_PART = 500
"""So many are sent together, or a few more; what is sent and not yet taken is bounded by the pipe."""
ENDED = "The process that reads the log ahead was ended from outside, so the answer is not complete. Run it again."


class Wanted(NamedTuple):
    """What is read of a log: all, or what follows the nearest snapshot at or before `resume_at`. Of what was recorded
    together at `since` or later `make` makes what is told; of earlier events they themselves are.
    """

    since: str
    make: Callable[[list[Stored]], Any]
    resume_at: int = 0


class Read(NamedTuple):
    """What was recorded together: its first and last position, and their times. `made` is what was made of it, or the
    events with their positions where `is_before` what anything is made of.
    """

    first: int
    last: int
    from_at: str
    to_at: str
    is_before: bool
    made: Any


class Taker(Protocol):
    """Takes in what is read."""

    def restore(self, stored: bytes) -> bool:
        """Goes on from a snapshot's state, or not; called before anything is read."""

    def take(self, read: Read) -> None:
        """Takes what follows."""


class _Together:
    """Puts together what was recorded together, and hands it on."""

    def __init__(self, wanted: Wanted, hand_on: Callable[[Read], None]) -> None:
        self._wanted = wanted
        self._hand_on = hand_on
        self._is_before = True
        self._batch: list[Stored] = []

    def take(self, found: VerifiedEvent) -> None:
        """Takes the next event."""
        event = event_of(found)
        self._batch.append((found.position, event))
        if found.position != found.batch_last:
            return
        batch, self._batch = self._batch, []
        self._is_before = self._is_before and event.at < self._wanted.since
        made = batch if self._is_before else self._wanted.make(batch)
        first, opening = batch[0]
        self._hand_on(
            Read(
                first=first,
                last=found.position,
                from_at=opening.at,
                to_at=event.at,
                is_before=self._is_before,
                made=made,
            )
        )


def read_through(root: Path, engine: EventLogEngine, taker: Taker, wanted: Wanted, *, events: int) -> None:
    """Tells a taker what stands in a log of about so many events. Raises LogDamaged, LogMissing and the like."""
    with collecting_no_garbage():
        if events >= LONG and _can_be_sent(engine, wanted):
            read_ahead(root, engine, taker, wanted)
        else:
            _open(root, engine, wanted, taker.restore, taker.take)


def read_ahead(root: Path, engine: EventLogEngine, taker: Taker, wanted: Wanted) -> None:
    """The same with a process of its own, which ends with this call. Raises StorageUnavailable where it is killed."""
    processes = get_context("spawn")
    here, there = processes.Pipe()
    process = processes.Process(target=_send, args=(there, root, engine, wanted), daemon=True)
    process.start()
    there.close()
    try:
        _take_all(here, taker)
    finally:
        here.close()
        process.terminate()
        process.join()


def _open(
    root: Path,
    engine: EventLogEngine,
    wanted: Wanted,
    restore: Callable[[bytes], bool],
    take: Callable[[Read], None],
) -> None:
    together = _Together(wanted, take)
    kept = engine.snapshot_before(root, wanted.resume_at) if wanted.resume_at else None
    if kept is None or not restore(kept.state):
        engine.open_for_reading(root, on_event=together.take).close()
        return
    with closing(engine.open_for_reading(root, at_end=True)) as log:
        log.hand_on(kept.position, together.take)


def _take_all(here: Connection, taker: Taker) -> None:
    take = taker.take
    while (told := _next(here)) is not None:
        if isinstance(told, bytes):
            restored = taker.restore(told)
            with suppress(OSError):  # where nobody is left to hear it, nothing is told any more either
                here.send(restored)
        elif isinstance(told, Fault):
            raise told
        else:
            for read in told:
                take(read)


def _next(here: Connection) -> Any:
    try:
        return here.recv()
    except (EOFError, OSError):
        raise StorageUnavailable(ENDED) from None


def _send(there: Connection, root: Path, engine: EventLogEngine, wanted: Wanted) -> None:
    """What the process does: tells what it reads, and last None or the fault that ended it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C ends the command, which ends this process
    part: list[Read] = []
    sent = 0

    def restore(stored: bytes) -> bool:
        there.send(stored)
        return bool(there.recv())

    def take(read: Read) -> None:
        nonlocal sent
        part.append(read)
        if read.last - sent >= EVENTS_A_PART:
            there.send(part)
            part.clear()
            sent = read.last

    with suppress(BrokenPipeError), collecting_no_garbage():  # nobody takes it any more
        try:
            _open(root, engine, wanted, restore, take)
        except Fault as fault:
            there.send(fault)
        else:
            there.send(part)
            there.send(None)


def _can_be_sent(engine: EventLogEngine, wanted: Wanted) -> bool:
    """Whether an engine can be handed to another process; one that somebody else made perhaps cannot."""
    try:
        pickle.dumps((engine, wanted))
    except (pickle.PicklingError, TypeError, AttributeError):
        return False
    return True
