"""What the port of the log says, of each engine there is: lines of JSON, and PostgreSQL with a copy."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from eventsourcing.dcb.popo import InMemoryDCBRecorder
from eventsourcing.dcb.tests import DCBRecorderTestCase
from eventsourcing.persistence import IntegrityError, ProgrammingError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.disk.files import Files
from adapters.eventlog.jsonl.engine import JSONLEngine
from adapters.eventlog.postgres.engine import PostgresEngine
from adapters.ports.event_log import EventLogEngine, VerifiedEvent
from adapters.ports.faults import LedgerStopped, LogLocked, LogMissing
from tests.adapters.eventlog.jsonl.logs import batch, clock, event
from tests.adapters.eventlog.postgres.logs import new_schema

ENGINES: dict[str, Callable[[], EventLogEngine]] = {
    "lines of JSON": lambda: JSONLEngine(Files()),
    "PostgreSQL": lambda: PostgresEngine(Files(), new_schema()),
}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EventLogEngine:
    """Of a log that is not begun yet."""
    return ENGINES[request.param]()


def test_the_librarys_suite_passes(tmp_path: Path, engine: EventLogEngine) -> None:
    """Both of its checks, the second where the log is not empty."""
    suite = DCBRecorderTestCase()
    with closing(engine.open_for_writing(tmp_path, clock=clock)) as log:
        suite._test_append_read(log)  # type: ignore[arg-type] # it is a recorder of the library's too
        head = log.head
    with closing(engine.open_for_writing(tmp_path, clock=clock)) as log:
        suite._test_append_subscribe(log, initial_position=head)  # type: ignore[arg-type] # the same


queries = st.lists(
    st.builds(
        DCBQueryItem,
        types=st.lists(st.sampled_from(["A", "B"]), max_size=2),
        tags=st.lists(st.sampled_from(["x", "y"]), max_size=2),
    ),
    max_size=2,
).map(DCBQuery)
bounds = st.none() | st.integers(0, 9)


def test_it_answers_as_the_librarys_recorder_in_memory(tmp_path: Path, engine: EventLogEngine) -> None:
    """Any query, position and limit gives the same events and the same head; any condition fails for both or none."""
    ours, theirs = engine.open_for_writing(tmp_path, clock=clock), InMemoryDCBRecorder()

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        kind=st.sampled_from(["A", "B"]),
        tags=st.sets(st.sampled_from(["x", "y"])),
        query=queries,
        after=bounds,
        limit=bounds,
    )
    def ask(kind: str, tags: set[str], query: DCBQuery, after: int | None, limit: int | None) -> None:
        stored = DCBEvent(type=kind, data=b"{}", tags=sorted(tags))
        assert ours.append([stored]) == theirs.append([stored])
        assert list(ours.read(query, after=after, limit=limit)) == list(theirs.read(query, after=after, limit=limit))
        outcomes = []
        for recorder in (ours, theirs):
            try:
                outcomes.append(recorder.append([event()], DCBAppendCondition(query, after)))
            except IntegrityError:
                outcomes.append(0)
        assert outcomes[0] == outcomes[1]

    with closing(ours):
        ask()


def test_what_was_recorded_is_there_after_opening_again(tmp_path: Path, engine: EventLogEngine) -> None:
    """Events, key and the position of file work survive; the replay hands out every event once."""
    with closing(engine.open_for_writing(tmp_path, clock=clock)) as log:
        log.append(batch(3))
        log.append([DCBEvent("Raw", b"\x00 no JSON", ["a"])])
        assert log.checkpoint(3)
        before = (log.secret, list(log.read()))
    replayed: list[VerifiedEvent] = []
    with closing(engine.open_for_writing(tmp_path, clock=clock, on_event=replayed.append)) as log:
        assert (log.secret, list(log.read())) == before
        assert (log.head, log.reconciled, log.short_of_space) == (4, 3, False)
    assert [(found.position, found.batch_last) for found in replayed] == [(1, 3), (2, 3), (3, 3), (4, 4)]
    with closing(engine.open_for_reading(tmp_path)) as reader:
        assert list(reader.read()) == before[1]
    report = engine.verify(tmp_path)
    assert (report.positions, report.damage) == (4, None)


def test_a_turn_gives_the_head_and_may_be_taken_again(tmp_path: Path, engine: EventLogEngine) -> None:
    """Also where its time ended with an exception."""
    with closing(engine.open_for_writing(tmp_path, clock=clock)) as log:
        for turn in range(3):
            with suppress(ArithmeticError), log.turn() as head:
                assert head == turn
                log.append([event()], DCBAppendCondition(after=head))
                raise ArithmeticError
        assert log.follow() == log.head == 3


def test_a_second_writer_of_the_same_root_is_refused(tmp_path: Path, engine: EventLogEngine) -> None:
    """Two must not write one file."""
    with closing(engine.open_for_writing(tmp_path, clock=clock)) as log:
        log.append([event()])
        with pytest.raises(LogLocked):
            engine.open_for_writing(tmp_path, clock=clock)
        log.append([event()])


def test_what_raises_in_the_replay_goes_to_the_caller_and_the_lock_is_free(
    tmp_path: Path, engine: EventLogEngine
) -> None:
    """A projection that meets an impossible fact stops the opening."""
    with closing(engine.open_for_writing(tmp_path, clock=clock)) as log:
        log.append([event()])

    def refuse(_: object) -> None:
        raise ArithmeticError("negative usage")

    with pytest.raises(ArithmeticError):
        engine.open_for_writing(tmp_path, clock=clock, on_event=refuse)
    engine.open_for_writing(tmp_path, clock=clock).close()


def test_a_closed_log_refuses(tmp_path: Path, engine: EventLogEngine) -> None:
    """Every call says so, and a second close does nothing."""
    log = engine.open_for_writing(tmp_path, clock=clock)
    log.append([event()])
    log.close()
    log.close()
    for call in (
        log.read,
        log.follow,
        log.regain_space,
        lambda: log.append([event()]),
        lambda: log.checkpoint(0),
        lambda: log.probe(1),
    ):
        with pytest.raises(LedgerStopped, match="was closed"):
            call()


def test_a_forked_process_refuses_and_the_one_that_opened_it_goes_on(tmp_path: Path, engine: EventLogEngine) -> None:
    """A child that asks, and that closes the log, neither records anything nor ends its parent's sessions."""
    with closing(engine.open_for_writing(tmp_path, clock=clock)) as log:
        log.append([event()])
        if (child := os.fork()) == 0:
            refused = 0
            for call in (log.follow, lambda: log.checkpoint(1), lambda: log.append([event()])):
                try:
                    call()
                except LedgerStopped:
                    refused += 1
            log.close()
            os._exit(refused)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
        with log.turn() as head:
            assert log.append([event()], DCBAppendCondition(after=head)) == 2


def test_what_cannot_be_recorded_is_refused_and_nothing_is_kept(tmp_path: Path, engine: EventLogEngine) -> None:
    """No events, a type that is no text: the next batch follows what was there."""
    with closing(engine.open_for_writing(tmp_path, clock=clock)) as log:
        for wrong in ([], [DCBEvent("Half a pair: \ud800", b"{}", [])]):
            with pytest.raises(ProgrammingError):
                log.append(wrong)
        assert log.append([event()]) == 1


def test_a_root_without_a_log_has_nothing_to_change(tmp_path: Path, engine: EventLogEngine) -> None:
    """A mistyped root, or database, is told as such and not made."""
    assert not engine.exists(tmp_path / "root")
    with pytest.raises(LogMissing, match="nothing to change, and nothing was made"):
        engine.refuse_without_log(tmp_path / "root")
    assert not (tmp_path / "root").exists()
    engine.open_for_writing(tmp_path / "root", clock=clock).close()
    engine.refuse_without_log(tmp_path / "root")
    assert engine.exists(tmp_path / "root")
    assert engine.holder(tmp_path / "root") is None
