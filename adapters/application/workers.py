"""Threads for work that waits for a disk or takes long, some for each kind: so no kind waits behind another.

What is waited for elsewhere (a provider, Discord) is no work for a thread. The bytes of a picture that comes in are
checked in threads of their own (`images/check.py`), and the event loop's common ones are for what is short and rare.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from threading import Lock
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """At most so many threads of one kind of work; each is made when it is first needed."""

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._guard = Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._closed = False
        self._turns: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Does the work in one of the threads. After `close` what still comes is done in the event loop's own."""
        call = partial(copy_context().run, work, *args, **kwargs)
        with self._guard:
            future = None if self._closed else self._made().submit(call)
        return await (asyncio.to_thread(work, *args, **kwargs) if future is None else asyncio.wrap_future(future))

    async def run_in_turn(self, owner: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same, one work of an owner at a time: whoever asks for much holds themselves up, and nobody else."""
        of_this_loop = id(asyncio.get_running_loop()), owner  # programs may have several, and a lock belongs to one
        async with self._turns.setdefault(of_this_loop, asyncio.Lock()):
            return await self.run(work, *args, **kwargs)

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


class WorkersByKind:
    """The threads of one storage.

    `reading`: bytes and details of kept images, and digests: short. `keeping`: bytes that are staged and brought into
    place, each with several syncs. `changing`: commands that block until they are durable. `drawing`: pictures made of
    pictures. `surveying`: passes over the log or over all that a user has.
    """

    def __init__(self) -> None:
        self.reading = Workers("abby-read", 8)
        self.keeping = Workers("abby-keep", 8)
        self.changing = Workers("abby-change", 8)
        self.drawing = Workers("abby-draw", 4)
        self.surveying = Workers("abby-survey", 2)

    def close(self) -> None:
        """Lets all of them end."""
        for workers in (self.reading, self.keeping, self.changing, self.drawing, self.surveying):
            workers.close()
