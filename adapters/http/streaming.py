"""Answers that go on: how many there are at once, how they are written, and how they end with the service.

A reader that is slower than what comes is `connection`'s to drop; nothing is kept for it here beyond one write.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import web

from adapters.http.access import CALLER
from adapters.http.connection import connection_of
from adapters.http.problems import TOO_BUSY, Problem

MAX_STREAMS = 64
MAX_OF_ONE = 16
"""Of the holder of one token; who needs none shares all."""
RETRY_SECONDS = 5


class Streams:
    """The answers of one service that go on until their reader goes, or the service stops."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()
        self._over = asyncio.Event()

    @contextmanager
    def place(self, request: web.Request) -> Iterator[None]:
        """A place for one more. Raises a Problem where all are taken, or all that one token may have."""
        token = request[CALLER].token
        holder = "" if token is None else token.name
        most = MAX_STREAMS if token is None else MAX_OF_ONE
        if self._of.total() >= MAX_STREAMS or self._of[holder] >= most:
            sentence = "As many streams are open as may be. Close one, or ask again in a few seconds."
            raise Problem(TOO_BUSY, sentence, headers={"Retry-After": str(RETRY_SECONDS)})
        self._of[holder] += 1
        try:
            yield
        finally:
            self._of[holder] -= 1
            self._of += Counter()  # forgets who has none

    async def pause(self, seconds: float) -> bool:
        """Waits; whether the stream goes on after it: False at once when the service stops."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return True
        return False

    async def end(self, _: web.Application) -> None:
        """aiohttp's signal of a service that stops."""
        self._over.set()


STREAMS: Final = web.AppKey("streams", Streams)


async def begin(request: web.Request, media_type: str) -> web.StreamResponse:
    """The answer, its head sent. What is written to it comes at once, through proxies too."""
    answer = web.StreamResponse(headers={"Content-Type": media_type, "X-Accel-Buffering": "no"})
    await answer.prepare(request)
    return answer


def cut_off(request: web.Request) -> None:
    """Closes the connection without the end of its answer: so its reader sees that something is missing."""
    if (transport := connection_of(request).transport) is not None:
        transport.abort()
