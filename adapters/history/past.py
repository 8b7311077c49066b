"""What was, as of a time or a position: read from the log, beside a running service too, and nothing is changed.

A question about one user reads that user's lines and the policy's, wherever they stand; one about everybody goes on
from the nearest kept snapshot before. The figures are those of the quota state, folded over what is read, and they are
told by the use cases that tell them of the present.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import orjson
from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from adapters.application.reading import ReadableRoot
from adapters.history.progress import EVENTS_BETWEEN_PROGRESS, OnProgress
from adapters.ledger.codec import Recorded, damaged, decode
from adapters.ledger.projector import Projector
from adapters.ledger.snapshot_state import decode_corrections, decode_user
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.event_log import EventLogEngine, FollowedLog, LeadingTag
from adapters.ports.image_store import ImageStore
from adapters.ports.log_reports import KeptSnapshot
from domain.events import ClockCorrected, Event, GenerationReserved, ImpossibleFact
from domain.instants import EARLIEST
from projections.quota_state import QuotaState
from projections.user_replay import Line, UserReplay

POLICY = LeadingTag("policy")
CORRECTIONS = DCBQuery(items=[LeadingTag("policy", ClockCorrected.__name__)])


class Moment(NamedTuple):
    """A point of the past: a time, a position, or both; neither is the end of the log. A time means all that the log
    said by then: up to its last event that is not later.
    """

    at: str | None = None
    position: int | None = None


class PastRoot:
    """What was published of a root at a moment; `at` is what the ledger's clock showed."""

    stale: str | None = None

    def __init__(self, projector: Projector, log: FollowedLog, at: str) -> None:
        self.projector = projector
        self.recorder = log
        self._at = at

    @property
    def state(self) -> QuotaState:
        """The figures of then."""
        return self.projector.state

    @property
    def images(self) -> ImageStore:
        """No file of then is there to be read."""
        raise NotImplementedError

    def now(self) -> str:
        """The present of then."""
        return self._at

    def running(self) -> ReadableRoot:
        """Itself: the past does not move."""
        return self


