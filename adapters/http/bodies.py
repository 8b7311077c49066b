"""Reads the body of a request: within a deadline, a size and a budget of memory, then as strict JSON.

JSON is read as it is written: no NaN, no duplicate or unknown field, no NUL, no other type than the one asked for. Left
to others: what the fields mean, and multipart forms (`uploads`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import orjson
from aiohttp import web

from adapters.http.problems import BAD_REQUEST, LENGTH, MEDIA, TOO_BUSY, TOO_SLOW, Problem
from domain.limits import MEGABYTE

BODY_SECONDS = 30.0
BODY_BYTES_A_SECOND = 8_000
MAX_JSON_BYTES = 131_072
MAX_JSON_DEPTH = 8
MAX_BUFFERED_BYTES = 256 * MEGABYTE

_CLOSE = {"Connection": "close"}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BodyBounds(NamedTuple):
    """A body has `seconds`, and for every `bytes_a_second` that have come, one second more."""

    seconds: float = BODY_SECONDS
    bytes_a_second: int = BODY_BYTES_A_SECOND
    buffered_bytes: int = MAX_BUFFERED_BYTES


class BodyReader:
    """Reads bodies of one service, and knows how many bytes of them are in memory at once."""

    def __init__(self, bounds: BodyBounds) -> None:
        self._bounds = bounds
        self._buffered = 0

    @contextmanager
    def budget(self) -> Iterator[Budget]:
        """What is read within this block counts as held in memory until it ends."""
        budget = Budget(self)
        try:
            yield budget
        finally:
            self._buffered -= budget.taken

    async def read(self, request: web.Request, *, at_most: int, budget: Budget) -> bytes:
        """The whole body, or a Problem: 413 above `at_most` bytes, 408 when it is slow, 503 when memory is short."""
        if (request.content_length or 0) > at_most:
            raise _too_large(at_most)
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(_CONTINUE)
        body = bytearray()
        started = asyncio.get_running_loop().time()
        while True:
            deadline = started + self._bounds.seconds + len(body) / self._bounds.bytes_a_second
            chunk = await _next_chunk(request, deadline)
            if not chunk:
                return bytes(body)
            if len(body) + len(chunk) > at_most:
                raise _too_large(at_most)
            self._take(len(chunk), budget)
            body += chunk

    def _take(self, size_bytes: int, budget: Budget) -> None:
        if self._buffered + size_bytes > self._bounds.buffered_bytes:
            raise Problem(TOO_BUSY, "Too many uploads at once. Try again in a moment.", headers={"Retry-After": "2"})
        self._buffered += size_bytes
        budget.taken += size_bytes


class Budget:
    """The bytes that one request holds in memory."""

    def __init__(self, reader: BodyReader) -> None:
        self._reader = reader
        self.taken = 0


async def _next_chunk(request: web.Request, deadline: float) -> bytes:
    try:
        async with asyncio.timeout_at(deadline):
            return await request.content.readany()
    except TimeoutError:
        detail = f"The body has to come faster: at {BODY_BYTES_A_SECOND} bytes a second or more. Send it again."
        raise Problem(TOO_SLOW, detail, headers=_CLOSE) from None
    except (web.RequestPayloadError, ConnectionError) as error:
        raise Problem(BAD_REQUEST, "The body is not whole, or not written as HTTP asks.") from error


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
        parsed = json.loads(body, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        reason = error if isinstance(error, _Refused) else "it is not well formed"
        raise Problem(BAD_REQUEST, f"The body cannot be read as JSON: {reason}.") from error
    if not isinstance(parsed, dict):
        raise Problem(BAD_REQUEST, "The body must be a JSON object, such as {}.")
    _check_texts(parsed)
    return parsed


class _Refused(ValueError):
    """JSON that a lenient reader would take."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("a field is there twice")
    return found


def _check_texts(parsed: Any) -> None:
    level = [parsed]
    for _ in range(MAX_JSON_DEPTH):
        if any(isinstance(value, str) and "\0" in value for value in level):
            raise Problem(BAD_REQUEST, "The body holds the character U+0000, which is not accepted anywhere.")
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise Problem(BAD_REQUEST, f"The body is nested deeper than {MAX_JSON_DEPTH} levels.")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


class Field(NamedTuple):
    """What one field of a body may be. `kinds` are exact types, so that true is not taken for the number 1."""

    kinds: tuple[type, ...]
    required: bool = False


_NAMES = {str: "text", int: "a whole number", float: "a number", type(None): "null"}


def check_fields(body: Mapping[str, Any], fields: Mapping[str, Field]) -> None:
    """400 for a field that is unknown, missing or of another type than declared."""
    if unknown := sorted(set(body) - set(fields)):
        detail = f"The field {unknown[0][:40]!r} is not known here. Known are: {', '.join(sorted(fields))}."
        raise Problem(BAD_REQUEST, detail)
    for name, field in fields.items():
        if name not in body:
            if field.required:
                raise Problem(BAD_REQUEST, f"The field '{name}' is missing.")
        elif type(body[name]) not in field.kinds:
            kinds = " or ".join(_NAMES[kind] for kind in field.kinds)
            raise Problem(BAD_REQUEST, f"The field '{name}' must be {kinds}.")
