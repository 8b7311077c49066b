"""Two servers of one database that do not hold the same: what one of them lacks is never passed over in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from pathlib import Path
from time import sleep
from uuid import uuid4

import pytest
from eventsourcing.dcb.api import DCBAppendCondition

from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.eventlog.postgres import database as database_module
from adapters.eventlog.postgres.database import Database
from adapters.eventlog.postgres.log import PostgresLog
from adapters.ledger.ledger import ANYTHING
from adapters.ports.clock import utc_now
from adapters.ports.engines import LogKeeper
from adapters.ports.faults import LedgerStopped, LogDamaged, StorageUnavailable
from tests.adapters.eventlog.jsonl.logs import event
from tests.servers.pair import AT_ONCE, Pair, operator, pair
from tests.servers.postgres import Server

_END_WAITING = {
    way: f"SELECT pg_{way}_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    for way in ("cancel", "terminate")
}
NOT_GOT = "a standby has not got yet what the database shows"
_END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'abby'"


@pytest.fixture(scope="module")
def synchronous() -> Iterator[Pair]:
    """A pair for several tests, each in a database of its own; the last one loses both servers."""
    with pair() as both:
        yield both


@pytest.fixture
def database(synchronous: Pair) -> str:
    """A new database of the pair."""
    return synchronous.primary.new_database(f"test_{uuid4().hex}")["POSTGRES_DBNAME"]


def opened(both: Pair, root: Path, database: str = "postgres") -> closing[PostgresLog]:
    """The log as a process that knows both servers has it."""
    return opened_at(root, both.environment(database))


def opened_at(root: Path, environment: Mapping[str, str]) -> closing[PostgresLog]:
    """The same where it is reached otherwise."""
    keeper = LogKeeper(POSTGRES_MODULE, environment)
    log = choose_engine(keeper).open_for_writing(root, clock=utc_now)
    assert isinstance(log, PostgresLog)
    return closing(log)


def record(log: PostgresLog, number: int) -> int:
    """Records an event where nobody else did meanwhile."""
    return log.append([event(number)], DCBAppendCondition(ANYTHING, after=log.head))


def rows_in(server: Server, database: str = "postgres") -> int:
    """How many events a server holds, the header not counted."""
    with operator(server, database) as session:
        (found,) = session.execute("SELECT count(*) - 1 FROM abby_events_tt_main").fetchone() or ()
        return int(found)


def test_a_standby_that_had_not_got_everything_is_not_written(tmp_path: Path) -> None:
    """A standby that no commit waits for takes over without the last event: the process that recorded it stops and
    says why, whichever way it asks, and starts nowhere but where that event is.
    """
    with pair({}) as both, opened(both, tmp_path / "one") as one, opened(both, tmp_path / "two") as two:
        record(one, 1)
        two.follow()
        both.wait_for_standby()
        both.standby.stop()
        assert record(one, 2) == 2
        both.primary.kill()
        both.standby.start()
        both.take_over()
        with pytest.raises(LogDamaged, match="a standby took over that had not got everything"):
            record(one, 3)
        with pytest.raises(LogDamaged, match="does not hold what was recorded in it up to position 2"):
            one.follow()
        assert rows_in(both.primary) == 1
        one.close()
        with pytest.raises(LogDamaged, match="move the copy's folder away"), opened(both, tmp_path / "one"):
            pass
        with suppress(StorageUnavailable):  # its session is gone
            two.follow()
        assert two.follow() == 1
        assert record(two, 3) == 2


def test_a_commit_that_no_longer_waits_for_its_standby_is_not_told(
    synchronous: Pair, database: str, tmp_path: Path
) -> None:
    """An operator ends what hangs, as the standby is away: PostgreSQL then calls a cancelled commit done. It is told
    once the standby has it.
    """
    both = synchronous
    with ThreadPoolExecutor(1) as pool, opened(both, tmp_path, database) as log:
        assert record(log, 1) == 1
        for way, position in (("cancel", 2), ("terminate", 3)):
            both.standby.stop()
            recording = pool.submit(record, log, position)
            assert not wait([recording], 0.3).done
            with operator(both.primary) as session:
                assert session.execute(_END_WAITING[way]).fetchall() == [(True,)]
            assert not wait([recording], 0.6).done, f"told after {way}, and the standby does not have it"
            both.standby.start(**AT_ONCE)
            assert recording.result(10) == position
            assert rows_in(both.standby, database) == position


def test_what_a_restarted_primary_shows_is_not_told_before_its_standby_has_it(
    synchronous: Pair, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that waited when the primary went down is there when it is up again, and others would see it: whoever
    repeats that request at another process would have its answer. So nobody takes it in, and asking leaves nothing.
    """
    both = synchronous
    with (
        ThreadPoolExecutor(2) as pool,
        opened(both, tmp_path / "one", database) as one,
        opened(both, tmp_path / "two", database) as two,
    ):
        assert record(one, 1) == 1
        both.standby.stop()
        recording = pool.submit(record, one, 2)
        assert not wait([recording], 0.3).done
        both.primary.kill()
        both.primary.start(**AT_ONCE)
        with monkeypatch.context() as impatient:
            impatient.setattr(database_module, "STANDBY_SECONDS", 0.5)
            for _ in range(3):
                with pytest.raises(StorageUnavailable, match=NOT_GOT):
                    two.follow()
            assert two.head == 0
        with operator(both.primary) as session:
            assert len(session.execute(_END_WAITING["cancel"]).fetchall()) <= 1
        sleep(database_module.AGAIN_SECONDS)
        deciding = pool.submit(take_turn, two)
        assert not wait([recording, deciding], 0.6).done, "told or decided by what the standby does not have"
        both.standby.start(**AT_ONCE)
        assert (recording.result(10), deciding.result(10)) == (2, 2)


