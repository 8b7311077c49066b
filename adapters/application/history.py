"""What a user asked for lately and what became of it, from the log: kept, given back without a picture, or refused.

The reasons are the ledger's; how they read is for whoever shows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from adapters.application.reading import ReadableStorage, events_of, image_details, kept_image
from domain.events import Event, GenerationReleased, GenerationReserved, ImageSaved, RequestRefused
from domain.names import name_key

HISTORY_EVENTS = 1_000
"""So many of a user's newest events make the history."""


class KeptEntry(NamedTuple):
    """An image was kept; `stands`: it is still the one under its name."""

    at: str
    operation: str
    name: str
    stands: bool


class ReleasedEntry(NamedTuple):
    """Places were given back, for one of the ledger's reasons; `operation` is "" where it is not known any more."""

    at: str
    operation: str
    reason: str


class RefusedEntry(NamedTuple):
    """A limit said no."""

    at: str
    record: RequestRefused


Entry = KeptEntry | ReleasedEntry | RefusedEntry


def history_of(storage: ReadableStorage, user: str) -> list[Entry]:
    """What became of a user's latest requests, newest first; temp files are left out. Reads the log: for a worker."""
    events = events_of(storage, user, HISTORY_EVENTS)
    operations = {event.reservation: event.operation for event in events if isinstance(event, GenerationReserved)}
    entries = (_entry(storage, event, operations) for event in reversed(events))
    return [entry for entry in entries if entry is not None]


def prompt_of(storage: ReadableStorage, user: str, entry: KeptEntry) -> str:
    """The words that a kept image was made from; "" where it is gone or they are not known. For a worker."""
    details = image_details(storage, user, entry.name) if entry.stands else None
    return str((details or {}).get("prompt", ""))


def last_without_picture(entries: Sequence[Entry]) -> ReleasedEntry | RefusedEntry | None:
    """The newest entry that tells of a refusal or a failure, None where there is none."""
    return next((entry for entry in entries if not isinstance(entry, KeptEntry)), None)


def latest_kept(entries: Sequence[Entry], most: int) -> list[KeptEntry]:
    """The images that stand and that nothing came after, newest first; none where the last request came to nothing."""
    kept = takewhile(lambda entry: isinstance(entry, KeptEntry), entries)
    return [entry for entry in islice(kept, most) if isinstance(entry, KeptEntry) and entry.stands]


def _entry(storage: ReadableStorage, event: Event, operations: dict[str, str]) -> Entry | None:
    """What a history tells of an event, None where it is no part of one."""
    match event:
        case ImageSaved(temp=False):
            image = kept_image(storage, event.user, event.name)
            stands = image is not None and name_key(image.name) == name_key(event.name) and image.at == event.at
            return KeptEntry(event.at, event.operation, event.name, stands)
        case GenerationReleased():
            return ReleasedEntry(event.at, operations.get(event.reservation, ""), event.reason)
        case RequestRefused():
            return RefusedEntry(event.at, event)
        case _:
            return None
