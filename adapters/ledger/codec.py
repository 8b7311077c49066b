"""The codec between domain events and recorded ones: what a log is given, and what is made of what it gives back."""

from __future__ import annotations

import orjson
from eventsourcing.dcb.api import DCBSequencedEvent

from adapters.ports.event_log import JSONEvent, VerifiedEvent
from adapters.ports.faults import LogDamaged
from domain.events import Event, ImpossibleFact, from_data, tags_of, to_data

Recorded = tuple[int, Event]
"""A position and its event."""


def encode(event: Event) -> JSONEvent:
    """The event as the recorder stores it: type name, `data` as JSON, tags."""
    return JSONEvent(type(event).__name__, orjson.dumps(to_data(event)), tags_of(event))


def decode(stored: DCBSequencedEvent) -> Event:
    """The event of a stored one. Raises LogDamaged, naming the position, where it is none of ours."""
    try:
        return from_data(stored.event.type, orjson.loads(stored.event.data))
    except (ImpossibleFact, orjson.JSONDecodeError) as error:
        raise damaged(stored.position, error) from error


def event_of(found: VerifiedEvent) -> Event:
    """The event of one that an opening log has verified. Raises LogDamaged, naming the position, where it is none of
    ours.
    """
    try:
        data = orjson.loads(found.data) if isinstance(found.data, bytes) else found.data
        return from_data(found.type, data)
    except (ImpossibleFact, orjson.JSONDecodeError) as error:
        raise damaged(found.position, error) from error


def damaged(position: int, error: Exception) -> LogDamaged:
    """The fault of a log whose event at a position cannot be one of ours, or cannot have happened there."""
    return LogDamaged(
        f"The log is damaged at position {position}: {error}. Nothing was changed. Put a copy of the log's "
        "folder back. `abby verify` shows whether the bytes are those that were written; if so, `abby salvage` keeps "
        "this event too.",
        position=position,
    )
