"""Those who wait for the ledger: one pending command each, and how its caller is woken with the outcome.

A caller is a thread that blocks, or a coroutine of any event loop. What the outcome is, is for the ledger to say.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import NamedTuple

from adapters.ledger.codec import Recorded
from domain.commands import Command
from domain.events import Event
from domain.refusals import Refusal


class Accepted(NamedTuple):
    """What a command wrote, or wrote when it was first sent (`replayed`): positions and events."""

    recorded: tuple[Recorded, ...]
    replayed: bool = False

    @property
    def events(self) -> tuple[Event, ...]:
        """The events alone."""
        return tuple(event for _, event in self.recorded)


Outcome = Accepted | Refusal


class PendingCommand:
    """One waiting caller: a thread that holds on to `lock`, or a future of an event loop."""

    __slots__ = ("command", "error", "future", "lock", "loop", "outcome")

    def __init__(self, command: Command | None, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.command = command
        self.loop = loop
        self.future: asyncio.Future[Outcome] | None = loop.create_future() if loop else None
        self.lock: threading.Lock | None = None
        self.outcome: Outcome | None = None
        self.error: BaseException | None = None
        if loop is None:
            self.lock = threading.Lock()
            self.lock.acquire()


def result_of(pending: PendingCommand) -> Outcome:
    """The outcome that a woken caller is given; raises what went wrong."""
    if pending.error is not None:
        raise pending.error
    assert pending.outcome is not None
    return pending.outcome


def wake(batch: list[PendingCommand]) -> None:
    """One wake-up for each event loop; a loop that is closed has nobody left to wake."""
    by_loop: dict[asyncio.AbstractEventLoop, list[PendingCommand]] = {}
    for pending in batch:
        if pending.loop is not None:
            by_loop.setdefault(pending.loop, []).append(pending)
        elif pending.lock is not None:
            pending.lock.release()
    for loop, waiting in by_loop.items():
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, waiting)


def _resolve(waiting: list[PendingCommand]) -> None:
    for pending in waiting:
        assert pending.future is not None
        if pending.future.done():
            continue
        if pending.error is not None:
            pending.future.set_exception(pending.error)
        else:
            assert pending.outcome is not None
            pending.future.set_result(pending.outcome)
