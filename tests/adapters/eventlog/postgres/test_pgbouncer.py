"""What docs/scaling.md says of PgBouncer: sessions of their own pass through it, lent ones are refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pytest
from eventsourcing.dcb.api import DCBAppendCondition

from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.eventlog.postgres.company import Company
from adapters.eventlog.postgres.log import PostgresLog
from adapters.ledger.ledger import ANYTHING
from adapters.ports.clock import utc_now
from adapters.ports.engines import LogKeeper
from adapters.ports.faults import ConfigError
from tests.adapters.eventlog.jsonl.logs import event
from tests.servers.pgbouncer import in_front_of
from tests.servers.postgres import new_database, shared

SOON_SECONDS = 10.0


@contextmanager
def opened(root: Path, database: dict[str, str]) -> Iterator[PostgresLog]:
    """A writer, once the others can see it."""
    log = choose_engine(LogKeeper(POSTGRES_MODULE, database)).open_for_writing(root, clock=utc_now)
    assert isinstance(log, PostgresLog)
    with closing(log):
        assert isinstance(log.shared, Company)
        assert log.shared.is_there.wait(SOON_SECONDS)
        yield log


def test_with_sessions_of_their_own_all_works(tmp_path: Path) -> None:
    """Turns and appends, prepared statements, who is there, and the ring at each append."""
    database = new_database()
    with in_front_of(shared(), pool_mode="session") as proxy:
        through = {**proxy, "POSTGRES_DBNAME": database["POSTGRES_DBNAME"]}
        with opened(tmp_path / "one", through) as one, opened(tmp_path / "two", through) as two:
            assert one.shared.others() == {two.shared.tag}
            assert two.shared.others() == {one.shared.tag}
            rung = Event()
            two.shared.listen(rung.set)
            for number in range(20):
                with (one, two)[number % 2].turn() as head:
                    (one, two)[number % 2].append([event(number)], DCBAppendCondition(ANYTHING, after=head))
            assert rung.wait(SOON_SECONDS)
            assert one.follow() == two.follow() == 20


def test_sessions_that_are_lent_by_the_transaction_are_refused(tmp_path: Path) -> None:
    """Before anything is made; the sentence says what to set."""
    database = new_database()
    with in_front_of(shared(), pool_mode="transaction") as proxy:
        through = {**proxy, "POSTGRES_DBNAME": database["POSTGRES_DBNAME"]}
        with pytest.raises(ConfigError, match="Set pool_mode = session in PgBouncer"), opened(tmp_path, through):
            pass
    with opened(tmp_path, database) as log:
        assert log.head == 0
