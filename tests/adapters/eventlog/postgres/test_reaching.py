"""A database that is not reached, refuses, or goes away in the middle: bounded, in words, and over by itself."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from eventsourcing.dcb.api import DCBAppendCondition
from eventsourcing.persistence import IntegrityError
from psycopg.sql import Composed

from adapters.eventlog.postgres import log as log_module
from adapters.eventlog.postgres import rows as rows_module
from adapters.eventlog.postgres import turns
from adapters.eventlog.postgres.database import Database
from adapters.eventlog.postgres.engine import PostgresEngine
from adapters.eventlog.postgres.log import PostgresLog
from adapters.eventlog.postgres.rows import Rows
from adapters.ports.faults import ConfigError, LedgerStopped, StorageUnavailable
from tests.adapters.eventlog.jsonl.logs import Disk, batch, event, numbers
from tests.adapters.eventlog.postgres.logs import (
    TABLE,
    Environment,
    copy_of,
    end_sessions,
    ids,
    new_schema,
    opened,
    session,
)
from tests.servers.postgres import PASSWORD, free_port
from tests.servers.proxy import Act, Link, Moment, Proxy, cut, cut_after, late, slow

SOON_SECONDS = 3.0
"""A little, on a machine with much to do."""
ACCOUNT_PASSWORD = "of-an-account"


@pytest.fixture
def environment() -> Environment:
    """Of an empty schema."""
    return new_schema()


@pytest.fixture
def proxy(environment: Environment) -> Iterator[Proxy]:
    """Before its server."""
    with closing(Proxy(int(environment["POSTGRES_PORT"]))) as found:
        yield found


def through(proxy: Proxy, environment: Environment) -> Environment:
    """The settings of a program that uses it."""
    return {**environment, "POSTGRES_PORT": str(proxy.port)}


@pytest.mark.parametrize("name", ["POSTGRES_HOST", "POSTGRES_PASSWORD"])
def test_a_setting_that_is_missing_is_named(name: str) -> None:
    """Before anything is connected to."""
    given = {"POSTGRES_HOST": "h", "POSTGRES_DBNAME": "d", "POSTGRES_USER": "u", "POSTGRES_PASSWORD": "p", name: ""}
    with pytest.raises(ConfigError, match=f"{name} is not set"):
        PostgresEngine(Disk(), given)
    with pytest.raises(ConfigError, match="POSTGRES_SCHEMA='of mine' is no name"):
        PostgresEngine(Disk(), {**given, name: "x", "POSTGRES_SCHEMA": "of mine"})


def test_a_wrong_password_is_told_and_never_said(
    tmp_path: Path, environment: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the fault nor the program's log has it; the settings are named."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StorageUnavailable) as refused:
        opened(tmp_path, {**environment, "POSTGRES_PASSWORD": "a-wrong-one"})
    said = str(refused.value)
    assert "password authentication failed" in said
    assert "look whether it runs, and whether the POSTGRES_ settings are right" in said
    with closing(opened(tmp_path, environment)) as log:
        log.append([event()])
        end_sessions(environment)
        log.follow()
        told = (said, str(log._database.failed(OSError("x"))), repr(log), repr(log._database), caplog.text)
        for secret in ("a-wrong-one", PASSWORD, log.secret.hex(), repr(log.secret)):
            assert not any(secret in text for text in told)


def test_a_machine_whose_clock_is_far_ahead_records_nothing(tmp_path: Path, environment: Environment) -> None:
    """Else one wrong clock moved the day of all; a little ahead is nothing, and once it is set all goes on."""
    engine = PostgresEngine(Disk(), environment)

    def ahead(minutes: float) -> Callable[[], str]:
        return lambda: (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    with pytest.raises(
        StorageUnavailable, match=r"^This machine's clock is 2,880 minutes ahead of that of the database"
    ):
        engine.open_for_writing(tmp_path, clock=ahead(2_880))
    with closing(engine.open_for_writing(tmp_path, clock=ahead(4))) as log:
        assert log.head == 0


def test_a_host_that_refuses_or_never_answers_is_told_in_bounded_time(
    tmp_path: Path, environment: Environment, proxy: Proxy
) -> None:
    """And for a moment after, nobody waits for it again."""
    began, port = monotonic(), free_port()
    with pytest.raises(StorageUnavailable, match=f"127.0.0.1:{port} does not answer as it should .*recorded before"):
        opened(tmp_path, {**environment, "POSTGRES_PORT": str(port)})
    assert not (tmp_path / "logs").exists()
    proxy.is_silent = True
    rows = Rows(Database(through(proxy, environment) | {"POSTGRES_CONNECT_TIMEOUT": "1"}))
    for _ in range(20):
        with pytest.raises(StorageUnavailable, match=r"does not answer as it should \(.*timeout"):
            rows.after(0)
    assert monotonic() - began < 2 + SOON_SECONDS


def test_an_account_that_may_not_make_tables_is_told_and_needs_not_where_they_stand(
    tmp_path: Path, environment: Environment
) -> None:
    """With rights to read and to write it starts, records, and starts again."""
    account = new_account(environment)
    with pytest.raises(ConfigError, match=r"may not make them .*grant CREATE on the schema"):
        opened(tmp_path / "a", account)
    opened(tmp_path / "b", environment).close()
    grant(environment, account, "SELECT, INSERT, UPDATE, DELETE, TRUNCATE")
    for head in (1, 2):
        with closing(opened(tmp_path / "a", account)) as log:
            assert log.append([event()]) == head
            assert log._turns._take()


def test_an_account_that_may_not_write_is_told_at_once_and_nothing_is_recorded(
    tmp_path: Path, environment: Environment
) -> None:
    """The server said no, so what became of it is known; reads go on."""
    account = new_account(environment)
    with closing(opened(tmp_path / "b", environment)) as log:
        log.append([event()])
    grant(environment, account, "SELECT")
    with closing(opened(tmp_path / "a", account)) as log:
        began = monotonic()
        with pytest.raises(StorageUnavailable, match=r"permission denied.*Nothing of this was recorded"):
            log.append([event()])
        assert monotonic() - began < SOON_SECONDS
        assert numbers(log) == [1]
    assert len(ids(environment)) == 2


def new_account(environment: Environment) -> Environment:
    """The settings of an account that may use the schema, and nothing in it."""
    name = f"of_{environment['POSTGRES_SCHEMA']}"
    with session(environment) as asked:
        asked.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{ACCOUNT_PASSWORD}'")
        asked.execute(f"GRANT USAGE ON SCHEMA {environment['POSTGRES_SCHEMA']} TO {name}")
    return {**environment, "POSTGRES_USER": name, "POSTGRES_PASSWORD": ACCOUNT_PASSWORD}


def grant(environment: Environment, account: Environment, rights: str) -> None:
    """Lets an account do this with what stands in the schema."""
    schema, name = account["POSTGRES_SCHEMA"], account["POSTGRES_USER"]
    with session(environment) as asked:
        asked.execute(f"GRANT {rights} ON ALL TABLES IN SCHEMA {schema} TO {name}")
        asked.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {name}")


def test_sessions_that_were_ended_are_not_noticed(tmp_path: Path, environment: Environment) -> None:
    """All of them, before each kind of call: it is done in a new one, and nobody is refused."""
    with closing(opened(tmp_path, environment)) as log:
        calls: tuple[Callable[[], object], ...] = (
            log.follow,
            lambda: log.append([event()]),
            lambda: log.turn().__enter__(),
            lambda: log.probe(1),
        )
        for call in calls:
            with log.turn():
                log.append([event()])
            log._known_at -= 60
            assert end_sessions(environment) >= 1
            call()
        assert log.head == len(ids(environment)) - 1 == 5


def test_a_log_of_a_forked_process_asks_nothing(tmp_path: Path, environment: Environment) -> None:
    """No turn either, which would be asked for in the session of its parent."""
    with closing(opened(tmp_path, environment)) as log:
        with log.turn():
            pass
        before = log._turns._session
        if (child := os.fork()) == 0:
            try:
                log.turn().__enter__()
            except LedgerStopped:
                log.close()
                os._exit(7)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        with log.turn():
            assert log._turns._session is before, "the child ended its session"
            log.append([event()])


LOST: dict[str, tuple[Moment, Act, int]] = {
    "before it is sent": (Moment.APPEND_ASKED, cut, 0),
    "after it is sent": (Moment.APPEND_ASKED, cut_after, 0),
    "sent late": (Moment.APPEND_ASKED, late(0.3), 0),
    "answer lost": (Moment.APPEND_ANSWERED, cut, 0),
    "before its commit": (Moment.COMMIT_ASKED, cut, 0),
    "with a late commit": (Moment.COMMIT_ASKED, late(0.3), 1),
    "commit not answered": (Moment.COMMIT_ANSWERED, cut, 1),
}
"""Where a session is cut, and how often the batch was recorded by the append that was cut."""


@pytest.mark.parametrize("name", LOST)
def test_an_append_whose_session_is_cut_is_recorded_once(
    tmp_path: Path, environment: Environment, proxy: Proxy, name: str
) -> None:
    """Whatever became of it: the database is asked, and its caller is told one position, which is right."""
    moment, act, recorded = LOST[name]
    with closing(opened(tmp_path / "a", through(proxy, environment))) as log:
        log.append([event()])
        tries = _count_appends(log)
        proxy.arm(moment, act)
        with log.turn() as head:
            assert log.append(batch(3, 1), DCBAppendCondition(after=head)) == 4
        assert proxy.happening.is_set()
        assert len(tries) == 2 - recorded
        assert log.append([event()]) == 5
        with closing(opened(tmp_path / "b", environment)) as other:
            assert other.head == 5
    assert copy_of(tmp_path / "a") == copy_of(tmp_path / "b")


@pytest.mark.parametrize("name", ["before its commit", "with a late commit", "commit not answered"])
@pytest.mark.parametrize("has_tables", [False, True], ids=["tables too", "tables stand"])
def test_a_beginning_whose_session_is_cut_begins_one_log(
    tmp_path: Path, environment: Environment, proxy: Proxy, name: str, *, has_tables: bool
) -> None:
    """Whoever was to begin it is told that it did not come to that, and the next to come finds or begins it."""
    if has_tables:
        with closing(Database(environment)) as database, database.recorder() as recorder:
            Rows(database)._make_tables(recorder)
    moment, act, _ = LOST[name]
    proxy.arm(moment, act)
    with pytest.raises(StorageUnavailable):
        opened(tmp_path / "a", through(proxy, environment))
    assert proxy.happening.is_set()
    for root in ("a", "b"):
        with closing(opened_at_last(tmp_path / root, environment)) as log:
            log.append([event()])
    assert len(ids(environment)) == 3


def test_whoever_waits_for_another_that_makes_the_tables_does_not_wait_without_end(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been stopped in the middle of that."""
    monkeypatch.setattr(rows_module, "MAKING_SECONDS", 0.2)
    with session(environment) as stopped:
        stopped.execute("SELECT pg_advisory_lock(%s, %s)", rows_module.SCHEMA_LOCK)
        with pytest.raises(StorageUnavailable, match="lock timeout"):
            opened(tmp_path, environment)
    opened(tmp_path, environment).close()


