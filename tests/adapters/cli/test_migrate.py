"""`abby migrate`: what it asks, says and answers, and a log that goes there and back while it is interrupted again and
again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import Random
from subprocess import DEVNULL, Popen
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest

from adapters.engines.choice import POSTGRES_MODULE
from scripts.month.life import Shape
from scripts.simulate_month import simulate
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.prepared import FORKS, Forked
from tests.adapters.cli.processes import environment, write_env_file
from tests.adapters.eventlog.jsonl.logs import opened, write_log
from tests.servers.postgres import Server, new_database, running

PERSISTENCE = {"PERSISTENCE_MODULE": POSTGRES_MODULE}
KILLED = -9
LOOK_SECONDS = 0.002
SMALL_STEPS = """
from adapters.eventlog.postgres import log, to_database
to_database.APPENDED_EVENTS, log.PAGE, log.SEALED_EVERY = 200, 200, 400
"""
"""So that a short log is many appends and pages."""
WAIT_SECONDS = 600.0


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Settings that name an empty database, and leave the log where it is."""
    return write_env_file(tmp_path / "database.env", **new_database())


@pytest.fixture
def small(root: Path) -> Path:
    """A root with a log of four events."""
    write_log(root, [3, 1])
    return root


def test_it_is_not_done_before_somebody_said_yes(small: Path, database: Path, abby: Abby) -> None:
    """It says what it would do; nothing is connected to."""
    told = abby("migrate", "--to", "postgres", env_file=database)
    assert told.code == 1
    assert f"The log below {small} is brought into the database test_" in told.err
    assert "Nothing was changed. Run the command again with --yes to do it." in told.err
    refused = abby("migrate", "--to", "jsonl", "--json", env_file=database).json["refused"]
    assert refused["reason"] == "NOT_AGREED"
    assert not (small / "logs" / "copy-of").exists()


