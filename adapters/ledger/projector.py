"""Stored events into projections: the codec between domain events and recorded ones, and the replay that both ledger
and readers use.
"""

from __future__ import annotations

import orjson
from eventsourcing.dcb.api import DCBRecorder, DCBSequencedEvent

from adapters.ledger.snapshot_state import Frozen, decode_state
from adapters.ports.event_log import JSONEvent, VerifiedEvent
from adapters.ports.faults import LogDamaged
from domain.events import Event, ImpossibleFact, from_data, tags_of, to_data
from projections.activity import Activity
from projections.preferences import Preferences
from projections.quota_state import QuotaFold, QuotaState
from projections.stored_state import dump

Recorded = tuple[int, Event]
"""A position and its event."""

EVENTS_BETWEEN_TIDYING = 10_000


def encode(event: Event) -> JSONEvent:
    """The event as the recorder stores it: type name, `data` as JSON, tags."""
    return JSONEvent(type(event).__name__, orjson.dumps(to_data(event)), tags_of(event))


def decode(stored: DCBSequencedEvent) -> Event:
    """The event of a stored one. Raises LogDamaged, naming the position, where it is none of ours."""
    try:
        return from_data(stored.event.type, orjson.loads(stored.event.data))
    except (ImpossibleFact, orjson.JSONDecodeError) as error:
        raise _damaged(stored.position, error) from error


def event_of(found: VerifiedEvent) -> Event:
    """The event of one that an opening log has verified. Raises LogDamaged, naming the position, where it is none of
    ours.
    """
    try:
        data = orjson.loads(found.data) if isinstance(found.data, bytes) else found.data
        return from_data(found.type, data)
    except (ImpossibleFact, orjson.JSONDecodeError) as error:
        raise _damaged(found.position, error) from error


class Projector:
    """The published projections and how they move on."""

    def __init__(self) -> None:
        self.state = QuotaState()
        self.activity = Activity()
        self.preferences = Preferences()

    def take(self, found: VerifiedEvent) -> None:
        """Applies one event while an opening log verifies it: so a start reads the log once.

        Raises LogDamaged for an event that cannot have happened after the ones before it.
        """
        event = event_of(found)
        try:
            self.state.apply(found.position, event)
        except ImpossibleFact as error:
            raise _damaged(found.position, error) from error
        self._fed_at_a_start(found.position, event)

    def dump(self) -> Frozen:
        """All projections as they are at this moment, for `encode_state`. For the thread that changes them."""
        return Frozen(dump(self.state), self.preferences.dump(), *self.activity.dump())

    def restore(self, stored: bytes) -> bool:
        """Becomes what a dump of it was; False where the stored state is of another schema or none. Before a start."""
        state = decode_state(stored)
        if state is None:
            return False
        self.state, self.preferences, self.activity = state
        return True

    def replay(self, recorder: DCBRecorder) -> None:
        """Applies everything recorded after the state's position, event by event: for a start, before anybody reads.

        Raises LogDamaged for an event that cannot have happened after the ones before it.
        """
        for stored in recorder.read(after=self.state.position):
            event = _applied(self.state, stored)
            self._fed_at_a_start(stored.position, event)
        self.state.tidy()

    def catch_up(self, recorder: DCBRecorder) -> None:
        """The same while others read: they see all of what is new or none of it. Raises LogDamaged."""
        draft = self.state.draft()
        news = [(stored.position, _applied(draft, stored)) for stored in recorder.read(after=draft.position)]
        if not news:
            return
        draft.commit()
        for position, event in news:
            self.feed(position, event)

    def feed(self, position: int, event: Event) -> None:
        """Hands an event that the state already holds to the other projections."""
        self.activity.apply(position, event)
        self.preferences.apply(position, event)

    def _fed_at_a_start(self, position: int, event: Event) -> None:
        self.feed(position, event)
        if position % EVENTS_BETWEEN_TIDYING == 0:
            self.state.tidy()


def _applied(state: QuotaFold, stored: DCBSequencedEvent) -> Event:
    """The event of a stored one, which the state has been taken past."""
    event = decode(stored)
    try:
        state.apply(stored.position, event)
    except (ValueError, TypeError, AttributeError) as error:  # ImpossibleFact, or a member of another type than its own
        raise _damaged(stored.position, error) from error
    return event


def _damaged(position: int, error: Exception) -> LogDamaged:
    return LogDamaged(
        f"The log is damaged at position {position}: {error}. Nothing was changed. Run `abby verify` to see more.",
        position=position,
    )
