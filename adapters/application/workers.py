"""Threads for work that waits for a disk or takes long, some for each kind: so no kind waits behind another.

What is waited for elsewhere (a provider, Discord) is no work for a thread. The bytes of a picture that comes in are
checked in threads of their own (`images/check.py`), and the event loop's common ones are for what is short and rare.

Behind a disk that does not answer nobody waits without end: whoever has waited for long is told so, and the work goes
on in its thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from threading import Lock
from typing import Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

from adapters.application.gathering import Gathering
from adapters.disk import calls
from adapters.ledger import disk_wait
from adapters.ports.faults import Fault, OutcomeUnknown, StorageUnavailable

I = TypeVar("I")  # noqa: E741 - an item
R = TypeVar("R")
P = ParamSpec("P")
T = TypeVar("T")


class DiskStuck(StorageUnavailable):
    """The disk has not answered for long. The `work` may still be carried out, or was never begun."""

    def __init__(self, work: Future[Any] | None = None) -> None:
        super().__init__(disk_wait.NO_ANSWER.format(seconds=calls.longest_seconds()))
        self.work = work


def _unknown(_: Future[Any]) -> OutcomeUnknown:
    return OutcomeUnknown(disk_wait.not_known_yet())


class Workers:
    """At most so many threads of one kind of work; each is made when it is first needed."""

    def __init__(
        self,
        name: str,
        most: int,
        *,
        on_stuck: Callable[[Future[Any]], Fault] | None = None,
        refuses_more: bool = False,
    ) -> None:
        """`on_stuck` makes what is raised behind a disk that does not answer; None where its work is waited for. Once
        others have been told so, no more is taken where it `refuses_more`.
        """
        self._name = name
        self._most = most
        self._on_stuck = on_stuck
        self._refuses_more = refuses_more
        self._guard = Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._closed = False
        self._turns: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()
        self._gatherings: WeakValueDictionary[tuple[int, object], Gathering[Any, Any]] = WeakValueDictionary()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Does the work in one of the threads. After `close` what still comes is done in the event loop's own."""
        if self._refuses_more and calls.longest_seconds() >= disk_wait.ANSWER_SECONDS:
            raise DiskStuck
        return await self._run(self._on_stuck, partial(work, *args, **kwargs))

    async def run_recorded(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for what carries out a recorded command: OutcomeUnknown behind a disk that does not answer."""
        return await self._run(_unknown, partial(work, *args, **kwargs))

    async def _run(self, on_stuck: Callable[[Future[Any]], Fault] | None, work: Callable[[], T]) -> T:
        with self._guard:
            future = None if self._closed else self._made().submit(copy_context().run, work)
        if future is None:
            return await asyncio.to_thread(work)
        waited = asyncio.wrap_future(future)
        if on_stuck is None:
            return await waited
        try:
            is_done = await _answered(waited)
        finally:
            waited.cancel()  # of what has begun nobody hears
        if not is_done:
            raise on_stuck(future)
        return waited.result()

    async def run_in_turn(self, owner: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same, one work of an owner at a time: whoever asks for much holds themselves up, and nobody else."""
        of_this_loop = id(asyncio.get_running_loop()), owner  # programs may have several, and a lock belongs to one
        async with self._turns.setdefault(of_this_loop, asyncio.Lock()):
            return await self.run(work, *args, **kwargs)

    async def run_together(self, work: Callable[[Sequence[I]], Sequence[R | Exception]], item: I) -> R:
        """Does the work for this item and for all others that are waiting for the same work. Raises what it gives for
        this one.
        """
        of_this_loop = id(asyncio.get_running_loop()), work
        gathering = self._gatherings.setdefault(of_this_loop, Gathering(lambda turn: self.run(work, turn)))
        result: R = await gathering.run(item)
        return result

    def close(self) -> None:
        """Lets the threads end once what waits for them is done. A second call does nothing."""
        with self._guard:
            self._closed = True
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False)

    def _made(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._most, thread_name_prefix=self._name)
        return self._threads


async def _answered(waited: asyncio.Future[Any]) -> bool:
    """Returns once it is done, or False behind a disk that does not answer."""
    while not waited.done():
        await asyncio.wait({waited}, timeout=disk_wait.ANSWER_SECONDS)
        if not waited.done() and calls.longest_seconds() >= calls.STUCK_SECONDS:
            return False
    return True


class WorkersByKind:
    """The threads of one storage.

    `reading`: bytes and details of kept images, and digests: short. `keeping`: bytes that are staged and brought into
    place, each with several syncs. `changing`: commands that block until they are durable. `drawing`: pictures made of
    pictures. `shrinking`: small copies of kept images. `surveying`: passes over the log or over all that a user has.
    """

    def __init__(self) -> None:
        self.reading = Workers("abby-read", 8, on_stuck=DiskStuck)
        self.keeping = Workers("abby-keep", 8, on_stuck=DiskStuck, refuses_more=True)
        self.changing = Workers("abby-change", 8, on_stuck=_unknown)
        self.drawing = Workers("abby-draw", 4)
        self.shrinking = Workers("abby-shrink", 2, on_stuck=DiskStuck)
        self.surveying = Workers("abby-survey", 2)

    def close(self) -> None:
        """Lets all of them end."""
        for workers in (self.reading, self.keeping, self.changing, self.drawing, self.shrinking, self.surveying):
            workers.close()
