"""Pictures that a user marks as favourites: the user's own, or another's where that may be looked at."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from adapters.application.market import set_favourite
from adapters.http.access import refuse_of_others
from adapters.http.answers import REPLAYED, json_answer, refusal, replayed
from adapters.http.contract.market_shapes import MarkedImage
from adapters.http.contract.query import Words
from adapters.http.contract.route import Answer, Route
from adapters.http.parameters import actor_of, checked_user, idempotency_key_of, name_of, user_of
from adapters.http.services import services_of
from adapters.tokens.token import Scope
from domain.names import USER_PATTERN
from domain.refusals import Refusal

OWNER = Words("owner", "Whose picture it is; without it, the user's own.", USER_PATTERN, "a user's id")


async def mark(request: web.Request) -> web.Response:
    """Marks a kept picture as a favourite of the user's. The first mark of somebody else's picture earns its owner what
    the settings say.
    """
    return await _set(request, on=True)


async def unmark(request: web.Request) -> web.Response:
    """Takes the user's mark from a picture; what its owner earned stays."""
    return await _set(request, on=False)


async def _set(request: web.Request, *, on: bool) -> web.Response:
    user, name = user_of(request), name_of(request)
    owner = checked_user(OWNER.of(request) or user)
    refuse_of_others(request, owner)
    changed = await set_favourite(
        services_of(request).store,
        user,
        owner,
        name,
        on=on,
        actor=actor_of(request),
        idempotency_key=idempotency_key_of(request),
    )
    if isinstance(changed, Refusal):
        raise refusal(changed, services_of(request).clock())
    answer: MarkedImage = {"owner": owner, "name": name, "favourite": on, "changed": changed.position > 0}
    return json_answer(answer, headers=replayed(changed.replayed))


_ONE = "/v1/users/{user}/favourites/{name}"
_MARKED = Answer("How the picture is marked now.", MarkedImage, headers=(REPLAYED,))
ROUTES = tuple(
    Route(
        method,
        _ONE,
        handler,
        subject="market",
        scope=Scope.WRITE,
        answers={HTTPStatus.OK: _MARKED},
        query=(OWNER,),
        is_repeatable=True,
        may_lack=True,
    )
    for method, handler in (("PUT", mark), ("DELETE", unmark))
)
