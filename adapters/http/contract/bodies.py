"""The bodies that routes take as JSON: closed, strict models, and what is said of a body that does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.http.problems import BAD_REQUEST, Problem

B = TypeVar("B", bound="Body")


class Body(BaseModel):
    """A JSON object of known fields alone, whose values are of just the types that are written down."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


_FORMS: Mapping[str, str] = MappingProxyType(
    {
        "string_type": "text",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "bool_type": "true or false",
        "list_type": "a list",
        "dict_type": "an object",
        "none_required": "null",
        "model_type": "an object",
        "int_parsing_size": "a smaller number",
        "finite_number": "a number",
    }
)
"""What a value has to be, by the kind of pydantic's error."""
_BOUNDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "greater_than_equal": ("at least {}", "ge"),
        "less_than_equal": ("at most {}", "le"),
        "string_too_short": ("text of {} characters or more", "min_length"),
        "string_too_long": ("text of at most {} characters", "max_length"),
        "too_short": ("a list of {} or more", "min_length"),
        "too_long": ("a list of at most {}", "max_length"),
        "literal_error": ("one of {}", "expected"),
        "enum": ("one of {}", "expected"),
    }
)


def fitted(kind: type[B], given: Mapping[str, Any]) -> B:
    """The body as its model; 400 that names the field which is unknown, missing or has another value than it may."""
    try:
        return kind.model_validate(dict(given))
    except ValidationError as error:
        errors = error.errors(include_url=False)
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    field = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        known = ", ".join(sorted(kind.model_fields))
        raise _of_field(field[:40], f"The field {field[:40]!r} is not known here. Known are: {known}.")
    if first["type"] == "missing":
        raise _of_field(field, f"The field '{field}' is missing.")
    wanted = dict.fromkeys(_wanted(one) for one in errors if one["loc"][0] == first["loc"][0])
    raise _of_field(field, f"The field '{field}' must be {' or '.join(wanted)}.")


def _of_field(field: str, sentence: str) -> Problem:
    return Problem(BAD_REQUEST, sentence, members={"field": field})


def _wanted(error: Mapping[str, Any]) -> str:
    """What would have fitted."""
    if bound := _BOUNDS.get(error["type"]):
        words, member = bound
        return words.format(error["ctx"][member])
    return _FORMS.get(error["type"], "of another form")