def opened_at_last(root: Path, environment: Environment) -> PostgresLog:
    """A log, once what somebody has begun is done or undone."""
    deadline = monotonic() + SOON_SECONDS
    while True:
        try:
            return opened(root, environment)
        except StorageUnavailable:
            assert monotonic() < deadline


def _count_appends(log: PostgresLog) -> list[int]:
    """How often the log's table is appended to, from here on."""
    asked: list[int] = []
    append = log._rows.append

    def counted(*arguments: object) -> int:
        asked.append(1)
        return append(*arguments)  # type: ignore[arg-type] # passed on as they came

    log._rows.append = counted  # type: ignore[method-assign, assignment] # it is counted, and no more
    return asked


def test_an_append_that_was_not_recorded_does_not_hide_that_of_another(
    tmp_path: Path, environment: Environment, proxy: Proxy
) -> None:
    """Its session is cut, and before it can ask, another recorded: then it is a conflict, and the other's is taken in;
    also where both begin alike.
    """
    with closing(opened(tmp_path / "a", through(proxy, environment))) as log:
        with closing(opened(tmp_path / "b", environment)) as other:
            alike = event(1)

            def cut_after_another(link: Link, _data: bytes) -> bytes:
                link.cut_server()
                wait_for_open_transactions(environment)
                other.append([alike, event(2)])
                link.cut()
                return b""

            proxy.arm(Moment.COMMIT_ASKED, cut_after_another)
            with pytest.raises(IntegrityError):
                log.append([alike, event(3)])
            assert log.head == 2
            other.follow()
        assert log.append([event()]) == 3


