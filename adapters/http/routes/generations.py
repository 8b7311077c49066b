"""A picture from words: the styles there are, what the provider can do, and the request itself."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from adapters.generation.provider import STYLES, GenerationRequest, Operation, RequestLimits
from adapters.generation.request_check import SEED_MAX
from adapters.generation.sizes import NAMED
from adapters.generation.sketch.provider import SketchProvider
from adapters.http.answers import json_answer
from adapters.http.contract.bodies import Body
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import NamedSize, ProviderLimits, Styles, WhoMakes
from adapters.http.making import ANSWERS, PROBLEMS, answer_made
from adapters.http.parameters import act_in
from adapters.http.services import services_of
from adapters.tokens.token import Scope
from adapters.wording.failures import sentence_of_failure
from domain.names import GUILD_PATTERN


def within(low: float, high: float) -> Any:
    """The bounds of a number, for the document."""
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
Side = Annotated[int, within(_MOST.side_min, _MOST.side_max)]
Steps = Annotated[int, within(_MOST.steps_min, _MOST.steps_max)]
Seed = Annotated[int, within(0, SEED_MAX)]
Scale = Annotated[float, within(0, _MOST.cfg_scale_max)]
Guild = Annotated[str, Field(json_schema_extra={"pattern": GUILD_PATTERN})]
HowMany = Annotated[int, within(1, _MOST.count_max)]


class ForGuild(Body):
    """For whom something is asked, beside the user."""

    guild: Guild | None = None
    """The id of a Discord server: its limits apply too, and it is recorded as asked there. A token for one server needs
    no word of it; to name one needs the scope `admin`.
    """


class Wish(ForGuild):
    """The picture that is wanted. What the provider cannot do is refused, with a sentence, before it costs anything."""

    prompt: Prompt
    """What is to be seen."""
    negative_prompt: Negative = ""
    """What is not to be seen."""
    style: Style | None = None
    """One of `/v1/styles`; without it, none."""
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


async def provider(request: web.Request) -> web.Response:
    """Who makes the pictures, what they can do, and within which limits."""
    generator = services_of(request).studio.generator
    limits, none = generator.provider.limits, generator.unavailable
    sizes: list[NamedSize] = [
        {"name": name, "width": width, "height": height} for name, (width, height) in NAMED.items()
    ]
    bounds: ProviderLimits = {
        "prompt_characters": limits.prompt_length,
        "side_min": limits.side_min,
        "side_max": limits.side_max,
        "upscale_width_max": limits.upscale_width_max,
        "upscale_pixels": limits.upscale_pixels,
        "steps_min": limits.steps_min,
        "steps_max": limits.steps_max,
        "cfg_scale_max": limits.cfg_scale_max,
        "count_max": limits.count_max,
        "image_bytes": limits.image_bytes,
        "image_pixels": limits.image_pixels,
    }
    answer: WhoMakes = {
        "name": generator.provider.name,
        "is_sketch": generator.provider.name == SketchProvider.name,
        "unavailable": None if none is None else sentence_of_failure(none),
        "operations": [operation.value for operation in Operation if operation in limits.operations],
        "sizes": sizes,
        "limits": bounds,
        "unused": sorted(limits.unused),
    }
    return json_answer(answer)


async def generate(request: web.Request, wish: Wish) -> web.Response:
    """Makes pictures from words and keeps them, as a job where `Prefer: respond-async` asks for one."""
    act_in(request, wish.guild)
    asked = GenerationRequest(Operation.TEXT_TO_IMAGE, **wish.model_dump(exclude={"guild"}))
    return await answer_made(request, asked)


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
        "GET",
        "/v1/provider",
        provider,
        subject="generations",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("Who makes them.", WhoMakes)},
    ),
    Route(
        "POST",
        "/v1/users/{user}/generations",
        generate,
        subject="generations",
        scope=Scope.WRITE,
        answers=ANSWERS,
        body=Wish,
        is_repeatable=True,
        may_be_job=True,
        problems=PROBLEMS,
    ),
)
