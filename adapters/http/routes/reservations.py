"""Places for programs that make pictures themselves: reserved before anybody is paid, completed, or released.

What the service's own generations hold is not theirs to end: such a reservation is as one that is not open.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from adapters.application.abandoned import is_attended
from adapters.application.idempotency import Key, StepKey
from adapters.application.intake import refuse_by_its_beginning
from adapters.application.owners import STRANGERS, owner_of
from adapters.application.reserving import (
    ReturnedPlaces,
    WantedPlaces,
    complete_generation,
    release_places,
)
from adapters.application.results import Changed, Delivery
from adapters.application.saving import NewImage, save_image
from adapters.generation.request_check import SEED_MAX
from adapters.http.answers import REPLAYED, described, image_url, json_answer, refusal, replayed, reservation_url
from adapters.http.bodies import read_json
from adapters.http.connection import connection_of
from adapters.http.contract.amounts import Credits as ExactCredits
from adapters.http.contract.amounts import stored_credits
from adapters.http.contract.bodies import Body, fitted
from adapters.http.contract.query import WholeNumber, Words
from adapters.http.contract.route import JSON, Answer, Route, Upload
from adapters.http.contract.shapes import Completed, Released, ReservedPlaces
from adapters.http.making import in_turn
from adapters.http.parameters import ACTS_IN, act_in, actor_of, checked_name, guild_of, idempotency_key_of, user_of
from adapters.http.problems import BAD_REQUEST, Problem
from adapters.http.routes.generations import ForGuild, Style
from adapters.http.services import services_of
from adapters.http.sources import read_form, refuse_other_media
from adapters.studio.outside_places import reserve_for_program
from adapters.tokens.token import Scope
from adapters.wording.refusals import for_programs
from domain.commands import MAX_COUNT, RELEASE_REASONS
from domain.credits import PER_CREDIT
from domain.names import NAME_PATTERN, malformed_style
from domain.refusals import Reason, Refusal

LONGEST_SECONDS = 86_400.0
MOST_CREDITS = 1e9
CALLED = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

Places = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Called = Annotated[str, Field(pattern=CALLED)]
Model = Annotated[str, Field(max_length=100, pattern=r"^[ -~]*$")]
Seconds = Annotated[float, Field(ge=0, le=LONGEST_SECONDS)]
Credits = Annotated[float, Field(ge=0, le=MOST_CREDITS)]
Seed = Annotated[int, Field(ge=0, le=SEED_MAX)]
ImageName = Annotated[str, Field(json_schema_extra={"pattern": NAME_PATTERN})]


class WantedReservation(ForGuild):
    """Which places are wanted."""

    count: Places = 1
    """How many pictures they are for."""
    operation: Literal["text_to_image", "image_to_image", "upscale", "unspecified"] = "unspecified"
    style: Style | None = None
    """Its key, for reports."""
    provider: Called | None = None
    """Who would make them, such as `my-gpu`."""
    model: Model | None = None
    """By which model."""
    credits_each: ExactCredits | None = None
    """What one costs, exactly, with at most three decimals; without it, what the price book has for that provider and
    model. It is held with the places, and while credits are limited a reservation needs a price.
    """


class Delivered(Body):
    """What was delivered, by whom."""

    provider: Called
    model: Model = ""
    seconds: Seconds = 0.0
    """How long it took."""
    credits: Credits | None = None
    """What they cost in all, as a service reports it; it is kept as the nearest thousandth."""
    cost: ExactCredits | None = None
    """The same, exactly, with at most three decimals. Without either, the price that is held is spent."""
    seed: Seed | None = None
    count: Places = 1
    """How many pictures."""


class DeliveredPicture(Body):
    """One picture, and who delivered it."""

    image: bytes
    name: ImageName | None = None
    """The name it is to get; without one, the next free number."""
    provider: Called | None = None
    """Without it the picture is one whose delivery was told before."""
    model: Model = ""
    seconds: Seconds = 0.0
    credits: Credits | None = None
    cost: ExactCredits | None = None
    seed: Seed | None = None


COUNT = WholeNumber("count", "How many places; without it, all that are open.", lowest=1, highest=MAX_COUNT, default=0)
REASON = Words(
    "reason",
    f"Why: one of {', '.join(RELEASE_REASONS)}; without it, cancelled.",
    f"^({'|'.join(RELEASE_REASONS)})$",
    f"one of {', '.join(RELEASE_REASONS)}",
)


async def reserve(request: web.Request, body: WantedReservation) -> web.Response:
    """Holds places and their bytes, before anybody is paid. Whoever does not complete or release them loses them in
    the end: they are released when their time is over.
    """
    act_in(request, body.guild)
    user, actor, key, services = user_of(request), actor_of(request), idempotency_key_of(request), services_of(request)
    operation = None if body.operation == "unspecified" else body.operation
    if body.style is not None and (sentence := malformed_style(body.style)):
        raise Problem(BAD_REQUEST, sentence, members={"field": "style"})
    wanted = WantedPlaces(
        user,
        body.count,
        operation=operation,
        style=body.style,
        provider=body.provider,
        model=body.model or None,
        credits_each=stored_credits(body.credits_each, "credits_each"),
    )
    owner = owner_of(services.store, user, actor)
    if owner == STRANGERS:
        await connection_of(request).while_open(services.pace.keep(owner), for_stranger=True)
    reserved = await reserve_for_program(services.store, wanted, services.prices, actor=actor, idempotency_key=key)
    if isinstance(reserved, Refusal):
        problem = await in_turn(request, owner, reserved)
        problem.detail = for_programs(reserved)
        raise problem
    answer: ReservedPlaces = {
        "reservation": reserved.reservation,
        "count": reserved.count,
        "bytes_each": reserved.bytes_each,
        "expires_at": reserved.expires_at,
        "position": reserved.position,
    }
    headers = {"Location": reservation_url(user, reserved.reservation)} | replayed(reserved.replayed)
    return json_answer(answer, status=HTTPStatus.CREATED, headers=headers)


async def complete(request: web.Request) -> web.Response:
    """Tells that pictures were delivered, which count from then on: without them, or with one that is kept in its
    place. A place that gets no picture is released as `not_kept`.
    """
    refuse_other_media(request)
    services = services_of(request)
    if request.content_type == JSON:
        body = fitted(Delivered, await read_json(request, services.bodies))
        changed = await _told(request, _delivery(body.provider, body, body.count), idempotency_key_of(request))
        answer: Completed = {"reservation": _reservation_of(request), "position": changed.position, "image": None}
        return json_answer(answer, headers=replayed(changed.replayed))
    with services.bodies.budget(owner_of(services.store, user_of(request), actor_of(request))) as budget:
        at_most = services.store.settings.max_image_bytes
        return await _kept(request, await read_form(request, DeliveredPicture, budget, at_most=at_most))


async def release(request: web.Request) -> web.Response:
    """Gives open places back. Those that were delivered count all the same, but for moderated ones where these are
    free.
    """
    reservation = _reservation_of(request)
    user, actor, key, services = user_of(request), actor_of(request), idempotency_key_of(request), services_of(request)
    reason, count = REASON.of(request) or "cancelled", COUNT.of(request) or None
    returned = ReturnedPlaces(user, reservation, reason=reason, count=count)
    released = await release_places(services.store, returned, actor=actor, idempotency_key=key)
    if isinstance(released, Refusal):
        raise refusal(released, services.clock())
    answer: Released = {"reservation": returned.reservation, "position": released.position}
    return json_answer(answer, headers=replayed(released.replayed))


def _reservation_of(request: web.Request) -> str:
    """The id in the path; 409 for what the service itself works on, whoever asks, and of another server than that of
    the token. What is asked of it from here on is asked for the server that it was made for.
    """
    reservation, services = request.match_info["id"], services_of(request)
    held = services.store.running().state.reservation(reservation)
    of_token = guild_of(request)
    is_anothers = held is not None and of_token is not None and held.guild != of_token
    if is_attended(reservation) or is_anothers:
        raise refusal(Refusal(Reason.UNKNOWN_RESERVATION), services.clock())
    if held is not None and held.guild is not None:
        request[ACTS_IN] = held.guild
    return reservation


def _delivery(provider: str, told: Delivered | DeliveredPicture, count: int) -> Delivery:
    """400 for a cost that is none, or that is told twice."""
    cost, reported = stored_credits(told.cost, "cost"), told.credits
    if cost is not None and reported is not None:
        raise Problem(BAD_REQUEST, "Tell what it cost as 'cost' or as 'credits', not both.", members={"field": "cost"})
    if cost is not None and cost > MOST_CREDITS * PER_CREDIT:
        raise Problem(BAD_REQUEST, f"A 'cost' is at most {MOST_CREDITS:.0f} credits.", members={"field": "cost"})
    return Delivery(
        provider=provider,
        model=told.model,
        seconds=round(told.seconds, 3),
        count=count,
        credits=cost / PER_CREDIT if cost is not None else None if reported is None else round(reported, 6),
        seed=told.seed,
    )


async def _told(request: web.Request, delivery: Delivery, key: Key | None) -> Changed:
    """Has the log know of a delivery. Raises the Problem of a refusal."""
    user, reservation, store = user_of(request), _reservation_of(request), services_of(request).store
    changed = await complete_generation(
        store, user, reservation, delivery, actor=actor_of(request), idempotency_key=key
    )
    if isinstance(changed, Refusal):
        raise refusal(changed, services_of(request).clock())
    return changed


async def _kept(request: web.Request, picture: DeliveredPicture) -> web.Response:
    """The delivery first, as that is a fact whatever becomes of the picture; its steps have keys of their own."""
    user, key, services = user_of(request), idempotency_key_of(request), services_of(request)
    data = refuse_by_its_beginning(picture.image, services.store.settings)
    name = None if picture.name is None else checked_name(picture.name)
    reservation = _reservation_of(request)
    if picture.provider is not None:
        await _told(request, _delivery(picture.provider, picture, 1), StepKey(key, "complete") if key else None)
    image = NewImage(user, data, name=name, reservation=reservation)
    saved = await save_image(services.store, image, actor=actor_of(request), idempotency_key=key)
    if isinstance(saved, Refusal):
        raise refusal(saved, services.clock())
    answer: Completed = {"reservation": reservation, "position": saved.position, "image": described(user, saved)}
    headers = {"Location": image_url(user, saved.name)} | replayed(saved.replayed)
    return json_answer(answer, status=HTTPStatus.CREATED, headers=headers)


_ALL = "/v1/users/{user}/reservations"
ROUTES = (
    Route(
        "POST",
        _ALL,
        reserve,
        subject="reservations",
        scope=Scope.WRITE,
        answers={HTTPStatus.CREATED: Answer("What is held.", ReservedPlaces, headers=("Location", REPLAYED))},
        body=WantedReservation,
        is_repeatable=True,
        problems=(HTTPStatus.TOO_MANY_REQUESTS,),
    ),
    Route(
        "POST",
        f"{_ALL}/{{id}}/completion",
        complete,
        subject="reservations",
        scope=Scope.WRITE,
        answers={
            HTTPStatus.OK: Answer("What was told.", Completed, headers=(REPLAYED,)),
            HTTPStatus.CREATED: Answer("The image as it is kept.", Completed, headers=("Location", REPLAYED)),
        },
        body=Upload((), DeliveredPicture, Delivered),
        is_repeatable=True,
        problems=(HTTPStatus.TOO_MANY_REQUESTS,),
    ),
    Route(
        "DELETE",
        f"{_ALL}/{{id}}",
        release,
        subject="reservations",
        scope=Scope.WRITE,
        answers={HTTPStatus.OK: Answer("What was given back.", Released, headers=(REPLAYED,))},
        query=(REASON, COUNT),
        is_repeatable=True,
    ),
)
