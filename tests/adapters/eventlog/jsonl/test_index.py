"""Rules of the index: it changes no answer, it does not scan, and it is in nobody's way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem, DCBRecorder
from eventsourcing.dcb.popo import InMemoryDCBRecorder
from eventsourcing.persistence import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.eventlog.jsonl import JSONLRecorder
from adapters.eventlog.jsonl import index as index_module
from adapters.ports.faults import LedgerStopped, LogDamaged
from tests.adapters.eventlog.jsonl.logs import Disk, batch, event, opened

TAGS = ["user:1", "user:2", "pool", "request:a", "request:b", "request:c"]
TYPES = ["Saved", "Deleted", "Reserved"]

events = st.builds(
    lambda kind, tags: DCBEvent(type=kind, data=b"{}", tags=tags),
    st.sampled_from(TYPES),
    st.lists(st.sampled_from(TAGS), max_size=4),
)
items = st.builds(
    lambda kinds, tags: DCBQueryItem(types=kinds, tags=tags),
    st.lists(st.sampled_from([*TYPES, "Unheard"]), max_size=2),
    st.lists(st.sampled_from([*TAGS, "unheard"]), max_size=2),
)
queries = st.builds(lambda found: DCBQuery(items=found), st.lists(items, max_size=3))
steps = st.lists(
    st.tuples(
        st.lists(events, min_size=1, max_size=8), queries, st.none() | st.integers(0, 12), st.none() | st.integers(1, 5)
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture
def always_asked() -> Iterator[None]:
    """The index is asked however short the log, and whatever it finds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_module, "SCANNED_EVENTS", 0)
        patch.setattr(index_module, "SCAN_SHARE", 0)
        yield


def answers(recorder: DCBRecorder, query: DCBQuery, after: int | None, limit: int | None) -> object:
    """All that a read gives."""
    response = recorder.read(query, after=after, limit=limit)
    found = [(event.position, event.event) for event in response]
    return found, response.head


@pytest.mark.usefixtures("always_asked")
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_every_read_is_as_in_the_librarys_recorder_in_memory(
    history: list[tuple[list[DCBEvent], DCBQuery, int | None, int | None]],
) -> None:
    """Reads between appends, of any tags and types, from any position, with any limit; and conditions."""
    with TemporaryDirectory() as root:
        ours, model = opened(Path(root)), InMemoryDCBRecorder()
        for recorded, query, after, limit in history:
            assert ours.append(recorded) == model.append(recorded)
            assert answers(ours, query, after, limit) == answers(model, query, after, limit)
            up_to = [found for found in model.read(query) if after is None or found.position <= after]
            assert ours.newest(query, limit or 0, up_to=after) == (up_to[-limit:] if limit else [])
            condition = DCBAppendCondition(fail_if_events_match=query, after=after)
            assert appends(ours, condition) == appends(model, condition)
        ours.close()


def appends(recorder: DCBRecorder, condition: DCBAppendCondition) -> bool:
    """Whether an append under a condition goes through."""
    try:
        recorder.append([DCBEvent(type="Saved", data=b"{}", tags=["user:1"])], condition)
    except IntegrityError:
        return False
    return True


def history_of(user: str) -> DCBQuery:
    """The question for one user's events."""
    return DCBQuery(items=[DCBQueryItem(tags=[f"user:{user}"])])


def long_log(root: Path, disk: Disk) -> JSONLRecorder:
    """A log of 2,000 events of one user with three of another among them."""
    recorder = opened(root, disk)
    recorder.append(batch(1_000))
    recorder.append([event(user="7")] * 2)
    recorder.append(batch(1_000))
    recorder.append([event(user="7")])
    return recorder


def reads(disk: Disk, recorder: JSONLRecorder, query: DCBQuery, after: int = 0) -> tuple[list[int], int]:
    """The positions that are found and how often the disk was read for them."""
    before = disk.calls.count(("read_at", "events.jsonl"))
    found = [event.position for event in recorder.read(query, after=after)]
    return found, disk.calls.count(("read_at", "events.jsonl")) - before


