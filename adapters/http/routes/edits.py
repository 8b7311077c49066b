"""A picture from another one, changed by words or made larger: from an upload, or from one of the user's images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from adapters.application.owners import owner_of
from adapters.application.reserving import WantedPlaces
from adapters.generation.provider import GenerationRequest, Operation, RequestLimits
from adapters.http.contract.route import Route, Upload
from adapters.http.making import ANSWERS, PROBLEMS, answer_made, in_turn
from adapters.http.parameters import act_in, actor_of, idempotency_key_of, user_of
from adapters.http.routes.generations import ForGuild, Wish, within
from adapters.http.services import services_of
from adapters.http.sources import SOURCE_FIELD, Forms, read_source, refuse_other_media
from adapters.studio.admission import refused_unseen
from adapters.tokens.token import Scope
from domain.names import NAME_PATTERN

_MOST = RequestLimits()
Kept = Annotated[str, Field(json_schema_extra={"pattern": NAME_PATTERN})]
Strength = Annotated[float, within(0, 1)]
Width = Annotated[int, within(_MOST.side_min, _MOST.upscale_width_max)]


class EditWish(Wish):
    """The picture that is wanted of another one. Without a size it has that of the other."""

    strength: Strength = 0.35
    """How much of the other picture is kept: 0 nothing, 1 all of it."""


class EditOfUpload(EditWish):
    """The same, with the other picture."""

    image: bytes


class EditOfKept(EditWish):
    """The same, of one of the user's images."""

    source: Kept
    """Its name."""


class UpscaleWish(ForGuild):
    """How large the picture is wanted."""

    width: Width | None = None
    """Pixels; without it twice as wide, and at least 2048, as far as the provider goes."""


class UpscaleOfUpload(UpscaleWish):
    """The same, with the picture."""

    image: bytes


class UpscaleOfKept(UpscaleWish):
    """The same, of one of the user's images."""

    source: Kept
    """Its name."""


EDIT, UPSCALE = Forms(EditOfUpload, EditOfKept), Forms(UpscaleOfUpload, UpscaleOfKept)


async def edit(request: web.Request) -> web.Response:
    """Makes pictures from a picture and words, and keeps them, as a job where `Prefer: respond-async` asks for one."""
    return await _from_source(request, Operation.IMAGE_TO_IMAGE, EDIT)


async def upscale(request: web.Request) -> web.Response:
    """Makes a picture larger, and keeps it, as a job where `Prefer: respond-async` asks for one."""
    return await _from_source(request, Operation.UPSCALE, UPSCALE)


async def _from_source(request: web.Request, operation: Operation, forms: Forms) -> web.Response:
    user, actor, services = user_of(request), actor_of(request), services_of(request)
    refuse_other_media(request)
    owner = owner_of(services.store, user, actor)
    await refuse_unread(request, user, owner, operation)
    with services.bodies.budget(owner) as held:
        wish, image = await read_source(request, user, forms, held)
        act_in(request, wish["guild"])
        asked = {name: value for name, value in wish.items() if name != "guild"}
        return await answer_made(request, await _asked(request, operation, asked, image), held)


async def refuse_unread(request: web.Request, user: str, owner: str, operation: Operation) -> None:
    """Raises the Problem of what is refused whatever the body holds, before anything of it is read."""
    services, wanted = services_of(request), WantedPlaces(user, operation=str(operation))
    key = idempotency_key_of(request)
    why = await refused_unseen(
        services.studio,
        services.store,
        wanted,
        GenerationRequest(operation),
        actor=actor_of(request),
        idempotency_key=key,
    )
    if why is not None:
        raise await in_turn(request, owner, why)


async def _asked(
    request: web.Request, operation: Operation, wish: Mapping[str, Any], image: bytes
) -> GenerationRequest:
    if operation is Operation.UPSCALE and wish["width"] is None:
        return await services_of(request).studio.generator.upscale_of(image, wish.get(SOURCE_FIELD))
    return GenerationRequest(operation, image=image, **wish)


ROUTES = tuple(
    Route(
        "POST",
        path,
        handler,
        subject="generations",
        scope=Scope.WRITE,
        answers=ANSWERS,
        body=Upload((), *forms),
        is_repeatable=True,
        may_be_job=True,
        may_lack=True,
        problems=PROBLEMS,
    )
    for path, handler, forms in (
        ("/v1/users/{user}/edits", edit, EDIT),
        ("/v1/users/{user}/upscales", upscale, UPSCALE),
    )
)
