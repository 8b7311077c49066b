"""How the log stands, for whoever runs the service."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from adapters.application.log_health import log_health
from adapters.http.answers import json_answer
from adapters.http.contract.past_shapes import LogHealthData
from adapters.http.contract.route import Answer, Route
from adapters.http.services import services_of
from adapters.tokens.token import Scope


async def log(request: web.Request) -> web.Response:
    """How long the log is, when something was last recorded, how far this start verified it, and up to where it is
    sealed outside the storage root.
    """
    store = services_of(request).store
    found = await store.workers.reading.run(log_health, store)
    answer: LogHealthData = {
        "position": found.position,
        "size_bytes": found.size_bytes,
        "last_event_at": found.last_event_at,
        "disk_free_bytes": found.free_bytes,
        "verified_at": found.opened_at,
        "verified_after": found.resumed,
        "sealed_outside": found.outside and {"position": found.outside.position, "trouble": found.outside.trouble},
    }
    return json_answer(answer)


ROUTES = (
    Route(
        "GET",
        "/v1/admin/log",
        log,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("How it stands.", LogHealthData)},
    ),
)
