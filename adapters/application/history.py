"""What a user asked for lately and what became of it, from the log: kept, given back without a picture, or refused.

The reasons are the ledger's; how they read is for whoever shows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from adapters.application.reading import ReadableStorage, events_about, image_details, kept_image, recorded_of
from adapters.ledger.codec import decode
from adapters.ports.event_log import OpenedLog
from domain.events import Event, GenerationReleased, ImageSaved, RequestRefused
from domain.names import name_key
from projections.settlements import Settlement, Settlements, reservation_of, settle

HISTORY_EVENTS = 1_000
"""So many of a user's newest events make the history."""
MOST_EVENTS = 100_000
LOOKED_THROUGH = (64, 2_000, MOST_EVENTS)
"""So many events before an image was saved are looked through for its generation: few, as it began shortly before."""


class KeptEntry(NamedTuple):
    """An image was kept; `stands`: it is still the one under its name. `settlement` is that of its generation, None
    where that is not known any more.
    """

    at: str
    operation: str
    name: str
    stands: bool
    position: int
    settlement: Settlement | None = None


class ReleasedEntry(NamedTuple):
    """Places were given back, for one of the ledger's reasons; `operation` is "" where it is not known any more, and
    `counted` of them count all the same.
    """

    at: str
    operation: str
    reason: str
    counted: int
    position: int
    settlement: Settlement | None = None


class RefusedEntry(NamedTuple):
    """A limit said no, at a position of the log."""

    at: str
    record: RequestRefused
    position: int


Entry = KeptEntry | ReleasedEntry | RefusedEntry


def history_of(storage: ReadableStorage, user: str) -> list[Entry]:
    """What became of a user's latest requests, newest first; temp files are left out. Reads the log: for a worker."""
    recorded = recorded_of(storage, user, HISTORY_EVENTS)
    settlements = Settlements(recorded)
    entries = (_entry(storage, position, event, settlements) for position, event in reversed(recorded))
    return [entry for entry in entries if entry is not None]


def settlement_of(storage: ReadableStorage, user: str, name: str) -> Settlement | None:
    """What became of the generation that a kept image came from; None where it came from none, as an adopted one, or
    the name does not stand. Reads the log: for a worker.
    """
    current = storage.running().state.current_image(user, name_key(name), temp=False)
    if current is None:
        return None
    recorder = storage.running().recorder
    found = _settlement_at(recorder, user, current.position)
    return None if found is None else _carried_on(recorder, found, current.position)


def _settlement_at(recorder: OpenedLog, user: str, position: int) -> Settlement | None:
    """What had become of a save's generation when it was recorded, at that position."""
    for most in LOOKED_THROUGH:
        stored = recorder.newest(events_about(user), most, up_to=position)
        recorded = [(one.position, decode(one)) for one in stored]
        reservation = reservation_of(recorded[-1][1]) if recorded else None
        found = Settlements(recorded).of(reservation)
        if reservation is None or found is not None or len(recorded) < most:
            return found
    return None


def _carried_on(recorder: OpenedLog, settlement: Settlement, after: int) -> Settlement:
    """The settlement after what came later, until nothing of it is open."""
    later = iter(recorder.read(events_about(settlement.user), after=after))
    while settlement.open and (stored := next(later, None)) is not None:
        event = decode(stored)
        if reservation_of(event) == settlement.reservation:
            settlement = settle(settlement, stored.position, event) or settlement
    return settlement


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


def _entry(storage: ReadableStorage, position: int, event: Event, settlements: Settlements) -> Entry | None:
    """What a history tells of an event, None where it is no part of one."""
    match event:
        case ImageSaved(temp=False):
            image = kept_image(storage, event.user, event.name)
            stands = image is not None and name_key(image.name) == name_key(event.name) and image.at == event.at
            return KeptEntry(
                at=event.at,
                operation=event.operation,
                name=event.name,
                stands=stands,
                position=position,
                settlement=settlements.of(event.reservation),
            )
        case GenerationReleased():
            found = settlements.of(event.reservation)
            return ReleasedEntry(
                at=event.at,
                operation=found.operation if found else "",
                reason=event.reason,
                counted=event.count - event.refunded,
                position=position,
                settlement=found,
            )
        case RequestRefused():
            return RefusedEntry(event.at, event, position)
        case _:
            return None
