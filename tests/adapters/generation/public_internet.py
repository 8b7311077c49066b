"""The public Internet on loopback: one TLS server stands for every host, and every socket for one leads there.

Remembers which names were looked up, which addresses a socket was to connect to, and what was heard. Nothing leaves
the machine: the sockets it makes know the way to its own server only.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Any

import aiohttp
import pytest
import trustme

from adapters.generation.image_url import ImageFetcher
from adapters.ports.failures import GenerationFailure

if sys.platform == "win32":
    pytest.skip(
        "the event loop of Windows connects past a socket's own method, to the real host", allow_module_level=True
    )

DISCORD = "cdn.discordapp.com"
HOSTS = (DISCORD, "media.discordapp.net")
PUBLIC = "162.159.135.233"
OTHER_PUBLIC = "162.159.130.233"
SECRET = "5f2d0c9e8b7a"
PATH = f"/attachments/1/2/a%20b.png?ex=66&is=65&hm={SECRET}&"
GOOD = f"https://{DISCORD}{PATH}"

Play = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""An answer that is written piece by piece."""


@cache
def authority() -> trustme.CA:
    """The one authority that these tests trust."""
    return trustme.CA()


@cache
def certificate_of(host: str) -> trustme.LeafCert:
    """What a host shows to say who it is."""
    return authority().issue_cert(host)


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A whole answer over HTTP; `length` is what it claims to be long."""
    declared = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {declared}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class PublicInternet:
    """Answers every request with `reply`. Names resolve to the next of `look_ups`, the last of them again and again."""

    def __init__(self, reply: bytes | Play = b"", *look_ups: Collection[str], certified: str = DISCORD) -> None:
        self.reply = reply
        self.look_ups = deque(look_ups or [[PUBLIC]])
        self.names: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self.asked_for: list[str | None] = []
        self.heard: list[bytes] = []
        self._server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate_of(certified).configure_cert(self._server_tls)
        self._server_tls.sni_callback = self._hear_name
        self._port = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[PublicInternet]:
        """Listens on a free port of 127.0.0.1 while the block runs."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._server_tls)
        self._port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    @property
    def way_in(self) -> tuple[int, str]:
        """What a fetcher in another process needs for `fetcher_of`: the port, and the certificate that it trusts."""
        return self._port, authority().cert_pem.bytes().decode()

    def fetcher(self, hosts: Collection[str] = HOSTS, **options: Any) -> ImageFetcher:
        """A fetcher that lives in this Internet."""
        tls = _trust(self.way_in[1])
        return ImageFetcher(hosts, resolve=self.resolve, tls=tls, socket_factory=self.socket, **options)

    async def resolve(self, host: str) -> Collection[str]:
        """Its whole name service."""
        self.names.append(host)
        return self.look_ups.popleft() if len(self.look_ups) > 1 else self.look_ups[0]

    def socket(self, place: aiohttp.AddrInfoType) -> socket.socket:
        """A socket of this Internet, whatever it is to connect to."""
        return _LoopbackSocket(place[0], self.connected, self._port)

    def _hear_name(self, _: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> None:
        self.asked_for.append(name)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            self.heard.append(await reader.readuntil(b"\r\n\r\n"))
            if callable(self.reply):
                await self.reply(writer)
            else:
                writer.write(self.reply)
                await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def fetcher_of(way_in: tuple[int, str], hosts: Collection[str]) -> ImageFetcher:
    """A fetcher that lives in the Internet of another process."""
    port, certificate = way_in

    async def resolve(_: str) -> Collection[str]:
        return [PUBLIC]

    def to_loopback(place: aiohttp.AddrInfoType) -> socket.socket:
        return _LoopbackSocket(place[0], [], port)

    return ImageFetcher(hosts, resolve=resolve, tls=_trust(certificate), socket_factory=to_loopback)


async def fetched(reply: bytes | Play, url: str = GOOD, **options: Any) -> bytes | GenerationFailure:
    """What a fetcher makes of this answer."""
    async with PublicInternet(reply).serving() as internet:
        return await internet.fetcher(**options).fetch(url)


def _trust(certificate: str) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.load_verify_locations(cadata=certificate)
    return tls


class _LoopbackSocket(socket.socket):
    """Notes where it is to connect to, and connects to the server on loopback instead."""

    def __init__(self, family: int, connected: list[tuple[str, int]], port: int) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._connected = connected
        self._port = port

    def connect(self, address: Any) -> None:
        """The one that the event loop calls."""
        self._connected.append(address[:2])
        host = "127.0.0.1" if self.family == socket.AF_INET else "::ffff:127.0.0.1"
        super().connect((host, self._port))
