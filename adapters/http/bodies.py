"""Reads the body of a request: within a deadline, a size and the memory there is for bodies, then as strict JSON.

A large body is read once there is room for all of it. Where there is none it waits, at the client's end;
the owner who holds least is next, and who sends slowly while others wait is sent away. Those of strangers begin one
after the other, at a pace: reading them would leave no time for anybody else.

JSON is read as it is written: no NaN, no duplicate or unknown field, no NUL, no other type than the one asked for. Left
to others: what the fields mean, and multipart forms (`uploads`).
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import orjson
from aiohttp import web

from adapters.application.owners import STRANGERS
from adapters.http.connection import Need, connection_of
from adapters.http.pace import Pace
from adapters.http.problems import BAD_REQUEST, LENGTH, MEDIA, TOO_BUSY, TOO_SLOW, Problem
from domain.limits import MEGABYTE

BODY_SECONDS = 30.0
BODY_BYTES_A_SECOND = 8_000
CONTENDED_SECONDS = 5.0
CONTENDED_BYTES_A_SECOND = 1_000_000
WAIT_SECONDS = 30.0
TURN_SECONDS = 4.0
SLICE_SECONDS = 1.0
MAX_JSON_BYTES = 131_072
MAX_JSON_DEPTH = 8
MAX_FIELD_CHARS = 40
"""Of a name that the sender chose, as much is told back."""
LARGEST_EXACT = 2**53
MAX_BUFFERED_BYTES = 64 * MEGABYTE
STRANGERS_BYTES_A_SECOND = 50_000_000
SMALL_BYTES = MAX_JSON_BYTES
"""Bodies up to this size wait for no room: all connections together hold 32 MB of them."""

T = TypeVar("T")

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
_NO_NUMBER = object()
_CLOSE = {"Connection": "close"}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BodyBounds(NamedTuple):
    """A body has `seconds`, and for every `bytes_a_second` that have come, one second more; while others wait for its
    room, the contended ones. Room is waited for at most `wait_seconds`, and a stranger's turn at most `turn_seconds`.
    """

    seconds: float = BODY_SECONDS
    bytes_a_second: int = BODY_BYTES_A_SECOND
    buffered_bytes: int = MAX_BUFFERED_BYTES
    wait_seconds: float = WAIT_SECONDS
    contended_seconds: float = CONTENDED_SECONDS
    contended_bytes_a_second: int = CONTENDED_BYTES_A_SECOND
    turn_seconds: float = TURN_SECONDS
    strangers_bytes_a_second: int = STRANGERS_BYTES_A_SECOND


class BodyReader:
    """Reads bodies of one service, and knows how many bytes of them are in memory at once."""

    def __init__(self, bounds: BodyBounds) -> None:
        self._bounds = bounds
        self._room = Room(bounds.buffered_bytes)
        self._strangers = Pace()

    @contextmanager
    def budget(self, owner: str = "") -> Iterator[Budget]:
        """What is read within this block counts as held in memory by the owner until it ends."""
        budget = Budget(owner)
        try:
            yield budget
        finally:
            self._room.give_back(owner, budget.taken)

    async def read(self, request: web.Request, *, at_most: int, budget: Budget, copies: int = 1) -> bytes:
        """The whole body, or a Problem: 413 above `at_most` bytes, 408 when it is slow, 503 when memory is short.

        Whoever reads it makes a whole of so many `copies`.
        """
        announced = request.content_length
        if (announced or 0) > at_most:
            raise _too_large(at_most)
        size_bytes = at_most if announced is None else announced
        if budget.owner == STRANGERS and size_bytes > SMALL_BYTES:
            turn = self._strangers.keep(STRANGERS, size_bytes / self._bounds.strangers_bytes_a_second)
            await connection_of(request).while_open(self._in_time(turn, self._bounds.turn_seconds), for_stranger=True)
        holds_room = await self._take(size_bytes * copies, budget)
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(_CONTINUE)
        with connection_of(request).keeping_place(Need.SENDS_OR_READS):
            return await self._read(request, at_most, holds_room=holds_room)

    async def hold(self, size_bytes: int, budget: Budget) -> None:
        """Returns once there is room for so many bytes that come from elsewhere; 503 when memory is short."""
        await self._take(size_bytes, budget)

    def let_go(self, budget: Budget) -> None:
        """What was read is somebody else's to count from now on."""
        self._room.give_back(budget.owner, budget.taken)
        budget.taken = 0

    async def _read(self, request: web.Request, at_most: int, *, holds_room: bool) -> bytes:
        content = request.content
        if content.is_eof() and content.exception() is None and content.total_bytes <= at_most:
            return content.read_nowait()  # all of it came with its head
        body = bytearray()
        started = asyncio.get_running_loop().time()
        while chunk := await _next_chunk(request, self._pace(started, len(body), holds_room=holds_room)):
            if len(body) + len(chunk) > at_most:
                raise _too_large(at_most)
            body += chunk
        return bytes(body)

    async def _take(self, size_bytes: int, budget: Budget) -> bool:
        """Whether there was need of room; now there is."""
        if size_bytes <= SMALL_BYTES:
            return False
        budget.taken += await self._in_time(self._room.take(budget.owner, size_bytes), self._bounds.wait_seconds)
        return True

    async def _in_time(self, wait: Coroutine[Any, Any, T], seconds: float) -> T:
        try:
            async with asyncio.timeout(seconds):
                return await wait
        except TimeoutError:
            detail = "Too many uploads at once. Try again in a moment."
            raise Problem(TOO_BUSY, detail, headers={"Retry-After": "2"} | _CLOSE) from None

    def _pace(self, started: float, read_bytes: int, *, holds_room: bool) -> Callable[[], Deadline]:
        """By when more has to come, as it is at a moment: who holds room while others wait for it has less time."""
        bounds = self._bounds
        own = Deadline(started + bounds.seconds + read_bytes / bounds.bytes_a_second, bounds.bytes_a_second)
        at = started + bounds.contended_seconds + read_bytes / bounds.contended_bytes_a_second
        contended = Deadline(min(own.at, at), bounds.contended_bytes_a_second)
        return lambda: contended if holds_room and self._room.is_waited_for else own


