"""Reads a log to decide its history anew: checked against what was recorded, or under other limits.

It goes on from the nearest snapshot before the time from which it decides, and reads beside a running service. What is
decided is `projections`' to know; how it is told, the command's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from adapters.history.past import opened
from adapters.history.progress import EVENTS_BETWEEN_PROGRESS, OnProgress
from adapters.history.reading_ahead import Read, Wanted, read_through
from adapters.ledger.codec import damaged
from adapters.ledger.projector import EVENTS_BETWEEN_TIDYING, Projector
from adapters.ports.event_log import EventLogEngine
from domain.events import ImpossibleFact
from domain.instants import EARLIEST, later
from projections.quota_state import QuotaState
from projections.self_check import SelfCheck, Stored
from projections.what_if import AS_THEY_WERE, Further, WhatIf, requests_of


class Deciding(Protocol):
    """Takes what is made of a history, one batch after the other."""

    state: QuotaState

    def take(self, made: Any) -> None:
        """Takes what was made of what was recorded together. Raises ImpossibleFact for what cannot be folded."""


class Way(NamedTuple):
    """A way to decide anew: what is made of what was recorded together, and what begins to take that."""

    make: Callable[[list[Stored]], Any]
    begin: Callable[[QuotaState], Deciding]


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

    def __init__(self, begin: Callable[[QuotaState], Deciding], on_progress: Callable[[int], None]) -> None:
        self._begin = begin
        self._on_progress = on_progress
        self._projector = Projector()
        self._stopped: tuple[int, str] | None = None
        self.deciding: Deciding | None = None
        self._first = self._last = 0
        self._from_at: str | None = None
        self._to_at: str | None = None

    def restore(self, stored: bytes) -> bool:
        """Goes on from a snapshot of the time before the one from which history is decided anew."""
        return self._projector.restore(stored)

    def take(self, read: Read) -> None:
        """Takes what was recorded together. Raises LogDamaged for what cannot have happened before the decisions
        begin.
        """
        first, last, from_at, to_at, is_before, made = read
        if self._stopped is not None:
            return
        if last // EVENTS_BETWEEN_PROGRESS > (first - 1) // EVENTS_BETWEEN_PROGRESS:
            self._on_progress(last - last % EVENTS_BETWEEN_PROGRESS)
        if is_before:
            self._fold(made)
            return
        if not self._first:
            self._first, self._from_at = first, from_at
        deciding = self.deciding or self.begun()
        try:
            deciding.take(made)
        except ImpossibleFact as error:
            self._stopped = (deciding.state.position + 1, str(error))
            return
        self._last, self._to_at = last, to_at

    def span(self) -> Span:
        """What was decided anew."""
        return Span(self._first, self._last, self._from_at, self._to_at, self._stopped)

    def begun(self) -> Deciding:
        """What decides, also where there was nothing to decide."""
        if self.deciding is None:
            self._projector.state.tidy()
            self.deciding = self._begin(self._projector.state)
        return self.deciding

    def _fold(self, batch: list[Stored]) -> None:
        for position, event in batch:
            try:
                self._projector.state.apply(position, event)
            except ImpossibleFact as error:
                raise damaged(position, error) from error
            if position % EVENTS_BETWEEN_TIDYING == 0:
                self._projector.state.tidy()


def check_outcomes(
    root: Path, engine: EventLogEngine, *, days: int | None, progress: OnProgress
) -> tuple[SelfCheck, Span]:
    """Decides the last so many days again, or all, and compares. Raises LogDamaged, LogMissing and the like."""
    reading = _read(root, engine, Way(_as_recorded, SelfCheck), days, progress)
    checked = reading.begun()
    assert isinstance(checked, SelfCheck)
    return checked, reading.span()


class OtherLimits(NamedTuple):
    """Limits by their names in `Limits`, and those of windows, that are others than they were; of a tier where one is
    named.
    """

    given: Mapping[str, int]
    further: Further = AS_THEY_WERE
    tier: str | None = None


def decide_under(
    root: Path, engine: EventLogEngine, others: OtherLimits, *, days: int | None, progress: OnProgress
) -> tuple[WhatIf, Span]:
    """Decides the last so many days under other limits. Raises LogDamaged, LogMissing and the like."""
    reading = _read(root, engine, Way(requests_of, lambda state: WhatIf(state, *others)), days, progress)
    story = reading.begun()
    assert isinstance(story, WhatIf)
    return story, reading.span()


def _read(root: Path, engine: EventLogEngine, way: Way, days: int | None, progress: OnProgress) -> Reading:
    with opened(root, engine) as past:
        last = past.head
        since = EARLIEST if days is None else later(past.last_at, seconds=-86_400 * days)
        before = past.first_from(since) - 1 if days is not None else 0
    reading = Reading(way.begin, lambda position: progress(min(position, last), last))
    wanted = Wanted(since, way.make, resume_at=before)
    read_through(root, engine, reading, wanted, events=last - before)
    return reading


def _as_recorded(batch: list[Stored]) -> list[Stored]:
    """A check of outcomes needs all that was recorded."""
    return batch
