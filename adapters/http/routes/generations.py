"""A picture from words: the styles there are, and the request itself."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from adapters.application.owners import STRANGERS, owner_of
from adapters.application.results import SavedImage
from adapters.generation.provider import STYLES, GenerationRequest, Operation, RequestLimits
from adapters.generation.request_check import SEED_MAX
from adapters.http.answers import REPLAYED, described, image_url, json_answer, refusal, replayed
from adapters.http.connection import connection_of
from adapters.http.contract.bodies import Body
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import Made, MadePicture, Styles
from adapters.http.parameters import actor_of, idempotency_key_of, user_of
from adapters.http.problems import GENERATION_FAILURES, failed
from adapters.http.services import services_of
from adapters.ports.failures import GenerationFailure
from adapters.studio import Generated, GenerationOutcome, Picture
from adapters.tokens.token import Scope
from adapters.wording.failures import sentence_of_not_kept, sentence_of_notes
from domain.refusals import Refusal


def _bounds(low: float, high: float) -> Any:
    return Field(json_schema_extra={"minimum": low, "maximum": high})


# What a provider judges is described alone here; one may take less or more than most do.
_MOST = RequestLimits()
Prompt = Annotated[
    str,
    Field(
        json_schema_extra={"minLength": 1, "maxLength": _MOST.prompt_length, "pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"}
    ),
]
Negative = Annotated[str, Field(json_schema_extra={"maxLength": _MOST.prompt_length, "pattern": r"^[^\x00]*$"})]
Style = Annotated[str, Field(json_schema_extra={"enum": list(STYLES)})]
Side = Annotated[int, _bounds(_MOST.side_min, _MOST.side_max)]
Steps = Annotated[int, _bounds(_MOST.steps_min, _MOST.steps_max)]
Seed = Annotated[int, _bounds(0, SEED_MAX)]
Scale = Annotated[float, _bounds(0, _MOST.cfg_scale_max)]
HowMany = Annotated[int, _bounds(1, _MOST.count_max)]


class Wish(Body):
    """The picture that is wanted. What the provider cannot do is refused, with a sentence, before it costs anything."""

    prompt: Prompt
    """What is to be seen."""
    negative_prompt: Negative = ""
    """What is not to be seen."""
    style: Style | None = None
    """One of `/v1/styles`; without it, the user's own, else none."""
    width: Side | None = None
    """Pixels; the next size that the provider knows is made."""
    height: Side | None = None
    """Pixels."""
    steps: Steps = 30
    seed: Seed = 0
    """0 leaves the choice to the provider."""
    cfg_scale: Scale = 7.0
    """How closely the prompt is followed."""
    count: HowMany = 1
    """How many pictures of it."""


async def styles(request: web.Request) -> web.Response:
    """The words that a request may name as its style, and who makes the pictures."""
    answer: Styles = {"styles": list(STYLES), "provider": services_of(request).studio.generator.provider.name}
    return json_answer(answer)


async def generate(request: web.Request, wish: Wish) -> web.Response:
    """Makes pictures from words, waits for them, and keeps them."""
    user = user_of(request)
    asked = GenerationRequest(Operation.TEXT_TO_IMAGE, **wish.model_dump())
    return _answer(user, await made(request, user, asked))


async def made(request: web.Request, user: str, asked: GenerationRequest) -> Generated:
    """What the studio makes for a user. Raises the Problem of a refusal or a failure."""
    actor, key, services = actor_of(request), idempotency_key_of(request), services_of(request)
    is_stranger = owner_of(services.store, user, actor) == STRANGERS

    async def make() -> GenerationOutcome:
        if is_stranger:  # who hangs up meanwhile has cost nothing
            await services.pace.keep(STRANGERS)
        return await services.studio.generate(user, asked, actor=actor, idempotency_key=key, kept_once_asked=True)

    outcome = await connection_of(request).while_open(make(), for_stranger=is_stranger)
    if isinstance(outcome, GenerationFailure):
        raise failed(outcome)
    if isinstance(outcome, Refusal):
        raise refusal(outcome, services.clock())
    return outcome


def _answer(user: str, made: Generated) -> web.Response:
    body: Made = {
        "pictures": [_picture(user, picture) for picture in made.pictures],
        "provider": made.provider,
        "model": made.model,
        "seconds": round(made.seconds, 3),
        "note": sentence_of_notes(made.notes),
    }
    kept = [picture.image.name for picture in made.pictures if picture.image is not None]
    headers = {"Location": image_url(user, kept[0])} if kept else {}
    return json_answer(body, status=201 if kept else 200, headers=headers | replayed(made.replayed))


def _picture(user: str, picture: Picture) -> MadePicture:
    """A kept picture is fetched by its address; one that may not be kept comes with its bytes, to be shown once."""
    kept = picture.kept
    if isinstance(kept, SavedImage):
        return {"image": described(user, kept), "seed": picture.seed, "not_kept": None}
    data = base64.b64encode(picture.data).decode("ascii")
    return {
        "image": None,
        "seed": picture.seed,
        "not_kept": sentence_of_not_kept(kept),
        "shown": {"media_type": picture.media_type, "data": data},
    }


FAILURES = tuple(sorted({HTTPStatus(kind.status) for kind in GENERATION_FAILURES.values()}))
ROUTES = (
    Route(
        "GET",
        "/v1/styles",
        styles,
        subject="generations",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("The styles.", Styles)},
    ),
    Route(
        "POST",
        "/v1/users/{user}/generations",
        generate,
        subject="generations",
        scope=Scope.WRITE,
        answers={
            HTTPStatus.CREATED: Answer("The pictures that are kept.", Made, headers=("Location", REPLAYED)),
            HTTPStatus.OK: Answer("Pictures were made and none may be kept; here are their bytes.", Made),
        },
        body=Wish,
        is_repeatable=True,
        problems=(HTTPStatus.TOO_MANY_REQUESTS, *FAILURES),
    ),
)
