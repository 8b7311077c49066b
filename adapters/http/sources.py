"""What a picture starts from: a form with the image in it, or JSON that names an image of the user's gallery.

Answers for reading either strictly, within the memory that there is for bodies. Left to others: whether the bytes are a
picture (the generator, before anything is reserved).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from aiohttp import web

from adapters.application.reading import image_bytes
from adapters.application.saves import save_under
from adapters.http.answers import refusal
from adapters.http.bodies import Budget, number_of, read_json
from adapters.http.contract.bodies import B, Body, fitted
from adapters.http.contract.route import JSON
from adapters.http.parameters import checked_name
from adapters.http.problems import BAD_REQUEST, FILE_GONE, MEDIA, Problem, failed
from adapters.http.services import Services, services_of
from adapters.http.uploads import FILE_FIELD, FORM, MAX_FORM_OVERHEAD_BYTES, boundary_of, parse_form, text_of
from adapters.ports.failures import GenerationFailure
from adapters.ports.request_reasons import InputTooLarge
from domain.refusals import Reason, Refusal

SOURCE_FIELD = "source"
MOST_PARTS = 16


class Forms(NamedTuple):
    """The two forms of one wish: with the image in it, and with the name of a kept one."""

    form: type[Body]
    json: type[Body]


class Source(NamedTuple):
    """What was asked beside the image, with the name of a kept one, and the image."""

    wish: Mapping[str, Any]
    image: bytes


def refuse_other_media(request: web.Request) -> None:
    """415 for a body that is neither a form nor JSON."""
    if request.content_type not in (FORM, JSON):
        raise Problem(MEDIA, f"Send a form ({FORM}) with the image, or JSON that names one of the user's images.")


async def read_source(request: web.Request, user: str, forms: Forms, budget: Budget) -> Source:
    """The wish and its image, which counts as held. Raises Problem."""
    services = services_of(request)
    if request.content_type == JSON:
        wish = fitted(forms.json, await read_json(request, services.bodies)).model_dump()
        return Source(wish, await _kept(services, user, checked_name(wish[SOURCE_FIELD]), budget))
    at_most = services.studio.generator.provider.limits.image_bytes
    wish = (await read_form(request, forms.form, budget, at_most=at_most)).model_dump()
    return Source(wish, wish.pop(FILE_FIELD))


async def read_form(request: web.Request, kind: type[B], budget: Budget, *, at_most: int) -> B:
    """The form in the body, with an image of so many bytes at most. Raises Problem."""
    reading = services_of(request).bodies.read(
        request, at_most=at_most + MAX_FORM_OVERHEAD_BYTES, budget=budget, copies=2
    )
    return fitted(kind, _fields(await reading, boundary_of(request), kind))


async def _kept(services: Services, user: str, name: str, budget: Budget) -> bytes:
    save = save_under(services.store, user, name)
    if save is None:
        raise refusal(Refusal(Reason.NOT_FOUND, user, name), services.clock())
    most = services.studio.generator.provider.limits.image_bytes
    if save.size_bytes > most:
        raise failed(GenerationFailure(InputTooLarge(save.size_bytes, most)))
    await services.bodies.hold(save.size_bytes, budget)
    try:
        data = await services.store.workers.reading.run(image_bytes, services.store, user, name)
    except OSError:
        data = None
    if data is None:
        raise Problem(FILE_GONE, f"The image {name!r} was kept, and its file is gone, or cannot be read.")
    return data


def _fields(body: bytes, boundary: str, form: type[Body]) -> dict[str, Any]:
    """The fields of a form: the image as bytes, the rest as what the form says that they are."""
    numbers, found = _numbers(form), dict[str, Any]()
    for part in parse_form(body, boundary, most=MOST_PARTS):
        if part.field in found:
            raise Problem(BAD_REQUEST, f"The form has the field '{part.field[:40]}' twice.")
        if part.field == FILE_FIELD:
            found[part.field] = part.data
            continue
        text = text_of(part.data)
        number = number_of(text) if part.field in numbers else None
        found[part.field] = text if number is None else number
    return found


@cache
def _numbers(form: type[Body]) -> frozenset[str]:
    """The fields that are numbers."""
    properties = form.model_json_schema()["properties"]
    return frozenset(
        name
        for name, schema in properties.items()
        if any(kind.get("type") in {"integer", "number"} for kind in (schema, *schema.get("anyOf", ())))
    )
