"""The codec between domain events and recorded ones: what a log is given, and what is made of what it gives back.

Every line that is read passes here, so every line has the form of its type before anything is made of it.
"""

from __future__ import annotations

import orjson
from eventsourcing.dcb.api import DCBSequencedEvent

from adapters.ports.event_log import JSONEvent, VerifiedEvent
from adapters.ports.faults import LogDamaged
from domain.event_data import from_data, to_data
from domain.event_forms import misshapen
from domain.events import Event, ImpossibleFact, tags_of

Recorded = tuple[int, Event]
"""A position and its event."""


def encode(event: Event) -> JSONEvent:
    """The event as the recorder stores it: type name, `data` as JSON, tags. Raises ImpossibleFact for one that no
    reader would take for an event: better one command fails than every later start.
    """
    type_name, data = type(event).__name__, orjson.dumps(to_data(event))
    if sentence := misshapen(type_name, data):
        raise ImpossibleFact(sentence)
    return JSONEvent(type_name, data, tags_of(event))


def decode(stored: DCBSequencedEvent) -> Event:
    """The event of a stored one. Raises LogDamaged, naming the position, where it is none of ours."""
    return _event(stored.position, stored.event.type, stored.event.data, stored.event.tags)


def event_of(found: VerifiedEvent) -> Event:
    """The event of one that an opening log has verified. Raises LogDamaged, naming the position, where it is none of
    ours.
    """
    if isinstance(found.data, bytes):
        return _event(found.position, found.type, found.data, found.tags)
    return _event(found.position, found.type, orjson.dumps(found.data), None)


def damaged(position: int, error: Exception) -> LogDamaged:
    """The fault of a log whose event at a position cannot be one of ours, or cannot have happened there."""
    return LogDamaged(
        f"The log is damaged at position {position}: {error}. Nothing was changed. Put a copy of the log's "
        "folder back, or make a new root of a backup with `abby restore DIR`; `abby verify` shows more, and "
        "`abby salvage --to DIR` writes a new log of what is whole before the damage.",
        position=position,
        what=str(error),
    )


def _event(position: int, type_name: str, data: bytes, tags: list[str] | None) -> Event:
    """The event of what stands in a log. `tags` None: an engine that keeps no text of them."""
    if sentence := misshapen(type_name, data):
        raise damaged(position, ImpossibleFact(sentence))
    try:
        event = from_data(type_name, orjson.loads(data))
    except (ImpossibleFact, orjson.JSONDecodeError) as error:
        raise damaged(position, error) from error
    if tags is not None and tags != (right := tags_of(event)):
        raise damaged(position, ImpossibleFact(f"{type_name} has the tags {tags}, where {right} follow from it"))
    return event
