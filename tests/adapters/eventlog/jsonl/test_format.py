"""The bytes of the log are those the format describes."""

from __future__ import annotations

import re
from binascii import b2a_base64
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from eventsourcing.dcb.api import DCBEvent
from eventsourcing.persistence import ProgrammingError
from hypothesis import given
from hypothesis import strategies as st

from adapters.eventlog.jsonl import format as log_format
from adapters.eventlog.jsonl.format import (
    ForeignHeaderError,
    NotAnEventError,
    Tip,
    decode_header,
    decode_recorded,
    decode_verified,
    encode_batch,
    encode_header,
    fixed_form,
)
from tests.adapters.eventlog.jsonl.logs import NOW, batch, event, numbers, opened, write_log

START = Tip(0, 100, bytes(32))


def test_a_log_is_what_the_format_says(tmp_path: Path) -> None:
    """Header, members and their order, batches, and the chain of hashes over the bytes as they are written."""
    header, *lines, end = write_log(tmp_path, [1, 2]).read_bytes().split(b"\n")
    assert re.fullmatch(rb'\{"log":"[0-9a-f]{32}","format":1,"created":"%b"\}' % NOW.encode(), header)
    assert end == b""
    previous = sha256(header).digest()
    for line, position, first, last in zip(lines, (1, 2, 3), (1, 2, 2), (1, 3, 3), strict=True):
        expected = b'{"pos":%d,"batch":[%d,%d],"type":"Happened","tags":["user:42","pool"],"data":{' % (
            position,
            first,
            last,
        )
        assert line.startswith(expected)
        previous = sha256(previous + line[:-75]).digest()
        assert line.endswith(b',"hash":"' + previous.hex().encode() + b'"}')
        assert list(orjson.loads(line)) == ["pos", "batch", "type", "tags", "data", "hash"]


@pytest.mark.parametrize(
    ("data", "member"),
    [
        (b'{"a":1}', b'"data":{"a":1}'),
        (b"{}", b'"data":{}'),
        ('{"a":"\u2028\u0085"}'.encode(), '"data":{"a":"\u2028\u0085"}'.encode()),
        (b'{"a": 1}', b'"data64":"eyJhIjogMX0="'),
        (b'{"a":1,"a":2}', b'"data64":"'),
        (b'{"a":1e400}', b'"data64":"'),
        (b'{"a":"\\u00e4"}', b'"data64":"'),
        (b'{"a":"\\ud800"}', b'"data64":"'),
        (b'{"a":1}\n', b'"data64":"'),
        (b'{"a":' * 255 + b"1" + b"}" * 255, b'"data64":"'),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, b'"data64":"'),
        (b"[1]", b'"data64":"WzFd"'),
        (b"1", b'"data64":"MQ=="'),
        (b"", b'"data64":""'),
        (b"\xff\n", b'"data64":"/wo="'),
    ],
)
def test_data_are_embedded_only_in_orjsons_own_form(data: bytes, member: bytes) -> None:
    """Any other bytes stand as base64, and either comes back byte for byte."""
    (line,), _ = encode_batch([DCBEvent("T", data, ["data", ","])], START)
    assert member in line
    assert line.count(b"\n") == 1
    assert decode_recorded(line[:-1]).event.data == data
    found = decode_verified(line[:-1], 1, None).data
    assert found == (data if b'"data":' in member else b'"' + b2a_base64(data, newline=False) + b'"')


