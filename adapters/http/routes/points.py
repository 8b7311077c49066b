"""Points of a user: what they have and what became of it, the claim of the day, gifts, and what managers make and burn.

A token for one user gives from that user's account alone, as with everything in its path.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from adapters.application.market import PointsChanged, claim_daily, give_points, move_points, points_of
from adapters.application.market_figures import ChangedPoints, PointsOfUser, changed_figures, points_figures
from adapters.http.answers import REPLAYED, json_answer, refusal, replayed
from adapters.http.contract.bodies import Body
from adapters.http.contract.governing_bodies import Reason as ReasonText
from adapters.http.contract.governing_bodies import Why
from adapters.http.contract.query import LIMIT
from adapters.http.contract.route import Answer, Route
from adapters.http.parameters import actor_of, idempotency_key_of, user_of
from adapters.http.refused_changes import refused_change
from adapters.http.services import services_of
from adapters.http.surveys import survey
from adapters.tokens.token import Scope
from domain.commands import MAX_LIMIT
from domain.names import USER_PATTERN, malformed_user
from domain.refusals import Refusal

# What the ledger judges is described alone here, so that its sentence is the same wherever it is asked.
Points = Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_LIMIT})]
UserId = Annotated[str, Field(json_schema_extra={"pattern": USER_PATTERN})]


class WantedGift(Body):
    """To whom how many points are given."""

    to: UserId
    """Another user's id."""
    amount: Points
    """Whole points."""
    reason: ReasonText | None = None
    """A few words that stand beside it."""


class WantedMove(Why):
    """What a manager does with a user's points."""

    kind: Literal["mint", "burn"]
    """`mint` makes them out of nothing, `burn` takes them out of the world."""
    amount: Points
    """Whole points."""


async def points(request: web.Request) -> web.Response:
    """What a user has of the community's own currency, and the latest movements, newest first."""
    user, most = user_of(request), LIMIT.of(request)
    found = await survey(request, user, points_of, services_of(request).store, user, most)
    return json_answer(points_figures(found))


async def claim(request: web.Request) -> web.Response:
    """Takes what a day gives, once a day (UTC)."""
    changed = await claim_daily(
        services_of(request).store,
        user_of(request),
        actor=actor_of(request),
        idempotency_key=idempotency_key_of(request),
    )
    if isinstance(changed, Refusal):
        raise refusal(changed, services_of(request).clock())
    return _answer(changed)


async def gift(request: web.Request, body: WantedGift) -> web.Response:
    """Gives points of the user's to another one, at once and for good."""
    user = user_of(request)
    changed = await give_points(
        services_of(request).store,
        user,
        body.to,
        body.amount,
        body.reason,
        actor=actor_of(request),
        idempotency_key=idempotency_key_of(request),
    )
    if isinstance(changed, Refusal):
        is_to = body.to == user or malformed_user(body.to) is not None
        raise refused_change(changed, request, body, field="to" if is_to else _wrong_amount(body.amount))
    return _answer(changed)


async def move(request: web.Request, body: WantedMove) -> web.Response:
    """Makes points for a user, or takes some of theirs out of the world, with a reason."""
    changed = await move_points(
        services_of(request).store,
        user_of(request),
        body.kind,
        body.amount,
        body.reason,
        actor=actor_of(request),
        idempotency_key=idempotency_key_of(request),
    )
    if isinstance(changed, Refusal):
        raise refused_change(changed, request, body, field=_wrong_amount(body.amount))
    return _answer(changed)


def _wrong_amount(amount: int) -> str | None:
    return None if 1 <= amount <= MAX_LIMIT else "amount"


def _answer(changed: PointsChanged) -> web.Response:
    return json_answer(changed_figures(changed), headers=replayed(changed.replayed))


_ALL = "/v1/users/{user}/points"
_MOVED = Answer("What was moved, and what the user has now.", ChangedPoints, headers=(REPLAYED,))
ROUTES = (
    Route(
        "GET",
        _ALL,
        points,
        subject="market",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("The user's points.", PointsOfUser)},
        query=(LIMIT,),
    ),
    Route(
        "POST",
        f"{_ALL}/claim",
        claim,
        subject="market",
        scope=Scope.WRITE,
        answers={HTTPStatus.OK: _MOVED},
        is_repeatable=True,
    ),
    Route(
        "POST",
        f"{_ALL}/gifts",
        gift,
        subject="market",
        scope=Scope.WRITE,
        answers={HTTPStatus.OK: _MOVED},
        body=WantedGift,
        is_repeatable=True,
    ),
    Route(
        "POST",
        "/v1/admin/users/{user}/points",
        move,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: _MOVED},
        body=WantedMove,
        is_repeatable=True,
    ),
)
