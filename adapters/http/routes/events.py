"""The log for programs: its lines after a position as NDJSON, and a stream of those that come.

A user's lines are for whoever may read that user; all lines are for whoever runs the service. In a stream the `id` of
each message is the position up to which its reader has seen everything, so `Last-Event-ID` goes on without a gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

import orjson
from aiohttp import web

from adapters.application.recorded import EventLine, Passage, Wanted, passage_after
from adapters.http.connection import connection_of
from adapters.http.contract.query import WholeNumber, Words
from adapters.http.contract.route import Answer, Route
from adapters.http.parameters import user_of
from adapters.http.problems import BAD_REQUEST, Problem
from adapters.http.services import services_of
from adapters.http.streaming import STREAMS, Stream, begin, cut_off
from adapters.http.surveys import survey
from adapters.ports.faults import Fault
from adapters.tokens.token import Scope
from domain.events import TYPES
from domain.names import USER_PATTERN

NDJSON, EVENT_STREAM = "application/x-ndjson", "text/event-stream"
PAGE_EVENTS = 500
"""Lines that are read, and written, at once."""
LOOK_SECONDS = 0.25
"""How often a stream looks for what came."""
ALIVE_SECONDS = 15.0
"""How often it says so where nothing came, and asks anew whether its reader still may."""
NEAR = 2_000
"""Positions; who is further behind reads in the threads of long passes."""
LAST_POSITION = 999_999_999
LAST_EVENT_ID = "Last-Event-ID"

_TYPE = f"(?:{'|'.join(TYPES)})"
AFTER = WholeNumber("after", "The position to begin behind.", lowest=0, highest=LAST_POSITION, default=0)
SINCE = WholeNumber(
    "after", "The position to go on behind; without one, what comes from now on.", 0, LAST_POSITION, default=-1
)
LIMIT = WholeNumber("limit", "How many lines there are at most.", lowest=1, highest=1_000_000, default=1_000)
TYPE = Words("type", "Event types, with commas between.", rf"^{_TYPE}(?:,{_TYPE})*$", "event types of the log's format")
USER = Words("user", "The user whose lines they are.", USER_PATTERN, "a user's id")


async def events(request: web.Request) -> web.StreamResponse:
    """Lines of the log, oldest first, one JSON object a line: NDJSON. Go on with `after`, the last one's `pos`."""
    return await _lines(request, _wanted(request))


async def user_events(request: web.Request) -> web.StreamResponse:
    """The lines of the log about the user, oldest first, one JSON object a line: NDJSON."""
    return await _lines(request, _wanted(request))


async def stream(request: web.Request) -> web.StreamResponse:
    """The lines of the log as they come, as server-sent events: `event` is the type, `data` the line, `id` how far
    its reader is. Without `after` and without the header `Last-Event-ID`, from now on.
    """
    return await _follow(request, _wanted(request), Scope.ADMIN)


async def user_stream(request: web.Request) -> web.StreamResponse:
    """The same of the lines about the user."""
    return await _follow(request, _wanted(request), Scope.READ)


def _wanted(request: web.Request) -> Wanted:
    types = TYPE.of(request)
    user = user_of(request) if "user" in request.match_info else USER.of(request)
    return Wanted(user, tuple(types.split(",")) if types else ())


async def _lines(request: web.Request, wanted: Wanted) -> web.StreamResponse:
    position, left = AFTER.of(request), LIMIT.of(request)
    told = await _told(request, wanted, position, min(left, PAGE_EVENTS), _line)
    answer = await begin(request, NDJSON)
    if request.method == "HEAD":
        return answer
    try:
        while told.lines:
            await answer.write(told.text)
            left -= told.lines
            told = await _told(request, wanted, told.up_to, min(left, PAGE_EVENTS), _line)
    except Fault:
        cut_off(request)
        raise
    await answer.write_eof()
    return answer


class _Told(NamedTuple):
    """A passage as it is written. Of lines that a slow reader has not taken yet nothing else is in memory."""

    text: bytes
    lines: int
    up_to: int


async def _told(
    request: web.Request, wanted: Wanted, position: int, most: int, form: Callable[[EventLine], bytes]
) -> _Told:
    passage = await _passage(request, wanted, position, most)
    return _Told(b"".join(map(form, passage.lines)), len(passage.lines), passage.up_to)


