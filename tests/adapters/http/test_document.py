"""The OpenAPI document: it describes every route, and each answer is as it says (`conftest` holds every answer of
these tests against it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.routes import ALL_ROUTES
from domain.names import (
    DESKTOP_FILES,
    NAME_PATTERN,
    USER_PATTERN,
    WINDOWS_DEVICES,
    malformed_name,
    malformed_user,
)
from tests.adapters.http.conftest import Running
from tests.adapters.http.promised import DOCUMENT

OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]


def _inside(node: Any) -> Iterator[Any]:
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _inside(child)


async def test_every_route_is_described_and_the_reverse(service: Running) -> None:
    """But for the files of the page, and this document as a page."""
    told = (await service.ask("GET", "/openapi.json")).json
    described = {(method.upper(), path) for path, methods in told["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in ALL_ROUTES if not route.path.startswith("/page/")} - {
        ("GET", "/"),
        ("GET", "/docs"),
    }
    assert told["openapi"] == "3.1.1"


def test_every_object_is_closed_and_every_value_has_a_type() -> None:
    """A schema that says nothing would promise nothing."""
    for schema in _inside(DOCUMENT["components"]["schemas"]):
        if isinstance(schema, dict) and schema.get("type") == "object":
            assert schema.get("additionalProperties") is not None, schema
        if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
            for name, member in schema["properties"].items():
                assert {"type", "$ref", "anyOf", "const", "enum"} & set(member), (name, member)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_operation_says_what_it_does_takes_and_answers(path: str, method: str) -> None:
    """Each status has a schema where it has a body; a name is told once."""
    operation = DOCUMENT["paths"][path][method]
    assert operation["summary"]
    assert operation["x-scope"] in {"open", "read", "write", "admin"}
    for status, answer in operation["responses"].items():
        told = DOCUMENT["components"]["responses"][status] if "$ref" in answer else answer
        assert told["description"]
        assert status in {"303", "304"} or all("schema" in content for content in told["content"].values())
    names = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
    assert names == set(re.findall(r"\{(\w+)\}", path))


def test_the_names_of_operations_are_unique() -> None:
    """Programs are generated from them."""
    ids = [DOCUMENT["paths"][path][method]["operationId"] for path, method in OPERATIONS]
    assert len(set(ids)) == len(ids)


PIECES = ["a", "A", "9", ".", " ", "_", "-", "/", "$", "png", "\n"]
ODD = st.sampled_from(sorted({*WINDOWS_DEVICES, *DESKTOP_FILES, *PIECES}))


@given(st.one_of(st.lists(ODD, max_size=6).map("".join), st.text(max_size=5), st.integers(60, 130).map("a".__mul__)))
def test_the_patterns_say_what_the_rules_say(text: str) -> None:
    """Of ids and names, in the words of JSON Schema."""
    if not text.endswith("\n"):  # which Python's `$` lets through, and JSON Schema's does not
        assert bool(re.search(USER_PATTERN, text)) == (malformed_user(text) is None)
        assert bool(re.search(NAME_PATTERN, text)) == (malformed_name(text) is None)
