"""What a listed host answers with: an image, or a clear failure within bounds, and nothing of it in a log."""

from __future__ import annotations

import asyncio
import gzip
import logging

import pytest
from structlog.testing import capture_logs

from adapters.generation import GenerationFailure
from adapters.generation.image_url import (
    A_HEIC,
    FETCH_SECONDS,
    GONE,
    HOST_FAILED,
    LARGEST_IMAGE_BYTES,
    NOT_AN_IMAGE,
    NOT_REACHED,
    TOO_LARGE,
    TOO_SLOW,
    ImageFetcher,
)
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.making import png
from tests.adapters.generation.public_internet import (
    GOOD,
    HOSTS,
    OTHER_PUBLIC,
    PUBLIC,
    SECRET,
    Play,
    PublicInternet,
    answer,
    fetched,
)

MB = 1_048_576
PNG = png()
HTML = b"<!DOCTYPE html><title>Welcome</title>"


# What comes back


async def drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.02)


async def dripping_body(writer: asyncio.StreamWriter) -> None:
    writer.write(answer(b"", length=1_000_000))
    await drip(writer)


async def dripping_header(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    await drip(writer)


async def endless_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X: y\r\n" * 1_000)
        await writer.drain()


async def silence(writer: asyncio.StreamWriter) -> None:
    await writer.wait_closed()


async def eleven_mb(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + PNG)
    for _ in range(11):
        writer.write(bytes(MB))
        await writer.drain()


async def cut_off(writer: asyncio.StreamWriter) -> None:
    writer.write(answer(PNG, length=len(PNG) + 1))


@pytest.mark.parametrize("play", [dripping_body, dripping_header, silence], ids=lambda play: play.__name__)
async def test_a_slow_host_is_left_when_the_time_is_over(play: Play) -> None:
    """A byte now and then keeps nobody waiting for ever."""
    assert await fetched(play, deadline_seconds=0.5) is TOO_SLOW


ANSWERS: dict[str, tuple[bytes | Play, GenerationFailure]] = {
    "11 MB declared": (answer(PNG, length=11 * MB), TOO_LARGE),
    "one byte too many": (answer(PNG, length=LARGEST_IMAGE_BYTES + 1), TOO_LARGE),
    "11 MB without a declared length": (eleven_mb, TOO_LARGE),
    "a page called an image": (answer(HTML, "Content-Type: image/png"), NOT_AN_IMAGE),
    "a drawing in XML": (answer(b"<svg/>", "Content-Type: image/svg+xml"), NOT_AN_IMAGE),
    "a HEIC": (answer(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)), A_HEIC),
    "an image after a byte": (answer(b"\n" + PNG), NOT_AN_IMAGE),
    "a sound in a RIFF": (answer(b"RIFF\0\0\0\0WAVEfmt "), NOT_AN_IMAGE),
    "nothing": (answer(b""), NOT_AN_IMAGE),
    "a packed image": (answer(gzip.compress(PNG), "Content-Encoding: gzip"), NOT_AN_IMAGE),
    "a part": (answer(PNG, status="206 Partial Content"), NOT_AN_IMAGE),
    "no content": (answer(b"", status="204 No Content"), NOT_AN_IMAGE),
    "a redirect to a listed host": (answer(PNG, f"Location: {GOOD}", status="302 Found"), NOT_AN_IMAGE),
    "an expired link": (answer(b"This content is no longer available.", status="404 Not Found"), GONE),
    "an image that was taken away": (answer(b"", status="410 Gone"), GONE),
    "a bad signature": (answer(PNG, status="403 Forbidden"), GONE),
    "too many requests": (answer(b"", status="429 Too Many Requests"), HOST_FAILED),
    "a failure": (answer(PNG, status="500 Internal Server Error"), HOST_FAILED),
    "an end before the end": (cut_off, HOST_FAILED),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", HOST_FAILED),
    "a length that is no number": (answer(PNG, "Content-Length: x"), HOST_FAILED),
    "a chunk that is none": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", HOST_FAILED),
    "headers without end": (endless_headers, HOST_FAILED),
}


@pytest.mark.parametrize(("reply", "failure"), ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_that_is_no_image_is_a_clear_failure(reply: bytes | Play, failure: GenerationFailure) -> None:
    """Each says what is wrong and what to do, and nothing of what was found."""
    assert await fetched(reply) is failure


async def test_the_largest_image_is_taken() -> None:
    """10 MB are not too many; by itself a fetch ends after 15 seconds."""
    assert (LARGEST_IMAGE_BYTES, FETCH_SECONDS) == (10 * MB, 15)
    largest = PNG.ljust(LARGEST_IMAGE_BYTES, b"\0")
    assert await fetched(answer(largest)) == largest


async def test_a_redirect_is_not_followed() -> None:
    """The second place hears nothing, though it listens."""
    reached: list[object] = []

    def reach(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(writer.get_extra_info("peername"))
        writer.close()

    inner = await asyncio.start_server(reach, "127.0.0.1", 0)
    where = f"http://127.0.0.1:{inner.sockets[0].getsockname()[1]}/"
    async with inner, PublicInternet(answer(b"", f"Location: {where}", status="302 Found")).serving() as internet:
        assert await internet.fetcher().fetch(GOOD) is NOT_AN_IMAGE
    assert reached == []
    assert internet.connected == [(PUBLIC, 443)]


@pytest.mark.parametrize("certified", ["media.discordapp.net", "evil.example", "*.com", PUBLIC])
async def test_a_certificate_for_another_host_is_refused(certified: str) -> None:
    """Nothing is sent to whoever answers at the address without being the host."""
    async with PublicInternet(answer(PNG), certified=certified).serving() as internet:
        assert await internet.fetcher().fetch(GOOD) is NOT_REACHED
    assert internet.heard == []


async def test_a_certificate_of_an_unknown_authority_is_refused() -> None:
    """Where no other trust is given, the system's authorities decide."""
    async with PublicInternet(answer(PNG)).serving() as internet:
        fetcher = ImageFetcher(HOSTS, resolve=internet.resolve, socket_factory=internet.socket)
        assert await fetcher.fetch(GOOD) is NOT_REACHED
    assert internet.heard == []


async def test_a_host_that_is_not_there_is_a_clear_failure() -> None:
    """Every judged address is tried."""
    async with PublicInternet(answer(PNG), [PUBLIC, OTHER_PUBLIC]).serving() as internet:
        pass
    assert await internet.fetcher().fetch(GOOD) is NOT_REACHED
    assert {address for address, _ in internet.connected} == {PUBLIC, OTHER_PUBLIC}


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve the name again, and may stand within."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert await fetched(answer(PNG)) == PNG


# What is kept to ourselves


@pytest.mark.parametrize("reply", [*(reply for reply, _ in ANSWERS.values()), answer(PNG)], ids=[*ANSWERS, "an image"])
async def test_no_signature_reaches_a_log(reply: bytes | Play, caplog: pytest.LogCaptureFixture) -> None:
    """Ours, the event loop's or the library's, at the finest level; nor does it stand in what the user is told."""
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    with capture_logs() as lines:
        outcomes = [await fetched(reply), await fetched(reply, GOOD.replace("https", "http"))]
    sentences = [sentence_of_failure(outcome) for outcome in outcomes if isinstance(outcome, GenerationFailure)]
    assert lines
    for text in (str(lines), caplog.text, *sentences):
        assert SECRET not in text
        assert PUBLIC not in text
