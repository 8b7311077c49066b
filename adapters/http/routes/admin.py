"""What the commands of whoever runs the service need while the service holds the log."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from adapters.application.deleting import clean_up_blocking
from adapters.application.governing import override_limits_blocking, reset_daily_blocking
from adapters.application.reading import quota_status
from adapters.application.results import Changed
from adapters.http.answers import REPLAYED, json_answer, refusal, replayed
from adapters.http.contract.bodies import Body
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import PRINTABLE, ChangedQuota, CleanedUp
from adapters.http.parameters import actor_of, idempotency_key_of, user_of
from adapters.http.services import services_of
from adapters.tokens.token import Scope
from domain.commands import MAX_LIMIT, MAX_TEXT
from domain.instants import STORED_TIME
from domain.limits import UserLimits
from domain.refusals import Refusal
from domain.validation import MAX_DAYS

# What the ledger judges is described alone here, so that its sentence is the same wherever it is asked.
Reason = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": MAX_TEXT, "pattern": PRINTABLE})]
Limit = Annotated[int, Field(json_schema_extra={"minimum": 0, "maximum": MAX_LIMIT})]
Days = Annotated[int, Field(json_schema_extra={"minimum": 0, "maximum": MAX_DAYS})]
End = Annotated[str, Field(json_schema_extra={"pattern": f"^{STORED_TIME}$"})]


class Why(Body):
    """Why it is done."""

    reason: Reason
    """For the log, and for whoever asks later."""


class OwnLimits(Why):
    """What a user has in place of everybody's limits; with neither limit given, nothing any more."""

    user_bytes: Limit | None = None
    """What the images of the user may take together, in bytes."""
    daily: Limit | None = None
    """Generations a day."""
    until: End | None = None
    """When they end; without it, never."""


class Age(Body):
    """Which temp files are removed."""

    days: Days | None = None
    """Their least age; without it, the service's own setting."""


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
    return _status_or_problem(request, user, answer)


async def limits(request: web.Request, body: OwnLimits) -> web.Response:
    """Gives a user limits of their own, or with none given takes them away."""
    user = user_of(request)
    store = services_of(request).store
    answer = await store.workers.changing.run(
        override_limits_blocking,
        store,
        user,
        body.reason,
        UserLimits(body.user_bytes, body.daily),
        until=body.until,
        actor=actor_of(request),
        idempotency_key=idempotency_key_of(request),
    )
    return _status_or_problem(request, user, answer)


async def cleanup(request: web.Request, body: Age) -> web.Response:
    """Removes temp files of this age, without `days` by the service's own setting."""
    services = services_of(request)
    store = services.store
    key = idempotency_key_of(request)
    cleaned = await store.workers.changing.run(
        clean_up_blocking, store, body.days, actor=actor_of(request), idempotency_key=key
    )
    if isinstance(cleaned, Refusal):
        raise refusal(cleaned, services.clock())
    answer: CleanedUp = {"files": cleaned.files, "freed_bytes": cleaned.freed_bytes}
    return json_answer(answer, headers=replayed(cleaned.replayed))


def _status_or_problem(request: web.Request, user: str, answer: Changed | Refusal) -> web.Response:
    services = services_of(request)
    if isinstance(answer, Refusal):
        raise refusal(answer, services.clock())
    status: ChangedQuota = {**quota_status(services.store, user), "changed": answer.position > 0}
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
        "PUT",
        "/v1/admin/users/{user}/limits",
        limits,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: _NOW},
        body=OwnLimits,
        is_repeatable=True,
    ),
    Route(
        "POST",
        "/v1/admin/cleanup",
        cleanup,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("What was removed.", CleanedUp, headers=(REPLAYED,))},
        body=Age,
        is_repeatable=True,
    ),
)
