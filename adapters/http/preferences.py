"""What a request prefers of the way it is answered (RFC 7240): whether its work is begun and not waited for."""

from __future__ import annotations

import re

from aiohttp import web

from adapters.http.asking import WHITESPACE

PREFER, APPLIED = "Prefer", "Preference-Applied"
RESPOND_ASYNC = "respond-async"

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def prefers_no_wait(request: web.Request) -> bool:
    """Whether `Prefer` names `respond-async`; all else in it is left alone, as the standard has it."""
    given = _QUOTED.sub('""', ",".join(request.headers.getall(PREFER, [])))
    return any(one.partition(";")[0].strip(WHITESPACE).lower() == RESPOND_ASYNC for one in given.split(","))
