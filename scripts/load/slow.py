"""Clients that keep a place without need: `python -m scripts.load.slow PORT COUNT` until it is ended.

By turns they send a head byte by byte, a body byte by byte, and ask for a file that is larger than what their system
takes for them, and do not read it. Who loses the connection comes again after a second.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import suppress
from itertools import cycle

AGAIN_SECONDS = 1.0
BYTE_SECONDS = 0.5
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = (
    b"POST /v1/users/u0/reservations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000\r\n\r\n{"
)
FILE = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
TAKEN_BYTES = 4_096
"""What the system takes for who does not read; by itself it would take megabytes, and all of the file."""


async def slow(port: int, kind: bytes) -> None:
    """One of them, for ever."""
    while True:
        with suppress(OSError):
            taken = socket.socket()
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, TAKEN_BYTES)
            taken.setblocking(False)
            await asyncio.get_running_loop().sock_connect(taken, ("127.0.0.1", port))
            reader, writer = await asyncio.open_connection(sock=taken)
            with suppress(OSError):
                await (_do_not_read(writer) if kind is FILE else _trickle(reader, writer, kind))
            writer.close()
        await asyncio.sleep(AGAIN_SECONDS)


async def _trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kind: bytes) -> None:
    writer.write(kind)
    while not reader.at_eof() and not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(BYTE_SECONDS)


async def _do_not_read(writer: asyncio.StreamWriter) -> None:
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a reading transport too
    writer.write(FILE)
    while not writer.is_closing():
        await asyncio.sleep(BYTE_SECONDS)
        writer.write(b"G")  # which tells whether the other side has gone


async def main(port: int, count: int) -> None:
    """All of them at once."""
    kinds = cycle((HEAD, BODY, FILE))
    await asyncio.gather(*(slow(port, next(kinds)) for _ in range(count)))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
