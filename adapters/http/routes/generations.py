"""A picture from words: the styles there are, and the wish itself."""

from __future__ import annotations

import base64
from typing import Any

import orjson
from aiohttp import web

from adapters.generation.provider import STYLES, GenerationFault, GenerationRequest, Operation
from adapters.http.answers import described, image_url, json_answer, refusal, replayed
from adapters.http.bodies import Field, check_fields, read_json
from adapters.http.parameters import actor_of, only, request_key_of, user_of
from adapters.http.problems import failed, render
from adapters.http.services import services_of
from adapters.studio import Generated
from domain.refusals import Refusal

WISH = {
    "prompt": Field((str,), required=True),
    "negative_prompt": Field((str,)),
    "style": Field((str, type(None))),
    "width": Field((int,)),
    "height": Field((int,)),
    "steps": Field((int,)),
    "seed": Field((int,)),
    "cfg_scale": Field((int, float)),
}


async def styles(request: web.Request) -> web.Response:
    """The words that a wish may name as its style."""
    only(request)
    return json_answer({"styles": STYLES})


async def generate(request: web.Request) -> web.Response:
    """201 with the picture kept; 200 with its bytes where it was made and may not be kept."""
    only(request)
    user, actor, key = user_of(request), actor_of(request), request_key_of(request)
    services = services_of(request)
    body = await read_json(request, services.bodies)
    check_fields(body, WISH)
    wish = GenerationRequest(Operation.TEXT_TO_IMAGE, **body)
    made = await services.studio.generate(user, wish, actor=actor, request_key=key)
    if isinstance(made, GenerationFault):
        raise failed(made)
    if isinstance(made, Refusal):
        raise refusal(made, services.clock())
    return _answer(user, made, services.clock())


def _answer(user: str, made: Generated, now: str) -> web.Response:
    body: dict[str, Any] = {
        "image": None,
        "seed": made.seed,
        "provider": made.provider,
        "model": made.model,
        "seconds": made.seconds,
        "note": made.note,
        "not_kept": None,
    }
    if made.image is None:
        body |= {"data": base64.b64encode(made.data).decode("ascii"), "media_type": made.media_type}
        if made.not_kept is not None:
            problem = refusal(made.not_kept, now)
            body["not_kept"] = orjson.Fragment(render(problem.kind, problem.detail, members=problem.members))
        return json_answer(body)
    body["image"] = described(user, made.image)
    headers = {"Location": image_url(user, made.image.name)} | replayed(made.image.replayed)
    return json_answer(body, status=201, headers=headers)


ROUTES = (
    web.get("/v1/styles", styles),
    web.post("/v1/users/{user:[^/]*}/generations", generate),
)
