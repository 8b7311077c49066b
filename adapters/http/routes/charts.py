"""The script that draws the charts of a report: Vega and Vega-Lite, from the extra `reports`.

It is put together in a process of its own when it is first asked for. What it draws is described by `reports`.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from http import HTTPStatus
from typing import Final, NamedTuple

from aiohttp import hdrs, web

from adapters.http.contract.route import Answer, Route
from adapters.http.once import Once
from adapters.http.problems import NOT_INSTALLED, Problem
from adapters.http.routes.page import MEDIA_TYPES
from adapters.http.services import services_of
from adapters.ports.faults import ConfigError
from adapters.reports.drawing import script
from adapters.tokens.token import Scope

SNIPPET = "export { vegaEmbed };"
_TAKES_GZIP = re.compile(r"(?:^|,)[ \t]*gzip[ \t]*(?:,|$|;(?![ \t]*q=0(?:\.0*)?[ \t]*(?:,|$)))", re.IGNORECASE)


class ChartsScript(NamedTuple):
    """The script as it is and compressed, and its digest."""

    plain: bytes
    compressed: bytes
    sha256: str


_SCRIPT: Final = web.AppKey("charts_script", Once[ChartsScript])


async def charts_script(request: web.Request) -> web.Response:
    """A module of JavaScript that draws the charts of a report: its `vegaEmbed(element, description, options)` needs no
    network and, with `ast: true` among its options, makes no code of text. It needs the extra `reports`.
    """
    try:
        found = await request.app[_SCRIPT].get(services_of(request).store.workers.drawing)
    except ConfigError as error:
        raise Problem(NOT_INSTALLED, str(error)) from None
    takes_gzip = _TAKES_GZIP.search(",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, []))) is not None
    answer = web.Response(headers={hdrs.CACHE_CONTROL: "private, no-cache", hdrs.VARY: hdrs.ACCEPT_ENCODING})
    answer.etag = tag_value = f"{found.sha256}-gzip" if takes_gzip else found.sha256
    if any(tag.value in (tag_value, "*") for tag in request.if_none_match or ()):
        answer.set_status(HTTPStatus.NOT_MODIFIED)
        return answer
    answer.content_type, answer.charset = MEDIA_TYPES["js"], "utf-8"
    answer.body = found.compressed if takes_gzip else found.plain
    if takes_gzip:
        answer.headers[hdrs.CONTENT_ENCODING] = "gzip"
    return answer


def offer_charts(app: web.Application) -> None:
    """Lets the application have this script."""
    app[_SCRIPT] = Once(_make)


def _make() -> ChartsScript:
    """For a worker."""
    plain = script(SNIPPET).encode()
    return ChartsScript(plain, gzip.compress(plain, mtime=0), hashlib.sha256(plain).hexdigest())


ROUTES = (
    Route(
        "GET",
        "/v1/admin/charts.js",
        charts_script,
        subject="history",
        scope=Scope.ADMIN,
        answers={
            HTTPStatus.OK: Answer("The script.", None, (MEDIA_TYPES["js"],), ("ETag",)),
            HTTPStatus.NOT_MODIFIED: Answer("The caller has it already (`If-None-Match`).", None, ()),
        },
        problems=(HTTPStatus.NOT_IMPLEMENTED,),
    ),
)
