"""A service of a few routes behind the real guards and connections, with bounds that a test can wait for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from adapters.http.asking import REACH
from adapters.http.bodies import BodyBounds, BodyReader
from adapters.http.connection import ConnectionBounds
from adapters.http.guards import Handler, answer_and_log, finish_headers
from adapters.http.service import HttpService
from adapters.network.reach import Reach
from tests.adapters.http.wire import request

HELLO = request("GET", "/")
LARGE_BYTES = 30_000_000
TIGHT = ConnectionBounds(
    connections=3,
    head_seconds=0.3,
    reader_seconds=0.3,
    keep_alive_seconds=0.3,
    patience_seconds=0.05,
    waiting=2,
    wait_seconds=0.2,
)


async def _hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def _large(_request: web.Request) -> web.Response:
    return web.Response(body=bytes(LARGE_BYTES))


async def slow(_request: web.Request) -> web.Response:
    """Takes longer than a head may."""
    await asyncio.sleep(2 * TIGHT.head_seconds)
    return web.Response(text="done")


async def never(_request: web.Request) -> web.Response:
    """Has no answer."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets this event")


async def _stream(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    answer.content_length = LARGE_BYTES
    await answer.prepare(request)
    for _ in range(LARGE_BYTES // 250_000):
        await answer.write(bytes(250_000))
    await answer.write_eof()
    return answer


async def _body(request: web.Request) -> web.Response:
    reader = BodyReader(BodyBounds())
    with reader.budget() as budget:
        return web.Response(text=str(len(await reader.read(request, at_most=1_000, budget=budget))))


def guarded() -> web.Application:
    """An application without routes behind the service's guards."""
    app = web.Application(middlewares=[answer_and_log])
    app[REACH] = Reach()
    return app


@asynccontextmanager
async def listening(bounds: ConnectionBounds, *routes: tuple[str, Handler]) -> AsyncIterator[str]:
    """A service of a few routes."""
    app = guarded()
    app.router.add_get("/", _hello)
    app.router.add_post("/", _hello)
    app.router.add_get("/large", _large)
    app.router.add_get("/stream", _stream)
    app.router.add_get("/slow", slow)
    app.router.add_post("/body", _body)
    for path, handler in routes:
        app.router.add_get(path, handler)
    app.on_response_prepare.append(finish_headers)
    service = HttpService(app, host="127.0.0.1", port=0, bounds=bounds)
    yield await service.start()
    await service.stop()
