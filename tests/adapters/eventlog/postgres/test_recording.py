"""The text in which a batch is given to the server: whatever an event holds comes back as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eventsourcing.dcb.api import DCBEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.eventlog.postgres.database import Database
from adapters.eventlog.postgres.recording import TextRecorder
from tests.servers.postgres import new_database

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", "NULL", "null", '"', "\\", '\\"', "{}", "(,)", "a,b", " ", "\n", "''", "\\x", "é", "😀"]
)
"""PostgreSQL keeps any text but NUL."""
EVENTS = st.lists(st.builds(DCBEvent, TEXT, st.binary(max_size=20), st.lists(TEXT, max_size=4)), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def recorder() -> Iterator[TextRecorder]:
    """Over an empty database."""
    database = Database(new_database())
    with database.recorder() as made:
        made.create_table()
        assert isinstance(made, TextRecorder)
        yield made
    database.close()


@given(EVENTS)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_recorded_comes_back(recorder: TextRecorder, events: list[DCBEvent]) -> None:
    """Types, bytes and tags, with every character that arrays and composites give a meaning."""
    last = recorder.append(events)
    found = [stored.event for stored in recorder.read(after=last - len(events))]
    assert [(one.type, bytes(one.data), one.tags) for one in found] == [
        (one.type, one.data, one.tags) for one in events
    ]
