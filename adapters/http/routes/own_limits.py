"""What whoever runs the service changes for one user: limits of their own, and today's count."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from adapters.application.governing import override_limits_blocking, own_limits_of, reset_daily_blocking
from adapters.application.reading import quota_status
from adapters.application.results import Changed
from adapters.application.window_figures import told_windows
from adapters.http.answers import REPLAYED, json_answer, replayed
from adapters.http.contract.bodies import Body
from adapters.http.contract.governing_bodies import OwnLimits, Why
from adapters.http.contract.governing_shapes import LimitsOfUser
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import ChangedQuota
from adapters.http.parameters import actor_of, idempotency_key_of, user_of
from adapters.http.refused_changes import refused_change
from adapters.http.services import services_of
from adapters.http.surveys import survey
from adapters.tokens.token import Scope
from domain.refusals import Refusal


async def reset(request: web.Request, body: Why) -> web.Response:
    """Sets a user's count of today to 0."""
    user = user_of(request)
    store = services_of(request).store
    answer = await store.workers.changing.run(
        reset_daily_blocking,
        store,
        user,
        body.reason,
        actor=actor_of(request),
        idempotency_key=idempotency_key_of(request),
    )
    return _status_or_problem(request, body, user, answer)


async def own(request: web.Request) -> web.Response:
    """A user's own limits, also those that are over, and who set them or took them away, when and why. What holds for
    the user is in `/v1/users/{user}/quota`.
    """
    user, store = user_of(request), services_of(request).store
    found = await survey(request, user, own_limits_of, store, user)
    event = found.event
    answer: LimitsOfUser = {
        "user_bytes": found.override.limits.user_bytes,
        "daily": found.override.limits.daily,
        "windows": told_windows(found.override.limits.windows),
        "until": found.override.until,
        "in_force": found.in_force,
        "set": event and {"position": found.position, "at": event.at, "by": event.by, "reason": event.reason},
    }
    return json_answer(answer)


async def limits(request: web.Request, body: OwnLimits) -> web.Response:
    """Gives a user limits of their own, or with none given takes them away. What is not given is as for everybody, also
    where it was given before.
    """
    user = user_of(request)
    store, wanted = services_of(request).store, body.override
    answer = await store.workers.changing.run(
        override_limits_blocking,
        store,
        user,
        body.reason,
        wanted.limits,
        until=wanted.until,
        seen=None if body.was is None else body.was.override_in("was"),
        actor=actor_of(request),
        idempotency_key=idempotency_key_of(request),
    )
    return _status_or_problem(request, body, user, answer)


def _status_or_problem(request: web.Request, body: Body, user: str, answer: Changed | Refusal) -> web.Response:
    if isinstance(answer, Refusal):
        raise refused_change(answer, request, body)
    status: ChangedQuota = {**quota_status(services_of(request).store, user), "changed": answer.position > 0}
    return json_answer(status, headers=replayed(answer.replayed))


_NOW = Answer("The user's quota after it, and whether anything changed.", ChangedQuota, headers=(REPLAYED,))
ROUTES = (
    Route(
        "POST",
        "/v1/admin/users/{user}/reset",
        reset,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: _NOW},
        body=Why,
        is_repeatable=True,
    ),
    Route(
        "GET",
        "/v1/admin/users/{user}/limits",
        own,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("The user's own limits.", LimitsOfUser)},
    ),
    Route(
        "PUT",
        "/v1/admin/users/{user}/limits",
        limits,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: _NOW},
        body=OwnLimits,
        is_repeatable=True,
        problems=(HTTPStatus.PRECONDITION_FAILED,),
    ),
)