def wait_for_open_transactions(environment: Environment) -> None:
    """Waits until no transaction of a program is open."""
    with session(environment) as asked:
        while asked.execute(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'abby' AND state LIKE 'idle in transaction%'"
        ).fetchone():
            pass


def test_an_append_whose_outcome_nobody_tells_waits_until_it_is_known(
    tmp_path: Path, environment: Environment, proxy: Proxy
) -> None:
    """The server is away when its answer is lost, and comes back: the answer is the right one."""
    with closing(opened(tmp_path, through(proxy, environment))) as log:
        proxy.arm(Moment.COMMIT_ANSWERED, silence)
        answers: list[int] = []
        asking = threading.Thread(target=lambda: answers.append(log.append(batch(2))))
        asking.start()
        assert proxy.happened.wait(10)
        asking.join(0.3)
        assert asking.is_alive()
        port = proxy.port
        proxy.close()
        back = Proxy(int(environment["POSTGRES_PORT"]), own_port=port)
        asking.join(10)
        assert answers == [2]
        back.close()


def silence(link: Link, data: bytes) -> bytes:
    """The session ends, all others too, and whoever comes gets no answer."""
    link.proxy.is_silent = True
    link.proxy.cut_all()
    return cut(link, data)


def refuse(link: Link, data: bytes) -> bytes:
    """The same, and whoever comes is refused."""
    link.proxy.close()
    return cut(link, data)


