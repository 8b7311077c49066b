"""Grants of a user: what managers gave them beyond the limits, what is left of it, and taking it away."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from adapters.application.granting import Gift, give_grant_blocking, left_of_grants, void_grant_blocking
from adapters.application.window_figures import told_amount
from adapters.http.answers import REPLAYED, json_answer, refusal, replayed
from adapters.http.contract.amounts import stored_amount
from adapters.http.contract.governing_bodies import End, Why, stored_time
from adapters.http.contract.governing_shapes import GivenGrant, GrantOfUser, GrantsOfUser, VoidedGrant
from adapters.http.contract.query import Words
from adapters.http.contract.route import Answer, Route
from adapters.http.parameters import actor_of, idempotency_key_of, user_of
from adapters.http.problems import BAD_REQUEST, Problem
from adapters.http.refused_changes import refused_change
from adapters.http.services import services_of
from adapters.tokens.token import Scope
from domain.commands import MAX_TEXT
from domain.grants import MAX_PRIORITY
from domain.refusals import Reason, Refusal
from domain.validation import MAX_DAYS
from projections.window_status import GrantStatus

# What the ledger judges is described alone here, so that its sentence is the same wherever it is asked.
Amount = Annotated[float, Field(json_schema_extra={"exclusiveMinimum": 0})]
Rollover = Annotated[float, Field(json_schema_extra={"minimum": 0})]
Days = Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_DAYS})]
Priority = Annotated[int, Field(json_schema_extra={"minimum": 0, "maximum": MAX_PRIORITY})]


class WantedGrant(Why):
    """What a user is to have beyond the limits."""

    unit: Literal["generations", "credits", "bytes"]
    amount: Amount
    """Generations, credits with at most three decimals, or bytes."""
    priority: Priority = 0
    """Of several grants the one with the highest is drawn on first."""
    days: Days | None = None
    """For how long, counted from now on; in place of `expires_at`."""
    expires_at: End | None = None
    """When it ends; without it and without `days`, never."""
    rollover: Rollover = 0.0
    """So much of what is left then stays at most, until `rollover_until`."""
    rollover_until: End | None = None

    @property
    def gift(self) -> Gift:
        """As the use case takes it; 400 for an amount or an end that is none."""
        if self.days is not None and self.expires_at is not None:
            raise Problem(BAD_REQUEST, "Write 'days' or 'expires_at', not both.", members={"field": "days"})
        return Gift(
            unit=self.unit,
            amount=stored_amount(self.amount, self.unit, "amount"),
            reason=self.reason,
            priority=self.priority,
            expires_at=stored_time(self.expires_at, "expires_at"),
            rollover=stored_amount(self.rollover, self.unit, "rollover"),
            rollover_until=stored_time(self.rollover_until, "rollover_until"),
            days=self.days,
        )


WHY = Words(
    "reason",
    "For the log, and for whoever asks later; without it, that a manager took it away.",
    rf"^[^\x00-\x1f\x7f-\x9f]{{1,{MAX_TEXT}}}$",
    f"1 to {MAX_TEXT} printable characters",
)
NOT_SAID = "taken away by a manager"


async def give_grant(request: web.Request, body: WantedGrant) -> web.Response:
    """Gives a user generations, credits or bytes beyond the limits. They are drawn on where a limit is reached."""
    user, store, gift = user_of(request), services_of(request).store, body.gift
    given = await store.workers.changing.run(
        give_grant_blocking, store, user, gift, actor=actor_of(request), idempotency_key=idempotency_key_of(request)
    )
    if isinstance(given, Refusal):
        raise refused_change(given, request, body, field=_wrong_in(gift))
    answer: GivenGrant = {"grant": given.grant, "position": given.position}
    return json_answer(answer, status=HTTPStatus.CREATED, headers=replayed(given.replayed))


async def grants(request: web.Request) -> web.Response:
    """A user's grants in the order in which they were given, also those of which nothing is left."""
    user, store = user_of(request), services_of(request).store
    answer: GrantsOfUser = {"grants": [_figures(one) for one in left_of_grants(store, user)]}
    return json_answer(answer)


async def void_grant(request: web.Request) -> web.Response:
    """Lets nothing more be drawn from a grant. What was drawn stays, and what pictures under way hold of it."""
    user, grant, store = user_of(request), request.match_info["grant"], services_of(request).store
    why = WHY.of(request) or NOT_SAID
    done = await store.workers.changing.run(
        void_grant_blocking,
        store,
        user,
        grant,
        why,
        actor=actor_of(request),
        idempotency_key=idempotency_key_of(request),
    )
    if isinstance(done, Refusal):
        problem = refusal(done, services_of(request).clock())
        if done.reason is Reason.MALFORMED:
            problem.members = {**problem.members, "field": "grant" if why.isprintable() else "reason"}
        raise problem
    answer: VoidedGrant = {"grant": grant, "changed": done.position > 0}
    return json_answer(answer, headers=replayed(done.replayed))


def _wrong_in(gift: Gift) -> str | None:
    """The member by which the ledger takes no such gift, if it is one of these."""
    if gift.amount < 1:
        return "amount"
    if gift.days is not None and not 1 <= gift.days <= MAX_DAYS:
        return "days"
    if not 0 <= gift.priority <= MAX_PRIORITY:
        return "priority"
    if gift.rollover > gift.amount:
        return "rollover"
    if not (gift.rollover or gift.rollover_until):
        return None
    if gift.days is not None:
        return "rollover_until"
    ends = gift.expires_at, gift.rollover_until
    return None if ends[0] and ends[1] and ends[0] < ends[1] else "rollover_until"


def _figures(status: GrantStatus) -> GrantOfUser:
    grant = status.grant
    return {
        "grant": grant.grant,
        "unit": grant.unit,  # type: ignore[typeddict-item]  # it is one of GRANT_UNITS
        "amount": told_amount(grant.amount, grant.unit),
        "left": told_amount(status.left, grant.unit),
        "ends_at": status.ends_at,
        "priority": grant.priority,
        "expires_at": grant.expires_at,
        "rollover": told_amount(grant.rollover, grant.unit),
        "rollover_until": grant.rollover_until,
        "source": grant.source,
        "given_at": grant.at,
        "position": grant.number,
        "voided": grant.voided,
    }


_ALL = "/v1/admin/users/{user}/grants"
ROUTES = (
    Route(
        "GET",
        _ALL,
        grants,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("The user's grants.", GrantsOfUser)},
    ),
    Route(
        "POST",
        _ALL,
        give_grant,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.CREATED: Answer("The grant, and where the log has it.", GivenGrant, headers=(REPLAYED,))},
        body=WantedGrant,
        is_repeatable=True,
    ),
    Route(
        "DELETE",
        f"{_ALL}/{{grant}}",
        void_grant,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("Whether that changed anything.", VoidedGrant, headers=(REPLAYED,))},
        query=(WHY,),
        is_repeatable=True,
        may_lack=True,
    ),
)
