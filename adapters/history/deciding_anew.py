"""Reads a log to decide its history anew: checked against what was recorded, or under other limits.

It goes on from the newest snapshot before the time from which it decides, and reads beside a running service. What is
decided is `projections`' to know; how it is told, the command's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, Protocol

from adapters.history.progress import EVENTS_BETWEEN_PROGRESS, OnProgress
from adapters.history.reading_ahead import ReadEvent, read_through
from adapters.ledger.codec import damaged, decode
from adapters.ledger.projector import EVENTS_BETWEEN_TIDYING, Projector
from adapters.ports.event_log import EventLogEngine
from domain.events import Event, ImpossibleFact
from domain.instants import EARLIEST, later
from projections.quota_state import QuotaState
from projections.self_check import SelfCheck, Stored
from projections.what_if import WhatIf


class Deciding(Protocol):
    """Takes a history batch by batch."""

    state: QuotaState

    def take(self, batch: list[Stored]) -> None:
        """Takes what was recorded together. Raises ImpossibleFact for what cannot be folded."""


class Span(NamedTuple):
    """The part of a log that was decided anew: first and last position and their times; none where it is empty.

    `stopped` is where it could not be read on, and why.
    """

    first: int
    last: int
    from_at: str | None
    to_at: str | None
    stopped: tuple[int, str] | None = None


class Reading:
    """One pass over a log: folded up to a time, decided anew from there on."""

    def __init__(self, begin: Callable[[QuotaState], Deciding], since: str, on_progress: Callable[[int], None]) -> None:
        self._begin = begin
        self._since = since
        self._on_progress = on_progress
        self._projector = Projector()
        self._batch: list[Stored] = []
        self._stopped: tuple[int, str] | None = None
        self.deciding: Deciding | None = None
        self._first = self._last = 0
        self._from_at: str | None = None
        self._to_at: str | None = None

    def restore(self, stored: bytes) -> bool:
        """Goes on from a snapshot that lies before the time from which history is decided anew."""
        kept = Projector()
        if self._since == EARLIEST or not kept.restore(stored) or kept.state.last_at >= self._since:
            return False
        self._projector = kept
        return True

    def take(self, read: ReadEvent) -> None:
        """Takes one event. Raises LogDamaged for one that cannot have happened before the decisions begin."""
        if self._stopped is not None:
            return
        position, batch_last, event = read
        if position % EVENTS_BETWEEN_PROGRESS == 0:
            self._on_progress(position)
        if self.deciding is None and event.at < self._since:
            self._fold(position, event)
            return
        self._batch.append((position, event))
        if position == batch_last:
            self._decide()

    def span(self) -> Span:
        """What was decided anew."""
        return Span(self._first, self._last, self._from_at, self._to_at, self._stopped)

    def begun(self) -> Deciding:
        """What decides, also where there was nothing to decide."""
        if self.deciding is None:
            self._projector.state.tidy()
            self.deciding = self._begin(self._projector.state)
        return self.deciding

    def _fold(self, position: int, event: Event) -> None:
        try:
            self._projector.state.apply(position, event)
        except ImpossibleFact as error:
            raise damaged(position, error) from error
        if position % EVENTS_BETWEEN_TIDYING == 0:
            self._projector.state.tidy()

    def _decide(self) -> None:
        batch, self._batch = self._batch, []
        if not self._first:
            self._first, self._from_at = batch[0][0], batch[0][1].at
        deciding = self.begun()
        try:
            deciding.take(batch)
        except ImpossibleFact as error:
            self._stopped = (deciding.state.position + 1, str(error))
            return
        self._last, self._to_at = batch[-1][0], batch[-1][1].at


def check_outcomes(
    root: Path, engine: EventLogEngine, *, days: int | None, progress: OnProgress
) -> tuple[SelfCheck, Span]:
    """Decides the last so many days again, or all, and compares. Raises LogDamaged, LogMissing and the like."""
    reading = _read(root, engine, SelfCheck, days, progress)
    checked = reading.begun()
    assert isinstance(checked, SelfCheck)
    return checked, reading.span()


def decide_under(
    root: Path, engine: EventLogEngine, given: Mapping[str, int], *, days: int | None, progress: OnProgress
) -> tuple[WhatIf, Span]:
    """Decides the last so many days under other limits. Raises LogDamaged, LogMissing and the like."""
    reading = _read(root, engine, lambda state: WhatIf(state, given), days, progress)
    story = reading.begun()
    assert isinstance(story, WhatIf)
    return story, reading.span()


def _read(
    root: Path, engine: EventLogEngine, begin: Callable[[QuotaState], Deciding], days: int | None, progress: OnProgress
) -> Reading:
    last, last_at = _end_of(root, engine)
    since = EARLIEST if days is None else later(last_at, seconds=-86_400 * days)
    reading = Reading(begin, since, lambda position: progress(min(position, last), last))
    read_through(root, engine, reading, events=last)
    return reading


def _end_of(root: Path, engine: EventLogEngine) -> tuple[int, str]:
    """The last position and its time."""
    with closing(engine.open_for_reading(root, at_end=True)) as log:
        newest = log.newest(None, 1)
        return log.head, decode(newest[0]).at if newest else EARLIEST
