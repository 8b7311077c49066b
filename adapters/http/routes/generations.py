"""A picture from words: the styles there are, and the request itself."""

from __future__ import annotations

import base64

from aiohttp import web

from adapters.application.owners import STRANGERS, owner_of
from adapters.application.results import SavedImage
from adapters.generation.provider import STYLES, GenerationRequest, Operation
from adapters.http.answers import described, image_url, json_answer, refusal, replayed
from adapters.http.bodies import Field, check_fields, read_json
from adapters.http.connection import connection_of
from adapters.http.parameters import actor_of, idempotency_key_of, only, user_of
from adapters.http.problems import failed
from adapters.http.services import services_of
from adapters.ports.failures import GenerationFailure
from adapters.studio import Generated, GenerationOutcome, Picture
from adapters.wording.failures import sentence_of_not_kept, sentence_of_notes
from domain.refusals import Refusal

GENERATION_FIELDS = {
    "prompt": Field((str,), required=True),
    "negative_prompt": Field((str,)),
    "style": Field((str, type(None))),
    "width": Field((int,)),
    "height": Field((int,)),
    "steps": Field((int,)),
    "seed": Field((int,)),
    "cfg_scale": Field((int, float)),
    "count": Field((int,)),
}


async def styles(request: web.Request) -> web.Response:
    """The words that a request may name as its style, and who makes the pictures."""
    only(request)
    return json_answer({"styles": STYLES, "provider": services_of(request).studio.generator.provider.name})


async def generate(request: web.Request) -> web.Response:
    """201 with the pictures that are kept; 200 with their bytes where they were made and none may be kept."""
    only(request)
    user, actor, key = user_of(request), actor_of(request), idempotency_key_of(request)
    services = services_of(request)
    body = await read_json(request, services.bodies)
    check_fields(body, GENERATION_FIELDS)
    asked = GenerationRequest(Operation.TEXT_TO_IMAGE, **body)
    is_stranger = owner_of(services.store, user, actor) == STRANGERS

    async def make() -> GenerationOutcome:
        if is_stranger:  # who hangs up meanwhile has cost nothing
            await services.pace.keep(STRANGERS)
        return await services.studio.generate(user, asked, actor=actor, idempotency_key=key, kept_once_asked=True)

    made = await connection_of(request).while_open(make(), for_stranger=is_stranger)
    if isinstance(made, GenerationFailure):
        raise failed(made)
    if isinstance(made, Refusal):
        raise refusal(made, services.clock())
    return _answer(user, made)


def _answer(user: str, made: Generated) -> web.Response:
    body = {
        "pictures": [_picture(user, picture) for picture in made.pictures],
        "provider": made.provider,
        "model": made.model,
        "seconds": round(made.seconds, 3),
        "note": sentence_of_notes(made.notes),
    }
    kept = [picture.image.name for picture in made.pictures if picture.image is not None]
    headers = {"Location": image_url(user, kept[0])} if kept else {}
    return json_answer(body, status=201 if kept else 200, headers=headers | replayed(made.replayed))


def _picture(user: str, picture: Picture) -> dict[str, object]:
    """A kept picture is fetched by its address; one that may not be kept comes with its bytes, to be shown once."""
    kept = picture.kept
    if isinstance(kept, SavedImage):
        return {"image": described(user, kept), "seed": picture.seed, "not_kept": None}
    data = base64.b64encode(picture.data).decode("ascii")
    shown = {"media_type": picture.media_type, "data": data}
    return {"image": None, "seed": picture.seed, "not_kept": sentence_of_not_kept(kept), "shown": shown}


ROUTES = (
    web.get("/v1/styles", styles),
    web.post("/v1/users/{user:[^/]*}/generations", generate),
)
