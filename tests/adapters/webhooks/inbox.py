"""A receiver of webhooks on loopback, and who tells it: real posts, a real log, and a time that passes at once.

The inbox judges each post by the convention's own library, and answers as a test says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from aiohttp import web
from standardwebhooks import Webhook

from adapters.application.storage import Storage
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.ports.clock import utc_now
from adapters.settings.webhooks import signing_key
from adapters.webhooks.backing_off import BackOff
from adapters.webhooks.cursor import KeptCursor
from adapters.webhooks.receiver import Receiver
from adapters.webhooks.telling import Pacing, Webhooks
from domain.commands import SetPolicy

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMgbG9uZw=="
OTHER_SECRET = "whsec_" + "YW5vdGhlciBzZWNyZXQgb2YgdGhlIHRlc3RzLCBsb25nZXI="
DAY_SECONDS = 86_400
MOST_PAUSES = 200
TYPES: tuple[str, ...] = ("PolicyChanged",)


class Post(NamedTuple):
    """What came: its id, the seconds in its header, its message."""

    id: str
    at_seconds: int
    message: dict[str, Any]


Answers = Callable[[Post], web.StreamResponse | Awaitable[web.StreamResponse] | None]
"""None: it is taken, and the connection breaks before anybody is told so."""


def taken(_: Post) -> web.StreamResponse:
    """What a receiver answers that is content."""
    return web.Response(status=204)


class Inbox:
    """Every post that came, `answers` to the next ones, and the ids of those it has taken, in their order."""

    def __init__(self) -> None:
        self.answers: Answers = taken
        self.hear: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
        """Who takes the requests in its place."""
        self.posts: list[Post] = []
        self.taken: list[str] = []
        self._port = 0
        self._runner: web.AppRunner | None = None

    async def up(self) -> None:
        """Listens, where it did before."""
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def down(self) -> None:
        """Nobody listens there."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def address(self) -> str:
        """Where it takes posts."""
        return f"http://127.0.0.1:{self._port}/hook"

    async def _take(self, request: web.Request) -> web.StreamResponse:
        if self.hear is not None:
            return await self.hear(request)
        body = await request.read()
        told = Webhook(SECRET).verify(body, dict(request.headers))
        assert told == orjson.loads(body)
        post = Post(request.headers["webhook-id"], int(request.headers["webhook-timestamp"]), told)
        self.posts.append(post)
        answer = self.answers(post)
        if answer is None:
            self.taken.append(post.id)
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        answer = answer if isinstance(answer, web.StreamResponse) else await answer
        if 200 <= answer.status < 300:
            self.taken.append(post.id)
        return answer

    def limits(self) -> list[int]:
        """The limits that were told, in the order in which each was first taken."""
        by_id = {post.id: post.message["data"]["limits"]["daily"] for post in self.posts}
        return [by_id[one] for one in dict.fromkeys(self.taken)]


class Time:
    """Passes where somebody waits, and says how long they waited; what is looked for again passes a moment."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []
        self.at: dict[float, Callable[[], Awaitable[None] | None]] = {}
        """What happens at which second."""
        self.until: Callable[[], bool] = lambda: False
        """When whoever waits is told to stop."""
        self.stop: Callable[[], None] = lambda: None

    async def pause(self, seconds: float) -> None:
        """No time at all."""
        self.pauses.append(seconds)
        assert len(self.pauses) < MOST_PAUSES, "it waits for ever"
        self.now += seconds
        for due in sorted(one for one in self.at if one <= self.now):
            if (under_way := self.at.pop(due)()) is not None:
                await under_way
        if self.until():
            self.stop()


def policy_changes(store: Storage, *dailies: int) -> None:
    """An event for each."""
    for daily in dailies:
        store.opened().ledger.execute(SetPolicy(daily=daily))


def longest(_low: float, high: float) -> float:
    """Of a pause that is spread."""
    return high


class Teller:
    """A storage root and who tells of it, anew at each `run`: as starts of the service do."""

    def __init__(self, root: Path, inbox: Inbox, files: Files | None = None) -> None:
        self.root, self.inbox, self.files, self.time = root, inbox, files or Files(), Time()
        self.types = TYPES
        self.answer_seconds = 5.0
        self.webhooks: Webhooks | None = None

    def made(self, store: Storage) -> Webhooks:
        """Not started."""
        receiver = Receiver(self.inbox.address, signing_key(SECRET), utc_now, answer_seconds=self.answer_seconds)
        kept = KeptCursor(self.root.resolve(), self.files)
        pacing = Pacing(self.time.pause, lambda: self.time.now)
        self.webhooks = Webhooks(store, receiver, self.types, kept, pacing=pacing, back_off=BackOff(longest))
        return self.webhooks

    async def run(
        self, store: Storage, until: Callable[[], bool], *, at_start: Callable[[], None] = lambda: None
    ) -> Webhooks:
        """Tells until something is so that is asked at each pause, and stops. `at_start` is before it has begun."""
        webhooks = self.made(store)
        at_start()
        self.time.until, self.time.stop = until, webhooks._stopping.set
        self.time.pauses.clear()
        webhooks.start()
        assert webhooks._living is not None
        await webhooks._living
        await webhooks.stop()
        return webhooks

    async def begin(self, store: Storage) -> None:
        """The first start, which tells nothing of what was before."""
        await self.run(store, until=lambda: True)


@asynccontextmanager
async def telling(root: Path, files: Files | None = None) -> AsyncIterator[tuple[Storage, Inbox, Teller]]:
    """A new root whose webhooks have begun, and an inbox."""
    inbox = Inbox()
    await inbox.up()
    store = open_store(root, limits=SetPolicy(daily=1), files=files)
    try:
        teller = Teller(root, inbox, files)
        await teller.begin(store)
        yield store, inbox, teller
    finally:
        store.close()
        await inbox.down()
