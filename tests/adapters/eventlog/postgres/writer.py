"""A process that writes a log in a database, for tests: it is told by lines of JSON what to do, does all at once, and
answers each with a line.

    {"id":1,"do":"open","root":"...","environment":{...},"limits":{"daily":5}}
    {"id":2,"do":"reserve","user":"u1","key":"k1"}         {"id":2,"reserved":"...","replayed":false}
                                                          {"id":2,"refused":"DAILY_LIMIT"}
                                                          {"id":2,"fault":"StorageUnavailable","says":"..."}
    {"id":3,"do":"figures","users":["u1"]}                {"id":3,"daily":{"u1":1},"position":7,"behind":0.1}
    {"id":4,"do":"close"}
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from pathlib import Path
from typing import Any

import orjson

from adapters.application.reading import quota_status
from adapters.application.reserving import ReturnedPlaces, WantedPlaces, release_places, reserve_places
from adapters.application.storage import Storage
from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.engines.opening import open_store
from adapters.eventlog.postgres.turns import Turns
from adapters.ports.engines import LogKeeper
from domain.commands import SetPolicy
from domain.refusals import Refusal

Answer = dict[str, Any]
_TAKE = Turns._take


class Writer:
    """The store of this process, while one is open."""

    def __init__(self) -> None:
        self._store: Storage | None = None

    @property
    def store(self) -> Storage:
        """The open one."""
        assert self._store is not None
        return self._store

    async def carry_out(self, told: Answer) -> Answer:
        """Does what is told; a fault is an answer too, as is an error of the program."""
        given = {name: value for name, value in told.items() if name not in {"id", "do"}}
        try:
            answer: Answer = await getattr(self, told["do"])(**given)
        except Exception as fault:  # noqa: BLE001 - the test judges it
            answer = {"fault": type(fault).__name__, "says": str(fault)}
        return {"id": told["id"], **answer}

    async def open(
        self, root: str, environment: dict[str, str], limits: dict[str, int], *, with_turns: bool = True
    ) -> Answer:
        """A store over the log of a database; it can be had to wait for no turn."""
        Turns._take = _TAKE if with_turns else lambda _: False  # type: ignore[method-assign, assignment] # for this process
        engine = choose_engine(LogKeeper(POSTGRES_MODULE, environment))
        policy = SetPolicy(source="constructor", **limits)  # type: ignore[arg-type] # whole numbers, by their names
        self._store = await asyncio.to_thread(open_store, Path(root), engine=engine, limits=policy)
        self._store.running()
        return {}

    async def reserve(self, user: str, key: str | None = None, count: int = 1) -> Answer:
        """Places for a user."""
        found = await reserve_places(self.store, WantedPlaces(user, count), idempotency_key=key)
        if isinstance(found, Refusal):
            return {"refused": found.reason.value}
        return {"reserved": found.reservation, "replayed": found.replayed, "position": found.position}

    async def release(self, user: str, reservation: str) -> Answer:
        """Gives places back."""
        found = await release_places(self.store, ReturnedPlaces(user, reservation))
        return {"refused": found.reason.value} if isinstance(found, Refusal) else {}

    async def figures(self, users: list[str]) -> Answer:
        """What is known here, without asking the database."""
        root = self.store.running()
        shared = root.recorder.shared
        assert shared is not None
        daily = {user: quota_status(self.store, user)["daily"]["used"] for user in users}
        return {"daily": daily, "position": root.state.position, "behind": shared.seconds_behind}

    async def close(self) -> Answer:
        """Closes the store."""
        stopped = await asyncio.to_thread(self.store.close)
        self._store = None
        return {"stopped": stopped and str(stopped)}


async def serve() -> None:
    """Until nothing more is told."""
    loop, writer = asyncio.get_running_loop(), Writer()
    tasks: set[asyncio.Task[None]] = set()
    ended = asyncio.Event()

    async def answer(told: Answer) -> None:
        line = orjson.dumps(await writer.carry_out(told)) + b"\n"
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()

    def take(line: bytes) -> None:
        task = loop.create_task(answer(orjson.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def read() -> None:
        for line in sys.stdin.buffer:
            loop.call_soon_threadsafe(take, line)
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=read, daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(serve())
