"""Answers that go on: how many there are at once, how they are written, and how they end with the service.

A reader that is slower than what comes is `connection`'s to drop; nothing is kept for it here beyond one write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from aiohttp import web

from adapters.http.access import CALLER
from adapters.http.connection import connection_of
from adapters.http.long_answers import LongAnswers, Shares

MAX_STREAMS = 64
MAX_OF_ONE = 16
"""Of the holder of one token; who needs none shares all."""


class Stream:
    """One that goes on until it is over: for all, as the service stops, or as another has its place."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be written."""
        return self._over.is_set()

    def end(self) -> None:
        """Nothing more is to be written. Its reader may come again, and goes on where it was."""
        self._over.set()

    async def pause(self, seconds: float) -> None:
        """Waits, no longer than until it is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()


class Streams:
    """The answers of one service that go on until their reader goes, or the service stops."""

    def __init__(self) -> None:
        self._places = LongAnswers("As many streams are open as may be. Close one, or ask again in a few seconds.")
        self._open: set[Stream] = set()
        self._is_over = False

    @contextmanager
    def place(self, request: web.Request) -> Iterator[Stream]:
        """A place for one more. Raises a Problem where all are taken, or all that one token may have."""
        token = request[CALLER].token
        holder, of_one = ("", MAX_STREAMS) if token is None else (token.name, MAX_OF_ONE)
        stream = Stream()
        with self._places.place(holder, Shares(MAX_STREAMS, of_one), stream.end):
            self._open.add(stream)
            if self._is_over:
                stream.end()
            try:
                yield stream
            finally:
                self._open.discard(stream)

    async def end(self, _: web.Application) -> None:
        """aiohttp's signal of a service that stops."""
        self._is_over = True
        for stream in self._open:
            stream.end()


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
