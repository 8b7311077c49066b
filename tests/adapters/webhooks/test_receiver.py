"""One post to a receiver that is hostile, slow or no receiver at all, on raw sockets: each ends in time, with a reason,
and no more than a status is taken from it.

| it | becomes |
|---|---|
| sends a body without end, or headers without end | judged by its status; refused |
| says nothing, or stops in the middle | a failure in time |
| is no HTTP, closes at once, is not there | a failure with its reason |
| has a certificate of nobody's | a failure, before anything was said |
| sends elsewhere | a failure; nobody is asked there |
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import trustme

from adapters.ports.clock import utc_now
from adapters.settings.webhooks import signing_key
from adapters.webhooks.messages import Message
from adapters.webhooks.receiver import Answer, Receiver
from tests.adapters.webhooks.inbox import SECRET

MESSAGE = Message(1, "msg_1", b'{"type":"image.saved"}')
ENDLESS = 256 * 1024 * 1024
"""Bytes after which whoever still reads has not noticed."""

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def says(text: bytes) -> Play:
    """Answers so, whatever was asked, and closes."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text)

    return play


class Endless:
    """Begins with a text and goes on without end; how many bytes were taken from it."""

    def __init__(self, begins: bytes, goes_on: bytes) -> None:
        self.begins, self.block = begins, goes_on * (65_536 // len(goes_on))
        self.sent = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.begins)
        while self.sent < ENDLESS:
            writer.write(self.block)
            await writer.drain()
            self.sent += len(self.block)


@asynccontextmanager
async def playing(play: Play, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The address at which it is played."""
    players: list[asyncio.Task[object] | None] = []

    async def played(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        players.append(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError):
            await play(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(played, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/secret-path"
    await asyncio.gather(*filter(None, players))


async def told(address: str, answer_seconds: float = 5.0) -> Answer:
    """What one post comes to."""
    answer = await Receiver(address, signing_key(SECRET), utc_now, answer_seconds=answer_seconds).tell(MESSAGE)
    assert "secret-path" not in answer.why
    return answer


@pytest.mark.parametrize(
    ("text", "is_taken", "why"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", True, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", True, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone", True, ""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True, ""),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", False, "it answers 500"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", False, "it sends elsewhere (302)"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", False, "it gives no whole answer"),
        (b"HTTP/1.1 200", False, "it gives no whole answer"),
        (b"", False, "it gives no whole answer"),
    ],
)
async def test_an_answer_is_judged_by_its_status(text: bytes, *, is_taken: bool, why: str) -> None:
    """Whatever follows that, or does not."""
    async with playing(says(text)) as address:
        answer = await told(address)
    assert answer.is_taken is is_taken
    assert answer.why.startswith(why)
    assert answer.retry_after_seconds is None


@pytest.mark.parametrize(
    ("begins", "is_taken"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", True),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 999999999999\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nX: ", False),
        (b"HTTP/1.1 200 OK\r\n", False),
    ],
)
async def test_an_answer_without_end_is_not_read(begins: bytes, *, is_taken: bool) -> None:
    """Neither its body nor its headers fill the memory."""
    endless = Endless(
        begins, b"1\r\na\r\n" if b"chunked" in begins else b"a: b\r\n" if begins.endswith(b"OK\r\n") else b"x"
    )
    async with playing(endless) as address:
        answer = await told(address)
    assert answer.is_taken is is_taken
    assert endless.sent < ENDLESS / 8


async def test_one_that_says_nothing_is_not_waited_for() -> None:
    """Its time is bounded, and so it is where it only connects."""

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with playing(silent) as address:
        answer = await told(address, answer_seconds=0.2)
    assert answer.why == "it does not answer within 0.2 seconds"


async def test_one_that_is_not_there_is_told_so() -> None:
    """By the system's own word for it."""
    async with playing(says(b"")) as address:
        pass
    assert (
        "it cannot be reached (Connect call failed" in (await told(address)).why
        or "refused" in (await told(address)).why
    )


async def test_a_certificate_of_nobodys_is_refused_before_anything_is_said() -> None:
    """An authority that this machine does not know."""
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(10_000))

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    async with playing(listen, tls) as address:
        assert (await told(address)).why == "its certificate is not accepted"
    assert not any(heard)


def test_a_receiver_is_named_without_its_path() -> None:
    """Which may be its secret."""
    receiver = Receiver("https://hooks.example:8443/T0/B1?key=x", b"k" * 32, utc_now)
    assert receiver.shown == "https://hooks.example:8443"
