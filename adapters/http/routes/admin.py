"""What the commands of whoever runs the service need while the service holds the log."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from adapters.application.deleting import clean_up_blocking, cleanable
from adapters.application.governing import (
    change_policy_blocking,
    override_limits_blocking,
    policy_step,
    reset_daily_blocking,
)
from adapters.application.reading import quota_status
from adapters.application.results import Changed, ChangedForAll
from adapters.http.answers import REPLAYED, json_answer, refusal, replayed
from adapters.http.contract.bodies import Body
from adapters.http.contract.governing_shapes import ChangedPolicy, CleanedUp, LimitsOfAll
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import PRINTABLE, ChangedQuota
from adapters.http.parameters import actor_of, idempotency_key_of, user_of
from adapters.http.problems import BAD_REQUEST, Problem
from adapters.http.services import services_of
from adapters.tokens.token import Scope
from domain.commands import MAX_LIMIT, MAX_TEXT
from domain.instants import STORED_TIME
from domain.limits import SharedLimits, UserLimits
from domain.refusals import Reason as Reasons
from domain.refusals import Refusal
from domain.validation import MAX_DAYS

# What the ledger judges is described alone here, so that its sentence is the same wherever it is asked.
Reason = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": MAX_TEXT, "pattern": PRINTABLE})]
Limit = Annotated[int, Field(json_schema_extra={"minimum": 0, "maximum": MAX_LIMIT})]
Days = Annotated[int, Field(json_schema_extra={"minimum": 0, "maximum": MAX_DAYS})]
TIME = STORED_TIME.removesuffix(r"\.\d{6}Z") + r"(?:\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
"""A time by RFC 3339, as any program writes it."""
End = Annotated[str, Field(json_schema_extra={"pattern": f"^{TIME}$", "examples": ["2026-12-01T00:00:00Z"]})]


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


class SomeLimits(Body):
    """Some of the limits for everybody."""

    daily: Limit | None = None
    """Generations a day."""
    user_bytes: Limit | None = None
    """What the images of a user may take together, in bytes."""
    pool_bytes: Limit | None = None
    """What all users together may take, in bytes."""

    @property
    def shared(self) -> SharedLimits:
        """As the use case takes them."""
        return SharedLimits(self.user_bytes, self.pool_bytes, self.daily)


class OthersLimits(Why, SomeLimits):
    """The limits for everybody that shall be others, and what each was, as far as whoever changes it knows."""

    was: SomeLimits = SomeLimits()
    """What each of them is at present: 412 where it is another by now. It is needed for each that is changed."""
    dry_run: bool = False
    """Whether it is only told what would be changed, and who would be over it."""


class Age(Body):
    """Which temp files are removed."""

    days: Days | None = None
    """Their least age; without it, the service's own setting."""
    dry_run: bool = False
    """Whether it is only told what would go."""


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
        until=_stored(body.until),
        actor=actor_of(request),
        idempotency_key=idempotency_key_of(request),
    )
    return _status_or_problem(request, body, user, answer)


def _stored(until: str | None) -> str | None:
    """The time as the log has it; 400 for what is none."""
    if until is None:
        return None
    try:
        if re.fullmatch(TIME, until, re.ASCII):
            moment = datetime.fromisoformat(until).astimezone(UTC)
            return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    except OverflowError:
        pass
    sentence = (
        "The field 'until' must be a time by RFC 3339, such as 2026-12-01T00:00:00Z or 2026-12-01T01:00:00+01:00."
    )
    raise Problem(BAD_REQUEST, sentence, members={"field": "until"})


