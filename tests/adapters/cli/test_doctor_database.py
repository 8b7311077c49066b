"""`abby doctor` where the log is in PostgreSQL: real servers, as they are set up well and badly."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trustme
from eventsourcing.dcb.api import DCBAppendCondition

from adapters.application.storage import Storage
from adapters.cli.checks import database as checks
from adapters.engines.choice import POSTGRES_MODULE, choose_engine, examine_database
from adapters.engines.opening import open_store
from adapters.eventlog.postgres import database, examining
from adapters.eventlog.postgres.company import Company
from adapters.eventlog.postgres.examining import ahead_of
from adapters.ledger.ledger import ANYTHING
from adapters.ports.clock import utc_now
from adapters.ports.database_found import CopyFound, DatabaseFound, Replication, Way
from adapters.ports.engines import LogKeeper
from adapters.ports.faults import StorageUnavailable
from adapters.settings.config import load_config
from domain.commands import SetPolicy
from tests.adapters.cli.conftest import Abby
from tests.adapters.eventlog.jsonl.logs import event
from tests.servers.pair import operator, pair
from tests.servers.postgres import PASSWORD, new_database, shared
from tests.servers.tls import TLSProxy

PROJECT = Path(__file__).parents[3]
SOON_SECONDS = 15.0
PLACE = "the database abby at db:5432"

Doctor = Callable[[Mapping[str, str]], dict[str, Any]]


@pytest.fixture
def doctor(abby: Abby, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """The findings of a service that keeps its log in a database, by their check; no output has the password."""

    def examine(database: Mapping[str, str]) -> dict[str, Any]:
        for name, value in {"PERSISTENCE_MODULE": POSTGRES_MODULE, **database}.items():
            monkeypatch.setenv(name, value)
        told = abby("doctor", "--json")
        assert database["POSTGRES_PASSWORD"] not in told.out + told.err
        return {finding["check"]: finding for finding in told.json["checks"]}

    return examine


def record(database: Mapping[str, str], root: Path, number: int) -> None:
    """Another process records an event."""
    engine = choose_engine(LogKeeper(POSTGRES_MODULE, database))
    with closing(engine.open_for_writing(root, clock=utc_now)) as log:
        log.append([event(number)], DCBAppendCondition(ANYTHING, after=log.head))


def statements() -> list[str]:
    """What docs/scaling.md has an operator run for an account that may no more than it has to."""
    text = (PROJECT / "docs" / "scaling.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"```sql\n(CREATE ROLE abby_service.*?)```", text, re.DOTALL)
    return [one for one in re.split(r";\s*\n", re.sub(r"--.*", "", found)) if one.strip()]


def test_the_account_of_the_document_may_do_what_it_has_to_and_no_more(doctor: Doctor, tmp_path: Path) -> None:
    """It appends, and cannot change or remove a row; without one of its grants the doctor gives the statement."""
    given = new_database()
    before = doctor(given)
    assert "may make its tables" in before["privileges"]["found"]
    record(given, tmp_path / "owner", 1)
    user = f"service_{given['POSTGRES_DBNAME']}"
    service = {**given, "POSTGRES_USER": user}
    names = {"DATABASE abby ": f"DATABASE {given['POSTGRES_DBNAME']} ", "abby_service": user, "change-me": PASSWORD}
    with psycopg.connect(**owner_of(given), autocommit=True) as owner:
        for statement in statements():
            for name, there in names.items():
                statement = statement.replace(name, there)  # noqa: PLW2901 - step by step
            owner.execute(statement.encode())
        record(service, tmp_path / "service", 2)
        findings = doctor(service)
        assert {name: findings[name]["level"] for name in ("database", "privileges", "database clock", "copy")} == {
            "database": "OK", "privileges": "OK", "database clock": "OK", "copy": "OK",
        }  # fmt: skip
        assert "up to position 2" in findings["copy"]["found"]
        with psycopg.connect(**{**owner_of(given), "user": user}, autocommit=True) as session:
            for text in ("UPDATE abby_events_tt_main SET type = ''", "DELETE FROM abby_events_tt_main"):
                with pytest.raises(psycopg.Error, match=r"never changed or removed|permission denied"):
                    session.execute(text.encode())
        owner.execute(f'REVOKE UPDATE ON abby_events_tt_main FROM "{user}"'.encode())
        with pytest.raises(StorageUnavailable, match="permission denied"):
            record(service, tmp_path / "service", 3)
        found = doctor(service)["privileges"]
        assert found["level"] == "FAIL"
        assert found["advice"] == f'Let it: GRANT UPDATE ON TABLE "public"."abby_events_tt_main" TO "{user}";'


def owner_of(given: Mapping[str, str]) -> dict[str, Any]:
    """How a database's owner reaches it."""
    return {name: given[f"POSTGRES_{name.upper()}"] for name in ("host", "port", "dbname", "user", "password")}


