"""A server that is frozen keeps every session and answers nothing; its kernel goes on acknowledging. So does a proxy in
front of a machine that is paused.

| what happens                                        | what follows                                                 |
|-----------------------------------------------------|--------------------------------------------------------------|
| the primary is frozen, its standby promoted         | what was asked is asked there, and recorded once             |
| it is frozen, and nobody takes over                 | `close` ends all the same, and says that it is not known     |
| it wakes up beside the new one                      | what it was asked before is acknowledged to nobody           |
| a commit waits for a standby that is away           | it is waited for, by the same session: none is left behind   |
| a statement takes long                              | it is waited for                                             |
| the answer is lost, and the session stands          | what became of it is asked on a new session                  |
| all that, behind a pooler with numbers of its own   | the same                                                     |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

import psycopg
import pytest

from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.engines.opening import open_store
from adapters.eventlog.postgres import database as database_module
from adapters.eventlog.postgres import session as session_module
from adapters.eventlog.postgres.database import Database
from adapters.ledger.ledger import IDLE_SECONDS
from adapters.ports.engines import LogKeeper
from adapters.ports.faults import LedgerStopped
from tests.adapters.eventlog.postgres.test_servers_that_part import opened, opened_at, record, rows_in, take_turn
from tests.servers.pair import Pair, operator, pair
from tests.servers.pgbouncer import in_front_of
from tests.servers.postgres import Server, new_database, shared
from tests.servers.proxy import Moment, Proxy

SILENT_SECONDS = 0.6
GO_ON_SECONDS = 6.0
"""The silence, a host that is asked in vain, and some to spare."""
CLOSE_SECONDS = 10.0
"""The silence that is borne while all is to end, twice a host that is asked in vain, and some to spare."""
SAMPLES = 20


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, sooner."""
    monkeypatch.setattr(session_module, "SILENT_SECONDS", SILENT_SECONDS)
    monkeypatch.setattr(database_module, "CONNECT_SECONDS", 2)
    for module in (session_module, database_module):
        monkeypatch.setattr(module, "CLOSING_SECONDS", 1.0)


def sessions_of(server: Server, database: str = "postgres") -> int:
    """How many sessions of ours it has."""
    with operator(server, database) as session:
        (found,) = (
            session.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'abby' AND datname = current_database()"
            ).fetchone()
            or ()
        )
        return int(found)


@pytest.fixture(scope="module")
def both() -> Iterator[Pair]:
    """A pair for several tests, each in a database of its own; the last one freezes the primary for good."""
    with pair() as found:
        yield found


@pytest.fixture
def database(both: Pair) -> str:
    """A new database of the pair."""
    return both.primary.new_database(f"test_{uuid4().hex}")["POSTGRES_DBNAME"]


def test_a_commit_that_waits_for_a_standby_is_waited_for(both: Pair, database: str, tmp_path: Path) -> None:
    """Each session that was given up meanwhile would stay in the server, until there is none left."""
    with (
        ThreadPoolExecutor(2) as pool,
        opened(both, tmp_path / "one", database) as one,
        opened(both, tmp_path / "two", database) as two,
    ):
        record(one, 1)
        with both.without_standby():
            waiting = [pool.submit(record, one, 2), pool.submit(take_turn, two)]
            assert not wait(waiting, SILENT_SECONDS).done
            had = sessions_of(both.primary, database)
            assert not wait(waiting, 3 * SILENT_SECONDS).done
            has = min(sessions_of(both.primary, database) for _ in range(SAMPLES))  # some are only just asking
            assert has <= had
        assert waiting[0].result(GO_ON_SECONDS) == 2
        assert waiting[1].result(GO_ON_SECONDS) in {1, 2}


def test_a_log_on_a_frozen_server_is_closed_in_time(both: Pair, database: str, tmp_path: Path) -> None:
    """Nobody takes over. What was under way may be recorded: that it is not known is said."""
    with ThreadPoolExecutor(1) as pool, opened(both, tmp_path, database) as log:
        record(log, 1)
        with both.primary.frozen():
            recording = pool.submit(record, log, 2)
            assert not wait([recording], SILENT_SECONDS / 2).done
            began = monotonic()
            log.hurry()
            with pytest.raises(LedgerStopped, match="not known whether"):
                recording.result(CLOSE_SECONDS)
            log.close()
            assert monotonic() - began < CLOSE_SECONDS


