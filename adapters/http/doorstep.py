"""Connections for which there is no place: each waits a moment for one, in its turn. Who gets none is told 503, and
waited for until they have read that.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol, cast

MOST_WAITING = 1_024
"""Connections that wait for a place at once; one more is told 503 without a wait."""
MOST_SENT_AWAY = 256
"""Connections that are told so at once beside those that may wait; one more that comes is closed without a word."""
WAIT_SECONDS = 1.0
READ_SECONDS = 1.0
"""How long one of them has to read it."""
NO_PLACE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\nRetry-After: 1\r\n\r\n"


class House(Protocol):
    """Who has the places."""

    def has_joined(self) -> None:
        """One more waits at the door."""

    def was_refused(self) -> None:
        """One was sent away from it."""


class Doorstep:
    """Those before the door of one service, longest first."""

    def __init__(self, most_waiting: int, wait_seconds: float, house: House) -> None:
        self.wait_seconds = wait_seconds
        self.leaving = 0
        """How many are being sent away."""
        self.house = house
        self._most_waiting = most_waiting
        self._waiting: dict[Newcomer, None] = {}

    @property
    def is_waited_at(self) -> bool:
        """Whether somebody waits for a place."""
        return bool(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether nobody more may wait."""
        return len(self._waiting) >= self._most_waiting

    @property
    def is_crowded(self) -> bool:
        """Whether nobody more is even told so."""
        return len(self._waiting) + self.leaving >= self._most_waiting + MOST_SENT_AWAY

    def join(self, newcomer: Newcomer) -> None:
        """They are the last in line."""
        self._waiting[newcomer] = None
        self.house.has_joined()

    def leave(self, newcomer: Newcomer) -> None:
        """They wait no longer, if they did."""
        self._waiting.pop(newcomer, None)

    def let_next_in(self, protocol: asyncio.Protocol) -> None:
        """Whoever has waited longest goes on as this protocol."""
        next(iter(self._waiting)).go_in(protocol)

    def send_all_away(self) -> None:
        """Nobody waits any longer."""
        for newcomer in list(self._waiting):
            newcomer.send_away()


class Newcomer(asyncio.Protocol):
    """One of them. What it sends meanwhile is left to its system.

    What is closed with unread bytes in it loses what was written, so that the other side closes first.
    """

    def __init__(self, doorstep: Doorstep, *, may_wait: bool) -> None:
        self._doorstep = doorstep
        self._may_wait = may_wait
        self._is_leaving = False
        self._timer: asyncio.TimerHandle | None = None
        self._stream: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits, or is sent away."""
        self._stream = cast("asyncio.Transport", transport)
        if self._doorstep.is_crowded:
            self._doorstep.house.was_refused()
            self._stream.abort()
            return
        if not self._may_wait or self._doorstep.is_full:
            self.send_away()
            return
        self._stream.pause_reading()
        wait = self._doorstep.wait_seconds
        self._timer = asyncio.get_running_loop().call_later(wait, self.send_away)
        self._doorstep.join(self)

    def go_in(self, protocol: asyncio.Protocol) -> None:
        """There is a place: what was sent, and all that follows, is the protocol's."""
        assert self._stream is not None, "only who has come waits"
        self._wait_no_longer()
        self._stream.set_protocol(protocol)
        protocol.connection_made(self._stream)
        self._stream.resume_reading()

    def send_away(self) -> None:
        """Says that there is no place, and waits for the other side to close."""
        assert self._stream is not None, "only who has come is sent away"
        self._wait_no_longer()
        self._doorstep.house.was_refused()
        self._doorstep.leaving += 1
        self._is_leaving = True
        self._stream.resume_reading()
        self._stream.write(NO_PLACE)
        with suppress(OSError):  # who has gone already needs no end
            self._stream.write_eof()
        self._timer = asyncio.get_running_loop().call_later(READ_SECONDS, self._stream.abort)

    def eof_received(self) -> None:
        """The other side has closed, and so do we."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Nothing is kept of it."""
        self._wait_no_longer()
        self._doorstep.leaving -= self._is_leaving

    def _wait_no_longer(self) -> None:
        self._doorstep.leave(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
