"""A provider's service on loopback: hears everything, refuses what the real one would, and fails on demand.

An emulator of one provider subclasses `Emulator`, adds its routes, and answers a request that breaks the published
description with the error that the real service gives; `complaints` keeps each such finding, so that a test of a good
client may ask for none. `script` holds answers that come before all others, one a request: failures of every kind, as
they happen on the wire. `form` has the ordinary answers come in another form (`forms`). Which tests use which fault is
in the README beside this.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from aiohttp import web

from tests.emulators.forms import Answer, Form, holds_picture

HANG_SECONDS = 60.0
CHUNK = b"\0" * 65_536


@dataclass(frozen=True)
class Heard:
    """One request as it came. `fields` are those of a JSON object, or of a form: text, or bytes of a file."""

    method: str
    path: str
    headers: Mapping[str, str]
    fields: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


class Reply(NamedTuple):
    """A whole answer."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = {}


class Drop(NamedTuple):
    """The request is taken, and the connection closed without a word."""


class Hang(NamedTuple):
    """The request is taken, and nothing comes back."""


class CutOff(NamedTuple):
    """An answer that promises `promised` bytes, of which `sent` come before the connection ends."""

    status: int = 200
    sent: bytes = b"{"
    promised: int = 1_000
    content_type: str = "application/json"


class Endless(NamedTuple):
    """An answer of so many bytes, without a length told before."""

    total_bytes: int
    content_type: str = "application/json"


class After(NamedTuple):
    """The request is carried out, and this comes in the place of its answer."""

    then: Reply | Drop | Hang | CutOff | Endless


Wire = Reply | Drop | Hang | CutOff | Endless
Scripted = Wire | After
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Emulator(ABC):
    """The part that all emulators share: a real server, what it heard, and its script.

    `delay_seconds` holds every ordinary answer up; `running` and `most_at_once` count the requests under way. `form`
    changes every ordinary answer that holds a picture.
    """

    name = "emulator"

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.complaints: list[str] = []
        self.script: deque[Scripted] = deque()
        self.form: Form | None = None
        self.delay_seconds = 0.0
        self.running = 0
        self.most_at_once = 0
        self.sent_bytes = 0
        self.address = ""

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """The service's endpoints."""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Listens on a free port of 127.0.0.1 while the block runs; the address, such as `http://127.0.0.1:4711`."""
        app = web.Application(client_max_size=64 * 1024 * 1024, middlewares=[self._scripted])
        app.add_routes(self.routes())
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        self.address = f"http://127.0.0.1:{port}"
        try:
            yield self.address
        finally:
            await runner.cleanup()

    def complain(self, sentence: str) -> None:
        """Keeps what a request did that the real service refuses."""
        self.complaints.append(sentence)

    def asked(self, path: str) -> list[Heard]:
        """The requests to one path."""
        return [heard for heard in self.heard if heard.path == path]

    @web.middleware
    async def _scripted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.heard.append(await _hear(request))
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            if self.script:
                return await self._play(request, await _done_before(self.script.popleft(), request, handler))
            if self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)
            response = await handler(request)
            return response if self.form is None else _in_form(response, self.form)
        finally:
            self.running -= 1

    async def _play(self, request: web.Request, scripted: Wire) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        match scripted:
            case Reply(status, body, content_type, headers):
                return web.Response(status=status, body=body, content_type=content_type, headers=headers)
            case Drop():
                transport.abort()
            case Hang():
                await asyncio.sleep(HANG_SECONDS)
            case CutOff(status, sent, promised, content_type):
                response = web.StreamResponse(
                    status=status, headers={"Content-Length": str(promised), "Content-Type": content_type}
                )
                await response.prepare(request)
                await response.write(sent)
                transport.close()
                return response
            case Endless(total_bytes, content_type):
                return await self._pour(request, total_bytes, content_type)
        return web.Response(status=500)

    async def _pour(self, request: web.Request, total_bytes: int, content_type: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type})
        await response.prepare(request)
        while self.sent_bytes < total_bytes:
            await response.write(CHUNK)
            self.sent_bytes += len(CHUNK)
        return response


async def _done_before(scripted: Scripted, request: web.Request, handler: Handler) -> Wire:
    """What is played, once the request is carried out where it is."""
    if not isinstance(scripted, After):
        return scripted
    await handler(request)
    return scripted.then


def _in_form(response: web.StreamResponse, form: Form) -> web.StreamResponse:
    """The same answer in this form; failures and what holds no picture as they are."""
    body = response.body if isinstance(response, web.Response) else None
    if not isinstance(body, bytes) or response.status != 200 or not holds_picture(body):
        return response
    changed = form(Answer(body, dict(response.headers)))
    headers = {name: value for name, value in changed.headers.items() if name != "Content-Length"}
    return web.Response(status=response.status, body=changed.body, headers=headers)


async def _hear(request: web.Request) -> Heard:
    fields: dict[str, object] = {}
    if request.content_type == "application/json" and request.can_read_body:
        body = await request.json()
        fields = body if isinstance(body, dict) else {"": body}
    elif request.content_type == "multipart/form-data":
        for name, value in (await request.post()).items():
            fields[name] = value.file.read() if isinstance(value, web.FileField) else value
            if isinstance(value, web.FileField):
                value.file.seek(0)
    return Heard(request.method, request.path, dict(request.headers), fields, dict(request.query))
