"""A log is decided anew as it was, from its beginning or from a snapshot before the time that is asked about; one whose
outcome was flipped, with every hash fitting, is found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import rmtree

import pytest

from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.saving import NewImage, save_image
from adapters.engines.choice import default_engines
from adapters.engines.opening import open_store
from adapters.eventlog.jsonl import JSONLRecorder
from adapters.history import reading_ahead
from adapters.history.deciding_anew import OtherLimits, Reading, Span, check_outcomes, decide_under
from adapters.ledger.codec import decode, encode, event_of
from adapters.ledger.projector import Projector
from adapters.ledger.snapshot_state import encode_state
from adapters.ledger.snapshotting import EVENTS_AT_A_STOP
from adapters.ports.clock import utc_now
from adapters.ports.event_log import JSONEvent, VerifiedEvent
from domain.commands import SetPolicy
from domain.events import Event, RequestRefused
from domain.refusals import Refusal
from projections.self_check import SelfCheck
from projections.what_if import WhatIf
from scripts.bench.logs import Shape, make_log
from scripts.month.life import Shape as Month
from scripts.simulate_month import simulate
from tests.domain.examples import reserved
from tests.hostile.builders import png

ENGINE = default_engines().log
LATER = "2999-01-01T00:00:00.000000Z"


def nobody(_done: int, _total: int) -> None:
    """Nobody watches."""


def checked(root: Path, days: int | None = None) -> tuple[SelfCheck, Span]:
    """The check of a log."""
    return check_outcomes(root, ENGINE, days=days, progress=nobody)


def under(root: Path, days: int | None = None, **limits: int) -> tuple[WhatIf, Span]:
    """What would have been under other limits."""
    return decide_under(root, ENGINE, OtherLimits(limits), days=days, progress=nobody)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two saves of ada's fit the day, then she is refused twice."""
    root = tmp_path / "root"
    store = open_store(root, limits=SetPolicy(daily=2))
    for _ in range(3):
        asyncio.run(save_image(store, NewImage("ada", png())))
    assert isinstance(asyncio.run(reserve_places(store, WantedPlaces("ada", 3))), Refusal)
    store.close()
    return root


def rewritten(root: Path, to: Path, change: Callable[[int, Event], Event]) -> Path:
    """The same history in a log of its own, whose hashes, seal and watermark are right; some events are others."""
    with closing(ENGINE.open_for_reading(root)) as log:
        events = [(stored.position, decode(stored)) for stored in log.read()]
    recorder = JSONLRecorder(to, clock=utc_now)
    recorder.append([encode(change(position, event)) for position, event in events])
    recorder.checkpoint(recorder.head)
    recorder.close()
    return to


def test_a_log_of_the_service_is_decided_alike(root: Path) -> None:
    """And nothing is changed by it."""
    before = (root / "logs" / "events.jsonl").read_bytes()
    check, span = checked(root)
    assert (check.differences, sum(check.outcomes.values())) == ([], 5)
    assert (span.first, span.last, span.stopped) == (1, 7, None)
    assert (root / "logs" / "events.jsonl").read_bytes() == before


def test_a_flipped_outcome_is_found_though_every_hash_fits(root: Path, tmp_path: Path) -> None:
    """A refusal whose figures are others; the log itself is whole."""

    def flip(position: int, event: Event) -> Event:
        return event._replace(limit=5, used=5) if position == 6 and isinstance(event, RequestRefused) else event

    flipped = rewritten(root, tmp_path / "flipped", flip)
    assert ENGINE.verify(flipped).is_whole
    check, span = checked(flipped)
    assert ([found.position for found in check.differences], span.stopped) == ([6], None)
    assert checked(rewritten(root, tmp_path / "same", lambda _, event: event))[0].found == 0


def test_what_cannot_follow_from_a_flipped_outcome_is_told_with_it(root: Path, tmp_path: Path) -> None:
    """A place that was granted is recorded as refused, so its image stands in none."""
    with closing(ENGINE.open_for_reading(root)) as log:
        refused = next(event for event in map(decode, log.read()) if isinstance(event, RequestRefused))

    def flip(position: int, event: Event) -> Event:
        return refused._replace(at=event.at) if position == 4 else event

    check, span = checked(rewritten(root, tmp_path / "flipped", flip))
    assert check.differences[0].position == 4
    assert span.stopped is not None
    assert span.stopped[0] == 5


