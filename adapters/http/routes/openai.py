"""A door for clients of OpenAI's image API: they name this service as their base address, and a token as their key.

Each picture counts for a person: the token's user, else who the request says it is for. The service's own provider
makes it, whatever model is named. What a client may send and what it gets: https://platform.openai.com/docs/api-reference/images.
"""

from __future__ import annotations

import base64
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from adapters.application.owners import STRANGERS
from adapters.application.reading import recorded_at
from adapters.generation.provider import GenerationRequest, Operation
from adapters.http.access import CALLER
from adapters.http.answers import REPLAYED, json_answer, replayed
from adapters.http.bodies import Budget
from adapters.http.contract.bodies import Body, fitted
from adapters.http.contract.route import Answer, Route, Upload
from adapters.http.contract.shapes import Count
from adapters.http.making import FAILURES, made
from adapters.http.openai_form import FIELD, OpenAIError
from adapters.http.parameters import checked_user
from adapters.http.problems import BAD_REQUEST, LENGTH, MEDIA, NOT_FOUND, Problem
from adapters.http.rate_limits import LIMITED_USER
from adapters.http.routes.edits import refuse_unread
from adapters.http.routes.generations import HowMany, Prompt
from adapters.http.services import services_of
from adapters.http.uploads import FORM, MAX_FORM_OVERHEAD_BYTES, boundary_of, parse_form, text_of
from adapters.studio import Generated
from adapters.tokens.token import Scope
from domain.names import USER_PATTERN

MAX_FORM_PARTS = 32
FRONT_END_USER = "X-OpenWebUI-User-Id"
"""Open WebUI's word for whom it asks, where it is set to say so (ENABLE_FORWARD_USER_INFO_HEADERS)."""
WHO = (
    "The service does not know for whom this picture is. Use a token for one user, as made by `abby token create NAME "
    f"--user ID`, or send their id as 'user' or 'safety_identifier', or in the header {FRONT_END_USER}."
)
_SIDE = "(?:6[4-9]|[7-9][0-9]|[1-9][0-9]{2}|1[0-9]{3}|20[0-3][0-9]|204[0-8])"
SIZE_PATTERN = f"^(?:auto|{_SIDE}x{_SIDE})$"

Text = Annotated[str, Field(max_length=200)]
Size = Annotated[str, Field(json_schema_extra={"pattern": SIZE_PATTERN})]
Person = Annotated[str, Field(json_schema_extra={"pattern": f"^$|{USER_PATTERN}"})]


class ImageWish(Body):
    """The picture that is wanted. What this service cannot do is refused; hints that it has no use for are not."""

    prompt: Prompt
    """What is to be seen."""
    model: Text | None = None
    """Any: the service's own makes it."""
    n: HowMany | None = None
    """How many pictures, 1 where nothing is said."""
    size: Size | None = None
    """Such as `1024x1536`; `auto`, or nothing, leaves it to the service."""
    response_format: Literal["b64_json"] | None = None
    """Pictures come in base64."""
    user: Person | None = None
    """For whom it is."""
    safety_identifier: Person | None = None
    """The newer word for the same."""
    background: Literal["auto", "opaque"] | None = None
    moderation: Literal["auto", "low"] | None = None
    output_format: Literal["png"] | None = None
    """The one there is; another is refused, not ignored."""
    output_compression: Annotated[int, Field(ge=0, le=100)] | None = None
    quality: Literal["low", "medium", "high", "xhigh", "max", "auto", "standard", "hd"] | None = None
    style: Literal["vivid", "natural"] | None = None
    stream: Annotated[bool, Field(json_schema_extra={"const": False})] | None = None


class ImageEdit(ImageWish):
    """The same with the picture to change."""

    image: bytes
    input_fidelity: Literal["high", "low"] | None = None


class ImageData(TypedDict):
    """A picture, in base64."""

    b64_json: str


class Images(TypedDict):
    """The pictures, and when they were made, in seconds since 1970."""

    created: Count
    data: list[ImageData]


class Model(TypedDict):
    """Who makes the pictures."""

    id: str
    object: Literal["model"]
    created: Count
    owned_by: str


class Models(TypedDict):
    """All there are."""

    object: Literal["list"]
    data: list[Model]


async def models(request: web.Request) -> web.Response:
    """The one there is: the service's provider."""
    answer: Models = {"object": "list", "data": [_model(request)]}
    return json_answer(answer)


async def model(request: web.Request) -> web.Response:
    """That one by its id."""
    found = _model(request)
    if request.match_info["model"] != found["id"]:
        raise Problem(NOT_FOUND, f"There is no such model here. There is: {found['id']}.")
    return json_answer(found)


async def generations(request: web.Request, wish: ImageWish) -> web.Response:
    """Makes pictures from words, and keeps them."""
    return await _pictures(request, wish, None)


