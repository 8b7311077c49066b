"""The format of the log: a header line, then one JSON object a line for each event, chained by hashes. Pure functions
on bytes.

The header is `{"log":"<32 hex>","format":1,"created":"<time>"}`: the log's random id, the format, when it was made.
It is no event. An event line is, with its members in this order and no space between tokens,

    {"pos":7,"batch":[6,9],"type":"ImageSaved","tags":["user:42","pool"],"data":{...},"hash":"<64 hex>"}

- Every line ends in LF, and lines are split at LF bytes alone.
- `pos` counts from 1 without gaps. `batch` is the first and last position of what was written, synced and
  acknowledged together.
- `data` is a JSON object where the recorded bytes are one in exactly the form orjson writes; otherwise the member is
  `"data64":"<base64>"`, and the recorded bytes are what it decodes to.
- A line ends in exactly `,"hash":"<64 lower-case hex digits>"}` and LF, 76 bytes. The hash is SHA-256 of the previous
  hash (32 raw bytes) and then all bytes of this line before those 76. Before the first event stands the SHA-256 of
  the header line without its LF. Bytes are hashed as they are written, never serialised again.

Following the chain through a file is `scanning`'s; what to do about a break in it is `opening`'s.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

import orjson
from eventsourcing.dcb.api import DCBEvent, DCBSequencedEvent
from eventsourcing.persistence import ProgrammingError

from adapters.ports.event_log import JSONEvent, VerifiedEvent

FORMAT = 1
MAX_LINE_BYTES = 16 * 1024 * 1024
"""The longest line: what a reader must be ready to hold."""
MAX_BATCH_EVENTS = 100_000
"""The most events that are recorded together."""
MAX_HEADER_BYTES = 512

SUFFIX_BYTES = 75
"""Length of `,"hash":"<64 hex>"}`, without the LF."""

_HEADER = re.compile(rb'\{"log":"([0-9a-f]{32})","format":([0-9]{1,9}),')
_PLACE = rb'\{"pos":([1-9][0-9]{0,17}),"batch":\[([1-9][0-9]{0,17}),([1-9][0-9]{0,17})\],"type":'
_TEXT = rb'"[^"\\\x00-\x1f]*+(?:\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f]))[^"\\\x00-\x1f]*+)*+"'
_EVENT_LINE = re.compile(
    rb'%b(%b),"tags":(\[(?:%b(?:,%b)*+)?\]),"data(?:":(?=\{)|64":(?="))' % (_PLACE, _TEXT, _TEXT, _TEXT)
)
_FIXED_FORM = re.compile(
    rb'\{"pos":([1-9][0-9]{0,17}),"batch":\[([1-9][0-9]{0,17}),([1-9][0-9]{0,17})\],"type":".*,"hash":"[0-9a-f]{64}"\}',
    re.DOTALL,
)


class Header(NamedTuple):
    """What the first line says. `size` counts its LF; `digest` stands before the first event."""

    log_id: str
    created: str
    size: int
    digest: bytes


class Tip(NamedTuple):
    """A point between two events: the position of the last one before it, the byte offset after it, and its hash."""

    position: int
    offset: int
    digest: bytes


class ForeignHeaderError(Exception):
    """The first line is none of ours; the message says why."""


class OtherFormatError(ForeignHeaderError):
    """The first line is that of another version's log."""


class NotAnEventError(Exception):
    """A line whose hash fits is no event of this format; the message says why."""


def encode_header(log_id: str, created: str) -> bytes:
    """The header line with its LF."""
    return b'{"log":"%b","format":%d,"created":%b}\n' % (log_id.encode(), FORMAT, orjson.dumps(created))


def decode_header(start: bytes) -> Header:
    """The header from the first MAX_HEADER_BYTES of a file. Raises ForeignHeaderError."""
    line, ending, _ = start.partition(b"\n")
    match = _HEADER.match(line)
    if match is None or not ending:
        raise ForeignHeaderError("its first line is not the header of a log of ours")
    if int(match[2]) != FORMAT:
        raise OtherFormatError(
            f"it is written in format {int(match[2])}, and this version of Abby reads format {FORMAT}; "
            "use a newer version"
        )
    log_id = match[1].decode()
    try:
        created = orjson.loads(line)["created"]
    except (orjson.JSONDecodeError, KeyError):
        created = None
    if not isinstance(created, str) or encode_header(log_id, created) != line + b"\n":
        raise ForeignHeaderError("its first line is not exactly the header of a log of ours")
    return Header(log_id, created, len(line) + 1, sha256(line).digest())


