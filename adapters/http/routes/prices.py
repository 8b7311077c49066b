"""What pictures would cost, asked before anything is spent."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

from adapters.generation.pricing import price_of
from adapters.generation.provider import STYLES, GenerationRequest, Operation, RequestLimits
from adapters.http.answers import json_answer
from adapters.http.contract.query import JudgedNumber, Words
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import WouldCost
from adapters.http.making import FAILURES
from adapters.http.problems import failed
from adapters.http.services import services_of
from adapters.ports.failures import GenerationFailure
from adapters.tokens.token import Scope

_MOST = RequestLimits()


def _one_of(name: str, says: str, words: tuple[str, ...]) -> Words:
    return Words(name, says, f"^(?:{'|'.join(words)})$", f"one of {', '.join(words)}")


OPERATION = _one_of("operation", "What is to be made; text_to_image where it is not given.", tuple(Operation))
STYLE = _one_of("style", "One of `/v1/styles`.", STYLES)
WIDTH = JudgedNumber("width", "Pixels, as of a request.", _MOST.side_min, _MOST.side_max)
HEIGHT = JudgedNumber("height", "Pixels, as of a request; none for an upscale.", _MOST.side_min, _MOST.side_max)
COUNT = JudgedNumber("count", "How many pictures; 1 where it is not given.", 1, _MOST.count_max)
STEPS = JudgedNumber("steps", "Where the service takes them.", _MOST.steps_min, _MOST.steps_max)
NUMBERS = (WIDTH, HEIGHT, COUNT, STEPS)


async def price(request: web.Request) -> web.Response:
    """What such pictures would cost by the provider in use, in credits, one of which is a US cent. It needs no prompt
    and no input, and the image service is not asked. A price that is not known is null, and the sentence says what to
    do.
    """
    operation = Operation(OPERATION.of(request) or Operation.TEXT_TO_IMAGE)
    numbers = {number.name: number.of(request) for number in NUMBERS}
    given: dict[str, Any] = {name: value for name, value in numbers.items() if value is not None}
    asked = GenerationRequest(operation, style=STYLE.of(request), **given)
    told = await price_of(services_of(request).studio.generator, asked)
    if isinstance(told, GenerationFailure):
        raise failed(told)
    return json_answer(told.as_data())


ROUTES = (
    Route(
        "GET",
        "/v1/price",
        price,
        subject="generations",
        scope=Scope.READ,
        query=(OPERATION, STYLE, *NUMBERS),
        answers={HTTPStatus.OK: Answer("What it would cost.", WouldCost)},
        problems=FAILURES,
    ),
)
