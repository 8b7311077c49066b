"""What the service says of itself: its OpenAPI document, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import orjson
from aiohttp import web

from adapters.http.contract.openapi import document
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import OpenApi
from adapters.http.once import Once
from adapters.http.services import services_of

TITLE = "Abby Ledger"
_DOCUMENT: Final = web.AppKey("document", Once[bytes])


async def openapi(request: web.Request) -> web.Response:
    """This document: every route with what it takes and answers, in OpenAPI 3.1."""
    written = await request.app[_DOCUMENT].get(services_of(request).store.workers.surveying)
    return web.Response(body=written, content_type="application/json")


def offer_document(app: web.Application, routes: Sequence[Route]) -> None:
    """Lets the application describe these routes."""
    app[_DOCUMENT] = Once(partial(_write, routes))


def running_version() -> str:
    """Of the program, as it is installed."""
    try:
        return version("abby-ledger")
    except PackageNotFoundError:
        return "unknown"


def _write(routes: Sequence[Route]) -> bytes:
    return orjson.dumps(document(routes, title=TITLE, version=running_version()))


ROUTES = (
    Route(
        "GET",
        "/openapi.json",
        openapi,
        subject="documentation",
        scope=None,
        answers={HTTPStatus.OK: Answer("It.", OpenApi)},
    ),
)