async def _passage(request: web.Request, wanted: Wanted, position: int, most: int) -> Passage:
    """Read beside all else: what is just behind is short, and never waits for somebody's pass over the whole log."""
    store = services_of(request).store
    if most == 0:
        return Passage([], position)
    if store.running().state.position - position <= NEAR:
        return await store.workers.reading.run(passage_after, store, wanted, position, most)
    return await survey(request, wanted.user or "", passage_after, store, wanted, position, most)


async def _follow(request: web.Request, wanted: Wanted, scope: Scope) -> web.StreamResponse:
    store, streams = services_of(request).store, request.app[STREAMS]
    position = _begin_behind(request, store.running().state.position)
    with streams.place(request) as stream:
        answer = await begin(request, EVENT_STREAM)
        if request.method != "HEAD":
            going_on = _go_on(request, answer, stream, _From(wanted, position, scope))
            await connection_of(request).while_open(going_on, for_stranger=False)
            await answer.write_eof()
        return answer


def _begin_behind(request: web.Request, head: int) -> int:
    """The position that the reader has: the header is newer than the query of an address that is opened again."""
    told = request.headers.get(LAST_EVENT_ID)
    if told is not None and not (told.isascii() and told.isdecimal() and int(told[:10]) <= LAST_POSITION):
        raise Problem(BAD_REQUEST, f"The header {LAST_EVENT_ID} must be a position of the log.")
    position = SINCE.of(request) if told is None else int(told[:10])
    return head if position == SINCE.default else min(position, head)


class _From(NamedTuple):
    """What a stream tells, behind which position, and what its reader must be allowed."""

    wanted: Wanted
    position: int
    scope: Scope


async def _go_on(request: web.Request, answer: web.StreamResponse, stream: Stream, begun: _From) -> None:
    """Writes what comes, until the stream is over, the log cannot be read any more, or the reader no longer may."""
    services, position = services_of(request), begun.position
    now = asyncio.get_running_loop().time
    await answer.write(f"retry: 2000\nid: {position}\n\n".encode())
    written_at = let_in_at = now()
    try:
        while not stream.is_over:
            if now() - let_in_at >= ALIVE_SECONDS:  # however much comes, who was let in once is not let in for ever
                await services.access.let_in(request, begun.scope)
                let_in_at = now()
            told = await _told(request, begun.wanted, position, PAGE_EVENTS, _message)
            position = told.up_to
            if told.lines:
                await answer.write(told.text)
                written_at = now()
            elif now() - written_at >= ALIVE_SECONDS:
                await answer.write(f": alive\nid: {position}\n\n".encode())
                written_at = now()
            if told.lines < PAGE_EVENTS:
                await stream.pause(LOOK_SECONDS)
    except (Fault, Problem):
        return  # its reader comes again, and is then told why


def _line(line: EventLine) -> bytes:
    return orjson.dumps(line) + b"\n"


def _message(line: EventLine) -> bytes:
    return b"event: %b\nid: %d\ndata: %b\n\n" % (line["type"].encode(), line["pos"], orjson.dumps(line))


_LINES = {HTTPStatus.OK: Answer("The lines, each an `EventLine`.", None, (NDJSON,), item=EventLine)}
_STREAM = {HTTPStatus.OK: Answer("Messages, the data of each an `EventLine`.", None, (EVENT_STREAM,), item=EventLine)}
ROUTES = (
    Route(
        "GET",
        "/v1/events",
        events,
        subject="events",
        scope=Scope.ADMIN,
        answers=_LINES,
        query=(AFTER, USER, TYPE, LIMIT),
    ),
    Route(
        "GET",
        "/v1/events/stream",
        stream,
        subject="events",
        scope=Scope.ADMIN,
        answers=_STREAM,
        query=(SINCE, USER, TYPE),
    ),
    Route(
        "GET",
        "/v1/users/{user}/events",
        user_events,
        subject="events",
        scope=Scope.READ,
        answers=_LINES,
        query=(AFTER, TYPE, LIMIT),
    ),
    Route(
        "GET",
        "/v1/users/{user}/events/stream",
        user_stream,
        subject="events",
        scope=Scope.READ,
        answers=_STREAM,
        query=(SINCE, TYPE),
    ),
)