def test_a_copy_of_another_database_is_known(tmp_path: Path) -> None:
    """As many events are not the same events."""
    ours, other = new_database(), new_database()
    record(ours, tmp_path / "ours", 1)
    record(other, tmp_path / "other", 2)
    found = [examine_database(LogKeeper(POSTGRES_MODULE, ours), tmp_path / name) for name in ("ours", "other", "none")]
    assert [one and one.copy for one in found] == [
        CopyFound(True, 1, 0),
        CopyFound(False, 1, 0),
        CopyFound(None, 0, 1),
    ]


def test_a_standby_that_commits_wait_for_is_told_and_missed(
    doctor: Doctor, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it follows all is well; without it nothing can be recorded, and that is said."""
    monkeypatch.setattr(database, "STANDBY_SECONDS", 0.5)
    with pair() as both:
        record(both.environment(), root, 1)
        assert "remote_apply); 1 of them follow" in doctor(both.environment())["replication"]["found"]
        both.standby.stop()
        with suppress(psycopg.Error), operator(both.primary) as session:
            while session.execute("SELECT 1 FROM pg_stat_replication").fetchone():
                pass
        found = doctor(both.environment())
        assert found["replication"]["level"] == "FAIL"
        assert "nothing can be recorded" in found["replication"]["found"]
        assert "fsync is off" in found["durability"]["found"]


def test_a_database_that_does_not_answer_ends_no_look(doctor: Doctor, root: Path) -> None:
    """It is told with what to do, and the rest is looked at."""
    root.mkdir()
    given = {**shared().environment(), "POSTGRES_PORT": "1"}
    findings = doctor(given)
    assert findings["database"]["level"] == findings["root"]["level"] == "FAIL"
    assert findings["database"]["found"] == (
        f"The database {given['POSTGRES_DBNAME']} at 127.0.0.1:1 does not answer as it should (Connection refused). "
        "Look whether it runs, and whether the POSTGRES_ settings are right."
    )
    assert findings["disk"]["level"] == "OK"


def test_a_setting_that_only_the_server_can_judge_ends_no_look(doctor: Doctor) -> None:
    """It is told as a finding, and the rest is looked at."""
    findings = doctor({**new_database(), "POSTGRES_SCHEMA": "user"})
    assert findings["database"]["level"] == "FAIL"
    assert "POSTGRES_SCHEMA=user is a word of SQL" in findings["database"]["found"]
    assert findings["port"]["level"] == "OK"


def test_a_session_that_can_be_read_on_the_way_is_told(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """To this machine it goes by no way; to another it is to be encrypted, and says that it is."""
    given = new_database()
    assert doctor(given)["encryption"]["found"] == "The database is on this machine."
    monkeypatch.setattr(examining, "is_this_machine", lambda _: False)
    told = doctor(given)["encryption"]
    assert told["level"] == "WARN"
    assert "PGSSLMODE=verify-full" in told["advice"]
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with closing(TLSProxy(int(given["POSTGRES_PORT"]), context)) as proxy:
        for name, value in {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": tmp_path / "ca.pem"}.items():
            monkeypatch.setenv(name, str(value))
        findings = doctor({**given, "POSTGRES_HOST": "localhost", "POSTGRES_PORT": str(proxy.port)})
    assert findings["database"]["level"] == findings["encryption"]["level"] == "OK"
    assert findings["encryption"]["found"] == "The session is encrypted."


def test_limits_that_the_next_start_would_change_for_others_are_told(
    doctor: Doctor, root: Path, tmp_path: Path
) -> None:
    """While others run; where only the service of this root does, somebody may have changed a setting on purpose."""
    given = new_database()

    def over(root: Path) -> Storage:
        limits = SetPolicy(daily=7, source="environment")
        store = open_store(root, engine=choose_engine(LogKeeper(POSTGRES_MODULE, given)), limits=limits)
        shared = store.running().shared
        assert isinstance(shared, Company)
        assert shared.is_there.wait(SOON_SECONDS)
        return store

    with closing(over(tmp_path / "other")):
        told = doctor({**given, "MAX_USER_DAILY_GENS": "5"})["shared limits"]
        assert told["level"] == "WARN"
        assert "MAX_USER_DAILY_GENS = 5 here, and was given as 7 last." in told["found"]
        told = doctor({**given, "MAX_USER_DAILY_GENS": "7"})["shared limits"]
        assert told["level"] == "OK"
        assert told["found"] == "Another process writes the same log; a start with the settings here changes no limit."
    with closing(over(root)):
        assert "shared limits" not in doctor({**given, "MAX_USER_DAILY_GENS": "5"})


def found_with(**members: Any) -> DatabaseFound:
    """A database that is well but for this."""
    well = DatabaseFound(
        PLACE, "16.4", Way.ENCRYPTED, 0.001, 0.0, (), True, 0, Replication("remote_apply", "b", 1, True),
        CopyFound(True, 7, 0),
    )  # fmt: skip
    return well._replace(**members)


@pytest.mark.parametrize(
    ("found", "check", "level", "told"),
    [
        (found_with(), "database", "OK", f"PostgreSQL 16.4 takes writes in {PLACE}; a round trip takes 1.0 ms."),
        (found_with(round_trip_seconds=0.3), "database", "WARN", "300.0 ms"),
        (found_with(way=Way.IN_CLEAR), "encryption", "WARN", "can read the log, and change what is asked and told"),
        (found_with(ahead_seconds=-2.5), "database clock", "WARN", "2.5 seconds behind this machine's"),
        (found_with(ahead_seconds=1.0), "database clock", "WARN", "1.0 seconds ahead of"),
        (found_with(ahead_seconds=0.9), "database clock", "OK", "the same"),
        (found_with(copy=CopyFound(True, 7, 1200)), "copy", "OK", "up to position 7, 1,200 behind"),
        (found_with(copy=CopyFound(False, 7, 0)), "copy", "FAIL", "does not hold what the copy"),
        (found_with(copy=CopyFound(None, 0, 9)), "copy", "OK", "no copy below this root yet"),
        (found_with(replication=Replication("on", "", 0, True)), "replication", "OK", "No commit waits for a standby"),
        (found_with(replication=Replication("on", "b", None, True)), "replication", "OK", "may not see"),
        (found_with(replication=Replication("local", "b", 1, True)), "replication", "WARN", "for no standby after all"),
        (found_with(replication=Replication("off", "", 0, True)), "durability", "WARN", "synchronous_commit is off"),
        (found_with(is_begun=False, lacking=("GRANT",)), "privileges", "FAIL", "make the log's tables"),
    ],
)  # fmt: skip
def test_what_is_found_is_told(
    monkeypatch: pytest.MonkeyPatch, found: DatabaseFound, check: str, level: str, told: str
) -> None:
    """Each kind of finding by its level and its words."""
    monkeypatch.setattr(checks, "examine_database", lambda *_: found)
    findings = {finding.check: finding for finding in checks.database(load_config({}), None)}
    assert findings[check].level == level
    assert told in findings[check].found
    assert all(finding.advice for finding in findings.values() if finding.level != "OK")


def test_a_clock_is_ahead_only_where_it_surely_is() -> None:
    """What was told between the question and the answer may be right."""
    begun = datetime(2026, 3, 1, tzinfo=UTC)
    ended = begun + timedelta(seconds=2)
    told = [ahead_of(begun + timedelta(seconds=second), begun, ended) for second in (-3, 0, 1, 2, 5)]
    assert told == [-3.0, 0.0, 0.0, 0.0, 3.0]
