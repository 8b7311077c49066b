"""Answers in a form that nobody foresaw: several values in one body, parts of a multipart, a picture in any member.

Answers for the values of a body and for the texts that may be pictures, in the order of the document and within
bounds; whether one is a picture is `answers` to find out. What a value calls a preview, or unfinished, comes last, and
what it calls an input is no answer at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

import orjson

MOST_VALUES = 2_000
"""Of one body: lines, events or parts."""
MOST_LOOKED_AT = 20_000
"""Values within a value, each text and each number counted."""
DEEPEST = 16
SHORTEST_TEXT = 64
"""Shorter ones are words, ids and addresses."""

_LINE_ENDS = re.compile(r"\r\n|\n|\r")
_FIELD = re.compile(r"(data|event|id|retry)?:")
_BETWEEN = re.compile(r"[\s\x1e,\0]*")
"""RFC 7464 begins each value with a record separator."""
_WITHIN_TEXT = re.compile(r"data:image/[^,\s\"']{1,100};base64,[A-Za-z0-9+/=_-]{64,}", re.IGNORECASE)
_INPUT = re.compile(r"(^|_)(inputs?|init|mask|source|request|parameters|reference|control)(_|$)", re.IGNORECASE)
_PREVIEW = re.compile(r"thumb|preview|partial|progress|processing|pending|running", re.IGNORECASE)
_TOLD_IN = ("type", "event", "status", "state", "object", "kind", "role")
_FINISHED = ("done", "completed", "final", "finished", "is_final")
_PLACES = ("index", "image_index", "output_index")
_VALUE = json.JSONDecoder(strict=False)


class Found(NamedTuple):
    """A text that may be a picture, beside what is told with it."""

    text: str
    told: Mapping[str, object]
    is_preview: bool


def values_of(text: str) -> list[object]:
    """The values of a body with several: events of a stream (WHATWG, 9.2), JSON on lines, or one after another."""
    lines = _LINE_ENDS.split(text, MOST_VALUES * 4)
    first = next((line for line in lines if line.strip()), "")
    found = _of_events(lines) if _FIELD.match(first) else _in_a_row(text)
    return list(islice(found, MOST_VALUES))


def parts_of(content: bytes) -> list[bytes]:
    """The contents of a multipart body (RFC 2046, 5.1), whose first line is its boundary; none of any other body."""
    boundary = content[:300].lstrip().split(b"\n", 1)[0].rstrip()
    if not boundary.startswith(b"--") or len(boundary) < 3 or content.count(boundary) < 2:
        return []
    pieces = content.split(boundary, MOST_VALUES)[1:]
    divided = (re.split(rb"\r?\n\r?\n", piece, maxsplit=1) for piece in pieces)
    return [part[1].removesuffix(b"\n").removesuffix(b"\r") for part in divided if len(part) == 2]


def final_ones(values: list[object]) -> list[object]:
    """Of several values with pictures those that count: none that is unfinished where others are there, the last of
    each place, and all that say that they are finished.
    """
    counted: dict[object, object] = {}
    for number, value in enumerate([one for one in values if not is_preview(one)] or values[-1:]):
        told = value if isinstance(value, dict) else {}
        place = next((told[name] for name in _PLACES if isinstance(told.get(name), int)), None)
        is_end = any(str(told.get(name, "")).endswith("completed") for name in _TOLD_IN)
        counted[place if place is not None else f"end {number}" if is_end else None] = value
    return list(counted.values())


def is_preview(value: object) -> bool:
    """Whether a value says of itself that it is not the picture that was asked for."""
    if not isinstance(value, dict):
        return False
    words = (value.get(name) for name in _TOLD_IN)
    if any(isinstance(word, str) and len(word) < SHORTEST_TEXT and _PREVIEW.search(word) for word in words):
        return True
    return any(value.get(name) is False for name in _FINISHED) or any(_PREVIEW.search(str(name)) for name in value)


def texts_in(value: object) -> Iterator[Found]:
    """Every text of a value that is long enough for a picture, as long as the bounds allow."""
    return (found for found in islice(_walked(value, {}, False, DEEPEST), MOST_LOOKED_AT) if found is not None)


def _walked(value: object, told: Mapping[str, object], preview: bool, depth: int) -> Iterator[Found | None]:
    """None for each value that is no such text, so that all are counted."""
    yield None
    if depth == 0:
        return
    if isinstance(value, str):
        yield from _of_text(value, told, preview, depth)
    elif isinstance(value, list):
        for inner in value:
            yield from _walked(inner, told, preview, depth - 1)
    elif isinstance(value, dict):
        preview = preview or _says_preview(value)
        for name, inner in value.items():
            if not _INPUT.search(name):
                yield from _walked(inner, value, preview or bool(_PREVIEW.search(name)), depth - 1)


def _says_preview(value: dict[str, object]) -> bool:
    """As `is_preview`, but of a member named so only that member is one."""
    return is_preview({name: inner for name, inner in value.items() if name in {*_TOLD_IN, *_FINISHED}})


def _of_text(text: str, told: Mapping[str, object], preview: bool, depth: int) -> Iterator[Found | None]:
    if len(text) < SHORTEST_TEXT:
        return
    if text[:64].lstrip()[:1] in {"{", "["}:
        for inner in values_of(text):
            yield from _walked(inner, told, preview, depth - 1)
        return
    inside = [found[0] for found in islice(_WITHIN_TEXT.finditer(text), MOST_VALUES)]
    for one in inside or [text]:
        yield Found(one, told, preview)


def _of_events(lines: list[str]) -> Iterator[object]:
    event, data = "", list[str]()
    for line in [*lines, ""]:
        name, _, rest = line.partition(":")
        if name == "data":
            data.append(rest.removeprefix(" "))
        elif name == "event":
            event = rest.strip()
        elif not line.strip():
            yield from (_named(value, event) for value in _of_data(data))
            event, data = "", []


def _of_data(data: list[str]) -> Iterator[object]:
    """One value over all its lines, or one on each where a server leaves out the empty line between events."""
    try:
        yield orjson.loads("\n".join(data))
    except orjson.JSONDecodeError:
        for line in data:
            yield next(_in_a_row(line), line)


def _named(value: object, event: str) -> object:
    return {"event": event, **value} if isinstance(value, dict) and event else value


def _in_a_row(text: str) -> Iterator[object]:
    """Values one after another; a line that is none is passed over."""
    at, fits = 0, _BETWEEN.match(text)
    while fits and (at := fits.end()) < len(text):
        try:
            value, at = _VALUE.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("\n", at) + 1 or len(text)
        else:
            if isinstance(value, dict | list):
                yield value
        fits = _BETWEEN.match(text, at)
