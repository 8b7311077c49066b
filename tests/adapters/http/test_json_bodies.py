"""JSON is read strictly: every lenient reading that libraries allow is refused."""

from __future__ import annotations

import json
import time
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from adapters.http.bodies import MAX_JSON_BYTES, MAX_JSON_DEPTH, parse_object
from adapters.http.contract.bodies import Body, fitted
from adapters.http.problems import BAD_REQUEST, Problem

REFUSED = {
    "a field twice": b'{"a":1,"a":2}',
    "a field twice, deeper": b'{"a":{"b":1,"b":2}}',
    "a field twice, spelled with an escape": b'{"a":1,"\\u0061":2}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "a comma too many": b'{"a":1,}',
    "single quotes": b"{'a':1}",
    "a leading zero": b'{"a":01}',
    "two values": b'{"a":1}{"b":2}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": b"\xff\xfe{\0}\0",
    "a lone surrogate": b'{"a":"\\ud800"}',
    "bytes that are not UTF-8": b'{"a":"\xff"}',
    "NUL in a value": b'{"a":"x\\u0000"}',
    "NUL in a key": b'{"\\u0000":1}',
    "NUL in a list": b'{"a":[["\\u0000"]]}',
    "a list": b"[]",
    "a number": b"1",
    "nothing": b"",
    "a number of 5,000 digits": b'{"a":' + b"9" * 5_000 + b"}",
    "100,000 open brackets": b"[" * 100_000,
    "one level too deep": b'{"a":' * (MAX_JSON_DEPTH + 1) + b"1" + b"}" * (MAX_JSON_DEPTH + 1),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_json_that_only_a_lenient_reader_takes_is_refused(body: bytes) -> None:
    """Each is a 400, whatever a library would have made of it."""
    with pytest.raises(Problem) as refused:
        parse_object(body)
    assert refused.value.kind == BAD_REQUEST


def test_json_at_the_greatest_depth_is_read() -> None:
    """The bound itself is allowed."""
    body = b'{"a":' * (MAX_JSON_DEPTH - 1) + b"1" + b"}" * (MAX_JSON_DEPTH - 1)
    assert parse_object(body) == json.loads(body)


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), st.integers(-(2**63), 2**63)
    )
)
def test_what_is_written_is_what_is_read(value: dict[str, int]) -> None:
    """Every plain object survives, its numbers exact."""
    assert parse_object(json.dumps(value).encode()) == value


def test_keys_that_share_a_hash_cost_no_more_than_others() -> None:
    """The largest body of many keys is read in well under a second."""
    body = json.dumps({str(key): 0 for key in range(8_000)}).encode()
    assert len(body) < MAX_JSON_BYTES
    started = time.perf_counter()
    parse_object(body)
    assert time.perf_counter() - started < 1


class Sample(Body):
    """A body with a field of each kind."""

    prompt: str
    width: int = 1
    scale: float = 1
    style: str | None = None
    side: Annotated[int, Field(ge=64, le=2048)] = 64
    words: Annotated[str, Field(min_length=1, max_length=3)] = "x"
    kind: Literal["a", "b"] = "a"
    names: Annotated[list[str], Field(default_factory=list)]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "'prompt' is missing"),
        ({"prompt": 1}, "must be text"),
        ({"prompt": "x", "quota": 999}, "'quota' is not known"),
        ({"prompt": "x", "__class__": "os.system"}, "not known"),
        ({"prompt": "x", "width": "5"}, "whole number"),
        ({"prompt": "x", "width": True}, "whole number"),
        ({"prompt": "x", "width": 5.5}, "whole number"),
        ({"prompt": "x", "width": None}, "whole number"),
        ({"prompt": "x", "scale": "7"}, "'scale' must be a number"),
        ({"prompt": "x", "style": ["a"]}, "'style' must be text"),
        ({"prompt": "x", "side": 63}, "'side' must be at least 64"),
        ({"prompt": "x", "side": 2049}, "'side' must be at most 2048"),
        ({"prompt": "x", "words": ""}, "'words' must be text of 1 characters or more"),
        ({"prompt": "x", "words": "abcd"}, "'words' must be text of at most 3 characters"),
        ({"prompt": "x", "kind": "c"}, "'kind' must be one of 'a' or 'b'"),
        ({"prompt": "x", "names": "a"}, "'names' must be a list"),
        ({"prompt": "x", "names": [1]}, "'names' must be text"),
        ({"prompt": {"$gt": ""}}, "must be text"),
    ],
)
def test_a_field_of_another_kind_is_refused(body: dict[str, object], word: str) -> None:
    """No field is guessed, converted or taken without being known."""
    with pytest.raises(Problem, match=word):
        fitted(Sample, body)


def test_fields_as_declared_are_taken() -> None:
    """Each kind once."""
    assert fitted(Sample, {"prompt": "x", "width": 5, "scale": 7, "style": None}).scale == 7
    assert fitted(Sample, {"prompt": "x", "scale": 7.5, "style": "anime"}).style == "anime"
