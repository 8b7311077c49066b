"""Under which id the bytes of each save were staged: what an image store asks the log, where a name says nothing of it.

A save is told by its position, and never changes; what was read of some is remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from heapq import nlargest
from threading import Lock

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from adapters.ledger.codec import decode
from adapters.ports.event_log import OpenedLog
from adapters.ports.image_store import Key
from domain.events import ImageSaved
from domain.names import name_key
from projections.quota_state import QuotaState

MOST_IDS = 50_000
"""Each takes some 150 bytes."""
FIRST_LOOKED_THROUGH, MOST_LOOKED_THROUGH = 64, 4_096
"""Saves of a user that are read together, when a former one is looked for."""


class StagedIds:
    """What one open log says of them: the port `Saves`. Safe from any thread."""

    def __init__(self, recorder: OpenedLog, state: Callable[[], QuotaState]) -> None:
        """`state` gives the published figures."""
        self._recorder = recorder
        self._state = state
        self._guard = Lock()
        self._ids: OrderedDict[int, str] = OrderedDict()

    def standing(self, key: Key) -> int | None:
        """The position of the save that stands; None where none does."""
        current = self._state().current_image(key.user, key.key, temp=key.temp)
        return None if current is None else current.position

    def staged_at(self, position: int) -> str | None:
        """The id of the save at a position; None where no save is there. Raises LogDamaged."""
        with self._guard:
            if (known := self._ids.get(position)) is not None:
                self._ids.move_to_end(position)
                return known
        stored = next(iter(self._recorder.read(after=position - 1, limit=1)), None)
        event = decode(stored) if stored is not None and stored.position == position else None
        if not isinstance(event, ImageSaved):
            return None
        with self._guard:
            self._ids[position] = event.staged
            if len(self._ids) > MOST_IDS:
                self._ids.popitem(last=False)
        return event.staged

    def before(self, key: Key, position: int) -> str | None:
        """The id of the last save of a name before a position. Raises LogDamaged."""
        saves = DCBQuery(items=[DCBQueryItem(types=[ImageSaved.__name__], tags=[f"user:{key.user}"])])
        up_to, most = position - 1, FIRST_LOOKED_THROUGH
        while up_to > 0:
            found = self._recorder.newest(saves, most, up_to=up_to)
            for stored in reversed(found):
                event = decode(stored)
                is_it = isinstance(event, ImageSaved) and (event.temp, name_key(event.name)) == (key.temp, key.key)
                if isinstance(event, ImageSaved) and is_it:
                    return event.staged
            if len(found) < most:
                return None
            up_to, most = found[0].position - 1, MOST_LOOKED_THROUGH
        return None

    def is_named(self, staged: str) -> bool:
        """Whether any event has the id. Looks through the whole log. Raises LogDamaged."""
        return self._save_of(staged) is not None

    def is_over(self, staged: str) -> bool:
        """Whether the save of an id was published and stands no more. Raises LogDamaged."""
        state, found = self._state(), self._save_of(staged)
        if found is None or found[0] > state.position:
            return False
        position, event = found
        current = state.current_image(event.user, name_key(event.name), temp=event.temp)
        return current is None or current.position != position

    def _save_of(self, staged: str) -> tuple[int, ImageSaved] | None:
        for stored in self._recorder.holding(staged.encode()):
            event = decode(stored)
            if isinstance(event, ImageSaved) and event.staged == staged:
                return stored.position, event
        return None

    def newest(self, most: int) -> list[str]:
        """The ids of the newest saves that stand. Raises LogDamaged."""
        saves = DCBQuery(items=[DCBQueryItem(types=[ImageSaved.__name__])])
        last = [(stored.position, decode(stored)) for stored in self._recorder.newest(saves, FIRST_LOOKED_THROUGH)]
        found = [
            event.staged for at, event in reversed(last) if isinstance(event, ImageSaved) and self._stands(at, event)
        ]
        if found or len(last) < FIRST_LOOKED_THROUGH:
            return found[:most]
        state = self._state()  # of everybody, which takes long: where the last saves of all were deleted
        standing = (image.position for index in (state.gallery, state.temps) for _, _, image in index.all())
        ids = [self.staged_at(position) for position in nlargest(most, standing)]
        return [staged for staged in ids if staged is not None]

    def _stands(self, position: int, event: ImageSaved) -> bool:
        return self.standing(Key(event.user, event.temp, name_key(event.name))) == position
