"""What a failure says of itself, in every shape in which services tell it: the one reader for all of them.

OpenAI's `{"error": {"message", "code", "type"}}`, Stability's `{"name", "message"}` and `{"name", "errors": [...]}`,
FastAPI's `{"detail"}` (a sentence, or a list of broken fields), problem details (RFC 9457), OAuth's
`{"error", "error_description"}`, and plain text. What it means is told by `taxonomy`.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from adapters.generation.taxonomy import ErrorDetails

SENTENCES = ("message", "detail", "error_description", "msg", "description", "reason", "error_message")
"""Where a sentence stands, the one that says most first."""
LISTS = ("errors", "error", "title")
"""Where one stands if it is nowhere among these."""
NAMES = ("code", "type", "name", "status", "error")
STATUSES = ("status", "status_code", "statusCode", "code")
DEEPEST = 4
MOST_SENTENCES = 10
LONGEST_TEXT = 500
"""Characters of a text that is no JSON; a longer one is a page."""


def told_in(body: object, known: Container[str] = ()) -> ErrorDetails:
    """The error of a body, empty where it tells none. Of several names, one that is known."""
    if isinstance(body, list):
        body = next((entry for entry in body if isinstance(entry, dict)), "; ".join(filter(None, map(_sentence, body))))
    if not isinstance(body, dict):
        return ErrorDetails(sentence=_sentence(body))
    names = list(_names(body))
    name = next((one for one in names if one in known), names[0] if names else "")
    return ErrorDetails(name, _sentence(body), status=next(_statuses(body), 0))


def told_in_text(text: str) -> ErrorDetails:
    """The error of an answer that is no JSON: a sentence. A page is none."""
    line = " ".join(text.split())
    return ErrorDetails(sentence="" if line.startswith("<") or len(line) > LONGEST_TEXT else line)


def _sentence(value: object, depth: int = DEEPEST) -> str:
    if isinstance(value, str):
        return value.strip()
    if depth == 0:
        return ""
    if isinstance(value, list):
        found = (_sentence(one, depth - 1) for one in value[:MOST_SENTENCES])
        return "; ".join(dict.fromkeys(filter(None, found)))
    return _of_object(value, depth) if isinstance(value, dict) else ""


def _of_object(told: dict[str, object], depth: int) -> str:
    first = next(filter(None, (_sentence(told.get(name), depth - 1) for name in SENTENCES)), "")
    if isinstance(where := told.get("loc"), list) and where and first:
        return f"{where[-1]}: {first}"
    if not first:
        return next(filter(None, (_sentence(told.get(name), depth - 1) for name in LISTS)), "")
    errors = told.get("errors")
    more = _sentence(errors, depth - 1) if isinstance(errors, list) else ""
    return first if more in first else f"{first}; {more}"


def _names(told: dict[str, object]) -> Iterator[str]:
    inner = told.get("error")
    for place in (inner, told.get("detail"), told):
        if isinstance(place, dict):
            yield from (name for key in NAMES if isinstance(name := place.get(key), str) and name)


def _statuses(told: dict[str, object]) -> Iterator[int]:
    for place in (told.get("error"), told.get("detail"), told):
        if isinstance(place, dict):
            values = (str(place.get(key)) for key in STATUSES)
            yield from (int(value) for value in values if len(value) == 3 and value.isdecimal() and value[0] in "45")