def test_a_service_on_a_frozen_server_ends_in_time(
    both: Pair, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its writer waits for an answer: it is not waited for as long as one that has work to do."""
    monkeypatch.setattr(session_module, "SILENT_SECONDS", 60.0)
    store = open_store(tmp_path, engine=choose_engine(LogKeeper(POSTGRES_MODULE, both.environment(database))))
    with both.primary.frozen():
        sleep(2 * IDLE_SECONDS)
        began = monotonic()
        assert store.close() is None
        assert monotonic() - began < CLOSE_SECONDS


def test_a_commit_on_a_frozen_primary_is_asked_for_on_the_promoted_standby(
    both: Pair, database: str, tmp_path: Path
) -> None:
    """By itself, once; whichever session is the first to notice. The old primary acknowledges nothing when it wakes."""
    old = both.primary
    with ThreadPoolExecutor(1) as pool, opened(both, tmp_path, database) as log:
        assert take_turn(log) == record(log, 1) - 1
        with old.frozen():
            began = monotonic()
            recording = pool.submit(record, log, 2)
            both.take_over()
            assert recording.result(GO_ON_SECONDS) == 2
            assert take_turn(log) == 2
            assert monotonic() - began < GO_ON_SECONDS
        assert record(log, 3) == 3
    assert (rows_in(old, database), rows_in(both.primary, database)) == (1, 3)


@pytest.mark.parametrize("is_pooled", [False, True], ids=["itself", "by way of PgBouncer"])
def test_what_takes_long_is_waited_for(*, is_pooled: bool) -> None:
    """A pooler gives its clients other numbers of their sessions than the server does."""
    given = new_database()
    with reached(given, is_pooled=is_pooled) as environment, closing(Database(environment)) as database:
        with database.session() as session:
            found = session.execute("SELECT pg_sleep(%s), 1", (2 * SILENT_SECONDS,)).fetchone()
            assert found is not None
            assert found[1] == 1
        with database.recorder() as recorder, recorder.datastore.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s), 1 AS one", (2 * SILENT_SECONDS,))
            assert (cursor.fetchone() or {})["one"] == 1


def test_what_takes_long_while_all_is_to_be_closed_is_not_said_to_be_frozen() -> None:
    """Nobody asked the server then."""
    with closing(Database(new_database())) as database, database.session() as session:
        database.hurry()
        with pytest.raises(psycopg.OperationalError, match=r"kept silent for 1 seconds, and all is to be closed$"):
            session.execute("SELECT pg_sleep(5)")


def test_an_answer_that_is_lost_while_the_session_stands_is_asked_for_again(tmp_path: Path) -> None:
    """The server has answered and waits for more, and nothing comes: as behind a proxy that lost its other side."""
    given = new_database()
    with closing(Proxy(int(given["POSTGRES_PORT"]))) as proxy, ThreadPoolExecutor(1) as pool:
        through = {**given, "POSTGRES_PORT": str(proxy.port)}
        with opened_at(tmp_path, through) as log:
            record(log, 1)
            proxy.arm(Moment.COMMIT_ANSWERED, lambda _link, _data: b"")
            recording = pool.submit(record, log, 2)
            assert recording.result(GO_ON_SECONDS) == 2
            assert log.follow() == 2
    with psycopg.connect(shared().dsn, dbname=given["POSTGRES_DBNAME"]) as session:
        assert session.execute("SELECT count(*) FROM abby_events_tt_main").fetchone() == (3,)


@contextmanager
def reached(given: Mapping[str, str], *, is_pooled: bool) -> Iterator[Mapping[str, str]]:
    """The settings of the same database, by way of a pooler or not."""
    if not is_pooled:
        yield given
        return
    with in_front_of(shared(), pool_mode="session") as pooler:
        yield {**pooler, "POSTGRES_DBNAME": given["POSTGRES_DBNAME"]}
