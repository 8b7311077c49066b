"""Many of a user's images with one request: deleted, or fetched together as a zip."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from adapters.application.bulk_deleting import MOST_AT_ONCE, delete_images
from adapters.application.results import DeletedImage
from adapters.http.answers import REPLAYED, json_answer, refusal, replayed
from adapters.http.contract.bodies import Body
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import ManyDeleted, NameDeleted
from adapters.http.parameters import actor_of, checked_name, idempotency_key_of, user_of
from adapters.http.services import services_of
from adapters.tokens.token import Scope
from adapters.wording.refusals import sentence_of
from domain.names import NAME_PATTERN
from domain.refusals import Reason, Refusal

Name = Annotated[str, Field(json_schema_extra={"pattern": NAME_PATTERN})]


class Names(Body):
    """Names of images."""

    names: Annotated[list[Name], Field(min_length=1, max_length=MOST_AT_ONCE)]
    """Which; one that is there twice is looked at twice."""


async def deletions(request: web.Request, body: Names) -> web.Response:
    """Deletes each of these images. What became of each stands in the answer: one that is not there stops no other."""
    user, actor, key = user_of(request), actor_of(request), idempotency_key_of(request)
    names = [checked_name(name, field="names") for name in body.names]
    services = services_of(request)
    told = await delete_images(services.store, user, names, actor=actor, idempotency_key=key)
    if isinstance(told, Refusal):
        raise refusal(told, services.clock())
    done = [one for one in told if isinstance(one, DeletedImage)]
    answer: ManyDeleted = {
        "images": [_outcome(name, one) for name, one in zip(names, told, strict=True)],
        "deleted": len(done),
        "freed_bytes": sum(one.freed_bytes for one in done),
    }
    return json_answer(answer, headers=replayed(bool(done) and all(one.replayed for one in done)))


def _outcome(name: str, told: DeletedImage | Refusal) -> NameDeleted:
    if isinstance(told, Refusal):
        return {
            "name": name,
            "outcome": "not_there" if told.reason is Reason.NOT_FOUND else "refused",
            "freed_bytes": 0,
            "position": 0,
            "reason": told.reason.value,
            "detail": sentence_of(told),
        }
    return {
        "name": told.name,
        "outcome": "deleted",
        "freed_bytes": told.freed_bytes,
        "position": told.position,
        "reason": None,
        "detail": None,
    }


ROUTES = (
    Route(
        "POST",
        "/v1/users/{user}/images/deletions",
        deletions,
        subject="images",
        scope=Scope.WRITE,
        answers={HTTPStatus.OK: Answer("What became of each.", ManyDeleted, headers=(REPLAYED,))},
        body=Names,
        is_repeatable=True,
    ),
)
