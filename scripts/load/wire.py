"""A client that costs little: bare HTTP/1.1 on kept connections, with the time and the status of each answer.

A `Lines` is many connections to one address. Closed: each asks again as soon as it is answered. Open: requests are due
at a rate whatever the answers do, on whichever connection is free, and a time counts from when its request was due.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

LOST = 0
"""The status of what was closed without an answer."""
TICK_SECONDS = 0.001
LAST_ANSWERS_SECONDS = 10.0
HEADERS_END = b"\r\n\r\n"


class Request(NamedTuple):
    """What is sent; `tag` is the asker's own."""

    data: bytes
    tag: str = ""


class Answer(NamedTuple):
    """What came: when it was due by the asker's clock, how long it took from then, the status (LOST), and the bytes."""

    tag: str
    due: float
    seconds: float
    status: int
    body: bytes = b""


def request(
    method: str, path: str, *, body: bytes = b"", media_type: str = "application/json", tag: str = ""
) -> Request:
    """A request to this machine."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
    if method != "GET":
        head += f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
    return Request(head.encode() + b"\r\n" + body, tag)


@dataclass(slots=True)
class Figures:
    """Answers by status, and the times of those that succeeded or failed alike."""

    statuses: Counter[int] = field(default_factory=Counter)
    times: list[tuple[float, float, int]] = field(default_factory=list)
    """When each was due, how long it took, and its status."""
    seconds: float = 0.0
    """How long it was measured."""

    def take(self, answer: Answer) -> None:
        """Counts one answer."""
        self.statuses[answer.status] += 1
        self.times.append((answer.due, answer.seconds, answer.status))

    @property
    def well(self) -> int:
        """How many were answered with a success."""
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    @property
    def rate(self) -> float:
        """Successes a second."""
        return self.well / self.seconds if self.seconds else 0.0

    def percentile(self, part: float) -> float:
        """The time below which that part of the successes is, in milliseconds."""
        found = sorted(seconds for _, seconds, status in self.times if 200 <= status < 300)
        return found[min(len(found) - 1, int(len(found) * part))] * 1_000 if found else 0.0


class Line(asyncio.Protocol):
    """One connection, with at most one request under way."""

    def __init__(self, answered: Callable[[Line, Answer], None]) -> None:
        self._answered = answered
        self._transport: asyncio.Transport | None = None
        self._asked: Request | None = None
        self._due = 0.0
        self._received = b""

    @property
    def is_open(self) -> bool:
        """Whether it can be asked."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the way to the other side."""
        assert isinstance(transport, asyncio.Transport), "a connection of a stream"
        self._transport = transport

    def ask(self, asked: Request, due: float) -> None:
        """Sends a request."""
        assert self._transport is not None, "asked before it was connected"
        self._asked, self._due, self._received = asked, due, b""
        self._transport.write(asked.data)

    def data_received(self, data: bytes) -> None:
        """Tells the answer once it is whole. One with chunks ends with the empty chunk."""
        self._received += data
        head, end, body = self._received.partition(HEADERS_END)
        if not end:
            return
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        if at >= 0 and len(body) < int(lowered[at + 15 : (lowered + b"\r").index(b"\r", at)]):
            return
        if at < 0 and b"chunked" in lowered and not body.endswith(b"0\r\n\r\n"):
            return
        if b"connection: close" in lowered and self._transport is not None:
            self._transport.close()
        self._tell(int(head[9:12]), body)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """What was under way is lost."""
        self._transport = None
        self._tell(LOST, b"")

    def close(self) -> None:
        """Ends it; nobody is told."""
        self._asked = None
        if self._transport is not None:
            self._transport.abort()

    def _tell(self, status: int, body: bytes) -> None:
        if (asked := self._asked) is not None:
            self._asked = None
            self._answered(self, Answer(asked.tag, self._due, time.perf_counter() - self._due, status, body))


async def closed_loop(
    port: int, make: Callable[[], Request], seconds: float, *, connections: int, heard: Callable[[Answer], None]
) -> None:
    """So many connections that ask without a pause, for so long, or until the other side is gone."""
    ends = time.perf_counter() + seconds
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    lines: list[Line] = []

    def answered(line: Line, answer: Answer) -> None:
        heard(answer)
        if answer.status == LOST:
            gone.set()
        elif time.perf_counter() < ends and line.is_open:
            line.ask(make(), time.perf_counter())

    for _ in range(connections):
        _, line = await loop.create_connection(lambda: Line(answered), "127.0.0.1", port)
        lines.append(line)
    for line in lines:
        line.ask(make(), time.perf_counter())
    with suppress(TimeoutError):
        await asyncio.wait_for(gone.wait(), ends - time.perf_counter())
    for line in lines:
        line.close()


class OpenLoop:
    """Requests at a rate that does not wait for answers, on at most so many connections; what finds none free waits."""

    def __init__(self, port: int, make: Callable[[], Request], *, connections: int) -> None:
        self.figures = Figures()
        self.unanswered = 0
        """Requests that had no answer when it was waited for them no longer."""
        self._port = port
        self._make = make
        self._connections = connections
        self._free: deque[Line] = deque()
        self._waiting: deque[float] = deque()
        self._open = 0
        self._under_way = 0
        self._lines: list[Line] = []
        self._opening: set[asyncio.Task[None]] = set()

    async def run(self, rate: float, seconds: float, *, last_seconds: float = LAST_ANSWERS_SECONDS) -> None:
        """Sends for so long; then waits for the last answers."""
        begun = time.perf_counter()
        sent = 0
        while (now := time.perf_counter()) < begun + seconds:
            for number in range(sent, int((now - begun) * rate)):
                self._waiting.append(begun + number / rate)
                sent += 1
            self._send()
            await asyncio.sleep(TICK_SECONDS)
        self.figures.seconds += seconds
        ends = time.perf_counter() + last_seconds
        while (self._waiting or self._under_way) and time.perf_counter() < ends:
            await asyncio.sleep(TICK_SECONDS)
            self._send()
        self.unanswered = len(self._waiting) + self._under_way
        self._waiting.clear()

    def close(self) -> None:
        """Ends its connections."""
        for line in self._lines:
            line.close()

    def _send(self) -> None:
        while self._waiting:
            if not self._free:
                break
            line = self._free.popleft()
            if not line.is_open:
                self._open -= 1
                continue
            self._under_way += 1
            line.ask(self._make(), self._waiting.popleft())
        for _ in range(min(len(self._waiting) - len(self._opening), self._connections - self._open)):
            self._open += 1
            task = asyncio.get_running_loop().create_task(self._connect())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _connect(self) -> None:
        try:
            _, line = await asyncio.get_running_loop().create_connection(
                lambda: Line(self._answered), "127.0.0.1", self._port
            )
        except OSError:
            self._open -= 1
            return
        self._lines.append(line)
        if not line.is_open:  # it was sent away at once
            self._open -= 1
        elif self._waiting:
            self._under_way += 1
            line.ask(self._make(), self._waiting.popleft())
        else:
            self._free.append(line)

    def _answered(self, line: Line, answer: Answer) -> None:
        self._under_way -= 1
        self.figures.take(answer)
        if line.is_open:
            self._free.append(line)
        else:
            self._open -= 1
        self._send()