@given(
    kind=st.text(),
    tags=st.lists(st.text() | st.sampled_from([',"data":', ',"data64":"', "data"])),
    data=st.binary()
    | st.dictionaries(st.text(), st.text() | st.floats() | st.integers(-(2**63), 2**64 - 1)).map(orjson.dumps),
)
def test_any_event_comes_back_as_it_was(kind: str, tags: list[str], data: bytes) -> None:
    """Types, tags and bytes of any content survive; the line is one line, in the fixed form, and itself JSON."""
    try:
        (line,), digest = encode_batch([DCBEvent(kind, data, tags)], START)
    except ProgrammingError:
        assert any("\ud800" <= letter <= "\udfff" for letter in kind + "".join(tags))
        return
    found = decode_recorded(line[:-1])
    assert (found.event.type, found.event.tags, found.event.data, found.position) == (kind, tags, data, 1)
    assert decode_verified(line[:-1], 1, None)[:4] == (1, 1, kind, tags)
    assert fixed_form(line[:-1]) == (1, 1, 1)
    assert orjson.loads(line)["hash"] == digest.hex()
    assert line.index(b"\n") == len(line) - 1


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ([], "A batch has 1 to 3 events, not 0"),
        (batch(4), "A batch has 1 to 3 events, not 4"),
        ([DCBEvent(7, b"{}")], "are text"),  # type: ignore[arg-type]  # the mistake under test
        ([DCBEvent("T", b"{}", [7])], "are text"),  # type: ignore[list-item]  # the mistake under test
        ([DCBEvent("T", "{}")], "are bytes"),  # type: ignore[arg-type]  # the mistake under test
        ([DCBEvent("T", b"{}", ["\ud800"])], "cannot be written as UTF-8"),
        ([DCBEvent("T", b"x" * 1000)], "is too large: a line has at most 1000"),
    ],
)
def test_what_cannot_be_stored_is_refused(
    monkeypatch: pytest.MonkeyPatch, events: list[DCBEvent], sentence: str, tmp_path: Path
) -> None:
    """The sentence says why, and nothing reaches the log."""
    monkeypatch.setattr(log_format, "MAX_BATCH_EVENTS", 3)
    monkeypatch.setattr(log_format, "MAX_LINE_BYTES", 1000)
    recorder = opened(tmp_path)
    with pytest.raises(ProgrammingError, match=sentence):
        recorder.append(events)
    assert recorder.append([event()]) == 1
    assert numbers(recorder) == [1]
    recorder.close()


ID = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("start", "why"),
    [
        (b"", "not the header"),
        (b"\xef\xbb\xbf" + encode_header(ID, NOW), "not the header"),
        (b'{"some":"other JSON"}\n', "not the header"),
        (encode_header(ID.upper(), NOW), "not the header"),
        (encode_header(ID, NOW)[:-1], "not the header"),
        (encode_header(ID, NOW).replace(b":1,", b":2,"), "format 2, and this version of Abby reads format 1"),
        (encode_header(ID, NOW).replace(b"\n", b"\r\n"), "not exactly the header"),
        (encode_header(ID, NOW).replace(b'"}', b'","more":1}'), "not exactly the header"),
        (encode_header(ID, NOW).replace(b'"}', b'"'), "not exactly the header"),
        (encode_header(ID, NOW).replace(b"created", b"begun"), "not exactly the header"),
        (b'{"log":"%b","format":1,"created":7}\n' % ID.encode(), "not exactly the header"),
    ],
)
def test_a_header_is_ours_or_foreign(start: bytes, why: str) -> None:
    """Anything but exactly our header is foreign, and the reason says so."""
    with pytest.raises(ForeignHeaderError, match=why):
        decode_header(start)


def test_a_header_says_what_the_first_hash_begins_with() -> None:
    """Id, time, size with the LF, hash without it; what follows the first line does not matter."""
    line = encode_header(ID, NOW)
    assert decode_header(line + b"more\n") == (ID, NOW, len(line), sha256(line[:-1]).digest())


HASH = b',"hash":"' + b"0" * 64 + b'"}'


