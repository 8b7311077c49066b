"""What a process shows the others of itself, and what the server is told of it.

| what happens                             | what follows                                                             |
|------------------------------------------|--------------------------------------------------------------------------|
| its machine is gone without a word       | the server asks after it as soon as it would after the server: 6 seconds |
| the file that keeps its tag is damaged   | it draws another: it never takes requests of others for its own          |
| no session is left for it                | a line of the program's log says so, once until there is one             |
| it is closed while it waits for one      | it goes once that came, and takes no part                                |
| it is stopped                            | the server ends its session: another does what is to be done once        |
| it wakes up                              | from the first moment on it is not the first; then it is there again     |
| the server knows no end of idle sessions | it is there all the same                                                 |
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from adapters.eventlog.postgres import company as company_module
from adapters.eventlog.postgres.company import Company
from adapters.eventlog.postgres.database import Database
from adapters.eventlog.postgres.session import Session
from adapters.eventlog.postgres.tallies import SharingTallies
from tests.adapters.eventlog.jsonl.logs import event
from tests.adapters.eventlog.postgres.logs import new_schema, opened
from tests.servers.postgres import new_database

SOON_SECONDS = 15.0
IDLE_SECONDS = 2
"""After this the server ends a session that asks nothing."""


class Watched(Database):
    """A database whose sessions can be looked at."""

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__(environment)
        self.sessions: list[Session[Any]] = []

    def session(self) -> Session[Any]:
        self.sessions.append(super().session())
        return self.sessions[-1]


def test_the_server_is_told_to_ask_after_the_process() -> None:
    """Its own default would keep the locks of a machine that is gone, and the duty of telling, for two hours."""
    with closing(Watched(new_database())) as database:
        with closing(Company(database, "00c0ffee", lambda: 0.0, SharingTallies())) as company:
            assert company.is_there.wait(SOON_SECONDS)
            (session,) = database.sessions
            shown = {
                name: session.execute(f"SHOW {name}").fetchone()
                for name in ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
            }
            patience = session.execute("SHOW tcp_user_timeout").fetchone()
        assert shown == {
            "tcp_keepalives_idle": ("3",), "tcp_keepalives_interval": ("1",), "tcp_keepalives_count": ("3",),
        }  # fmt: skip
        assert patience == ("6000",)


def test_a_ring_is_told_once(tmp_path: Path) -> None:
    """Whoever waits for a turn takes in what was recorded since it looked last."""
    environment = new_database()
    with closing(opened(tmp_path / "a", environment)) as a, closing(opened(tmp_path / "b", environment)) as b:
        company, rung = b._company, threading.Event()
        assert company is not None
        assert company.is_there.wait(SOON_SECONDS)
        company.listen(rung.set)
        assert not company.has_rung()
        a.append([event()])
        assert rung.wait(SOON_SECONDS)
        assert company.has_rung()
        assert not company.has_rung()


class Late(Database):
    """A database whose sessions come when they may."""

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__(environment)
        self.may_come = threading.Event()

    def session(self) -> Session[Any]:
        assert self.may_come.wait(SOON_SECONDS)
        return super().session()


def test_whoever_is_stopped_is_gone_and_comes_back_as_one_of_the_others() -> None:
    """What is to be done once is done by another meanwhile, and never by two."""
    environment = new_database()
    with other_process("00000001", environment) as other, closing(Database(environment)) as database:
        until(lambda: asked(other) == "True", "it is alone")
        with closing(Company(database, "00000002", lambda: 0.0, SharingTallies())) as company:
            until(lambda: company.others() == {"00000001"}, "they do not see each other")
            sleep(IDLE_SECONDS + 0.5)  # whoever asks now and then is not idle
            assert not company.is_first
            assert company.others() == {"00000001"}
            other.send_signal(signal.SIGSTOP)
            until(lambda: company.is_first, "nobody does it")
            assert company.others() == frozenset()
            tell(other)
            other.send_signal(signal.SIGCONT)
            assert answer_of(other) == "False"
            until(lambda: company.others() == {"00000001"}, "it does not come back")
            assert (company.is_first, asked(other)) == (True, "False")
        until(lambda: asked(other) == "True", "it does not take over")


def test_a_server_without_an_end_of_idle_sessions_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL 13 has none."""
    monkeypatch.setattr(company_module, "IDLE_SETTING", "idle_session_timeout_of_later")
    with (
        closing(Watched(new_database())) as database,
        closing(Company(database, "00c0ffee", lambda: 0.0, SharingTallies())) as company,
    ):
        until(lambda: company.is_first, "it is alone")
        (session,) = database.sessions
        assert session.execute("SHOW idle_session_timeout").fetchone() == ("0",)


@contextmanager
def other_process(tag: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """One that is there, and may be stopped."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.adapters.eventlog.postgres.present", tag, str(IDLE_SECONDS)],
        env={**os.environ, **environment}, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def tell(process: subprocess.Popen[str]) -> None:
    """Asks it whether it is the first."""
    assert process.stdin is not None
    process.stdin.write("?\n")
    process.stdin.flush()


def answer_of(process: subprocess.Popen[str]) -> str:
    """What it says."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def asked(process: subprocess.Popen[str]) -> str:
    """Both."""
    tell(process)
    return answer_of(process)


def until(holds: Callable[[], bool], otherwise: str) -> None:
    """Waits for something."""
    deadline = monotonic() + SOON_SECONDS
    while not holds():
        assert monotonic() < deadline, otherwise
        sleep(0.02)


def test_a_session_that_comes_after_the_close_is_given_back() -> None:
    """The thread ends without an error, and nobody is there."""
    with closing(Late(new_database())) as database:
        company = Company(database, "00c0ffee", lambda: 0.0, SharingTallies())
        company.close()
        database.may_come.set()
        company._thread.join(SOON_SECONDS)
        assert not company._thread.is_alive()
        assert not company.is_first


def test_that_nobody_is_heard_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account may have too few sessions, and all else go on."""
    said: list[str] = []

    class Told:
        def warning(self, what: str, *, reason: str) -> None:
            said.append(f"{what}: {reason}")

    monkeypatch.setattr(company_module, "_log", Told())
    monkeypatch.setattr(company_module, "AGAIN_SECONDS", 0.05)
    environment = {**new_database(), "POSTGRES_PASSWORD": "another"}
    with (
        closing(Database(environment)) as database,
        closing(Company(database, "00c0ffee", lambda: 0.0, SharingTallies())),
    ):
        sleep(1.0)
    assert len(said) == 1
    assert said[0].startswith("others not heard")
    assert "password authentication failed" in said[0]
    assert "another" not in said[0]


@pytest.mark.parametrize("tag", ["", "nothing of a tag", "0123456789"])
def test_a_tag_that_is_none_is_drawn_anew(tag: str, tmp_path: Path) -> None:
    """An empty one would be the beginning of every id."""
    environment = new_schema()
    opened(tmp_path, environment).close()
    (tmp_path / "logs" / "copy-of").write_text(f"the database\n{tag}\n")
    with closing(opened(tmp_path, environment)) as log:
        assert len(bytes.fromhex(log.tag)) == 4
        assert log.shared.tag == log.tag