def test_a_users_history_reads_that_users_lines_alone(tmp_path: Path) -> None:
    """Once the first such read has made the index; appends are taken in by the next one."""
    disk = Disk()
    recorder = long_log(tmp_path, disk)
    assert reads(disk, recorder, history_of("7"))[0] == [1_001, 1_002, 2_003]
    assert reads(disk, recorder, history_of("7")) == ([1_001, 1_002, 2_003], 3)
    assert reads(disk, recorder, history_of("7"), after=1_001) == ([1_002, 2_003], 2)
    recorder.append([event(user="7")])
    assert reads(disk, recorder, history_of("7")) == ([1_001, 1_002, 2_003, 2_004], 5)
    recorder.close()


def test_the_newest_of_a_user_are_read_alone(tmp_path: Path) -> None:
    """However many there are before them, or behind the position up to which they are asked for: where they lie close
    together in one reading.
    """
    disk = Disk()
    recorder = long_log(tmp_path, disk)
    recorder.newest(history_of("7"), 1)
    for user, most, up_to, positions, reads_needed in (
        ("7", 2, None, [1_002, 2_003], 2),
        ("7", 5, 2_002, [1_001, 1_002], 1),
        ("42", 3, None, [2_000, 2_001, 2_002], 1),
        ("42", 3, 1_003, [999, 1_000, 1_003], 1),
        ("42", 0, None, [], 0),
        ("nobody", 3, None, [], 0),
    ):
        before = disk.calls.count(("read_at", "events.jsonl"))
        found = recorder.newest(history_of(user), most, up_to=up_to)
        assert [stored.position for stored in found] == positions
        assert disk.calls.count(("read_at", "events.jsonl")) - before == reads_needed
    recorder.close()


def test_a_start_makes_no_index_and_a_short_tail_none_either(tmp_path: Path) -> None:
    """What asks for the last events, as a condition does, reads them through."""
    long_log(tmp_path, Disk()).close()
    recorder = opened(tmp_path)
    assert [found.position for found in recorder.read(history_of("7"), after=1_800)] == [2_003]
    assert recorder._index._position == 0
    recorder.close()


def test_what_matches_much_of_the_log_is_read_through(tmp_path: Path) -> None:
    """In blocks and not line by line; so is a query that any event may match."""
    disk = Disk()
    recorder = long_log(tmp_path, disk)
    found, read = reads(disk, recorder, history_of("42"))
    assert len(found) == 2_000
    assert read < 20
    anything = DCBQuery(items=[DCBQueryItem(), *history_of("7").items])
    assert len(reads(disk, recorder, anything)[0]) == 2_003
    recorder.close()


def test_a_log_beyond_the_last_position_of_the_index_is_read_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is the same."""
    recorder = long_log(tmp_path, Disk())
    monkeypatch.setattr(index_module, "MAX_POSITION", 2_002)
    assert [found.position for found in recorder.read(history_of("7"))] == [1_001, 1_002, 2_003]
    assert recorder._index._position == 0
    recorder.close()


def test_an_index_that_could_not_be_made_whole_is_made_on_the_next_time(tmp_path: Path) -> None:
    """A log changed beneath it is told, and nothing is listed twice once it is as it was."""
    recorder = long_log(tmp_path, Disk())
    log = tmp_path / "logs" / "events.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole.replace(b'"pos":1500,', b'"pos":9500,'))
    for _ in range(2):
        with pytest.raises(LogDamaged, match="at position 1500"):
            list(recorder.read(history_of("7")))
    log.write_bytes(whole)
    assert [found.position for found in recorder.read(history_of("7"))] == [1_001, 1_002, 2_003]
    assert [found.position for found in recorder.read(DCBQuery(items=[DCBQueryItem(types=["Happened"])]), limit=2)] == [
        1,
        2,
    ]
    recorder.close()
    with pytest.raises(LedgerStopped):
        recorder.read(history_of("7"))


def test_two_tags_with_one_hash_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index gives candidates; what is read is matched by the tags themselves."""
    monkeypatch.setattr(index_module, "hash", lambda _: 7, raising=False)
    recorder = long_log(tmp_path, Disk())
    monkeypatch.setattr(index_module, "SCAN_SHARE", 0)
    assert [found.position for found in recorder.read(history_of("7"))] == [1_001, 1_002, 2_003]
    recorder.close()
