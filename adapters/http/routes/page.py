"""The page at `/` and its files, read from disk once, when the application is made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from importlib import resources
from types import MappingProxyType
from typing import Final, NamedTuple

from aiohttp import web

from adapters import http
from adapters.http.contract.route import Answer, Route
from adapters.http.problems import NOT_FOUND, Problem

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "webp": "image/webp"}
)
INDEX = "index.html"


class PageFile(NamedTuple):
    """One file of the page as it is sent."""

    data: bytes
    media_type: str
    etag: str


def read_page() -> Mapping[str, PageFile]:
    """The files of the page by name."""
    folder = resources.files(http) / "page"
    found = {}
    for file in folder.iterdir():
        ending = file.name.rpartition(".")[2]
        if ending in MEDIA_TYPES:
            data = file.read_bytes()
            found[file.name] = PageFile(data, MEDIA_TYPES[ending], hashlib.sha256(data).hexdigest())
    return MappingProxyType(found)


PAGE: Final = web.AppKey("page", Mapping[str, PageFile])


async def index(request: web.Request) -> web.Response:
    """The page itself."""
    return _send(request, INDEX)


async def file(request: web.Request) -> web.Response:
    """A style, a script or the picture in the tab."""
    return _send(request, request.match_info["file"])


def _send(request: web.Request, name: str) -> web.Response:
    found = request.app[PAGE].get(name)
    if found is None:
        raise Problem(NOT_FOUND, "The page has no such file.")
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": CONTENT_SECURITY_POLICY}
    tags = request.if_none_match or ()
    if any(tag.value in (found.etag, "*") for tag in tags):
        answer = web.Response(status=304, headers=headers)
    else:
        charset = None if found.media_type == MEDIA_TYPES["webp"] else "utf-8"
        answer = web.Response(body=found.data, content_type=found.media_type, charset=charset, headers=headers)
    answer.etag = found.etag
    return answer


_FILE = {
    HTTPStatus.OK: Answer(
        "The file.", None, ("text/html", "text/css", "text/javascript", "image/svg+xml", "image/webp")
    )
}
ROUTES = (
    Route("GET", "/", index, subject="", scope=None, answers=_FILE, query=None),
    Route("GET", "/page/{file}", file, subject="", scope=None, answers=_FILE, query=None, may_lack=True),
)
