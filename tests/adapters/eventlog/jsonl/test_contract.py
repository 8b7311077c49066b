"""The recorder keeps the library's contract, and what its own interface adds to it."""

from __future__ import annotations

import threading
from base64 import b64encode
from pathlib import Path

import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from eventsourcing.dcb.application import DCBApplication
from eventsourcing.dcb.popo import InMemoryDCBRecorder
from eventsourcing.dcb.tests import DCBRecorderTestCase
from eventsourcing.persistence import IntegrityError, ProgrammingError
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.eventlog.jsonl import JSONLFactory, JSONLRecorder, reading
from adapters.ports.faults import ConfigError, LedgerStopped, LogDamaged
from tests.adapters.eventlog.jsonl.logs import Disk, abandon, batch, clock, event, numbers, opened, write_log


def test_the_librarys_suite_passes(tmp_path: Path) -> None:
    """Both of the library's checks run to their end against a real log."""
    suite, ran = DCBRecorderTestCase(), []
    for check in (suite._test_append_read, suite._test_append_subscribe):
        recorder = JSONLRecorder(tmp_path / check.__name__, clock=clock)
        check(recorder)
        recorder.close()
        ran.append(check.__name__)
    assert ran == ["_test_append_read", "_test_append_subscribe"]
    available = {name for name in dir(DCBRecorderTestCase) if name.startswith("_test_")}
    assert set(ran) == available, "the library has checks that this test does not run"


def test_the_librarys_suite_passes_on_a_log_that_is_not_empty(tmp_path: Path) -> None:
    """The subscription check starts from a position above 0, after the log was closed and opened again."""
    write_log(tmp_path, [2, 1])
    recorder = opened(tmp_path)
    DCBRecorderTestCase()._test_append_subscribe(recorder, initial_position=3)
    recorder.close()


def test_the_environment_selects_the_log(tmp_path: Path) -> None:
    """PERSISTENCE_MODULE and STORAGE_ROOT are all that the library's application needs."""
    env = {"PERSISTENCE_MODULE": "adapters.eventlog", "STORAGE_ROOT": str(tmp_path / "root")}
    with DCBApplication(env) as application:
        assert isinstance(application.factory, JSONLFactory)
        assert application.recorder is application.factory.dcb_recorder()
        assert application.recorder.append([event()]) == 1
    with DCBApplication(env) as application:
        assert application.recorder.read().head == 1


def test_the_environment_without_a_root_is_refused() -> None:
    """The factory names the variable that is missing, and can be closed all the same."""
    factory = JSONLFactory.construct({"PERSISTENCE_MODULE": "adapters.eventlog"})
    with pytest.raises(ConfigError, match="STORAGE_ROOT is not set"):
        factory.dcb_recorder()
    factory.close()


queries = st.lists(
    st.builds(
        DCBQueryItem,
        types=st.lists(st.sampled_from(["A", "B", "data"]), max_size=2),
        tags=st.lists(st.sampled_from(["x", "y", "data"]), max_size=2),
    ),
    max_size=2,
).map(DCBQuery)
bounds = st.none() | st.integers(0, 9)


@settings(max_examples=60, deadline=None)
@given(
    history=st.lists(
        st.tuples(st.sampled_from(["A", "B", "data"]), st.sets(st.sampled_from(["x", "y", "data"]))), max_size=8
    ),
    questions=st.lists(st.tuples(queries, bounds, bounds), min_size=1, max_size=6),
)
def test_it_answers_as_the_librarys_recorder_in_memory(
    tmp_path_factory: pytest.TempPathFactory,
    history: list[tuple[str, set[str]]],
    questions: list[tuple[DCBQuery, int | None, int | None]],
) -> None:
    """Any query, position and limit gives the same events and the same head; any condition fails for both or for
    none.
    """
    ours, theirs = opened(tmp_path_factory.mktemp("log")), InMemoryDCBRecorder()
    for kind, tags in history:
        stored = DCBEvent(type=kind, data=b"{}", tags=sorted(tags))
        assert ours.append([stored]) == theirs.append([stored])
    for query, after, limit in questions:
        mine, model = ours.read(query, after=after, limit=limit), theirs.read(query, after=after, limit=limit)
        assert mine.head == model.head
        assert list(mine) == list(model)
        assert mine.head == model.head
        condition = DCBAppendCondition(query, after)
        outcomes = []
        for recorder in (ours, theirs):
            try:
                outcomes.append(recorder.append([event()], condition))
            except IntegrityError:
                outcomes.append(0)
        assert outcomes[0] == outcomes[1]
    ours.close()


def test_head_follows_a_limited_read(tmp_path: Path) -> None:
    """Asked in the middle of a limited read, head is the last position that the read will give, and nothing is lost."""
    recorder = opened(tmp_path)
    recorder.append(batch(5))
    response = recorder.read(limit=3)
    assert next(response).position == 1
    assert response.head == 3
    assert [found.position for found in response] == [2, 3]
    assert response.head == 3
    recorder.close()


def test_a_condition_at_the_head_reads_nothing(tmp_path: Path) -> None:
    """The ledger's usual condition costs no read."""
    recorder = opened(tmp_path)
    recorder.append(batch(3))
    recorder._files.read_all_at = None  # type: ignore[assignment, method-assign]  # a read would fail
    assert recorder.append([event()], DCBAppendCondition(after=3)) == 4
    with pytest.raises(TypeError):
        recorder.append([event()], DCBAppendCondition(after=3))
    abandon(recorder)