def test_other_limits_are_decided_from_the_time_that_is_asked_about(tmp_path: Path) -> None:
    """Before it what was stands; a snapshot before it spares the reading, and gives the same."""
    root = make_log(tmp_path / "long", Shape(users=7, events=EVENTS_AT_A_STOP + 500))
    snapshots = list((root / "logs" / "snapshots").iterdir())
    assert snapshots
    recorder = JSONLRecorder(root, clock=utc_now)
    later = [reserved(f"r{number}", at=LATER, user="user-1", bytes_each=1) for number in range(5)]
    recorder.append([encode(event) for event in later])
    recorder.checkpoint(recorder.head)
    recorder.close()
    late, span = under(root, days=1, daily=3)
    assert span.last - span.first == 4
    assert (late.whole.asked, late.whole.newly_refused) == (5, 2)
    assert late.state.pool.used_bytes > 0
    for snapshot in snapshots:
        snapshot.unlink()
    again, span_again = under(root, days=1, daily=3)
    assert (again.whole, again.state.pool, span_again) == (late.whole, late.state.pool, span)
    assert under(root, daily=3)[0].whole.asked > 5


def grown(root: Path, to: Path, kept_at: list[int]) -> Path:
    """The same log, of which a snapshot was kept at about each of some positions while it grew."""
    found: list[VerifiedEvent] = []
    ENGINE.open_for_reading(root, on_event=found.append).close()
    recorder, projector, batch = JSONLRecorder(to, clock=utc_now), Projector(), list[JSONEvent]()
    for event in found:
        projector.take(event)
        batch.append(encode(event_of(event)))
        if event.position == event.batch_last:
            recorder.append(batch)
            batch = []
            recorder.checkpoint(recorder.head)
            if kept_at and event.position >= kept_at[0]:
                del kept_at[0]
                recorder.write_snapshot(recorder.snapshot_point(), encode_state(projector.dump()))
    recorder.close()
    return to


@pytest.mark.parametrize("least", [0, 10**9], ids=["in a process of its own", "here"])
def test_of_the_last_days_no_more_is_read_than_follows_the_nearest_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int
) -> None:
    """An older one too; what is decided is what is decided without any."""
    monkeypatch.setattr(reading_ahead, "LONG", least)
    simulate(tmp_path / "month", Month(users=9, events=1_100, days=12), record=0)
    root = grown(tmp_path / "month", tmp_path / "root", [200, 400, 600, 900, 1_000])
    went_on_from: list[int] = []
    restore = Reading.restore

    def noting(reading: Reading, stored: bytes) -> bool:
        restored = restore(reading, stored)
        went_on_from.append(reading._projector.state.position)
        return restored

    monkeypatch.setattr(Reading, "restore", noting)
    story, span = under(root, days=6, daily=2)
    check, check_span = checked(root, days=6)
    kept = [snapshot.position for snapshot in ENGINE.older_snapshots(root)]
    assert went_on_from == [max(position for position in kept if position < span.first)] * 2
    assert (check.found, check_span) == (0, span)
    rmtree(root / "logs" / "snapshots")
    again, span_again = under(root, days=6, daily=2)
    assert len(went_on_from) == 2
    assert span_again == span
    assert (again.users, again.days, again.pool) == (story.users, story.days, story.pool)


def test_progress_moves_to_the_end(tmp_path: Path) -> None:
    """In steps, with the last position known from the beginning."""
    root = make_log(tmp_path / "long", Shape(users=7, events=5_000))
    seen: list[tuple[int, int]] = []
    decide_under(
        root, ENGINE, OtherLimits({"daily": 3}), days=None, progress=lambda done, total: seen.append((done, total))
    )
    assert [done for done, _ in seen] == [2_000, 4_000]
    assert {total for _, total in seen} == {5_000}


def test_an_empty_log_has_nothing_to_decide(tmp_path: Path) -> None:
    """No outcome, no difference, no time."""
    recorder = JSONLRecorder(tmp_path, clock=utc_now)
    recorder.checkpoint(0)
    recorder.close()
    assert checked(tmp_path)[1] == Span(0, 0, None, None)
    assert under(tmp_path, daily=1)[0].whole.asked == 0
