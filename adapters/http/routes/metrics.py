"""What the service measures of itself, for Prometheus and whatever reads its formats."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import hdrs, web

from adapters.application.measuring import measured
from adapters.http.access import CALLER
from adapters.http.contract.route import Answer, Route
from adapters.http.problems import FORBIDDEN, Problem
from adapters.http.routes.documentation import running_version
from adapters.http.services import services_of
from adapters.observability.metrics import MEDIA_TYPES, written
from adapters.ports.measured import Measured
from adapters.tokens.token import Scope


async def metrics(request: web.Request) -> web.Response:
    """Figures for Prometheus, in its text format, or as OpenMetrics where `Accept` asks for it.

    They are of all users together, so a token for one user is not enough.
    """
    token = request[CALLER].token
    if token is not None and token.user is not None:
        raise Problem(FORBIDDEN, f"This token is for the user {token.user} alone, and these figures are of all.")
    services = services_of(request)
    found = [
        Measured("abby_build_info", 1, (running_version(),)),
        *await measured(services.store),
        *services.studio.measured(),
    ]
    body, content_type = written(found, ",".join(request.headers.getall(hdrs.ACCEPT, [])))
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type, hdrs.VARY: hdrs.ACCEPT})


ROUTES = (
    Route(
        "GET",
        "/metrics",
        metrics,
        subject="health",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("Lines, one a figure.", None, MEDIA_TYPES)},
    ),
)
