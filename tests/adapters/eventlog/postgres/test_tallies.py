"""What a writer counts of its work beside others: how long turns took to come, which did not, what it took in."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from eventsourcing.dcb.api import DCBAppendCondition

from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.eventlog.postgres import turns
from adapters.eventlog.postgres.log import PostgresLog
from adapters.ledger.ledger import ANYTHING
from adapters.observability.metrics import METRICS
from adapters.ports.clock import utc_now
from adapters.ports.engines import LogKeeper
from adapters.ports.measured import Spread
from tests.adapters.eventlog.jsonl.logs import batch
from tests.servers.postgres import new_database


def opened(root: Path, database: dict[str, str]) -> closing[PostgresLog]:
    """One writer."""
    log = choose_engine(LogKeeper(POSTGRES_MODULE, database)).open_for_writing(root, clock=utc_now)
    assert isinstance(log, PostgresLog)
    return closing(log)


def counts(log: PostgresLog) -> tuple[int, float, float, float]:
    """Turns, the seconds they were waited for, those that did not come, events that were taken in."""
    told = {one.name: one.value for one in log.shared.measured()}
    assert told.keys() <= METRICS.keys()
    waits, missed, taken_in = told.values()
    assert isinstance(waits, Spread)
    assert not isinstance(missed, Spread)
    assert not isinstance(taken_in, Spread)
    return waits.count, waits.sum, missed, taken_in


def test_waiting_for_turns_and_taking_in_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn that somebody else keeps does not come in time, and the writer goes on without."""
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.2)
    database = new_database()
    with opened(tmp_path / "one", database) as one, opened(tmp_path / "two", database) as two:
        one.append(batch(3), DCBAppendCondition(ANYTHING, after=0))
        with one.turn(), two.turn() as head:
            assert head == 3
        with two.turn():
            pass
        assert (counts(one)[0], *counts(one)[2:]) == (1, 0, 0)
        turns_of_two, waited, missed, taken_in = counts(two)
        assert (turns_of_two, missed, taken_in) == (2, 1, 3)
        assert 0.2 <= waited < 5