@pytest.mark.parametrize(
    "body",
    [
        b"no JSON",
        b"[]",
        b'{"pos":1,"batch":[1,1],"type":"T","tags":[]',
        b'{"pos":1,"batch":[1,1],"type":"\\u0054","tags":[],"data":{}',
        b'{"pos":1,"batch":[1,1],"type":"T","tags": [],"data":{}',
        b'{"pos":1,"batch":[1,1],"type":"T","tags":[],"data":{"a":"\xff"}',
        b'{"pos":1,"batch":[1,1],"type":"T","tags":[],"data":[]',
        b'{"pos":1,"batch":[1,1],"type":"T","tags":[],"data64":7',
        b'{"pos":1,"batch":[1,1],"type":"T","tags":[7],"data":{}',
        b'{"pos":1,"batch":[1,1],"type":"T","tags":"text","data":{}',
        b'{"pos":1,"batch":[1,1],"type":7,"tags":[],"data":{}',
        b'{"pos":1,"batch":[1,true],"type":"T","tags":[],"data":{}',
        b'{"pos":1,"batch":[1],"type":"T","tags":[],"data":{}',
        b'{"pos":1,"batch":{},"type":"T","tags":[],"data":{}',
        b'{"pos":1,"batch":[1,0],"type":"T","tags":[],"data":{}',
        b'{"pos":1,"batch":[1,999999999],"type":"T","tags":[],"data":{}',
        b'{"pos":1.0,"batch":[1,1],"type":"T","tags":[],"data":{}',
        b'{"pos":2,"batch":[2,2],"type":"T","tags":[],"data":{}',
        b'{"batch":[1,1],"pos":1,"type":"T","tags":[],"data":{}',
        b'{"pos":1,"batch":[1,1],"type":"T","data":{},"tags":[]',
    ],
)
def test_a_line_with_a_right_hash_must_still_be_an_event(body: bytes) -> None:
    """Only somebody who recomputes hashes can write such lines; they are refused all the same."""
    with pytest.raises(NotAnEventError):
        decode_verified(body + HASH, 1, None)


@pytest.mark.parametrize("data", [b'"data":{},"more":1', b'"data":{"a":NaN}', b'"data":{{{', b'"data64":"*"'])
def test_what_is_inside_the_data_is_for_whoever_makes_an_event_of_them(data: bytes) -> None:
    """A chain that fits says that it was written so: that is no torn end."""
    line = b'{"pos":1,"batch":[1,1],"type":"T","tags":[],' + data + HASH
    assert decode_verified(line, 1, None).data == data.partition(b":")[2]


def test_a_line_must_belong_to_the_batch_that_is_open() -> None:
    """In the middle of a batch another batch, or a longer one, does not fit."""
    lines, _ = encode_batch(batch(3), START)
    assert decode_verified(lines[1][:-1], 2, (1, 3)).batch_last == 3
    for wrong in ((1, 4), (2, 3)):
        with pytest.raises(NotAnEventError, match="does not follow position 1"):
            decode_verified(lines[1][:-1], 2, wrong)
    with pytest.raises(NotAnEventError, match="does not follow"):
        decode_verified(lines[1][:-1], 2, None)


@pytest.mark.parametrize(
    "line", [b"", b"{}", b'{"pos":1}', b'{"pos":1,"batch":[1,1],"type":"T","tags":[],"data64":"*"' + HASH]
)
def test_a_line_that_changed_after_it_was_verified_is_no_event(line: bytes) -> None:
    """Reading back says so instead of giving half an event."""
    with pytest.raises(NotAnEventError):
        decode_recorded(line)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b'{"pos":7,"batch":[6,9],"type":"T","tags":[],"data":{}' + HASH, (7, 6, 9)),
        (b'{"pos":7,"batch":[6,9],"type":\x00\x00' + HASH, None),
        (b'{"pos":7,"batch":[6,9],"type":"\x00\x00\xff' + HASH, (7, 6, 9)),
        (b'{"pos":5,"batch":[6,9],"type":"T"' + HASH, None),
        (b'{"pos":07,"batch":[6,9],"type":"T"' + HASH, None),
        (b'{"pos":7,"batch":[6,9],"type":"T"' + HASH + b"\r", None),
        (b'{"pos":7,"batch":[6,9],"type":"T"' + HASH.upper(), None),
        (b'{"pos":7,"batch":[6,9%b],"type":"T"' % (b"9" * 5000) + HASH, None),
    ],
)
def test_the_fixed_form_is_known_without_its_hash(line: bytes, found: tuple[int, int, int] | None) -> None:
    """After damage a line is taken for one of ours by its beginning and its end alone."""
    assert fixed_form(line) == found
