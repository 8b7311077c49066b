"""Why a decision about a user fell as it did: the latest, one at a position, or that of a request's key."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from adapters.application.reading import ReadableRoot
from adapters.history.explaining import described, explain_last, explain_position, positions_of_request
from adapters.http.answers import json_answer
from adapters.http.contract.past_shapes import ExplanationData
from adapters.http.contract.query import WholeNumber, Words
from adapters.http.contract.route import Answer, Route
from adapters.http.parameters import user_of
from adapters.http.problems import NOT_FOUND, Problem
from adapters.http.services import services_of
from adapters.http.surveys import survey
from adapters.tokens.token import Scope
from projections.explanation import Explanation

POSITION = WholeNumber("position", "Where the decision stands in the log.", lowest=1, highest=999_999_999, default=0)
KEY = Words(
    "key",
    "The request's Idempotency-Key; the last of its decisions is explained.",
    pattern=r"^[\x20-\x7e]{1,255}$",
    form="1 to 255 visible ASCII characters",
)


async def why(request: web.Request) -> web.Response:
    """Why a decision about the user fell as it did: the latest, the one at a position, or the last of a request's key.

    It is what `abby explain --json` gives.
    """
    user, key, position = user_of(request), KEY.of(request), POSITION.of(request)
    store = services_of(request).store
    root = store.running()
    explained = await survey(request, user, _explained, root, user, position, key)
    if explained is None or explained.user != user:
        raise Problem(NOT_FOUND, f"The log has no such decision about {user}.")
    return json_answer(described(explained))


def _explained(root: ReadableRoot, user: str, position: int, key: str | None) -> Explanation | None:
    """For a worker."""
    if key:
        positions = positions_of_request(root.recorder, key, user=user)
        wanted = position or max(positions, default=0)
        return explain_position(root.recorder, wanted) if wanted in positions else None
    return explain_position(root.recorder, position) if position else explain_last(root.recorder, user)


ROUTES = (
    Route(
        "GET",
        "/v1/users/{user}/why",
        why,
        subject="history",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("The explanation.", ExplanationData)},
        query=(POSITION, KEY),
        may_lack=True,
    ),
)