class Deadline(NamedTuple):
    """By when more of a body has to come, and at how many bytes a second it would."""

    at: float
    bytes_a_second: int


async def _next_chunk(request: web.Request, pace: Callable[[], Deadline]) -> bytes:
    """What comes next, b"" at the end. It is looked now and then whether others have begun to wait."""
    now = asyncio.get_running_loop().time
    while True:
        try:
            async with asyncio.timeout_at(min(pace().at, now() + SLICE_SECONDS)):
                return await request.content.readany()
        except TimeoutError:
            if now() >= pace().at:
                raise _too_slow(pace().bytes_a_second) from None
        except (web.RequestPayloadError, ConnectionError) as error:
            raise Problem(BAD_REQUEST, "The body is not whole, or not written as HTTP asks.") from error


def _too_slow(bytes_a_second: int) -> Problem:
    detail = f"The body has to come faster: at {bytes_a_second} bytes a second or more. Send it again."
    return Problem(TOO_SLOW, detail, headers=_CLOSE)


class Budget:
    """The bytes that one request holds in memory, in its owner's name."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.taken = 0


class _Waiting(NamedTuple):
    owner: str
    size_bytes: int
    given: asyncio.Future[None]


class Room:
    """So many bytes for all bodies together; it belongs to one event loop."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._free = most_bytes
        self._held: Counter[str] = Counter()
        self._waiting: list[_Waiting] = []

    @property
    def is_waited_for(self) -> bool:
        """Whether there is too little of it for all."""
        return bool(self._waiting)

    async def take(self, owner: str, size_bytes: int) -> int:
        """Waits until there is room for so many bytes, all there is for more than that; how many are held now."""
        waiting = _Waiting(owner, min(size_bytes, self._most_bytes), asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._give()
        try:
            await waiting.given
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
                self._give()
            elif not waiting.given.cancelled():
                self.give_back(owner, waiting.size_bytes)  # it came at the same moment
            raise
        return waiting.size_bytes

    def give_back(self, owner: str, size_bytes: int) -> None:
        """Whoever waits for it has it."""
        self._free += size_bytes
        self._held[owner] -= size_bytes
        if not self._held[owner]:
            del self._held[owner]
        self._give()

    def _give(self) -> None:
        while self._waiting:
            first = min(self._waiting, key=lambda waiting: self._held[waiting.owner])
            if first.size_bytes > self._free:
                return  # what is larger waits no longer for that
            self._waiting.remove(first)
            if not first.given.done():  # else it was cancelled, and has not heard of it yet
                self._free -= first.size_bytes
                self._held[first.owner] += first.size_bytes
                first.given.set_result(None)


def _too_large(at_most: int) -> Problem:
    limit = f"{at_most / MEGABYTE:.1f} MB" if at_most >= MEGABYTE else f"{at_most} bytes"
    return Problem(LENGTH, f"The body is larger than the {limit} that are accepted here.", headers=_CLOSE)


async def read_json(request: web.Request, reader: BodyReader) -> dict[str, Any]:
    """The JSON object in the body. 415 where it is said to be anything else, 400 where it is not strict JSON."""
    if request.content_type != "application/json":
        raise Problem(MEDIA, "Send the body as JSON, with the header `Content-Type: application/json`.")
    with reader.budget() as budget:
        return parse_object(await reader.read(request, at_most=MAX_JSON_BYTES, budget=budget))


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object whose keys are unique, whose texts hold no NUL, and that is nowhere deeper than MAX_JSON_DEPTH."""
    try:
        orjson.loads(body)  # the strict grammar: UTF-8, no NaN, no lone surrogate, nothing after the end
        parsed = _STRICT.decode(body.decode())
    except (ValueError, RecursionError) as error:
        field = error.field if isinstance(error, _Refused) else _field_of_no_number(body)
        reason = error if isinstance(error, _Refused) else "it is not well formed"
        members = {} if field is None else {"field": field[:MAX_FIELD_CHARS]}
        raise Problem(BAD_REQUEST, f"The body cannot be read as JSON: {reason}.", members=members) from error
    if not isinstance(parsed, dict):
        raise Problem(BAD_REQUEST, "The body must be a JSON object, such as {}.")
    _check_texts(parsed)
    return parsed


class _Refused(ValueError):
    """JSON that a lenient reader would take, and the field that is wrong."""

    def __init__(self, what: str, field: str) -> None:
        super().__init__(what)
        self.field = field


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = Counter(name for name, _ in pairs)
        raise _Refused("a field is there twice", next(name for name, times in names.items() if times > 1))
    return found


def _field_of_no_number(body: bytes) -> str | None:
    """The field in which NaN or Infinity stands, where that is all that is wrong."""

    def refuse(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for name, value in pairs:
            if value is _NO_NUMBER or (isinstance(value, list) and _NO_NUMBER in value):
                raise _Refused("it is no number", name)
        return dict(pairs)

    try:
        json.loads(body, object_pairs_hook=refuse, parse_constant=lambda _: _NO_NUMBER)
    except _Refused as found:
        return found.field
    except (ValueError, RecursionError):
        return None
    return None


def _number(text: str) -> float:
    """A number with a point or an exponent; a whole one is that, as JSON Schema has it, whose 5.0 is an integer."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) <= LARGEST_EXACT else number


def number_of(text: str) -> int | float | None:
    """A number as JSON has it, None where the text is none or is too large for one."""
    if not _NUMBER.fullmatch(text):
        return None
    number = _number(text) if {".", "e", "E"} & set(text) else int(text)
    return number if math.isfinite(number) else None


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_number)


def _check_texts(parsed: Any) -> None:
    level = [parsed]
    for _ in range(MAX_JSON_DEPTH):
        if any(isinstance(value, str) and "\0" in value for value in level):
            told = "The body holds the character U+0000, which is not accepted anywhere."
            members = {"field": field} if (field := _field_with_nul(parsed)) else {}
            raise Problem(BAD_REQUEST, told, members=members)
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise Problem(BAD_REQUEST, f"The body is nested deeper than {MAX_JSON_DEPTH} levels.")


def _field_with_nul(parsed: dict[str, Any]) -> str | None:
    """The field whose text it stands in, where that is one of the object itself."""
    return next((name for name, value in parsed.items() if isinstance(value, str) and "\0" in value), None)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []
