"""Connections for which there is no place: each is told 503, and waited for until it has read that."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import cast

MOST = 512
"""Connections that are told so at once; one more is closed without a word."""
READ_SECONDS = 1.0
"""How long one of them has to read it."""
NO_PLACE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\nRetry-After: 1\r\n\r\n"


class Doorstep:
    """How many one service is sending away."""

    def __init__(self) -> None:
        self.waiting = 0


class SentAway(asyncio.Protocol):
    """One of them. What is closed with unread bytes in it loses what was written, so the other side closes first."""

    def __init__(self, doorstep: Doorstep) -> None:
        self._doorstep = doorstep
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Says it, and waits for the other side to close."""
        stream = cast("asyncio.Transport", transport)
        self._doorstep.waiting += 1
        if self._doorstep.waiting > MOST:
            stream.abort()
            return
        stream.write(NO_PLACE)
        with suppress(OSError):  # who has gone already needs no end
            stream.write_eof()
        self._timer = asyncio.get_running_loop().call_later(READ_SECONDS, stream.abort)

    def eof_received(self) -> None:
        """The other side has closed, and so do we."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Nothing is kept of it."""
        self._doorstep.waiting -= 1
        if self._timer is not None:
            self._timer.cancel()