async def edits(request: web.Request) -> web.Response:
    """Makes pictures from one picture and words, and keeps them. There are no masks."""
    services = services_of(request)
    if request.content_type != FORM:
        raise Problem(MEDIA, f"Send a form ({FORM}) with 'image' and 'prompt'.")
    token = request[CALLER].token
    owner = STRANGERS if token is None else token.user or token.name
    if token is not None and token.user is not None:  # of whom else it is, the body says
        await refuse_unread(request, token.user, owner, Operation.IMAGE_TO_IMAGE)
    at_most = services.store.settings.max_image_bytes
    with services.bodies.budget(owner) as held:
        body = await services.bodies.read(request, at_most=at_most + MAX_FORM_OVERHEAD_BYTES, budget=held, copies=2)
        wish = fitted(ImageEdit, _edit(body, boundary_of(request), at_most))
        return await _pictures(request, wish, wish.image, held)


async def _pictures(
    request: web.Request, wish: ImageWish, image: bytes | None, held: Budget | None = None
) -> web.Response:
    if wish.stream:
        raise Problem(BAD_REQUEST, "Pictures are not streamed here: leave 'stream' out.", members={FIELD: "stream"})
    user = _user(request, wish)
    request[LIMITED_USER] = user
    width, height = _sides(wish.size)
    operation = Operation.TEXT_TO_IMAGE if image is None else Operation.IMAGE_TO_IMAGE
    asked = GenerationRequest(
        operation, wish.prompt, width=width, height=height, count=1 if wish.n is None else wish.n, image=image
    )
    done = await made(request, user, asked, held)
    data: list[ImageData] = [{"b64_json": base64.b64encode(picture.data).decode()} for picture in done.pictures]
    answer: Images = {"created": await _made_at(request, done), "data": data}
    return json_answer(answer, headers=replayed(done.replayed))


async def _made_at(request: web.Request, done: Generated) -> int:
    """In seconds since 1970: as the log has it, so that a repeat is told the same; now where nothing was kept."""
    positions = [picture.image.position for picture in done.pictures if picture.image is not None]
    services = services_of(request)
    at = services.clock()
    if positions:
        at = await services.store.workers.reading.run(recorded_at, services.store, positions[0])
    return int(datetime.fromisoformat(at).timestamp())


def _user(request: web.Request, wish: ImageWish) -> str:
    """Whose picture it is. A token for one user makes theirs, whoever its holder says that it is for."""
    token = request[CALLER].token
    if token is not None and token.user is not None:
        return token.user
    given = (wish.safety_identifier, wish.user, request.headers.get(FRONT_END_USER))
    told = [checked_user(one) for one in given if one]
    if not told:
        raise Problem(BAD_REQUEST, WHO, members={FIELD: "user"})
    return told[0]


def _sides(size: str | None) -> tuple[int | None, int | None]:
    if size in {None, "auto"}:
        return None, None
    width, times, height = size.partition("x")
    if not (times and width.isascii() and height.isascii() and width.isdecimal() and height.isdecimal()):
        raise Problem(BAD_REQUEST, "The field 'size' must be 'auto' or like '1024x1024'.", members={FIELD: "size"})
    return int(width[:9]), int(height[:9])


def _edit(body: bytes, boundary: str, at_most: int) -> dict[str, Any]:
    """The fields of a form; of a picture its bytes, of a number its value."""
    found: dict[str, Any] = {}
    for part in parse_form(body, boundary, most=MAX_FORM_PARTS):
        field = part.field.removesuffix("[]")
        if field in found:
            raise Problem(BAD_REQUEST, f"The form has more than one {field[:40]!r}.", members={FIELD: field[:40]})
        is_text = field != "image" and field in ImageEdit.model_fields  # what is unknown is told as that
        found[field] = _value(field, text_of(part.data)) if is_text else part.data
    if len(found.get("image", b"")) > at_most:
        raise Problem(LENGTH, f"The picture is larger than the {at_most} bytes that are accepted.")
    return found


def _value(field: str, text: str) -> str | int | bool:
    """A field of a form as its JSON would have it."""
    if field in {"n", "output_compression"} and text.isascii() and text.isdecimal():
        return int(text[:9])
    return text == "true" if field == "stream" and text in {"true", "false"} else text


def _model(request: web.Request) -> Model:
    name = services_of(request).studio.generator.provider.name
    return {"id": name, "object": "model", "created": 0, "owned_by": "abby-ledger"}


_MADE = {HTTPStatus.OK: Answer("The pictures.", Images, headers=(REPLAYED,))}
_PROBLEMS = (HTTPStatus.TOO_MANY_REQUESTS, *FAILURES)
ROUTES = (
    Route(
        "GET",
        "/openai/v1/models",
        models,
        subject="openai",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("The model.", Models)},
        error=OpenAIError,
    ),
    Route(
        "GET",
        "/openai/v1/models/{model}",
        model,
        subject="openai",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("The model.", Model)},
        may_lack=True,
        error=OpenAIError,
    ),
    Route(
        "POST",
        "/openai/v1/images/generations",
        generations,
        subject="openai",
        scope=Scope.WRITE,
        answers=_MADE,
        body=ImageWish,
        is_repeatable=True,
        problems=_PROBLEMS,
        error=OpenAIError,
    ),
    Route(
        "POST",
        "/openai/v1/images/edits",
        edits,
        subject="openai",
        scope=Scope.WRITE,
        answers=_MADE,
        body=Upload((), ImageEdit),
        is_repeatable=True,
        problems=_PROBLEMS,
        error=OpenAIError,
    ),
)
