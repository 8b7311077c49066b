"""What the service says of itself: its OpenAPI document, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import orjson
from aiohttp import web

from adapters.http.contract.openapi import document
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import OpenApi
from adapters.http.services import services_of

TITLE = "Abby Ledger"
DESCRIBED: Final = web.AppKey("described", Sequence[Route])
"""The routes of the application, which the document describes."""
_WRITTEN: Final = web.AppKey("written", list[bytes])


async def openapi(request: web.Request) -> web.Response:
    """This document: every route with what it takes and answers, in OpenAPI 3.1."""
    written = request.app[_WRITTEN]
    if not written:
        written.append(await services_of(request).store.workers.reading.run(_write, request.app[DESCRIBED]))
    return web.Response(body=written[0], content_type="application/json")


def offer_document(app: web.Application, routes: Sequence[Route]) -> None:
    """Lets the application describe these routes; the document is written once it is asked for."""
    app[DESCRIBED], app[_WRITTEN] = routes, []


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
