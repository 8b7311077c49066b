"""Stored events into projections: the replay that both ledger and readers use, and how readers catch up. What a stored
event is, is `codec`'s to know.
"""

from __future__ import annotations

from eventsourcing.dcb.api import DCBSequencedEvent

from adapters.ledger.codec import Recorded, damaged, decode, event_of
from adapters.ledger.snapshot_state import Frozen, decode_state
from adapters.ports.event_log import EventSource, VerifiedEvent
from domain.events import Event, ImpossibleFact
from projections.activity import Activity
from projections.clock_corrections import ClockCorrections
from projections.limit_changes import LimitChanges
from projections.preferences import Preferences
from projections.quota_fold import QuotaFold
from projections.quota_state import QuotaState
from projections.stored_state import dump

EVENTS_BETWEEN_TIDYING = 10_000


class Projector:
    """The published projections and how they move on."""

    def __init__(self) -> None:
        self.state = QuotaState()
        self.activity = Activity()
        self.preferences = Preferences()
        self.limit_changes = LimitChanges()
        self.corrections = ClockCorrections()

    def take(self, found: VerifiedEvent) -> None:
        """Applies one event while an opening log verifies it: so a start reads the log once.

        Raises LogDamaged for an event that cannot have happened after the ones before it.
        """
        event = event_of(found)
        try:
            self.state.apply(found.position, event)
        except ImpossibleFact as error:
            raise damaged(found.position, error) from error
        if self.state.to_cancel and found.position == found.batch_last:
            left = ImpossibleFact("its batch leaves reservations that a corrected clock should have cancelled")
            raise damaged(found.position, left)
        if self.state.points.owed and found.position == found.batch_last:
            raise damaged(found.position, ImpossibleFact("its batch takes the price of an offer, and gives nothing"))
        if self.state.asks.owed and found.position == found.batch_last:
            raise damaged(found.position, ImpossibleFact("its batch approves a request, and gives nothing"))
        self._fed_at_a_start(found.position, event)

    def dump(self) -> Frozen:
        """All projections as they are at this moment, for `encode_state`. For the thread that changes them."""
        days, totals = self.activity.dump()
        return Frozen(
            state=dump(self.state),
            preferences=self.preferences.dump(),
            limits=self.limit_changes.dump(),
            days=days,
            totals=totals,
            corrections=self.corrections.dump(),
        )

    def restore(self, stored: bytes, *, for_figures: bool = False) -> bool:
        """Becomes what a dump of it was; False where the stored state is of another schema or none. Before a start.

        One of a former version does where it is `for_figures` alone: what windows count is not in it.
        """
        state = decode_state(stored)
        if state is None or not (for_figures or state[0].counts_windows):
            return False
        self.state, self.preferences, self.limit_changes, self.activity, self.corrections = state
        return True

    def replay(self, recorder: EventSource) -> None:
        """Applies everything recorded after the state's position, event by event: for a start, before anybody reads.

        Raises LogDamaged for an event that cannot have happened after the ones before it.
        """
        for stored in recorder.read(after=self.state.position):
            self.take_stored(stored)
        self.state.tidy()

    def take_stored(self, stored: DCBSequencedEvent) -> None:
        """Applies one recorded event, before anybody reads. Raises LogDamaged as `replay` does."""
        self._fed_at_a_start(stored.position, _applied(self.state, stored))

    def take_figures(self, stored: DCBSequencedEvent) -> None:
        """The same for the quota state alone, where nobody asks the other projections."""
        _applied(self.state, stored)
        if stored.position % EVENTS_BETWEEN_TIDYING == 0:
            self.state.tidy()

    def catch_up(self, recorder: EventSource) -> list[Recorded]:
        """The same while others read: they see all of what is new, which is given, or none of it. Raises LogDamaged."""
        draft = self.state.draft()
        news = [(stored.position, _applied(draft, stored)) for stored in recorder.read(after=draft.position)]
        if news:
            draft.commit()
        for position, event in news:
            self.feed(position, event)
        return news

    def feed(self, position: int, event: Event) -> None:
        """Hands an event that the state already holds to the other projections."""
        self.activity.apply(position, event)
        self.preferences.apply(position, event)
        self.limit_changes.apply(position, event)
        self.corrections.apply(position, event)

    def _fed_at_a_start(self, position: int, event: Event) -> None:
        self.feed(position, event)
        if position % EVENTS_BETWEEN_TIDYING == 0:
            self.state.tidy()


def _applied(state: QuotaFold, stored: DCBSequencedEvent) -> Event:
    """The event of a stored one, which the state has been taken past."""
    event = decode(stored)
    try:
        state.apply(stored.position, event)
    except ImpossibleFact as error:
        raise damaged(stored.position, error) from error
    return event
