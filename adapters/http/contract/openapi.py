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
from adapters.http.parameters import KEY_PATTERN
from adapters.http.problems import MEDIA_TYPE
from domain.decisions import ANSWERS_KEPT_SECONDS
from domain.names import NAME_PATTERN, STORED_STYLE, USER_PATTERN

VERSION = "3.1.1"
OPEN = "open"
ITEM = "x-item-schema"
"""What a row of objects holds: the next version of OpenAPI has a word of its own for it."""
TOKENS = "Made by `abby token create`. On the service's own machine none is needed, unless the settings ask for one."
SCHEMAS = "#/components/schemas/{model}"
INTRODUCTION = (
    "May this user make or keep an image now? The service answers, records why, and keeps the images. Sizes are bytes "
    "where a name says so; times are UTC. A request that is not understood changes nothing; an answer other than the "
    "one asked for is a problem (RFC 9457) whose `detail` is a sentence for people."
)
PATH_PARAMETERS: Mapping[str, Mapping[str, object]] = {
    "user": {"description": "The user's id.", "schema": {"type": "string", "pattern": USER_PATTERN}},
    "tier": {"description": "The tier's key.", "schema": {"type": "string", "pattern": f"^{STORED_STYLE}$"}},
    "grant": {
        "description": "The grant's id.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
    },
    "offer": {
        "description": "The offer's id.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
    },
    "ask": {
        "description": "The id of a request for more.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
    },
    "model": {"description": "The model's id.", "schema": {"type": "string", "minLength": 1}},
    "id": {
        "description": "The id that was given.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    "name": {
        "description": "The image's name; its folder, if it has one, before a `/`.",
        "schema": {"type": "string", "pattern": NAME_PATTERN},
    },
}
IDEMPOTENCY_KEY: Mapping[str, object] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "One for each change that is wanted: sent again under it, the change is made once and the first "
    f"answer is given again, for {ANSWERS_KEPT_SECONDS // 86_400} days. Keys of one token are not those of another.",
    "schema": {"type": "string", "pattern": f"^{KEY_PATTERN}$"},
}
PREFER: Mapping[str, object] = {
    "name": "Prefer",
    "in": "header",
    "description": "`respond-async` answers once the request is admitted: it is a job from then on (RFC 7240).",
    "schema": {"type": "string", "examples": ["respond-async"]},
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
    problems = {str(int(status)): _problem(route, status, shapes) for status in problems_of(route)}
    operation: dict[str, Any] = {
        "operationId": f"{route.subject}-{route.handler.__name__}",
        "tags": [route.subject],
        "summary": says.partition("\n\n")[0].replace("\n", " ").partition(". ")[0].rstrip("."),
        "description": says,
        "parameters": [*_in_path(route), *_in_query(route), *_in_headers(route)],
        "responses": answers | problems,
        "x-scope": OPEN if route.scope is None else route.scope.value,
        "security": [] if route.scope is None else [{"token": []}],
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content_of(route.body, shapes)}
    return operation


def _problem(route: Route, status: HTTPStatus, shapes: Mapping[Any, Schema]) -> dict[str, Any]:
    if route.error is None:
        return {"$ref": f"#/components/responses/{int(status)}"}
    return {"description": status.phrase, "content": {JSON: {"schema": shapes[route.error]}}}


def _in_path(route: Route) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", route.path)
    return [{"name": name, "in": "path", "required": True, **PATH_PARAMETERS[name]} for name in names]


def _in_query(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "in": "query", "description": one.says, "schema": dict(one.schema)}
        for one in route.query or ()
    ]


def _in_headers(route: Route) -> list[Mapping[str, object]]:
    return [*([IDEMPOTENCY_KEY] if route.is_repeatable else []), *([PREFER] if route.may_be_job else [])]


def _content_of(body: Any, shapes: Mapping[Any, Schema]) -> dict[str, Any]:
    if not isinstance(body, Upload):
        return {JSON: {"schema": shapes[body]}}
    found: dict[str, Any] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in body.media_types}
    kinds = {"multipart/form-data": body.form, JSON: body.json}
    return found | {kind: {"schema": shapes[form]} for kind, form in kinds.items() if form is not None}


def _answer(answer: Answer, shapes: Mapping[Any, Schema]) -> dict[str, Any]:
    told: dict[str, Any] = {"description": answer.says}
    if answer.media_types:
        schema = {"type": "string", "format": "binary"} if answer.shape is None else shapes[answer.shape]
        item = {} if answer.item is None else {ITEM: shapes[answer.item]}
        told["content"] = {kind: {"schema": schema} | item for kind in answer.media_types}
    if answer.headers:
        told["headers"] = {name: {"schema": {"type": "string"}} for name in answer.headers}
    return told


def _schemas(routes: Iterable[Route]) -> tuple[dict[Any, Schema], dict[str, Any]]:
    """Each shape with the schema that refers to it, and the components that these refer to."""
    shapes: dict[Any, None] = {Problem: None}
    for route in routes:
        told = [shape for answer in route.answers.values() for shape in (answer.shape, answer.item)]
        shapes |= {shape: None for shape in told if shape is not None}
        shapes |= {} if route.error is None else {route.error: None}
        bodies = (route.body.form, route.body.json) if isinstance(route.body, Upload) else (route.body,)
        shapes |= {body: None for body in bodies if body is not None}
    adapters = [(shape, "validation", TypeAdapter(shape)) for shape in shapes]
    found, definitions = TypeAdapter.json_schemas(adapters, ref_template=SCHEMAS, schema_generator=_Closed)  # type: ignore[arg-type]  # keys may be any hashable
    schemas = definitions.get("$defs", {})
    for route in routes:
        if isinstance(route.body, Upload) and route.body.form is not None:
            _take_null_out(schemas[route.body.form.__name__])
    return {shape: found[shape, "validation"] for shape in shapes}, schemas


def _take_null_out(form: dict[str, Any]) -> None:
    """In a form nothing is null: what is not there is left out."""
    for name, member in form["properties"].items():
        kinds = [kind for kind in member.get("anyOf", ()) if kind.get("type") != "null"]
        if len(kinds) == 1:
            kept = {key: value for key, value in member.items() if key not in {"anyOf", "default"}}
            form["properties"][name] = kept | kinds[0]


def _problems(routes: Iterable[Route], shapes: Mapping[Any, Schema]) -> dict[str, Any]:
    statuses = sorted({status for route in routes if route.error is None for status in problems_of(route)})
    content = {MEDIA_TYPE: {"schema": shapes[Problem]}}
    return {str(int(status)): {"description": status.phrase, "content": content} for status in statuses}
