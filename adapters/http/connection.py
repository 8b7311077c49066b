"""One TCP connection: its deadlines, the cap on how many there are, and the answer to bytes that are not HTTP.

aiohttp leaves a half-sent head and a reader that has stopped reading open; here each has a named bound. Where all
places are taken, who keeps one without need gives it up: first who has asked for nothing yet, then who pauses, who
sends or reads slowly, strangers and refused ones in line, and of each kind who has done so longest. Where nobody does,
the next ones wait a moment before the door (`doorstep`). Left to others: how long a body may take (`bodies`), and
everything that needs a parsed request (`guards`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext, suppress
from enum import IntEnum
from math import inf
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar, cast

import structlog
from aiohttp import HttpVersion10, HttpVersion11, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web_protocol import _ErrInfo  # what it makes of bytes that are no request: a version is judged later

from adapters.http.doorstep import MOST_SENT_AWAY, MOST_WAITING, WAIT_SECONDS, Doorstep, Newcomer
from adapters.http.problems import BAD_REQUEST, INTERNAL, MEDIA_TYPE, VERSION, ProblemKind, render

VERSIONS = frozenset({HttpVersion10, HttpVersion11})
"""aiohttp's parser lets others through, which have another form on the wire."""
MAX_CONNECTIONS = 256
HEAD_SECONDS = 10.0
READER_SECONDS = 30.0
READER_BYTES_A_SECOND = 8_000
KEEP_ALIVE_SECONDS = 15.0
LINGERING_SECONDS = 5.0
SHUTDOWN_SECONDS = 25.0
PATIENCE_SECONDS = 0.25
"""Who asks again within this time keeps their place: else clients that are more than there are places would throw each
other out, and none would be answered.
"""
LOOKS = 10
"""How often within that time it is looked who could give their place up, while few are left. Not for each who comes, as
that would be all that is done in a flood; and who is found twice has really sent nothing: what came between was read.
Who has asked for nothing yet needs only that.
"""
OTHER_FILES = 256
"""Files and sockets beside those of clients: the log, images, providers, Discord."""
FEW_OF = 8
"""One place of so many, or less, is few."""
TELL_SECONDS = 1.0
"""How often it is told, at most, that all places are taken."""

T = TypeVar("T")

_log = structlog.wrap_logger(logging.getLogger(__name__))


class ConnectionBounds(NamedTuple):
    """How long and how many. Tests shorten them; the service takes the defaults."""

    connections: int = MAX_CONNECTIONS
    head_seconds: float = HEAD_SECONDS
    reader_seconds: float = READER_SECONDS
    reader_bytes_a_second: int = READER_BYTES_A_SECOND
    keep_alive_seconds: float = KEEP_ALIVE_SECONDS
    shutdown_seconds: float = SHUTDOWN_SECONDS
    patience_seconds: float = PATIENCE_SECONDS
    waiting: int = MOST_WAITING
    wait_seconds: float = WAIT_SECONDS

    def within(self, open_files: int) -> ConnectionBounds:
        """The same with as few that wait as this process may have files open: those of the storage are not to lack."""
        left = open_files - self.connections - MOST_SENT_AWAY - OTHER_FILES
        return self._replace(waiting=max(0, min(self.waiting, left)))


