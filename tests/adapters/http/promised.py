"""Whether an answer is what the OpenAPI document promises of it: its status, its media type, its members."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types

from adapters.http.contract.openapi import document
from adapters.http.routes import ALL_ROUTES
from tests.adapters.http.wire import GenerationOutcome

DOCUMENT = document(ALL_ROUTES, title="Abby Ledger", version="0")


def check(method: str, path: str, answer: GenerationOutcome) -> None:
    """AssertionError where the answer to a request is another than the document has for it."""
    operation = _operation("get" if method == "HEAD" else method.lower(), path.partition("?")[0])
    if operation is None:
        return
    told = operation["responses"].get(str(answer.status))
    assert told is not None, f"{method} {path} answered {answer.status}, which is not in the document"
    if "$ref" in told:
        told = DOCUMENT["components"]["responses"][str(answer.status)]
    if not answer.body:
        return
    kind = answer.headers["content-type"].partition(";")[0]
    found = told["content"].get(kind) or told["content"].get(kind.partition("/")[0] + "/*")
    assert found is not None, f"{method} {path} answered {kind}, which is not in the document"
    if kind.endswith("json"):
        _validator(json.dumps(found["schema"])).validate(answer.json)


@cache
def _operation(method: str, path: str) -> Any:
    for template, methods in DOCUMENT["paths"].items():
        pattern = re.escape(template).replace(r"\{name\}", r"[\s\S]+").replace(r"\{user\}", "[^/]*")
        pattern = pattern.replace(r"\{id\}", "[^/]*")
        if method in methods and re.fullmatch(pattern, path):
            return methods[method]
    return None


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema) | {"components": DOCUMENT["components"]})