def test_nobody_stops_for_what_no_standby_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a restarted primary alone showed is lost with it; nobody had been told of it, and it is recorded anew."""
    monkeypatch.setattr(database_module, "STANDBY_SECONDS", 0.5)
    with (
        ThreadPoolExecutor(1) as pool,
        pair() as both,
        opened(both, tmp_path / "one") as one,
        opened(both, tmp_path / "two") as two,
    ):
        record(one, 1)
        two.follow()
        both.standby.stop()
        recording = pool.submit(record, one, 2)
        assert not wait([recording], 0.3).done
        both.primary.kill()
        both.primary.start(**AT_ONCE)
        assert rows_in(both.primary) == 2
        with pytest.raises(StorageUnavailable, match=NOT_GOT):
            two.follow()
        both.primary.kill()
        both.standby.start(**AT_ONCE)
        both.take_over()
        assert recording.result(20) == 2
        assert two.follow() == 2


def test_an_old_primary_that_comes_back_beside_the_new_one_records_nothing(
    synchronous: Pair, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No standby follows it any more, so nobody begins to use it. It lacks what was recorded since: whoever uses it
    already and knows of that stops there; whoever does not is kept from it by what the old primary still waits for.
    """
    both, old = synchronous, synchronous.primary
    with opened(both, tmp_path / "one", database) as one:
        record(one, 1)
        both.fail_over()
        assert record(one, 2) == 2
        old.start(**AT_ONCE)
        try:
            both.primary.kill()  # all sessions go to the old one now
            with monkeypatch.context() as impatient:
                impatient.setattr(database_module, "STANDBY_SECONDS", 0.5)
                with pytest.raises(StorageUnavailable, match=NOT_GOT):
                    take_turn(one)
                with pytest.raises(StorageUnavailable, match=NOT_GOT), opened(both, tmp_path / "new", database):
                    pass
            monkeypatch.setattr(Database, "_refuse_unreplicated", lambda *_: None)  # sessions that stood before
            with pytest.raises(LogDamaged, match="does not hold what was recorded in it"):
                record(one, 3)
            assert rows_in(old, database) == 1
            with ThreadPoolExecutor(1) as pool, opened(both, tmp_path / "new", database) as new:
                recording = pool.submit(record, new, 9)
                assert not wait([recording], 0.6).done, "acknowledged where no standby has it"
                with operator(old) as session:
                    session.execute(_END_ALL)
                assert not wait([recording], 0.6).done, "acknowledged as its session ended"
                old.kill()
            with pytest.raises(LedgerStopped, match="not known whether"):
                recording.result()
        finally:
            old.stop("immediate")


def take_turn(log: PostgresLog) -> int:
    """A turn in which nothing is done; gives the head that it is decided by."""
    with log.turn() as head:
        return head
