"""The lines of the log as they were recorded, for programs: those of a user, of some types, after a position.

Whoever shows events, as a table or over a network, asks for them in this form, and gives each in one shape.
"""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

import orjson
from eventsourcing.dcb.api import DCBQuery, DCBQueryItem, DCBSequencedEvent
from typing_extensions import TypeAliasType, TypedDict  # on Python 3.11 pydantic reads no other

from adapters.application.reading import ReadableStorage
from domain.events import TYPES

Json = TypeAliasType("Json", "str | int | float | bool | list[Json] | dict[str, Json] | None")
"""What a line of the log may hold."""


class EventLine(TypedDict):
    """An event as it was recorded: its position, its type, its tags, its members as `docs/log-format.md` has them."""

    pos: int
    type: str
    tags: list[str]
    data: dict[str, Json]


class Wanted(NamedTuple):
    """Which events: of a user, of some types; of all where nothing is said."""

    user: str | None = None
    types: tuple[str, ...] = ()

    @property
    def query(self) -> DCBQuery | None:
        """The log's own question for them, None for all."""
        if self.user is None and not self.types:
            return None
        tags = [] if self.user is None else [f"user:{self.user}"]
        return DCBQuery(items=[DCBQueryItem(types=list(self.types), tags=tags)])


class Passage(NamedTuple):
    """Some lines in order, and the position up to which every wanted one is among them."""

    lines: list[EventLine]
    up_to: int


def unknown_type(names: tuple[str, ...]) -> str | None:
    """A sentence about the first of the names that no event has, None where each is one."""
    unknown = next((name for name in names if name not in TYPES), None)
    if unknown is None:
        return None
    return f"There is no event type {unknown[:40]!r}. The types are: {', '.join(TYPES)}."


def line_of(stored: DCBSequencedEvent) -> EventLine:
    """An event in its shape for programs."""
    event = stored.event
    return {"pos": stored.position, "type": event.type, "tags": event.tags, "data": orjson.loads(event.data)}


def passage_after(storage: ReadableStorage, wanted: Wanted, position: int, most: int) -> Passage:
    """The first of the wanted events after a position, at most so many. Reads the log: for a worker.

    Raises LogDamaged, and what `running` raises.
    """
    root = storage.running()
    head = root.state.position
    found = islice(root.recorder.read(wanted.query, after=position), most)
    lines = [line_of(stored) for stored in found if stored.position <= head]
    return Passage(lines, lines[-1]["pos"] if len(lines) == most else max(head, position))