def test_reads_go_through_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log longer than a block, and lines longer than one, are read whole from any position."""
    monkeypatch.setattr(reading, "READ_BLOCK_BYTES", 500)
    recorder = opened(tmp_path)
    recorder.append(batch(20))
    recorder.append([DCBEvent("Big", b'{"text":"%b"}' % (b"x" * 2000), [])])
    recorder.append(batch(3))
    for after in range(25):
        assert [found.position for found in recorder.read(after=after)] == list(range(after + 1, 25))
    recorder.close()


def test_a_file_changed_beneath_a_reader_is_said(tmp_path: Path) -> None:
    """A cut, an overwritten and a shifted line are damage, not half an answer."""
    log = write_log(tmp_path, [3, 2])
    whole = log.read_bytes()
    recorder = opened(tmp_path)
    lines = whole.splitlines(keepends=True)
    for changed in (
        whole[:-200],
        whole.replace(b"Happened", b'Happ"ned'),
        b"".join([lines[0], lines[2], lines[1], *lines[3:]]),
    ):
        log.write_bytes(changed)
        with pytest.raises(LogDamaged, match=r"changed while it was open, at position \d"):
            numbers(recorder)
    abandon(recorder)


def test_a_closed_log_refuses(tmp_path: Path) -> None:
    """After close every call says so, a second close does nothing, and a subscription ends."""
    recorder = opened(tmp_path)
    recorder.append([event()])
    half_read = recorder.read()
    errors: list[Exception] = []

    def watch() -> None:
        try:
            with recorder.subscribe() as subscription:
                list(subscription)
        except LedgerStopped as error:
            errors.append(error)

    watcher = threading.Thread(target=watch)
    watcher.start()
    recorder.close()
    recorder.close()
    watcher.join(10)
    assert len(errors) == 1
    for call in (
        recorder.read,
        recorder.subscribe,
        recorder.follow,
        recorder.regain_space,
        lambda: list(half_read),
        lambda: recorder.append([event()]),
        lambda: recorder.checkpoint(0),
        lambda: recorder.announce("http://127.0.0.1:1"),
    ):
        with pytest.raises(LedgerStopped, match="was closed"):
            call()


def test_a_forked_child_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In another process than the one that opened it the recorder refuses, and closing it writes nothing."""
    recorder = opened(tmp_path)
    recorder.append([event()])
    head = (tmp_path / "logs" / "head").read_bytes()
    monkeypatch.setattr("adapters.eventlog.jsonl.recorder.os.getpid", lambda: 1)
    with pytest.raises(LedgerStopped, match="forked"):
        recorder.append([event()])
    recorder.close()
    assert (tmp_path / "logs" / "head").read_bytes() == head


def test_what_was_recorded_is_there_after_opening_again(tmp_path: Path) -> None:
    """Events, id, time of creation, key and the position of file work survive; the replay hands out every event
    once.
    """
    recorder = opened(tmp_path)
    recorder.append(batch(3))
    recorder.append([DCBEvent("Raw", b"\x00 no JSON", ["a"])])
    assert recorder.checkpoint(3)
    before = (recorder.log_id, recorder.created, recorder.secret, list(recorder.read()))
    recorder.close()
    replayed: list[tuple[int, int, str, list[str], object]] = []
    again = opened(tmp_path, on_event=lambda found: replayed.append(tuple(found)))
    assert (again.log_id, again.created, again.secret, list(again.read())) == before
    assert (again.head, again.reconciled, again.short_of_space) == (4, 3, False)
    assert replayed[0] == (1, 3, "Happened", ["user:42", "pool"], event().data)
    assert replayed[3] == (4, 4, "Raw", ["a"], b'"%b"' % b64encode(b"\x00 no JSON")), "as it stands: no JSON object"
    again.close()


def test_a_reader_may_not_write(tmp_path: Path) -> None:
    """What belongs to the writer is refused to a reader, the key included."""
    write_log(tmp_path, [1])
    reader = opened(tmp_path, read_only=True)
    for call in (
        lambda: reader.append([event()]),
        lambda: reader.checkpoint(1),
        lambda: reader.announce(""),
        reader.regain_space,
        lambda: reader.secret,
    ):
        with pytest.raises(ProgrammingError, match="for reading only"):
            call()
    assert not reader.short_of_space
    reader.close()


def test_what_raises_in_the_replay_goes_to_the_caller_and_the_lock_is_free(tmp_path: Path) -> None:
    """A projection that meets an impossible fact stops the opening."""
    write_log(tmp_path, [1])

    def refuse(_: object) -> None:
        raise ArithmeticError("negative usage")

    with pytest.raises(ArithmeticError):
        opened(tmp_path, on_event=refuse)
    opened(tmp_path).close()


def test_whoever_listens_is_told_of_what_came_before(tmp_path: Path) -> None:
    """An event recorded between a subscription's first look and its listening would wait for the next one otherwise."""
    recorder = opened(tmp_path)
    told = threading.Event()
    recorder.listen(told)
    assert told.is_set()
    told.clear()
    recorder.append([event()])
    assert told.is_set()
    told.clear()
    recorder.unlisten(told)
    recorder.append([event()])
    assert not told.is_set()
    recorder.close()


def test_a_close_waits_for_a_read_that_is_under_way(tmp_path: Path) -> None:
    """Else the read would go on in whatever file is opened next under the same descriptor."""
    write_log(tmp_path, [3])
    disk = Disk()
    recorder = opened(tmp_path, disk)
    reading_now, go_on = threading.Event(), threading.Event()
    positions: list[int] = []

    def wait(*_: object) -> None:
        reading_now.set()
        assert go_on.wait(10)

    disk.faults["read_at"] = wait
    reader = threading.Thread(target=lambda: positions.extend(numbers(recorder)))
    closer = threading.Thread(target=recorder.close)
    reader.start()
    assert reading_now.wait(10)
    closer.start()
    closer.join(0.2)
    assert closer.is_alive()
    go_on.set()
    closer.join(10)
    reader.join(10)
    assert positions == [1, 2, 3]