def test_a_log_that_is_closed_before_it_is_known_says_so(
    tmp_path: Path, environment: Environment, proxy: Proxy
) -> None:
    """It claims neither: that nothing was recorded would be wrong here."""
    log = opened(tmp_path, through(proxy, environment))
    proxy.arm(Moment.COMMIT_ANSWERED, refuse)
    errors: list[str] = []

    def append() -> None:
        try:
            log.append(batch(2))
        except LedgerStopped as error:
            errors.append(str(error))

    asking = threading.Thread(target=append)
    asking.start()
    assert proxy.happened.wait(10)
    began = monotonic()
    log.close()
    asking.join(10)
    assert monotonic() - began < SOON_SECONDS
    assert len(errors) == 1
    assert "It is not known whether the last batch was recorded" in errors[0]
    assert "Nothing of this was recorded" not in errors[0]
    assert len(ids(environment)) == 3


def test_a_close_does_not_wait_without_end_for_a_server_that_keeps_silent(
    tmp_path: Path, environment: Environment, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its session stands, and no answer comes: a program that is to stop can."""
    monkeypatch.setattr(log_module, "CLOSE_SECONDS", 0.2)
    log = opened(tmp_path, through(proxy, environment))
    proxy.arm(Moment.COMMIT_ANSWERED, slow(1.0))
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(log.append([event()])))
    asking.start()
    assert proxy.happening.wait(10)
    with pytest.raises(LedgerStopped, match=r"It is not known whether the last batch was recorded: .* does not answer"):
        log.close()
    asking.join(10)
    assert answers == [1]
    log.close()


def test_a_server_that_refuses_each_append_is_told_and_not_asked_without_end(
    tmp_path: Path, environment: Environment
) -> None:
    """Such as one that can only be read now, or whose disk is full: nothing was recorded, and it goes on after."""
    with closing(opened(tmp_path, environment)) as log:
        for error in ("read_only_sql_transaction", "disk_full", "internal_error"):
            with session(environment) as asked:
                asked.execute(
                    "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                    f" $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{error}'; END $$"
                )
                asked.execute(f"CREATE TRIGGER refusing BEFORE INSERT ON {TABLE} EXECUTE FUNCTION refuse()")
                tries = _count_appends(log)
                with pytest.raises(StorageUnavailable, match=r"not now.*Nothing of this was recorded"):
                    log.append([event()])
                assert len(tries) == 1 + (error == "internal_error")
                asked.execute(f"DROP TRIGGER refusing ON {TABLE}")
            log.append([event()])
        assert log.head == 3


def test_whoever_loses_its_turn_in_the_middle_decides_anew(tmp_path: Path, environment: Environment) -> None:
    """The database ends a turn in which nothing happens; meanwhile another records, and the first does no harm."""
    with closing(opened(tmp_path / "a", environment)) as slow, closing(opened(tmp_path / "b", environment)) as quick:
        slow._turns._ask = asking(slow, longest="400ms")
        with slow.turn() as head:
            began = monotonic()
            with quick.turn() as other:
                quick.append([event()], DCBAppendCondition(after=other))
            assert 0.2 < monotonic() - began < SOON_SECONDS
            with pytest.raises(IntegrityError):
                slow.append([event()], DCBAppendCondition(after=head))
            assert slow.append([event()], DCBAppendCondition(after=slow.head)) == 2
        with slow.turn() as head:
            assert head == 2


def test_where_no_turn_comes_in_time_one_writes_without(tmp_path: Path, environment: Environment) -> None:
    """It is counted, and said; the condition of the append keeps it safe."""
    with closing(opened(tmp_path / "a", environment)) as slow, closing(opened(tmp_path / "b", environment)) as quick:
        quick._turns._ask = asking(quick, wait="300ms")
        with slow.turn(), quick.turn() as head:
            assert quick._turns._tallies.without == 1
            assert quick.append([event()], DCBAppendCondition(after=head)) == 1
        with slow.turn() as head:
            assert head == 1


def asking(log: PostgresLog, *, longest: str = "2s", wait: str = "5s") -> Composed:
    """How a turn is asked for, with other times."""
    return turns._ASK.format(longest, wait, turns.LOCK_CLASS, log._database.schema)
