"""Whether the service lives (`/healthz`) and whether it can do its work (`/readyz`)."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from adapters.application.readiness import readiness
from adapters.http.answers import json_answer
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import Alive, Ready
from adapters.http.services import services_of


async def alive(_request: web.Request) -> web.Response:
    """200 as long as the process answers at all."""
    answer: Alive = {"status": "alive"}
    return json_answer(answer)


async def ready(request: web.Request) -> web.Response:
    """200 where commands are admitted, else 503; `degraded` where pictures cannot be kept, or something else is to be
    looked at. The notes say why to whoever may read what is of all users; they name files, so anybody else is told
    their kinds.
    """
    services = services_of(request)
    state = await readiness(services.store)
    notes = [*state.notes, *([state.begun] if state.begun else [])]
    body: Ready = {
        "status": "degraded" if state.ready and state.degraded else "ready" if state.ready else "not ready",
        "kinds": list(dict.fromkeys(note.kind for note in notes)),
    }
    if await services.access.may_read_of_all(request):
        body |= {"notes": [*notes], "last_cleanup": state.last_cleanup, "position": state.position}
    return json_answer(body, status=200 if state.ready else 503)


ROUTES = (
    Route(
        "GET",
        "/healthz",
        alive,
        subject="health",
        scope=None,
        answers={HTTPStatus.OK: Answer("It lives.", Alive)},
    ),
    Route(
        "GET",
        "/readyz",
        ready,
        subject="health",
        scope=None,
        answers={
            HTTPStatus.OK: Answer("Commands are admitted.", Ready),
            HTTPStatus.SERVICE_UNAVAILABLE: Answer("Commands are not admitted.", Ready),
        },
    ),
)