class Past:
    """The past of one log. `close` it in the end."""

    def __init__(self, root: Path, engine: EventLogEngine) -> None:
        """Opens the log at its end. Raises StorageUnavailable, LogMissing, LogForeign or LogDamaged."""
        self._root = root
        self._engine = engine
        self._log = engine.open_for_reading(root, at_end=True)
        self._newest: KeptSnapshot | None = None

    def close(self) -> None:
        """Gives the log back."""
        self._log.close()

    @property
    def head(self) -> int:
        """The last position there is."""
        return self._log.head

    @property
    def doubt(self) -> str | None:
        """That more may have been recorded than can be read here, as a sentence; None where that is not so."""
        return self._log.doubt

    @property
    def last_at(self) -> str:
        """The time of the last event; the earliest one in a log without any."""
        return self._time_of(self.head)

    # -- when --------------------------------------------------------------------------------------

    def position_of(self, moment: Moment) -> int:
        """The position that a moment means; 0 before the first event."""
        if moment.position is not None:
            return min(moment.position, self.head)
        return self.head if moment.at is None else self._position_at(moment.at)

    def _position_at(self, at: str) -> int:
        """The last position whose event is not later. Only where the clock was corrected does time go back in a log, so
        it is halved first, and then each such place that follows begins a part of its own.
        """
        position, end = self._halved(0, self.head, at), self.head
        for begin, begins_at in reversed(self._corrections(after=position)):
            if begins_at <= at:
                return self._halved(begin, end, at)
            end = begin - 1
        return position

    def first_from(self, at: str) -> int:
        """The first position whose event is of a time or a later one; one behind the head where none is."""
        begins = [1, *(begin for begin, _ in self._corrections(after=0))]
        for low, high in zip(begins, [*(begin - 1 for begin in begins[1:]), self.head], strict=True):
            if low <= high and self._time_of(high) >= at:
                return bisect_left(range(high), at, low, high, key=self._time_of)
        return self.head + 1

    def _corrections(self, *, after: int) -> list[tuple[int, str]]:
        """Where the clock was corrected after a position, and the times from there. The newest snapshot tells those
        before it; only what follows it is looked through, all of the rest where it tells none.
        """
        if after == self.head:
            return []
        reach, known = self._known_corrections()
        kept = [(position, at) for position, at in known.items() if position > after]
        more = self._log.between(CORRECTIONS, max(after, reach), self.head)
        return kept + [(stored.position, decode(stored).at) for stored in more]

    def _known_corrections(self) -> tuple[int, dict[int, str]]:
        """Up to which position snapshots tell them, and those: from the beginning of the newest one's state, else from
        the whole of it, where it was written before it told them so.
        """
        begun = self._engine.beginning_before(self._root, self.head)
        if begun is not None and (known := decode_corrections(begun.beginning)) is not None:
            return begun.position, known
        newest = self._snapshot_before(self.head)
        if newest is not None and (known := decode_corrections(newest.state)) is not None:
            return newest.position, known
        return 0, {}

    def _halved(self, low: int, high: int, at: str) -> int:
        while low < high:
            middle = (low + high + 1) // 2
            if self._time_of(middle) <= at:
                low = middle
            else:
                high = middle - 1
        return low

    def _time_of(self, position: int) -> str:
        """The time of an event; the earliest one before the first."""
        stored = next(self._log.read(after=position - 1, limit=1), None) if position else None
        return EARLIEST if stored is None else decode(stored).at

    # -- what --------------------------------------------------------------------------------------

    def user(self, user: str, moment: Moment) -> PastRoot:
        """One user's figures as of a moment, from the nearest kept snapshot on and that user's lines alone: the pool in
        them is only their part.
        """
        position = self.position_of(moment)
        with collecting_no_garbage():
            snapshot = self._snapshot_before(position)
            replay = UserReplay(user, None if snapshot is None else decode_user(snapshot.state, user))
            self._replay_on(replay, user, position)
            if _lacks_windows(replay.state):
                replay = UserReplay(user)
                self._replay_on(replay, user, position)
        return self._as_of(replay.state, position, moment)

    def _replay_on(self, replay: UserReplay, user: str, position: int) -> None:
        for recorded in self._lines_of(user, position, after=replay.state.position):
            _applied(replay, *recorded)

    def everybody(self, moment: Moment, progress: OnProgress = lambda _done, _all: None) -> PastRoot:
        """All figures as of a moment, from the nearest kept snapshot on. `progress` is called with how many events are
        read since, and how many there are. Raises LogDamaged.
        """
        position, projector = self.position_of(moment), Projector()
        with collecting_no_garbage():
            snapshot = self._snapshot_before(position)
            if snapshot is not None:
                projector.restore(snapshot.state, for_figures=True)
            self._move_on(projector, position, progress)
            if _lacks_windows(projector.state):
                projector = Projector()
                self._move_on(projector, position, progress)
            projector.state.tidy()
        return PastRoot(projector, self._log, self._present(projector.state, moment))

    def everybody_at(self, positions: Iterable[int]) -> Iterator[PastRoot]:
        """All figures as of each of some positions, in their order, in one pass from the beginning. Each is as told
        until the next is asked for.
        """
        projector = Projector()
        for position in positions:
            with collecting_no_garbage():
                self._move_on(projector, position, lambda _done, _all: None)
            yield PastRoot(projector, self._log, projector.state.last_at)

    def _move_on(self, projector: Projector, position: int, progress: OnProgress) -> None:
        after = projector.state.position
        for stored in self._log.read(after=after, limit=position - after) if position > after else ():
            projector.take_figures(stored)
            if stored.position % EVENTS_BETWEEN_PROGRESS == 0:
                progress(stored.position - after, position - after)

    def story(self, user: str, moment: Moment) -> Iterator[Line]:
        """What happened to a user up to a moment, line by line. Raises LogDamaged."""
        replay = UserReplay(user)
        for recorded in self._lines_of(user, self.position_of(moment)):
            yield _applied(replay, *recorded)

    def owner_of(self, reservation: str) -> str | None:
        """Whose a reservation is, None where the log has none of that id."""
        for stored in self._log.holding(b'"reservation":' + orjson.dumps(reservation)):
            event = decode(stored)
            if isinstance(event, GenerationReserved) and event.reservation == reservation:
                return event.user
        return None

    def _lines_of(self, user: str, position: int, *, after: int = 0) -> Iterator[Recorded]:
        """The user's lines and the policy's, above one position and up to another."""
        if after < position:
            for stored in self._log.between(DCBQuery(items=[_lines(user), POLICY]), after, position):
                yield stored.position, decode(stored)

    def _snapshot_before(self, position: int) -> KeptSnapshot | None:
        """The nearest kept snapshot; the newest one is read once."""
        if self._newest is not None and self._newest.position <= position:
            return self._newest
        found = self._engine.snapshot_before(self._root, position)
        if position == self.head:
            self._newest = found
        return found

    def _as_of(self, state: QuotaState, position: int, moment: Moment) -> PastRoot:
        projector = Projector()
        projector.state = state
        state.last_at, state.position = max(state.last_at, self._time_of(position)), position
        return PastRoot(projector, self._log, self._present(state, moment))

    def _present(self, state: QuotaState, moment: Moment) -> str:
        return state.last_at if moment.at is None else max(moment.at, state.last_at)


def _applied(replay: UserReplay, position: int, event: Event) -> Line:
    try:
        return replay.apply(position, event)
    except ImpossibleFact as error:
        raise damaged(position, error) from error


def _lines(user: str) -> DCBQueryItem:
    return DCBQueryItem(tags=[f"user:{user}"])


def opened(root: Path, engine: EventLogEngine) -> closing[Past]:
    """The past of a root, closed at the end of a `with`."""
    return closing(Past(root, engine))


def _lacks_windows(state: QuotaState) -> bool:
    """Whether windows are limited that a snapshot of a former version does not count."""
    return not state.counts_windows and bool(state.policy.windows)
