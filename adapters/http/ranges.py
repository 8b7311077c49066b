"""A part of a representation (RFC 9110, 14): of one range of bytes, and only while it is the one that is meant.

Several ranges at once are not served, so they cannot multiply an answer: they, and what is no range, get the whole.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from aiohttp import hdrs, web

from adapters.http.asking import WHITESPACE
from adapters.http.problems import RANGE, Problem

MOST_DIGITS = 18
"""More say that it is larger than any file."""
_ONE = re.compile(r"bytes=[ \t]*(?:([0-9]+)-([0-9]*)|-([0-9]+))[ \t]*", re.IGNORECASE | re.ASCII)


class Part(NamedTuple):
    """Bytes from `begin` up to `end`, which is not among them, of `total`."""

    begin: int
    end: int
    total: int

    @property
    def content_range(self) -> str:
        """The header that says so."""
        return f"bytes {self.begin}-{self.end - 1}/{self.total}"


def part_of(request: web.Request, etag: str, total: int) -> Part | None:
    """The part of a representation of so many bytes that is asked for, None for the whole. 416 for one beyond it."""
    given = request.headers.getall(hdrs.RANGE, [])
    found = _ONE.fullmatch(given[0].strip(WHITESPACE)) if len(given) == 1 and request.method == hdrs.METH_GET else None
    if found is None or request.headers.get(hdrs.IF_RANGE, f'"{etag}"').strip(WHITESPACE) != f'"{etag}"':
        return None
    first, last, suffix = found.groups()
    if first and last and _number(last) < _number(first):
        return None
    begin = _number(first) if first else max(0, total - _number(suffix))
    end = min(total, _number(last) + 1) if last else total
    if begin >= total:
        headers = {"Content-Range": f"bytes */{total}"}
        raise Problem(RANGE, f"There are {total} bytes, and the range begins behind them.", headers=headers)
    return Part(begin, end, total)


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= MOST_DIGITS else 10**MOST_DIGITS
