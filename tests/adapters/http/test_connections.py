"""Connections have deadlines and a cap, and bytes that are not HTTP get a short answer and a quiet log."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, suppress

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from adapters.http.connection import ConnectionBounds, connection_of
from adapters.http.service import HttpService
from adapters.ports.faults import ConfigError
from tests.adapters.http.listening import HELLO, LARGE_BYTES, TIGHT, guarded, listening, never, slow
from tests.adapters.http.wire import Wire, once, request

STOP_SECONDS = 5.0
"""Far less than requests under way are waited for."""


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """That service with tight bounds."""
    async with listening(TIGHT) as address:
        yield address


Connect = Callable[[], Awaitable[Wire]]


@pytest.fixture
async def connect(address: str) -> AsyncIterator[Connect]:
    """Opens connections, and closes them when the test is over."""
    opened: list[Wire] = []

    async def connection() -> Wire:
        opened.append(await Wire.open(address))
        return opened[-1]

    yield connection
    for wire in opened:
        await wire.close()


async def test_a_silent_connection_is_closed_after_the_time_for_a_head(connect: Connect) -> None:
    """Whoever sends nothing keeps no place."""
    wire = await connect()
    started = time.monotonic()
    assert b"408" in (await wire.rest())[:20]
    assert 0.2 < time.monotonic() - started < 2


async def test_a_half_sent_head_is_closed_even_while_it_trickles(connect: Connect) -> None:
    """A byte now and then does not buy more time."""
    wire = await connect()
    started = time.monotonic()
    trickle = asyncio.create_task(_trickle(wire, b"GET / HTTP/1.1\r\nX-Slow: " + b"a" * 60))
    assert b"408" in (await wire.rest())[:20]
    assert time.monotonic() - started < 2
    trickle.cancel()


async def _trickle(wire: Wire, data: bytes) -> None:
    with suppress(ConnectionError):
        for byte in data:
            await wire.send(bytes([byte]))
            await asyncio.sleep(0.05)


async def test_a_request_that_takes_longer_than_a_head_may_is_not_cut(address: str) -> None:
    """The deadline is for the head alone."""
    assert (await once(address, request("GET", "/slow"))).body == b"done"


async def test_a_head_that_was_sent_in_time_is_in_time_however_late_it_is_looked_at(connect: Connect) -> None:
    """A machine that stood still for a while blames nobody for it."""
    wire = await connect()
    await asyncio.sleep(0.05)
    await wire.send(HELLO)
    time.sleep(TIGHT.head_seconds * 2)  # noqa: ASYNC251 - the service's loop is what shall stand still
    assert (await wire.answer()).status == 200


async def test_a_connection_may_be_used_again_and_is_closed_when_it_idles(connect: Connect) -> None:
    """Keep-alive has its own bound."""
    wire = await connect()
    for _ in range(3):
        await wire.send(HELLO)
        assert (await wire.answer()).status == 200
    started = time.monotonic()
    assert await wire.rest() == b""
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("path", ["/large", "/stream"])
async def test_a_reader_that_stops_reading_is_disconnected(connect: Connect, path: str) -> None:
    """An answer is not buffered for ever for somebody who does not take it."""
    wire = await connect()
    await wire.send(request("GET", path))
    await asyncio.sleep(1)
    assert len(await wire.rest()) < LARGE_BYTES


@pytest.mark.parametrize("path", ["/large", "/stream"])
async def test_a_slow_reader_that_goes_on_reading_gets_everything(connect: Connect, path: str) -> None:
    """The deadline is for a standstill, not for the whole answer, which takes several times as long here."""
    wire = await connect()
    await wire.send(request("GET", path, headers={"Connection": "close"}))
    started = time.monotonic()
    assert len(await wire.rest(piece_bytes=60_000, pause_seconds=0.002)) > LARGE_BYTES
    assert time.monotonic() - started > 2 * TIGHT.reader_seconds


async def test_work_for_a_client_that_is_gone_is_cancelled() -> None:
    """As soon as it hangs up; who stays gets the answer."""
    begun, ended = asyncio.Event(), list[str]()

    async def work() -> str:
        try:
            begun.set()
            await asyncio.sleep(0.3)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        ended.append("done")
        return "hello"

    async def worked_for(req: web.Request) -> web.Response:
        return web.Response(text=await connection_of(req).while_open(work(), for_stranger=False))

    async with listening(ConnectionBounds(), ("/work", worked_for)) as address:
        wire = await Wire.open(address)
        await wire.send(request("GET", "/work"))
        await begun.wait()
        await wire.close()
        assert (await once(address, request("GET", "/work"))).body == b"hello"
    assert ended == ["cancelled", "done"]


NOT_HTTP = {
    "TLS": b"\x16\x03\x01\x02",
    "line feeds alone": b"GET / HTTP/1.1\nHost: x\n\n",
    "a header of 9,000 characters": b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9_000 + b"\r\n\r\n",
    "a path of 9,000 characters": b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "a length with a sign": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nabcde",
    "a length and chunks": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: x\r\nA: a\0b\r\n\r\n",
}


@pytest.mark.parametrize("data", NOT_HTTP.values(), ids=NOT_HTTP.keys())
async def test_what_is_not_http_is_a_400_without_a_traceback(address: str, data: bytes) -> None:
    """A short answer without a word about the software, no error in the log, and the service lives."""
    with capture_logs() as lines:
        answer = await once(address, data)
    assert answer.status == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json["status"] == 400
    assert "server" not in answer.headers
    assert not [line for line in lines if line["log_level"] in ("error", "critical")]
    assert (await once(address, HELLO)).status == 200


async def test_no_answer_names_the_software(address: str) -> None:
    """`Server` is taken away from ordinary answers and from problems."""
    for path in ("/", "/nowhere"):
        assert "server" not in (await once(address, request("GET", path))).headers


async def test_a_stop_lets_a_running_request_end() -> None:
    """What is under way is answered; new connections are not taken."""
    app = guarded()
    app.router.add_get("/slow", slow)
    service = HttpService(app, host="127.0.0.1", port=0)
    address = await service.start()
    running = asyncio.create_task(once(address, request("GET", "/slow")))
    await asyncio.sleep(0.2)
    await service.stop()
    assert (await running).body == b"done"
    with pytest.raises(ConnectionError):
        await Wire.open(address)


async def test_a_stop_waits_no_longer_than_its_bound() -> None:
    """A request that never ends is cancelled, and its client is not left waiting."""
    app = guarded()
    app.router.add_get("/never", never)
    service = HttpService(app, host="127.0.0.1", port=0, bounds=TIGHT._replace(shutdown_seconds=0.6))
    wire = await Wire.open(await service.start())
    await wire.send(request("GET", "/never"))
    await asyncio.sleep(0.1)
    started = time.monotonic()
    await service.stop()
    assert 0.5 < time.monotonic() - started < 3
    assert await wire.rest() == b""
    await wire.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.org"])
def test_without_tokens_no_other_machine_is_let_in(host: str) -> None:
    """An address that others can reach is refused, by a sentence that names the setting."""
    with pytest.raises(ConfigError, match="HTTP_HOST"):
        HttpService(web.Application(), host=host, port=0)


async def test_a_taken_port_is_said_so() -> None:
    """The sentence names the port and the setting."""
    first = HttpService(web.Application(), host="127.0.0.1", port=0)
    port = int((await first.start()).rpartition(":")[2])
    second = HttpService(web.Application(), host="127.0.0.1", port=port)
    with pytest.raises(ConfigError, match=f"port {port}.*HTTP_PORT"):
        await second.start()
    await first.stop()


@pytest.mark.parametrize("steps", range(6))
async def test_who_connects_while_the_service_stops_holds_nothing_up(steps: int) -> None:
    """Accepted before, while or after the service is told: nobody waits for a request that is not read."""
    service = HttpService(web.Application(), host="127.0.0.1", port=0, bounds=ConnectionBounds())
    host, port = (await service.start()).removeprefix("http://").split(":")
    with ExitStack() as sockets:
        for _ in range(8):
            sockets.enter_context(socket.create_connection((host, int(port)))).sendall(HELLO)
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(STOP_SECONDS):
            await service.stop()
        await asyncio.sleep(0.1)  # what was accepted meanwhile is sent away
    gc.collect()  # and nothing is left half made: its warning would end this test