def encode_batch(events: Sequence[DCBEvent], tip: Tip) -> tuple[list[bytes], bytes]:
    """The lines, with their LF, of events recorded together after `tip`, and the last one's hash.

    Raises ProgrammingError for what cannot be stored: no events or too many, a type or tag that is no text, data that
    are no bytes, a line above MAX_LINE_BYTES.
    """
    if not 0 < len(events) <= MAX_BATCH_EVENTS:
        raise ProgrammingError(f"A batch has 1 to {MAX_BATCH_EVENTS} events, not {len(events)}.")
    first, last = tip.position + 1, tip.position + len(events)
    batch = b',"batch":[%d,%d],' % (first, last)
    digest = tip.digest
    lines = []
    for position, event in enumerate(events, first):
        body = b'{"pos":%d%b%b' % (position, batch, _content(event))
        digest = sha256(digest + body).digest()
        line = b'%b,"hash":"%b"}\n' % (body, digest.hex().encode())
        if len(line) > MAX_LINE_BYTES:
            raise ProgrammingError(f"An event of {len(line)} bytes is too large: a line has at most {MAX_LINE_BYTES}.")
        lines.append(line)
    return lines, digest


def decode_recorded(line: bytes) -> DCBSequencedEvent:
    """The recorded event of a line whose hash was verified before, without its LF. `data` are the bytes that were
    recorded.

    Raises NotAnEventError, without which a file changed after it was verified would give half an event.
    """
    plain = line.find(b',"data":')
    split = plain if plain >= 0 else line.find(b',"data64":"')
    try:
        members = orjson.loads(line[:split] + b"}")
        if plain >= 0:
            data = line[split + 8 : -SUFFIX_BYTES]
        else:
            data = a2b_base64(line[split + 11 : -SUFFIX_BYTES - 1], strict_mode=True)
        return DCBSequencedEvent(DCBEvent(members["type"], data, members["tags"]), members["pos"])
    except (ValueError, KeyError, TypeError) as error:
        raise NotAnEventError(f"it is no event line ({error})") from error


def decode_verified(line: bytes, position: int, batch: tuple[int, int] | None) -> VerifiedEvent:
    """The event of a line whose hash fits, without its LF. Raises NotAnEventError where it is no event line.

    `position` is where it stands; `batch` is the batch that it belongs to, None where it must begin one. What is inside
    its data is looked at by whoever makes an event of them.
    """
    found = _EVENT_LINE.match(line)
    if found is None:
        raise NotAnEventError("it is no event line")
    if len(line) >= MAX_LINE_BYTES:
        raise NotAnEventError("the line is longer than any line of ours")
    place, first, last, kind, tags = found.groups()
    begins, ends = batch or (position, int(last))
    if (int(place), int(first), int(last)) != (position, begins, ends) or not 0 <= ends - position < MAX_BATCH_EVENTS:
        raise NotAnEventError(f"it does not follow position {position - 1} and its batch")
    try:
        if not line.isascii():
            line.decode()
        name = orjson.loads(kind) if b"\\" in kind else kind[1:-1].decode()
        return VerifiedEvent(position, ends, name, orjson.loads(tags), line[found.end() : -SUFFIX_BYTES])
    except ValueError as error:
        raise NotAnEventError(f"it is no event line ({error})") from error


def fixed_form(line: bytes) -> tuple[int, int, int] | None:
    """Position, first and last of its batch, of a line that has the form of an event line whether or not its hash
    fits; without its LF.
    """
    match = _FIXED_FORM.fullmatch(line)
    if match is None:
        return None
    position, first, last = int(match[1]), int(match[2]), int(match[3])
    return (position, first, last) if first <= position <= last else None


def _content(event: DCBEvent) -> bytes:
    """The members that come from the event: type, tags and data."""
    if isinstance(event, JSONEvent):
        return b'%b,"data":%b' % (_head(event), event.data)
    texts: list[object] = [event.type, *event.tags]
    data: object = event.data
    if not all(isinstance(text, str) for text in texts):
        raise ProgrammingError("The type of an event and its tags are text.")
    if not isinstance(data, bytes):
        raise ProgrammingError("The data of an event are bytes.")
    try:
        head = _head(event)
    except orjson.JSONEncodeError as error:
        raise ProgrammingError(f"The type or a tag of an event cannot be written as UTF-8: {error}.") from error
    if _is_plain_object(data):
        return b'%b,"data":%b' % (head, data)
    return b'%b,"data64":"%b"' % (head, b2a_base64(data, newline=False))


def _head(event: DCBEvent) -> bytes:
    return orjson.dumps({"type": event.type, "tags": event.tags})[1:-1]


def _is_plain_object(data: bytes) -> bool:
    """Whether data can stand in a line as they are and come back byte for byte."""
    if not data.startswith(b"{"):
        return False
    try:
        return orjson.dumps(orjson.loads(data)) == data
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return False
