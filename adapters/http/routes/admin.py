"""What whoever runs the service changes for all: the limits for everybody, and which temp files go. What is changed for
one user is in `own_limits`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from adapters.application.deleting import clean_up_blocking, cleanable
from adapters.application.governing import (
    change_policy_blocking,
    policy_step,
)
from adapters.application.over_windows import over_windows
from adapters.application.results import ChangedForAll, PolicyStep
from adapters.application.storage import Storage
from adapters.application.window_figures import told_windows
from adapters.http.answers import REPLAYED, json_answer, replayed
from adapters.http.contract.amounts import LimitNames, WindowLimits, stored_names, stored_windows
from adapters.http.contract.bodies import Body
from adapters.http.contract.governing_bodies import Limit, Why
from adapters.http.contract.governing_shapes import ChangedPolicy, CleanedUp, LimitsOfAll, OverLimits
from adapters.http.contract.route import Answer, Route
from adapters.http.parameters import actor_of, idempotency_key_of
from adapters.http.problems import BAD_REQUEST, Problem
from adapters.http.refused_changes import refused_change
from adapters.http.services import services_of
from adapters.tokens.token import Scope
from domain.limit_names import FURTHER
from domain.limits import SharedLimits
from domain.refusals import Refusal
from domain.validation import MAX_DAYS

# What the ledger judges is described alone here, so that its sentence is the same wherever it is asked.
Days = Annotated[int, Field(json_schema_extra={"minimum": 0, "maximum": MAX_DAYS})]


class SomeLimits(Body):
    """Some of the limits for everybody."""

    daily: Limit | None = None
    """Generations a day."""
    user_bytes: Limit | None = None
    """What the images of a user may take together, in bytes."""
    pool_bytes: Limit | None = None
    """What all users together may take, in bytes."""

    windows: WindowLimits | None = None
    """All further limits by their names: generations, or credits with at most three decimals; those that are not named
    are none any more.
    """
    unenforced: LimitNames | None = None
    """All limits that are only tried out; the others refuse."""

    def shared(self, field: str | None = None) -> SharedLimits:
        """As the use case takes them; 400 for a limit that is none, which names the field that they are given in."""
        return SharedLimits(
            user_bytes=self.user_bytes,
            pool_bytes=self.pool_bytes,
            daily=self.daily,
            windows=stored_windows(self.windows, FURTHER, field or "windows"),
            unenforced=stored_names(self.unenforced, field or "unenforced"),
        )


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


async def policy(request: web.Request, body: OthersLimits) -> web.Response:
    """Gives everybody other limits, from the next request on. Nobody loses anything: who is over them is refused."""
    services = services_of(request)
    store, wanted, seen = services.store, body.shared(), body.was.shared("was")
    unsaid = sorted(set(wanted.given) - set(seen.given))
    if unsaid and not body.dry_run:
        sentence = f"'was' does not say what {' and '.join(unsaid)} is now. A dry run tells it, and so does /v1/policy."
        raise Problem(BAD_REQUEST, sentence, members={"field": "was"})
    step = await store.workers.surveying.run(policy_step, store, wanted)
    if isinstance(step, Refusal):
        raise refused_change(step, request, body)
    answer: ChangedForAll | Refusal = ChangedForAll(0)
    if not body.dry_run:
        answer = await store.workers.changing.run(
            change_policy_blocking,
            store,
            wanted,
            seen,
            body.reason,
            actor=actor_of(request),
            idempotency_key=idempotency_key_of(request),
        )
    if isinstance(answer, Refusal):
        raise refused_change(answer, request, body)
    told: ChangedPolicy = {
        "former": _limits_of_all(answer.former or step.former),
        "limits": _limits_of_all(answer.limits or step.limits),
        "over": await _over(store, step),
        "changed": answer.position > 0,
        "dry_run": body.dry_run,
    }
    return json_answer(told, headers=replayed(answer.replayed))


def _limits_of_all(limits: SharedLimits) -> LimitsOfAll:
    told = limits.given
    return {
        "daily": told["daily"],
        "user_bytes": told["user_bytes"],
        "pool_bytes": told["pool_bytes"],
        "windows": told_windows(told["windows"]),
        "unenforced": list(told["unenforced"]),
    }


async def _over(store: Storage, step: PolicyStep) -> OverLimits:
    found = await store.workers.surveying.run(over_windows, store, step)
    return {
        "users": step.over.users,
        "daily_users": step.over.daily_users,
        "storage_users": step.over.storage_users,
        "pool_bytes": step.over.pool_bytes,
        "windows": {one.limit: one.count for one in found},
    }


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
        raise refused_change(cleaned, request, body)
    answer: CleanedUp = {"files": cleaned.files, "freed_bytes": cleaned.freed_bytes}
    return json_answer(answer, headers=replayed(cleaned.replayed))


async def _cleanable(request: web.Request, body: Age, days: int) -> web.Response:
    services = services_of(request)
    found = await services.store.workers.surveying.run(cleanable, services.store, days)
    if isinstance(found, Refusal):
        raise refused_change(found, request, body)
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


ROUTES = (
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
