"""The library's own suite of its recorder in PostgreSQL passes against the database as we configure it, and as far as
it is about any log, on the log that stands on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from eventsourcing.dcb.postgres_tt import PostgresDCBRecorderTT, PostgresDCBSubscription
from eventsourcing.dcb.tests import DCBRecorderTestCase
from eventsourcing.persistence import IntegrityError, PersistenceError, ProgrammingError

from adapters.disk.files import Files
from adapters.eventlog.postgres.database import Database
from adapters.eventlog.postgres.engine import PostgresEngine
from adapters.eventlog.postgres.log import PostgresLog
from adapters.eventlog.postgres.rows import Rows
from adapters.ports.clock import utc_now
from adapters.ports.faults import StorageUnavailable
from tests.servers.postgres import new_database

CHECKS = ["_test_append_read", "_test_append_subscribe"]
WAIT_SECONDS = 10.0
EVENT = DCBEvent("type1", b"data1", ["tagX"])


@pytest.fixture
def database() -> Iterator[Database]:
    """An empty database with the tables of a log."""
    with closing(Database(new_database())) as found:
        with found.recorder() as recorder:
            Rows(found)._make_tables(recorder)
        yield found


@pytest.fixture
def recorder(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresDCBRecorderTT]:
    """The library's recorder as we configure it; whoever subscribes goes on once the subscription listens.

    What is appended after its first look and before that is not seen before the next append, and the library's checks
    append at once: a reason why we look by ourselves too.
    """
    with database.recorder() as found:
        subscribe = found.subscribe

        def listening(query: DCBQuery | None = None, *, after: int | None = None) -> PostgresDCBSubscription:
            with psycopg.connect(**found.datastore.pool.kwargs) as session:  # type: ignore[arg-type] # no callable
                row = session.execute("SELECT clock_timestamp() AS now").fetchone()
                assert row is not None
                subscription = subscribe(query, after=after)
                wait_until_it_listens(session, row["now"])
            return subscription

        monkeypatch.setattr(found, "subscribe", listening)
        yield found


def wait_until_it_listens(session: psycopg.Connection[Any], began: object) -> None:
    """As the database sees it: some session did since then."""
    deadline = monotonic() + WAIT_SECONDS
    listens = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' AND state = 'idle' AND query_start > %s"
    while session.execute(listens, (began,)).fetchone() is None:
        session.rollback()  # what it sees of the others is as of the transaction
        assert monotonic() < deadline, "nobody listens"
        sleep(0.01)


def test_there_are_no_other_checks() -> None:
    """What a later version of the library checks is run here too."""
    assert [name for name in dir(DCBRecorderTestCase) if name.startswith("_test_")] == CHECKS


@pytest.mark.parametrize("check", CHECKS)
def test_the_librarys_checks_of_any_recorder_pass(check: str, recorder: PostgresDCBRecorderTT) -> None:
    """Each with an empty database, through our pool of sessions."""
    getattr(DCBRecorderTestCase(), check)(recorder)


@pytest.mark.parametrize("check", CHECKS)
def test_they_pass_on_the_log(check: str, tmp_path: Path) -> None:
    """Positions, conditions, queries and subscriptions are those of the log, whatever ids its rows have."""
    with closing(PostgresEngine(Files(), new_database()).open_for_writing(tmp_path, clock=utc_now)) as log:
        assert isinstance(log, PostgresLog)
        getattr(DCBRecorderTestCase(), check)(log)


def test_several_types_without_a_tag_are_asked_for_in_vain(database: Database, tmp_path: Path) -> None:
    """The library says so, and we tell it as what it is; the log reads its copy, where that works."""
    query = DCBQuery([DCBQueryItem(types=["type1", "type2"])])
    with pytest.raises(StorageUnavailable, match="Unsupported query") as told, database.recorder() as recorder:
        recorder.read(query)
    assert isinstance(told.value.__cause__, ProgrammingError)
    with closing(PostgresEngine(Files(), new_database()).open_for_writing(tmp_path, clock=utc_now)) as log:
        log.append([EVENT, DCBEvent("type2", b"{}", []), DCBEvent("type3", b"{}", [])])
        assert [found.position for found in log.read(query)] == [1, 2]


def test_a_subscription_reads_on_by_pages(recorder: PostgresDCBRecorderTT) -> None:
    """More than it reads at once comes whole; one that was ended gives nothing more."""
    first = recorder.append([EVENT])
    with recorder.subscribe(after=first) as subscription:
        subscription.select_limit = 3
        recorder.append([EVENT] * 10)
        assert [next(subscription).position for _ in range(10)] == list(range(first + 1, first + 11))
    with pytest.raises(StopIteration):
        next(subscription)


def test_without_tables_it_says_so() -> None:
    """As we never let it make them by itself."""
    with (
        closing(Database(new_database())) as database,
        pytest.raises(StorageUnavailable, match="does not exist"),
        database.recorder() as recorder,
    ):
        recorder.read()


def test_a_conditional_append_sees_what_was_inserted_before_and_committed_meanwhile(database: Database) -> None:
    """It waits for the table: an id that becomes visible late is not passed over."""
    condition = DCBAppendCondition(DCBQuery(), after=None)
    refused: list[BaseException] = []

    def append() -> None:
        try:
            with database.recorder() as recorder:
                recorder.append([EVENT], condition)
        except (IntegrityError, PersistenceError) as error:
            refused.append(error)

    with database.session() as slow, slow.transaction():
        slow.execute("INSERT INTO abby_events_tt_main (type, data, tags) VALUES ('type1', 'x', '{}')")
        later = Thread(target=append)
        later.start()
        later.join(0.3)
        assert later.is_alive(), "it did not wait"
    later.join(WAIT_SECONDS)
    assert [type(error) for error in refused] == [IntegrityError]
    assert [row.line for row in Rows(database).after(0)] == [b"x"]


def test_a_lock_that_nobody_gives_back_is_not_waited_for_for_ever(recorder: PostgresDCBRecorderTT) -> None:
    """The library's own bound is there where it is set."""
    environment = {**new_database(), "POSTGRES_LOCK_TIMEOUT": "1"}
    with closing(Database(environment)) as database, database.recorder() as impatient:
        Rows(database)._make_tables(impatient)
        with database.session() as holder, holder.transaction():
            holder.execute("LOCK TABLE abby_events_tt_main IN EXCLUSIVE MODE")
            with pytest.raises(PersistenceError) as told:
                impatient.append([EVENT], DCBAppendCondition(DCBQuery()))
            assert isinstance(told.value.__cause__, psycopg.errors.LockNotAvailable)
        impatient.append([EVENT], DCBAppendCondition(DCBQuery()))
    assert recorder.append([EVENT], DCBAppendCondition(DCBQuery([DCBQueryItem(tags=["tagY"])]))) == 1
