"""The line in front of the provider: what waits of a user, or of all, and what is taken out of it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from types import MappingProxyType

from aiohttp import web

from adapters.http.answers import REPLAYED, json_answer, replayed
from adapters.http.contract.queue_shapes import TakenOut, UsersLine, WholeLine
from adapters.http.contract.route import Answer, Route
from adapters.http.parameters import actor_of, idempotency_key_of, user_of
from adapters.http.problems import NOT_FOUND, Problem
from adapters.http.services import services_of
from adapters.studio import Whose
from adapters.tokens.token import Scope
from domain.refusals import Reason

REASON = MappingProxyType({"reason": Reason.NOT_FOUND.value})
NOT_WAITING = (
    "Nothing of this user waits under this id. Its turn has come, or it has ended; a job that is being made is "
    "cancelled under /v1/users/{user}/jobs."
)


async def waiting(request: web.Request) -> web.Response:
    """What waits of the user, through whichever door it was asked for: its place in the whole line, the first one
    first.

    A request whose turn has come waits no longer. The id of a job is the same here as among the jobs.
    """
    found = services_of(request).studio.waiting.seen(Whose(user=user_of(request)))
    answer: UsersLine = {
        "waiting": [
            {
                "id": one.id,
                "place": one.place,
                "operation": one.operation,  # type: ignore[typeddict-item]  # it is an Operation
                "prompt": one.prompt,
                "count": one.pictures,
                "since": one.since,
                "about_seconds": one.seconds,
                "origin": one.origin,
            }
            for one in found
        ]
    }
    return json_answer(answer)


async def take_out(request: web.Request) -> web.Response:
    """Takes a request out of the line, and gives its places back; whoever waits for it is told so. One that is being
    made already is left alone: 404.
    """
    wanted, whose, actor = request.match_info["id"], Whose(user=user_of(request)), actor_of(request)

    def one() -> list[str]:
        if not services_of(request).studio.waiting.take_out(wanted, whose, by=actor):
            raise Problem(NOT_FOUND, NOT_WAITING.format(user=whose.user), members=REASON)
        return [wanted]

    return _taken_out(request, wanted, one)


async def take_all_out(request: web.Request) -> web.Response:
    """Takes all that waits of the user out of the line; what is being made is made."""
    whose, actor = Whose(user=user_of(request)), actor_of(request)
    waiting = services_of(request).studio.waiting
    return _taken_out(request, "all", lambda: waiting.take_out_all(whose, by=actor))


def _taken_out(request: web.Request, wanted: str, take_out: Callable[[], list[str]]) -> web.Response:
    user, by, key = user_of(request), actor_of(request).by, idempotency_key_of(request)
    done = services_of(request).taking_out.once(user, by, key, f"{user} {wanted}", take_out)
    answer: TakenOut = {"taken_out": list(done.ids)}
    return json_answer(answer, headers=replayed(done.replayed))


async def whole_line(request: web.Request) -> web.Response:
    """All that waits, whose it is and where it was asked for; the words are their user's alone."""
    found = services_of(request).studio.waiting.seen(Whose())
    answer: WholeLine = {
        "waiting": [
            {
                "id": one.id,
                "place": one.place,
                "user": one.user,
                "operation": one.operation,  # type: ignore[typeddict-item]  # it is an Operation
                "count": one.pictures,
                "since": one.since,
                "about_seconds": one.seconds,
                "origin": one.origin,
            }
            for one in found
        ]
    }
    return json_answer(answer)


_ALL, _ONE = "/v1/users/{user}/queue", "/v1/users/{user}/queue/{id}"
_TAKEN_OUT = Answer("The ids of what waited and does no longer.", TakenOut, headers=(REPLAYED,))
ROUTES = (
    Route(
        "GET",
        _ALL,
        waiting,
        subject="queue",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("What waits.", UsersLine)},
    ),
    Route(
        "DELETE",
        _ALL,
        take_all_out,
        subject="queue",
        scope=Scope.WRITE,
        answers={HTTPStatus.OK: _TAKEN_OUT},
        is_repeatable=True,
    ),
    Route(
        "DELETE",
        _ONE,
        take_out,
        subject="queue",
        scope=Scope.WRITE,
        answers={HTTPStatus.OK: _TAKEN_OUT},
        is_repeatable=True,
        may_lack=True,
    ),
    Route(
        "GET",
        "/v1/admin/queue",
        whole_line,
        subject="queue",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("What waits.", WholeLine)},
    ),
)