@pytest.mark.parametrize("answer", ["y\n", "\n"])
def test_whoever_sits_at_a_terminal_is_asked(
    answer: str, small: Path, database: Path, abby: Abby, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anything but a clear yes is a no."""
    asked: list[str] = []

    def answered(_: object, question: str) -> bool:
        asked.append(question)
        return answer == "y\n"

    monkeypatch.setattr("adapters.cli.output.Output.may_ask", lambda _: True)
    monkeypatch.setattr("adapters.cli.output.Output.asked", answered)
    assert abby("migrate", "--to", "postgres", env_file=database).code == (0 if answer == "y\n" else 1)
    assert asked[0].endswith("Nothing may write the log meanwhile. Shall it be done?")
    assert (small / "logs" / "copy-of").exists() is (answer == "y\n")


def test_it_says_what_to_do_next(small: Path, database: Path, abby: Abby, fits: Callable[[str, Any], bool]) -> None:
    """There and back; programs get the same steps. The password is nowhere."""
    there = abby("migrate", "--to", "postgres", "--yes", env_file=database)
    assert there.code == 0
    assert "Carried over: the log is in the database test_" in there.out
    assert "4 events" in there.out
    assert f"1. Set PERSISTENCE_MODULE={POSTGRES_MODULE}, beside the POSTGRES_ settings" in there.out
    again = abby("migrate", "--to", "postgres", "--yes", "--json", env_file=database)
    assert fits("migrate", again.json)
    assert (again.json["position"], again.json["brought"]) == (4, 0)
    back = abby("migrate", "--to", "jsonl", "--yes", env_file=database)
    assert f"the log is in {small / 'logs' / 'events.jsonl'}, 4 events" in back.out
    assert "1. PERSISTENCE_MODULE is set so already for this root, and let no other process" in back.out
    new = abby("migrate", "--to", "jsonl", "--yes", "--json", root=small.parent / "new", env_file=database)
    assert fits("migrate", new.json)
    assert (new.json["hash"], new.json["brought"]) == (again.json["hash"], 4)
    assert not any("not-a-secret" in told.out + told.err for told in (there, again, back, new))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--to", "nowhere"), 2, "nowhere"),
        ((), 2, "--to"),
        (("--to", "postgres"), 78, "POSTGRES_DBNAME, POSTGRES_USER, POSTGRES_PASSWORD are not set"),
    ],
)
def test_what_is_wrong_is_told_under_its_code(
    words: tuple[str, ...], code: int, said: str, small: Path, abby: Abby, tmp_path: Path
) -> None:
    """Before anything is done."""
    host = write_env_file(tmp_path / "host.env", POSTGRES_HOST="127.0.0.1")
    told = abby("migrate", *words, "--yes", "--json", env_file=host)
    assert told.code == code
    assert said in told.out
    assert small.exists()


def test_a_log_that_is_held_or_a_database_that_is_gone_or_full_is_told(
    small: Path, tmp_path: Path, database: Path, abby: Abby
) -> None:
    """Each under its own code, and what is not over says that it goes on."""
    with closing(opened(small)):
        assert abby("migrate", "--to", "postgres", "--yes", env_file=database).code == 73
    gone = write_env_file(tmp_path / "gone.env", **{**new_database(), "POSTGRES_PORT": "1"})
    told = abby("migrate", "--to", "postgres", "--yes", env_file=gone)
    assert told.code == 74
    assert "then run the same command again: it goes on where it stopped." in told.err
    assert "recorded" not in told.err
    assert abby("migrate", "--to", "postgres", "--yes", env_file=database).code == 0
    write_log(tmp_path / "other", [1])
    told = abby("migrate", "--to", "postgres", "--yes", root=tmp_path / "other", env_file=database)
    assert (told.code, "holds another log already" in told.err) == (2, True)


class Interrupting:
    """Runs of the command that are ended from outside: at a moment of time, or when so much has come there."""

    def __init__(self, server: Server, settings: dict[str, str], seed: int, *, in_small_steps: bool) -> None:
        self._server = server
        self._settings = settings
        self._random = Random(seed)
        self._change = SMALL_STEPS if in_small_steps else ""
        self.kills = 0

    def run(self, root: Path, to: str, how_much: Callable[[], float], interruptions: Sequence[str]) -> None:
        """Interrupts that many runs, each in its way, and lets the last one end."""
        shares = sorted(self._random.random() for _ in interruptions)
        for what, share in zip(interruptions, shares, strict=True):
            with self._started(root, to) as process:
                until = monotonic() + WAIT_SECONDS
                while process.poll() is None and how_much() < share:
                    assert monotonic() < until, "it stands still"
                    sleep(LOOK_SECONDS)
                sleep(self._random.random() * 10 * LOOK_SECONDS)
                if what == "restart":
                    self._server.kill()
                    self._server.start(fsync="off")
                    assert process.wait(WAIT_SECONDS) in {0, 74}
                else:
                    process.kill()
                    self.kills += process.wait(WAIT_SECONDS) == KILLED
        with self._started(root, to) as process:
            assert process.wait(WAIT_SECONDS) == 0

    @contextmanager
    def _started(self, root: Path, to: str) -> Iterator[Forked | Popen[bytes]]:
        words = ["--root", str(root), "migrate", "--to", to, "--yes", "--json"]
        program = ["-c", f"{self._change}\nfrom adapters.cli import main\nraise SystemExit(main())", *words]
        env = environment(**self._settings)
        if FORKS:
            with Forked(program, env, root.parent) as forked:
                yield forked
        else:
            with Popen([sys.executable, *program], env=env, cwd=root.parent, stdout=DEVNULL) as process:
                yield process

    def rows(self) -> int:
        """How many there are in the database, as far as it answers."""
        with suppress(psycopg.Error), psycopg.connect(self._dsn, connect_timeout=2) as session:
            found = session.execute("SELECT max(id) FROM abby_events_tt_main").fetchone()
            return (found and found[0]) or 0
        return 0

    @property
    def _dsn(self) -> str:
        return self._server.dsn.replace("dbname=postgres", f"dbname={self._settings['POSTGRES_DBNAME']}")


def size_of(path: Path) -> int:
    """0 where it is not there yet."""
    return path.stat().st_size if path.exists() else 0


SHORT, LONG = 5_000, 1_000_000


@pytest.mark.parametrize(
    "events", [SHORT, pytest.param(LONG, marks=[pytest.mark.thorough, pytest.mark.timeout(3_600)])]
)
def test_there_and_back_with_interruptions_it_is_the_same_log(
    events: int, root: Path, tmp_path: Path, abby: Abby, record_property: Callable[[str, object], None]
) -> None:
    """Killed at random moments, and the server killed and started again in between: the same bytes on another machine,
    the same figures for everybody, and the source was only read.
    """
    is_long = events == LONG
    simulate(root, Shape(users=4_000 if is_long else 60, events=events, days=120 if is_long else 10))
    log = root / "logs" / "events.jsonl"
    before, figures = log.read_bytes(), abby("users", "--json").json["users"]
    elsewhere = tmp_path / "elsewhere" / "root"
    elsewhere.parent.mkdir()
    brought = elsewhere / "logs" / "events.jsonl"
    there = ["kill", "restart", "kill"] * (5 if is_long else 1)
    back = ["kill"] * 9 + ["restart"] if is_long else ["restart", "kill"]
    with running() as server:
        settings = server.new_database("kept")
        interrupting = Interrupting(server, settings, seed=events, in_small_steps=not is_long)
        began = monotonic()
        interrupting.run(root, "postgres", lambda: interrupting.rows() / events, there)
        assert log.read_bytes() == before
        interrupting.run(elsewhere, "jsonl", lambda: size_of(brought) / len(before), back)
        took = monotonic() - began
        env_file = write_env_file(tmp_path / "kept.env", **settings, **PERSISTENCE)
        copied = abby("users", "--json", root=tmp_path / "third", env_file=env_file).json["users"]
    assert brought.read_bytes() == before
    assert abby("users", "--json", root=elsewhere).json["users"] == copied == figures
    assert abby("verify", root=elsewhere).code == 0
    record_property("interrupted migrations", f"{events:,} events, {interrupting.kills} kills, {took:.0f} s")
    assert interrupting.kills >= (15 if is_long else 1)
