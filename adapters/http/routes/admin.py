"""What the commands of whoever runs the service need while the service holds the log."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from adapters.application.deleting import clean_up_blocking
from adapters.application.governing import override_limits_blocking, reset_daily_blocking
from adapters.application.reading import quota_status
from adapters.application.results import Changed
from adapters.http.answers import json_answer, refusal
from adapters.http.bodies import Field, check_fields, read_json
from adapters.http.parameters import actor_of, only, user_of
from adapters.http.services import services_of
from domain.limits import UserLimits
from domain.refusals import Refusal

REASON = Field((str,), required=True)
NULL = type(None)


async def reset(request: web.Request) -> web.Response:
    """Sets a user's count of today to 0."""
    only(request)
    user = user_of(request)
    body = await _body(request, {"reason": REASON})
    store = services_of(request).store
    answer = await store.workers.changing.run(
        reset_daily_blocking, store, user, body["reason"], actor=actor_of(request)
    )
    return _status_or_problem(request, user, answer)


async def limits(request: web.Request) -> web.Response:
    """Gives a user limits of their own, or with none given takes them away."""
    only(request)
    user = user_of(request)
    fields = {
        "user_bytes": Field((int, NULL)),
        "daily": Field((int, NULL)),
        "until": Field((str, NULL)),
        "reason": REASON,
    }
    body = await _body(request, fields)
    store = services_of(request).store
    answer = await store.workers.changing.run(
        override_limits_blocking,
        store,
        user,
        body["reason"],
        UserLimits(body.get("user_bytes"), body.get("daily")),
        until=body.get("until"),
        actor=actor_of(request),
    )
    return _status_or_problem(request, user, answer)


async def cleanup(request: web.Request) -> web.Response:
    """Removes temp files of this age, without `days` by the service's own setting."""
    only(request)
    body = await _body(request, {"days": Field((int, NULL))})
    services = services_of(request)
    store = services.store
    cleaned = await store.workers.changing.run(clean_up_blocking, store, body.get("days"), actor=actor_of(request))
    if isinstance(cleaned, Refusal):
        raise refusal(cleaned, services.clock())
    return json_answer({"files": cleaned.files, "freed_bytes": cleaned.freed_bytes})


async def _body(request: web.Request, fields: dict[str, Field]) -> dict[str, Any]:
    body = await read_json(request, services_of(request).bodies)
    check_fields(body, fields)
    return body


def _status_or_problem(request: web.Request, user: str, answer: Changed | Refusal) -> web.Response:
    services = services_of(request)
    if isinstance(answer, Refusal):
        raise refusal(answer, services.clock())
    return json_answer({**quota_status(services.store, user), "changed": answer.position > 0})


ROUTES = (
    web.post("/v1/admin/users/{user:[^/]*}/reset", reset),
    web.put("/v1/admin/users/{user:[^/]*}/limits", limits),
    web.post("/v1/admin/cleanup", cleanup),
)
