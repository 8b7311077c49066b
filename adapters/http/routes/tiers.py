"""Tiers: which there are, what one is or shall be, and which a user has by hand."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from adapters.application.results import Changed
from adapters.application.tier_figures import (
    EveryTier,
    TierChange,
    TiersOfUser,
    change_figures,
    tier_figures,
    user_figures,
)
from adapters.application.tiers import (
    assign_tier_blocking,
    define_tier_blocking,
    take_tier_away_blocking,
    tier_step,
    tiers_in_force,
    tiers_of,
    unassign_tier_blocking,
)
from adapters.http.answers import REPLAYED, json_answer, replayed
from adapters.http.contract.bodies import Body
from adapters.http.contract.governing_bodies import End, Limit, Why, stored_time
from adapters.http.contract.route import Answer, Route
from adapters.http.parameters import actor_of, idempotency_key_of, user_of
from adapters.http.problems import BAD_REQUEST, Problem
from adapters.http.refused_changes import refused_change
from adapters.http.services import services_of
from adapters.tokens.token import Scope
from domain.limit_grammar import limits_of
from domain.limit_names import OF_A_USER
from domain.limits import UserLimits
from domain.refusals import Refusal
from domain.tier_commands import SeenTier
from domain.tiers import MAX_WAITING, MAX_WEIGHT, Tier

# What the ledger judges is described alone here, so that its sentence is the same wherever it is asked.
Weight = Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_WEIGHT})]
Waiting = Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_WAITING})]


class TierParts(Body):
    """A tier, whole; with `removed` there is none."""

    daily: Limit | None = None
    """Generations a day; without it those of everybody, as with every limit."""
    user_bytes: Limit | None = None
    """What the images of a member may take together, in bytes."""
    limits: str = ""
    """Limits of a user's windows, as the setting LIMITS has them: `user/month/credits=20`."""
    groups: list[str] | None = None
    """The groups that give it: `guild:ID/role:ID`, `group:NAME`."""
    providers: list[str] | None = None
    """Which are allowed; without it all, as with the next two."""
    models: list[str] | None = None
    operations: list[str] | None = None
    weight: Weight | None = None
    """Turns in the line."""
    waiting: Waiting | None = None
    """The most requests of a member under way."""
    removed: bool = False
    """Whether there is none; of what is wanted, whether it is taken away, from all who have it."""

    def tier(self, key: str, field: str = "limits") -> Tier | None:
        """As the use case takes it; 400 for limits that are none, with the field that they are in."""
        try:
            windows = limits_of(self.limits, OF_A_USER)
        except ValueError as error:
            raise Problem(BAD_REQUEST, f"In '{field}', {error}.", members={"field": field}) from error
        if self.removed:
            return None
        return Tier(
            tier=key,
            limits=UserLimits(self.user_bytes, self.daily, windows or None),
            groups=tuple(self.groups or ()),
            providers=_names(self.providers),
            models=_names(self.models),
            operations=_names(self.operations),
            weight=self.weight,
            waiting=self.waiting,
        )


class WantedTier(Why, TierParts):
    """A tier as it shall be, whole; with `removed` there shall be none."""

    was: TierParts | None = None
    """What it is at present, as far as whoever changes it knows: 412 where it is another by now."""
    dry_run: bool = False
    """Whether it is only told what would be changed, and who would be over a limit."""


class Given(Why):
    """Whether a user shall have a tier by hand."""

    given: bool = True
    """False takes it back."""
    until: End | None = None
    """When it ends; without it, never."""


async def every(request: web.Request) -> web.Response:
    """Every tier that there is, by its key."""
    answer: EveryTier = {"tiers": [tier_figures(tier) for tier in tiers_in_force(services_of(request).store)]}
    return json_answer(answer)


async def define(request: web.Request, body: WantedTier) -> web.Response:
    """Defines a tier anew, whole, or takes it away. Nobody loses anything: who is over a limit is refused the next
    time. What is told of members is of before the change.
    """
    store, key = services_of(request).store, request.match_info["tier"]
    wanted, seen = body.tier(key), None if body.was is None else SeenTier(body.was.tier(key, "was"))
    step = await store.workers.surveying.run(tier_step, store, key, wanted, seen)
    if isinstance(step, Refusal):
        raise refused_change(step, request, body)
    done: Changed | Refusal = Changed(0)
    if not body.dry_run:
        carry_out, meant = (take_tier_away_blocking, key) if wanted is None else (define_tier_blocking, wanted)
        done = await store.workers.changing.run(
            carry_out,  # type: ignore[arg-type]  # each takes what is meant beside it
            store,
            meant,
            body.reason,
            seen=seen,
            actor=actor_of(request),
            idempotency_key=idempotency_key_of(request),
        )
    if isinstance(done, Refusal):
        raise refused_change(done, request, body)
    told: TierChange = change_figures(step, changed=done.position > 0, dry_run=body.dry_run)
    return json_answer(told, headers=replayed(done.replayed))


async def theirs(request: web.Request) -> web.Response:
    """Which tiers a user has now, why and until when, and what they give together."""
    user = user_of(request)
    answer: TiersOfUser = user_figures(user, tiers_of(services_of(request).store, user))
    return json_answer(answer)


async def give(request: web.Request, body: Given) -> web.Response:
    """Gives a user a tier by hand, or takes it back; by a group they may have it all the same."""
    user, store, key = user_of(request), services_of(request).store, request.match_info["tier"]
    actor, once = actor_of(request), idempotency_key_of(request)
    changing, until = store.workers.changing, stored_time(body.until)
    if body.given:
        done = await changing.run(
            assign_tier_blocking, store, user, key, body.reason, until=until, actor=actor, idempotency_key=once
        )
    else:
        done = await changing.run(
            unassign_tier_blocking, store, user, key, body.reason, actor=actor, idempotency_key=once
        )
    if isinstance(done, Refusal):
        raise refused_change(done, request, body)
    answer: TiersOfUser = user_figures(user, tiers_of(store, user), changed=done.position > 0)
    return json_answer(answer, headers=replayed(done.replayed))


def _names(names: list[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


ROUTES = (
    Route(
        "GET",
        "/v1/admin/tiers",
        every,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("The tiers.", EveryTier)},
    ),
    Route(
        "PUT",
        "/v1/admin/tiers/{tier}",
        define,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("From what to what, and whom it touches.", TierChange, headers=(REPLAYED,))},
        body=WantedTier,
        is_repeatable=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        "GET",
        "/v1/admin/users/{user}/tiers",
        theirs,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("The user's tiers.", TiersOfUser)},
    ),
    Route(
        "PUT",
        "/v1/admin/users/{user}/tiers/{tier}",
        give,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("The user's tiers after it.", TiersOfUser, headers=(REPLAYED,))},
        body=Given,
        is_repeatable=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
