"""What was changed about a user without a request for a picture: limits of their own, today's count, deleted images."""

from __future__ import annotations

from typing import NamedTuple

from adapters.application.history import HISTORY_EVENTS
from adapters.application.reading import ReadableStorage
from adapters.application.recorded import Wanted
from adapters.ledger.codec import decode
from domain.events import DailyCountReset, ImageDeleted, LimitsOverridden
from domain.limits import NO_OVERRIDE, Override, UserLimits

CHANGES = ("LimitsOverridden", "DailyCountReset", "ImageDeleted")


class ChangedEntry(NamedTuple):
    """A change, at a position of the log. `former` are the user's own limits before it."""

    position: int
    event: LimitsOverridden | DailyCountReset | ImageDeleted
    former: Override


def override_after(event: LimitsOverridden) -> Override:
    """The user's own limits after it; one of nothing where they were taken away."""
    return Override(event.limits or UserLimits(), event.until)


def changes_of(storage: ReadableStorage, user: str) -> list[ChangedEntry]:
    """The latest changes about a user, newest first; temp files are left out. Reads the log: for a worker."""
    recorder = storage.running().recorder
    stored = recorder.newest(Wanted(user, CHANGES).query, HISTORY_EVENTS)
    former = _before(storage, user, stored[0].position) if len(stored) == HISTORY_EVENTS else NO_OVERRIDE
    entries: list[ChangedEntry] = []
    for one in stored:
        event = decode(one)
        assert isinstance(event, LimitsOverridden | DailyCountReset | ImageDeleted)
        if not (isinstance(event, ImageDeleted) and event.temp):
            entries.append(ChangedEntry(one.position, event, former))
        if isinstance(event, LimitsOverridden):
            former = override_after(event)
    return entries[::-1]


def _before(storage: ReadableStorage, user: str, position: int) -> Override:
    """The user's own limits before that position."""
    query = Wanted(user, ("LimitsOverridden",)).query
    for stored in storage.running().recorder.newest(query, 1, up_to=position - 1):
        event = decode(stored)
        assert isinstance(event, LimitsOverridden)
        return override_after(event)
    return NO_OVERRIDE
