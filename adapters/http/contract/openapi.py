"""The OpenAPI 3.1 document of the routes (https://spec.openapis.org/oas/v3.1.1.html), made of what they declare."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from adapters.http.contract.query import Schema
from adapters.http.contract.route import JSON, Answer, Route, Upload
from adapters.http.contract.shapes import Problem
from adapters.http.parameters import MAX_KEY_CHARS
from adapters.http.problems import MEDIA_TYPE
from domain.names import NAME_PATTERN, USER_PATTERN

VERSION = "3.1.1"
OPEN = "open"
TOKENS = "Made by `abby token create`. On the service's own machine none is needed, unless the settings ask for one."
SCHEMAS = "#/components/schemas/{model}"
INTRODUCTION = (
    "May this user make or keep an image now? The service answers, records why, and keeps the images. Sizes are bytes "
    "where a name says so; times are UTC. A request that is not understood changes nothing; an answer other than the "
    "one asked for is a problem (RFC 9457) whose `detail` is a sentence for people."
)
PATH_PARAMETERS: Mapping[str, Mapping[str, object]] = {
    "user": {"description": "The user's id.", "schema": {"type": "string", "pattern": USER_PATTERN}},
    "name": {
        "description": "The image's name; its folder, if it has one, before a `/`.",
        "schema": {"type": "string", "pattern": NAME_PATTERN},
    },
}
IDEMPOTENCY_KEY: Mapping[str, object] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "One for each change that is wanted: sent again under it, the change is made once and the first "
    "answer is given again.",
    "schema": {"type": "string", "pattern": rf"^[\x21\x23-\x7e]{{1,{MAX_KEY_CHARS}}}$"},
}
_ALWAYS = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.EXPECTATION_FAILED,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
}
_OF_CHANGES = {HTTPStatus.GATEWAY_TIMEOUT, HTTPStatus.INSUFFICIENT_STORAGE}
_OF_BODIES = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
_OF_KEYS = {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}


class _Closed(GenerateJsonSchema):
    """Objects have no members but those that are written down."""

    def typed_dict_schema(self, schema: Any) -> JsonSchemaValue:
        """As pydantic's, closed."""
        return super().typed_dict_schema(schema) | {"additionalProperties": False}


def document(routes: Iterable[Route], *, title: str, version: str) -> dict[str, Any]:
    """The whole document, ready to be written as JSON."""
    listed = [route for route in routes if route.subject]
    shapes, schemas = _schemas(listed)
    paths: dict[str, dict[str, Any]] = {}
    for route in listed:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, shapes)
    return {
        "openapi": VERSION,
        "info": {"title": title, "version": version, "description": INTRODUCTION},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": _problems(listed, shapes),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": TOKENS}},
        },
    }


def problems_of(route: Route) -> list[HTTPStatus]:
    """The statuses of all problems that a route may answer with."""
    found = _ALWAYS | set(route.problems)
    if route.scope is not None:
        found.add(HTTPStatus.UNAUTHORIZED)
    if route.method not in {"GET", "HEAD"}:
        found |= _OF_CHANGES
    if route.body is not None:
        found |= _OF_BODIES
    if route.is_repeatable:
        found |= _OF_KEYS
    if route.may_lack:
        found.add(HTTPStatus.NOT_FOUND)
    return sorted(found - set(route.answers))


def says_of(route: Route) -> str:
    """What a route does, as its handler says it."""
    return inspect.cleandoc(route.handler.__doc__ or "")


def _operation(route: Route, shapes: Mapping[Any, Schema]) -> dict[str, Any]:
    says = says_of(route)
    answers = {str(int(status)): _answer(answer, shapes) for status, answer in route.answers.items()}
    problems = {str(int(status)): {"$ref": f"#/components/responses/{int(status)}"} for status in problems_of(route)}
    operation: dict[str, Any] = {
        "operationId": f"{route.subject}-{route.handler.__name__}",
        "tags": [route.subject],
        "summary": says.partition("\n\n")[0].replace("\n", " ").partition(". ")[0].rstrip("."),
        "description": says,
        "parameters": [*_in_path(route), *_in_query(route), *([IDEMPOTENCY_KEY] if route.is_repeatable else [])],
        "responses": answers | problems,
        "x-scope": OPEN if route.scope is None else route.scope.value,
        "security": [] if route.scope is None else [{"token": []}],
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content_of(route.body, shapes)}
    return operation


def _in_path(route: Route) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", route.path)
    return [{"name": name, "in": "path", "required": True, **PATH_PARAMETERS[name]} for name in names]


def _in_query(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "in": "query", "description": one.says, "schema": dict(one.schema)}
        for one in route.query or ()
    ]


def _content_of(body: Any, shapes: Mapping[Any, Schema]) -> dict[str, Any]:
    if not isinstance(body, Upload):
        return {JSON: {"schema": shapes[body]}}
    found: dict[str, Any] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in body.media_types}
    return found | ({"multipart/form-data": {"schema": shapes[body.form]}} if body.form else {})


def _answer(answer: Answer, shapes: Mapping[Any, Schema]) -> dict[str, Any]:
    told: dict[str, Any] = {"description": answer.says}
    if answer.media_types:
        schema = {"type": "string", "format": "binary"} if answer.shape is None else shapes[answer.shape]
        told["content"] = {kind: {"schema": schema} for kind in answer.media_types}
    if answer.headers:
        told["headers"] = {name: {"schema": {"type": "string"}} for name in answer.headers}
    return told


def _schemas(routes: Iterable[Route]) -> tuple[dict[Any, Schema], dict[str, Any]]:
    """Each shape with the schema that refers to it, and the components that these refer to."""
    shapes: dict[Any, None] = {Problem: None}
    for route in routes:
        shapes |= {answer.shape: None for answer in route.answers.values() if answer.shape is not None}
        body = route.body.form if isinstance(route.body, Upload) else route.body
        shapes |= {} if body is None else {body: None}
    adapters = [(shape, "validation", TypeAdapter(shape)) for shape in shapes]
    found, definitions = TypeAdapter.json_schemas(adapters, ref_template=SCHEMAS, schema_generator=_Closed)  # type: ignore[arg-type]  # keys may be any hashable
    return {shape: found[shape, "validation"] for shape in shapes}, definitions.get("$defs", {})


def _problems(routes: Iterable[Route], shapes: Mapping[Any, Schema]) -> dict[str, Any]:
    statuses = sorted({status for route in routes for status in problems_of(route)})
    content = {MEDIA_TYPE: {"schema": shapes[Problem]}}
    return {str(int(status)): {"description": status.phrase, "content": content} for status in statuses}
