"""Hooks for schemathesis: pictures where the document says bytes, and what a schema cannot say of a request."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import schemathesis
from hypothesis import strategies as st
from schemathesis.generation.jsonschema import strategy as drawing
from schemathesis.specs.openapi.negative import _strip_binary
from schemathesis.transport.serialization import contains_binary

from adapters.http.parameters import KEY_PATTERN
from tests.hostile.builders import png

PICTURE = st.just(png())
KEY = re.compile(KEY_PATTERN)
MOST_KEPT = 200
"""Characters of a key to which a number is added."""
_numbers = itertools.count()
_jobs: list[dict[str, str]] = []
"""Users and ids of jobs that were begun."""

_made_check = drawing._validator


def _check(schema: Any) -> Callable[[Any], bool]:
    """schemathesis (4.32) judges bytes as JSON in one place, where that fails: here, as elsewhere in it, as a text."""
    is_valid = _made_check(schema)
    return lambda drawn: is_valid(_strip_binary(drawn) if contains_binary(drawn) else drawn)


drawing._validator = _check  # type: ignore[assignment]  # it has a cache around it

for media_type in ("image/png", "image/jpeg", "image/webp", "image/gif", "application/octet-stream"):
    schemathesis.openapi.media_type(media_type, PICTURE)
schemathesis.openapi.format("binary", PICTURE)


@schemathesis.hook
def before_call(_context: Any, case: Any, _options: dict[str, Any]) -> None:
    """Of requests that fit: a key that was used for something else is a conflict (422), and so is asking for two names;
    a page's cursor is one that was given out. Their pictures are small and few, as each is drawn. Of other limits for
    everybody it is only asked what they would be: what they were (412) no schema tells.
    """
    if not case.meta.generation.mode.is_positive:
        _make_surely_wrong(case)
        return
    if case.headers and isinstance(key := case.headers.get("Idempotency-Key"), str):
        case.headers["Idempotency-Key"] = _numbered(key)
    if case.headers and "Prefer" in case.headers:
        case.headers["Prefer"] = "respond-async"
    if _jobs and "id" in case.path_parameters:
        case.path_parameters |= _jobs[-1]
    if case.query:
        case.query.pop("cursor", None)
    if case.media_type == "multipart/form-data" and case.query:
        case.query.pop("name", None)
    if isinstance(case.body, dict) and "prompt" in case.body:
        is_ours = not case.path.startswith("/openai/")
        small = {"width": 64, "height": 64, "count": 1} if is_ours else {"size": "64x64", "n": 1}
        case.body = case.body | small
    if isinstance(case.body, dict) and case.path.endswith("/admin/policy"):
        case.body = case.body | {"dry_run": True}
    if isinstance(case.body, dict) and case.path.endswith("/upscales"):
        case.body = case.body | {"width": 64}
    case._record_starting_state()  # else a changed form is judged anew, and one with bytes in it never fits


def _make_surely_wrong(case: Any) -> None:
    """In a form everything is text: a number there is no wrong one. A key is a right one without the spaces around."""
    if case.media_type == "multipart/form-data" and isinstance(case.body, dict) and not _is_text(case.body):
        case.body = case.body | {"wrong": "by its type"}
    key = case.headers.get("Idempotency-Key") if case.headers else None
    if isinstance(key, str) and not KEY.fullmatch(key) and KEY.fullmatch(key.strip()):
        case.headers["Idempotency-Key"] = '"not closed'


def _numbered(key: str) -> str:
    """The same kind of key, and one that was not used."""
    number = next(_numbers)
    if key.startswith('"'):
        return f'"{number}-{key[1:]}' if len(key) <= MOST_KEPT else f'"{number}"'
    return f"{key[:MOST_KEPT]}-{number}"


def _is_text(form: dict[str, Any]) -> bool:
    return all(isinstance(value, str | bytes | None) for value in form.values())


@schemathesis.hook
def after_call(_context: Any, _case: Any, response: Any) -> None:
    """Knows the jobs that there are."""
    if response.status_code == HTTPStatus.ACCEPTED:
        (location,) = response.headers["location"]
        _, _, _, user, _, job = location.split("/")
        _jobs.append({"user": unquote(user), "id": job})
