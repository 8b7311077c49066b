"""A client that sends bytes as they are, because a polite one would refuse to send what a rude one sends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

MAX_ANSWER_BYTES = 50_000_000
WAIT_SECONDS = 20.0


class GenerationOutcome(NamedTuple):
    """An answer as it came; header names in lower case, one that is there twice with a line for each."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Wire:
    """One connection to a service."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, address: str) -> Wire:
        """A connection to `http://host:port`."""
        parts = urlsplit(address)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    async def send(self, data: bytes | str) -> None:
        """The bytes, and nothing else."""
        self._writer.write(data if isinstance(data, bytes) else data.encode("latin-1"))
        await self._writer.drain()

    async def answer(self, *, to_head: bool = False) -> GenerationOutcome:
        """One answer, with a body of its Content-Length unless it is to HEAD; EOFError where it is cut."""
        async with asyncio.timeout(WAIT_SECONDS):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip("\r\n").split("\r\n")
            headers: dict[str, str] = {}
            for name, value in (line.split(": ", 1) for line in lines):
                former = headers.get(name.lower())
                headers[name.lower()] = value if former is None else f"{former}\n{value}"
            status = int(first.split(" ")[1])
            bodiless = to_head or status in (100, 304)
            body = b"" if bodiless else await self._reader.readexactly(int(headers.get("content-length", 0)))
        return GenerationOutcome(status, headers, body)

    async def rest(self, *, piece_bytes: int = MAX_ANSWER_BYTES, pause_seconds: float = 0) -> bytes:
        """Everything until the service closes, read in pieces of this size with a pause after each."""
        found = bytearray()
        async with asyncio.timeout(WAIT_SECONDS):
            with suppress(ConnectionResetError):
                while piece := await self._reader.read(piece_bytes):
                    found += piece
                    await asyncio.sleep(pause_seconds)
        return bytes(found)

    def abort(self) -> None:
        """The client is gone, and what it has not sent yet with it."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """The client hangs up."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


async def once(address: str, data: bytes | str) -> GenerationOutcome:
    """One connection, one request, one answer."""
    wire = await Wire.open(address)
    try:
        await wire.send(data)
        return await wire.answer(to_head=data[:5] in (b"HEAD ", "HEAD "))
    finally:
        await wire.close()


def request(
    method: str, path: str, *, host: str = "127.0.0.1", headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """A well-formed request around whatever path and headers are given."""
    length = {"Content-Length": str(len(body))} if body or method == "POST" else {}
    lines = {"Host": host, **length, **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body