async def policy(request: web.Request, body: OthersLimits) -> web.Response:
    """Gives everybody other limits, from the next request on. Nobody loses anything: who is over them is refused."""
    services = services_of(request)
    store, wanted, key = services.store, body.shared, idempotency_key_of(request)
    unsaid = sorted(set(wanted.given) - set(body.was.shared.given))
    if unsaid and not body.dry_run:
        sentence = f"'was' does not say what {' and '.join(unsaid)} is now. A dry run tells it, and so does /v1/policy."
        raise Problem(BAD_REQUEST, sentence, members={"field": "was"})
    step = await store.workers.surveying.run(policy_step, store, wanted)
    if isinstance(step, Refusal):
        raise _refused(step, request, body)
    answer: ChangedForAll | Refusal = ChangedForAll(0)
    if not body.dry_run:
        answer = await store.workers.changing.run(
            change_policy_blocking,
            store,
            wanted,
            body.was.shared,
            body.reason,
            actor=actor_of(request),
            idempotency_key=key,
        )
    if isinstance(answer, Refusal):
        raise _refused(answer, request, body)
    told: ChangedPolicy = {
        "former": _limits_of_all(answer.former or step.former),
        "limits": _limits_of_all(answer.limits or step.limits),
        "over": {
            "users": step.over.users,
            "daily_users": step.over.daily_users,
            "storage_users": step.over.storage_users,
            "pool_bytes": step.over.pool_bytes,
        },
        "changed": answer.position > 0,
        "dry_run": body.dry_run,
    }
    return json_answer(told, headers=replayed(answer.replayed))


def _limits_of_all(limits: SharedLimits) -> LimitsOfAll:
    told = limits.given
    return {"daily": told["daily"], "user_bytes": told["user_bytes"], "pool_bytes": told["pool_bytes"]}


async def cleanup(request: web.Request, body: Age) -> web.Response:
    """Removes temp files of this age, without `days` by the service's own setting."""
    services = services_of(request)
    store = services.store
    if body.dry_run:
        return await _cleanable(request, body, store.settings.cleanup_days if body.days is None else body.days)
    key = idempotency_key_of(request)
    cleaned = await store.workers.changing.run(
        clean_up_blocking, store, body.days, actor=actor_of(request), idempotency_key=key
    )
    if isinstance(cleaned, Refusal):
        raise _refused(cleaned, request, body)
    answer: CleanedUp = {"files": cleaned.files, "freed_bytes": cleaned.freed_bytes}
    return json_answer(answer, headers=replayed(cleaned.replayed))


async def _cleanable(request: web.Request, body: Age, days: int) -> web.Response:
    services = services_of(request)
    found = await services.store.workers.surveying.run(cleanable, services.store, days)
    if isinstance(found, Refusal):
        raise _refused(found, request, body)
    answer: CleanedUp = {
        "files": found.files,
        "freed_bytes": found.bytes,
        "would": {
            "days": found.days,
            "kinds": [{"media_type": kind.of, "files": kind.files, "bytes": kind.bytes} for kind in found.kinds],
            "users": [{"user": user.of, "files": user.files, "bytes": user.bytes} for user in found.users],
            "other_users": found.other_users,
        },
    }
    return json_answer(answer)


def _refused(why: Refusal, request: web.Request, body: Body) -> Problem:
    """The problem of a refusal; of what the ledger judges as malformed, with the field that it is about."""
    problem = refusal(why, services_of(request).clock())
    if why.reason is Reasons.MALFORMED and (field := _field_of(body)) is not None:
        problem.members = {**problem.members, "field": field}
    return problem


def _field_of(body: Body) -> str | None:
    """The first field whose value is beyond what the document has for it."""
    told = body.model_dump()
    for name, most in (*dict.fromkeys(SharedLimits._fields, MAX_LIMIT).items(), ("days", MAX_DAYS)):
        if (value := told.get(name)) is not None and not 0 <= value <= most:
            return name
    if any(not 0 <= value <= MAX_LIMIT for value in (told.get("was") or {}).values() if value is not None):
        return "was"
    reason = told.get("reason")
    is_text = reason is None or (1 <= len(reason) <= MAX_TEXT and reason.isprintable())
    return None if is_text else "reason"


def _status_or_problem(request: web.Request, body: Body, user: str, answer: Changed | Refusal) -> web.Response:
    if isinstance(answer, Refusal):
        raise _refused(answer, request, body)
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
        "PATCH",
        "/v1/admin/policy",
        policy,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("From what to what, and who is over it.", ChangedPolicy, headers=(REPLAYED,))},
        body=OthersLimits,
        is_repeatable=True,
        problems=(HTTPStatus.PRECONDITION_FAILED,),
    ),
    Route(
        "POST",
        "/v1/admin/cleanup",
        cleanup,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("What was removed, or would be.", CleanedUp, headers=(REPLAYED,))},
        body=Age,
        is_repeatable=True,
    ),
)
