"""What a copy has just taken in is read as it stands on the disk, whatever it is and wherever one begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from eventsourcing.dcb.api import DCBEvent, DCBQuery, DCBQueryItem, DCBSequencedEvent

from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.eventlog.jsonl.recorder import JSONLRecorder
from adapters.eventlog.postgres.log import PostgresLog
from adapters.ports.clock import utc_now
from adapters.ports.engines import LogKeeper
from tests.servers.postgres import new_database

JSON = [DCBEvent("Began", b'{"a":1}', ["x"]), DCBEvent("Went", '{"b":"\u00e4"}'.encode(), ["y", "\u00fc"])]
OTHER = [DCBEvent("Began", b'{"a":2}', []), DCBEvent("Bytes", b"\0\xff", ["x"]), DCBEvent("List", b"[1]", ["x"])]


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[PostgresLog, PostgresLog]]:
    """Two that write one log."""
    engine = choose_engine(LogKeeper(POSTGRES_MODULE, new_database()))
    with (
        closing(engine.open_for_writing(tmp_path / "one", clock=utc_now)) as one,
        closing(engine.open_for_writing(tmp_path / "other", clock=utc_now)) as other,
    ):
        assert isinstance(one, PostgresLog)
        assert isinstance(other, PostgresLog)
        yield one, other


@pytest.mark.parametrize("batch", [JSON, OTHER], ids=["JSON", "bytes"])
def test_it_is_what_stands_on_the_disk(batch: list[DCBEvent], both: tuple[PostgresLog, PostgresLog]) -> None:
    """From any position, of any query, with any limit, before and after one's own events."""
    one, other = both
    one.append(JSON)
    other.follow()
    for _ in range(2):
        one.append(batch)
        assert other.follow() == one.head
        for after in (None, *range(one.head + 2)):
            for query in (None, DCBQuery([DCBQueryItem(tags=["x"])])):
                for limit in (None, 0, 1, 3):
                    found = other.read(query, after=after, limit=limit)
                    expected = JSONLRecorder.read(other, query, after=after, limit=limit)
                    assert found.head == expected.head
                    assert list(found) == list(expected)
        other.append(JSON)
        assert list(other.read()) == list(JSONLRecorder.read(other))
        one.follow()


def test_it_is_read_without_the_disk(both: tuple[PostgresLog, PostgresLog], monkeypatch: pytest.MonkeyPatch) -> None:
    """It was verified a moment ago; what is older is read from the disk."""
    one, other = both
    one.append(JSON)
    other.follow()
    one.append(JSON)
    other.follow()
    looks: list[int] = []
    events = other._events

    def look(after: int, head: int) -> Iterator[DCBSequencedEvent]:
        looks.append(after)
        return events(after, head)

    monkeypatch.setattr(other, "_events", look)
    assert [found.position for found in other.read(after=2)] == [3, 4]
    assert looks == []
    assert [found.position for found in other.read(after=1)] == [2, 3, 4]
    assert looks == [1]
