"""Hooks for schemathesis: pictures where the document says bytes, and what a schema cannot say of a request."""

from __future__ import annotations

import itertools
from typing import Any

import schemathesis
from hypothesis import strategies as st

from tests.hostile.builders import png

PICTURE = st.just(png())
_numbers = itertools.count()

for media_type in ("image/png", "image/jpeg", "image/webp", "image/gif", "application/octet-stream"):
    schemathesis.openapi.media_type(media_type, PICTURE)


@schemathesis.hook
def before_call(_context: Any, case: Any, _options: dict[str, Any]) -> None:
    """Of requests that fit: a key that was used for something else is a conflict (422), and so is asking for two names;
    a page's cursor is one that was given out. Their pictures are small and few, as each is drawn.
    """
    if not case.meta.generation.mode.is_positive:
        if case.media_type == "multipart/form-data" and not isinstance(case.body.get("name", ""), str):
            case.body["name"] = "con"  # in a form everything is text; this is a wrong one
        return
    if case.headers and isinstance(key := case.headers.get("Idempotency-Key"), str):
        case.headers["Idempotency-Key"] = f"{key[:200]}-{next(_numbers)}"
    if case.query:
        case.query.pop("cursor", None)
    if case.media_type == "multipart/form-data" and case.query:
        case.query.pop("name", None)
    if isinstance(case.body, dict) and "prompt" in case.body:
        case.body |= {"width": 64, "height": 64, "count": 1}
