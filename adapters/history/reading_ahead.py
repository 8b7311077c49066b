"""Reads a log through, in a process of its own where that is worth its start: to check lines and to make events of them
takes a third of the time of deciding anew, and that part then runs beside the rest.

What is told, in which order, and what is raised is the same either way. What becomes of the events is their taker's.
"""

from __future__ import annotations

import pickle
import signal
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from adapters.ledger.codec import event_of
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.event_log import EventLogEngine, VerifiedEvent
from adapters.ports.faults import Fault, StorageUnavailable
from domain.events import Event

LONG = 100_000
"""Events from which on a second process is worth its start."""
EVENTS_A_PART = 500
"""So many are sent together; what is sent and not yet taken is bounded by the pipe."""
ENDED = "The process that reads the log ahead was ended from outside, so the answer is not complete. Run it again."


class ReadEvent(NamedTuple):
    """An event that was read: where it stands, and the last position of what was recorded together with it."""

    position: int
    batch_last: int
    event: Event


class Taker(Protocol):
    """Takes in what is read."""

    def restore(self, stored: bytes) -> bool:
        """Goes on from a snapshot's state, or not; called before any event."""

    def take(self, read: ReadEvent) -> None:
        """Takes the next event."""


def read_through(root: Path, engine: EventLogEngine, taker: Taker, *, events: int) -> None:
    """Tells a taker what stands in a log of about so many events. Raises LogDamaged, LogMissing and the like."""
    with collecting_no_garbage():
        if events >= LONG and _can_be_sent(engine):
            read_ahead(root, engine, taker)
        else:
            engine.open_for_reading(
                root, on_event=lambda found: taker.take(_read_event(found)), restore=taker.restore
            ).close()


def read_ahead(root: Path, engine: EventLogEngine, taker: Taker) -> None:
    """The same with a process of its own, which ends with this call. Raises StorageUnavailable where it is killed."""
    processes = get_context("spawn")
    here, there = processes.Pipe()
    process = processes.Process(target=_send, args=(there, root, engine), daemon=True)
    process.start()
    there.close()
    try:
        _take_all(here, taker)
    finally:
        here.close()
        process.terminate()
        process.join()


def _take_all(here: Connection, taker: Taker) -> None:
    while (told := _next(here)) is not None:
        if isinstance(told, bytes):
            restored = taker.restore(told)
            with suppress(OSError):  # where nobody is left to hear it, nothing is told any more either
                here.send(restored)
        elif isinstance(told, Fault):
            raise told
        else:
            for position, batch_last, event in told:
                taker.take(ReadEvent(position, batch_last, event))


def _next(here: Connection) -> Any:
    try:
        return here.recv()
    except (EOFError, OSError):
        raise StorageUnavailable(ENDED) from None


def _send(there: Connection, root: Path, engine: EventLogEngine) -> None:
    """What the process does: tells what it reads, and last None or the fault that ended it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C ends the command, which ends this process
    part: list[tuple[int, int, Event]] = []

    def restore(stored: bytes) -> bool:
        there.send(stored)
        return bool(there.recv())

    def take(found: VerifiedEvent) -> None:
        part.append((found.position, found.batch_last, event_of(found)))
        if len(part) == EVENTS_A_PART:
            there.send(part)
            part.clear()

    with suppress(BrokenPipeError), collecting_no_garbage():  # nobody takes it any more
        try:
            engine.open_for_reading(root, on_event=take, restore=restore).close()
        except Fault as fault:
            there.send(fault)
        else:
            there.send(part)
            there.send(None)


def _read_event(found: VerifiedEvent) -> ReadEvent:
    return ReadEvent(found.position, found.batch_last, event_of(found))


def _can_be_sent(engine: EventLogEngine) -> bool:
    """Whether an engine can be handed to another process; one that somebody else made perhaps cannot."""
    try:
        pickle.dumps(engine)
    except (pickle.PicklingError, TypeError, AttributeError):
        return False
    return True
