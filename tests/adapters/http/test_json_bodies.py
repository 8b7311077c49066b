"""JSON is read strictly: every lenient reading that libraries allow is refused."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.bodies import MAX_JSON_BYTES, MAX_JSON_DEPTH, Field, check_fields, parse_object
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


FIELDS = {
    "prompt": Field((str,), required=True),
    "width": Field((int,)),
    "scale": Field((int, float)),
    "style": Field((str, type(None))),
}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "'prompt' is missing"),
        ({"prompt": 1}, "must be text"),
        ({"prompt": "x", "quota": 999}, "'quota' is not known"),
        ({"prompt": "x", "__class__": "os.system"}, "not known"),
        ({"prompt": "x", "width": "5"}, "whole number"),
        ({"prompt": "x", "width": True}, "whole number"),
        ({"prompt": "x", "width": 5.0}, "whole number"),
        ({"prompt": "x", "width": None}, "whole number"),
        ({"prompt": "x", "scale": "7"}, "whole number or a number"),
        ({"prompt": "x", "style": ["a"]}, "text or null"),
        ({"prompt": {"$gt": ""}}, "must be text"),
    ],
)
def test_a_field_of_another_kind_is_refused(body: dict[str, object], word: str) -> None:
    """No field is guessed, converted or taken without being known."""
    with pytest.raises(Problem, match=word):
        check_fields(body, FIELDS)


def test_fields_as_declared_are_taken() -> None:
    """Each kind once."""
    check_fields({"prompt": "x", "width": 5, "scale": 7, "style": None}, FIELDS)
    check_fields({"prompt": "x", "scale": 7.5, "style": "anime"}, FIELDS)