class Connections:
    """Makes one `Connection` for each that arrives, and knows those that are open."""

    def __init__(self, server: web.Server, bounds: ConnectionBounds) -> None:
        self.bounds = bounds
        self.open: set[Connection] = set()
        self._is_over = False
        self._server = server
        self._coming = 0
        self._doorstep = Doorstep(bounds.waiting, bounds.wait_seconds, self)
        self._refused = self._dropped = 0
        self._told_at = -inf
        self._look_seconds = bounds.patience_seconds / LOOKS
        self._look: asyncio.TimerHandle | None = None
        self._found: dict[Connection, WaitedFor] = {}
        self._next: list[tuple[WaitedFor, Connection]] = []

    def __call__(self) -> asyncio.Protocol:
        """The protocol of a connection that is about to be made."""
        if self._is_over or self._doorstep.is_waited_at or not self.make_room():
            return Newcomer(self._doorstep, may_wait=not self._is_over)
        self._coming += 1
        asyncio.get_running_loop().call_soon(self._has_come)
        return self._connection()

    def _connection(self) -> Connection:
        return Connection(
            self,
            self._server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self.bounds.keep_alive_seconds,
            lingering_time=LINGERING_SECONDS,
            auto_decompress=False,
            access_log=None,
        )

    def end(self) -> None:
        """The service takes no more connections: who waits is sent away, as is who was accepted just before."""
        self._is_over = True
        self._doorstep.send_all_away()

    def make_room(self) -> bool:
        """Whether one more may be open, if need be in the place of the one that has kept us waiting longest."""
        if len(self.open) + self._coming < self.bounds.connections:
            return True
        while self._next:
            since, one = self._next.pop()
            if one in self.open and one.waited_for_since == since:
                one.give_place_up()
                self._note(dropped=1)
                return True
        return False

    def has_opened(self) -> None:
        """One more is open, and there may be few left."""
        if self._look is None and self._are_few_left():
            self._look = asyncio.get_running_loop().call_later(self._look_seconds, self._look_around)

    def has_closed(self) -> None:
        """One is no longer open."""
        self._let_in()

    def has_joined(self) -> None:
        """One more waits, and there may be a place by now."""
        self._let_in()

    def was_refused(self) -> None:
        """One was sent away."""
        if not self._is_over:
            self._note(refused=1)

    def _let_in(self) -> None:
        """Who waits has what places there are."""
        while self._doorstep.is_waited_at and not self._is_over and self.make_room():
            self._doorstep.let_next_in(self._connection())

    def _are_few_left(self) -> bool:
        most = self.bounds.connections
        return len(self.open) >= most - max(1, most // FEW_OF)

    def _look_around(self) -> None:
        """Finds who could give their place up, the one that has done without longest at the end of `_next`."""
        self._look = None
        loop = asyncio.get_running_loop()
        latest = loop.time() - self.bounds.patience_seconds
        waited_for = {
            one: since
            for one in self.open
            if (since := one.waited_for_since) and (since.need is Need.WITHOUT_REQUEST or since.since <= latest)
        }
        twice = [(since, one) for one, since in waited_for.items() if self._found.get(one) == since]
        self._next, self._found = sorted(twice, key=itemgetter(0), reverse=True), waited_for
        if self._are_few_left():
            self._look = loop.call_later(self._look_seconds, self._look_around)
        self._let_in()

    def _has_come(self) -> None:
        """A moment before it is among the open ones."""
        self._coming -= 1

    def _note(self, *, refused: int = 0, dropped: int = 0) -> None:
        """Tells it now and then, and the first time at once."""
        self._refused += refused
        self._dropped += dropped
        now = asyncio.get_running_loop().time()
        if now >= self._told_at + TELL_SECONDS:
            bound = self.bounds.connections
            _log.warning("http places all taken", bound=bound, refused=self._refused, dropped=self._dropped)
            self._refused, self._dropped, self._told_at = 0, 0, now


class Need(IntEnum):
    """How much a connection needs its place, in the order in which they give it up."""

    WITHOUT_REQUEST = 0
    BETWEEN_REQUESTS = 1
    SENDS_OR_READS = 2
    WAITS_IN_LINE = 3


class WaitedFor(NamedTuple):
    """Since when a connection keeps its place for something that is not worked on."""

    need: Need
    since: float


class Connection(web.RequestHandler):
    """aiohttp's connection with our deadlines around it."""

    __slots__ = ("_connections", "_head_timer", "_need", "_reader_timer", "_waited_since", "_when_gone")

    def __init__(self, connections: Connections, server: web.Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._connections = connections
        self._head_timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None
        self._need = Need.SENDS_OR_READS
        self._waited_since: float | None = None
        self._when_gone: list[Callable[[], object]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Gives the connection its time for a head."""
        bounds = self._connections.bounds
        self._connections.open.add(self)
        self._connections.has_opened()
        loop = asyncio.get_running_loop()
        self._head_timer = loop.call_later(bounds.head_seconds, self._head_overdue)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Gives the place and the timers back."""
        self._connections.open.discard(self)
        self._connections.has_closed()
        self._head_received()
        self._reader_returned()
        super().connection_lost(exc)
        told, self._when_gone = self._when_gone, []
        for tell in told:
            tell()

    def close(self) -> None:
        """Takes no more requests. aiohttp throws away what comes from now on, and would wait in vain for the request of
        a connection that has only just been made.
        """
        super().close()
        if self._waiter is None and self._current_request is None and not self._messages:
            self.force_close()

    @property
    def waited_for_since(self) -> WaitedFor | None:
        """Since when the client is waited for; None while the service works for it."""
        if self._waited_since is not None:
            return WaitedFor(self._need, self._waited_since)
        if self._current_request is not None or (self._waiter is not None and self._waiter.done()):
            return None
        # aiohttp sets this time anew when it begins to wait. Without a waiter it throws away what is left of a body.
        since = self._next_keepalive_close_time - self._keepalive_timeout
        if self._waiter is None:
            return WaitedFor(Need.SENDS_OR_READS, since)
        has_asked = self._head_timer is None
        return WaitedFor(Need.BETWEEN_REQUESTS if has_asked else Need.WITHOUT_REQUEST, since)

    def give_place_up(self) -> None:
        """Closes the connection at once, for one that needs its place."""
        self._connections.open.discard(self)
        if self.transport is not None:
            self.transport.abort()

    @contextmanager
    def keeping_place(self, need: Need) -> Iterator[None]:
        """Within this block the place is kept for the client's body, or for one in line who may lose it."""
        self._need, self._waited_since = need, asyncio.get_running_loop().time()
        try:
            yield
        finally:
            self._waited_since = None

    async def while_open(self, work: Coroutine[Any, Any, T], *, for_stranger: bool) -> T:
        """The work's result. Where the client is gone before, the work is cancelled, and with it the handler. What is
        for a stranger waits in line for long, and gives its place up last of those who do.
        """
        if self.transport is None:
            work.close()
            raise asyncio.CancelledError
        task = asyncio.get_running_loop().create_task(work)
        self._when_gone.append(task.cancel)
        try:
            with self.keeping_place(Need.WAITS_IN_LINE) if for_stranger else nullcontext():
                return await task
        finally:
            with suppress(ValueError):  # where the client is gone, the list is
                self._when_gone.remove(task.cancel)
            del task  # else it, a refusal in it and the frames of that hold each other until they are collected

    def data_received(self, data: bytes) -> None:
        """Takes bytes. A whole head is in time, however late a machine that stood still looks at the request itself."""
        super().data_received(data)
        for place, (message, _) in enumerate(self._messages):
            if isinstance(message, RawRequestMessage) and message.version not in VERSIONS:
                error = HttpProcessingError(code=VERSION.status, message="its version is not spoken here")
                unreadable = _ErrInfo(status=VERSION.status, exc=error, message=error.message)
                self._messages[place] = (unreadable, EMPTY_PAYLOAD)
        if self._messages:
            self._head_received()

    def pause_writing(self) -> None:
        """The other side reads slower than is sent: from now on it is watched."""
        super().pause_writing()
        self._need, self._waited_since = Need.SENDS_OR_READS, asyncio.get_running_loop().time()
        self._watch_reader()

    def resume_writing(self) -> None:
        """The other side reads again."""
        self._waited_since = None
        self._reader_returned()
        super().resume_writing()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  # aiohttp's parameter; it may quote what was sent, so it is not used
    ) -> web.StreamResponse:
        """The answer to what never became a request of the application."""
        self._head_received()
        if request.writer.output_size > 0:
            raise ConnectionError("an answer was already under way, so the connection is closed")
        if isinstance(exc, HttpProcessingError):
            _log.info("http request unreadable", status=status, error=type(exc).__name__)
            kind, detail = BAD_REQUEST, "This is not a request that HTTP allows. Check its first line and its headers."
            if status == VERSION.status:
                kind, detail = VERSION, "Send the request as HTTP/1.1 or HTTP/1.0."
        else:
            _log.error("http connection failed", status=status, exc_info=exc)
            kind, detail = INTERNAL, "The service failed on this request. Its log says why."
        answer = _BareResponse(kind, detail)
        answer.force_close()
        return answer

    def _head_received(self) -> None:
        """The first request's head is whole. (Every later one falls under aiohttp's keep-alive timer.)"""
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_overdue(self) -> None:
        self._head_timer = None
        if self.transport is not None:
            _log.info("http head overdue", seconds=self._connections.bounds.head_seconds)
            _last_words(self.transport)

    def _watch_reader(self) -> None:
        """Looks again after a while whether enough of what waits now has been read by then."""
        if self.transport is not None:
            waiting = self.transport.get_write_buffer_size()
            loop = asyncio.get_running_loop()
            self._reader_timer = loop.call_later(self._connections.bounds.reader_seconds, self._judge_reader, waiting)

    def _judge_reader(self, waited: int) -> None:
        self._reader_timer = None
        bounds = self._connections.bounds
        if self.transport is None:
            return
        if waited - self.transport.get_write_buffer_size() >= bounds.reader_seconds * bounds.reader_bytes_a_second:
            self._watch_reader()
            return
        _log.info("http reader too slow", seconds=bounds.reader_seconds)
        self.transport.abort()

    def _reader_returned(self) -> None:
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None


def connection_of(request: web.Request) -> Connection:
    """The connection that a request came by."""
    assert isinstance(request.protocol, Connection), "the service makes its own connections"
    return request.protocol


class _BareResponse(web.Response):
    """A problem for a request that has no application, hence no signal that could take the `Server` header away."""

    def __init__(self, kind: ProblemKind, detail: str) -> None:
        super().__init__(status=kind.status, body=render(kind, detail), content_type=MEDIA_TYPE)

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall(hdrs.SERVER, None)


def _last_words(transport: asyncio.BaseTransport) -> None:
    stream = cast("asyncio.Transport", transport)
    stream.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    stream.close()
