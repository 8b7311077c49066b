"""What a program is told of an event: its type in words, when it happened, its members.

An id is made of what was recorded and where it stands, so that it is the same at each attempt, after a restart and in a
restored log; and another where another event stands at that position.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from adapters.application.recorded import EventLine

ID_CHARACTERS = 32
MOST_BODY_BYTES = 20_000
"""What the convention recommends. What would be longer is told by its position alone, and read over HTTP."""
NOT_TOLD = frozenset({"at", "request"})
"""Members of an event: its time stands above them, and a caller's key and digest are nobody else's."""

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Message(NamedTuple):
    """What is posted of the event at a position."""

    position: int
    id: str
    body: bytes


def message_of(line: EventLine) -> Message:
    """The message of an event."""
    told: dict[str, Any] = {
        "type": type_of(line["type"]),
        "timestamp": line["data"]["at"],
        "position": line["pos"],
        "data": {name: value for name, value in line["data"].items() if name not in NOT_TOLD},
    }
    body = orjson.dumps(told)
    if len(body) > MOST_BODY_BYTES:
        body = orjson.dumps(told | {"data": {}, "shortened": True})
    return Message(line["pos"], id_of(line), body)


def type_of(event_type: str) -> str:
    """An event type as the convention writes it, the deed behind a full stop: `image.saved`, `daily_count.reset`."""
    *words, deed = _WORD.sub(" ", event_type).lower().split()
    return f"{'_'.join(words)}.{deed}"


def id_of(line: EventLine) -> str:
    """The id of what stands there."""
    recorded: Mapping[str, object] = {"pos": line["pos"], "type": line["type"], "data": line["data"]}
    digest = sha256(orjson.dumps(recorded, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f"msg_{digest[:ID_CHARACTERS]}"
