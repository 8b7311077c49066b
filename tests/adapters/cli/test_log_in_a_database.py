"""Every command where the log is in a database: what works, what is refused, and what works without the database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from adapters.application.saving import NewImage, save_image
from adapters.cli import main
from adapters.disk.files import Files
from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.engines.opening import open_store
from adapters.ports.clock import utc_now
from adapters.ports.engines import LogKeeper
from adapters.ports.event_log import EventLogEngine
from domain.commands import GiveGrant
from domain.point_commands import MovePoints, Offer, SetOffer
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import WAIT_SECONDS, command, png, started, write_env_file
from tests.adapters.cli.test_where_output_goes import UNTIL_STOPPED, WORDS
from tests.adapters.eventlog.postgres.moves import asked, log_of, rows_of
from tests.servers.postgres import new_database
from tests.servers.proxy import Proxy

ASKS_THE_DATABASE = frozenset(
    {
        "generate", "delete", "reset", "limits", "grant", "void-grant", "buy", "ask", "asks", "tiers", "queue",
        "cleanup",        "clock-corrected", "backup", "token",
    }
)  # fmt: skip
"""The commands that are refused while it is gone: they change something, or ask the ledger that could. The others tell
what the copy has.
"""
AS_OF_THE_COPY = frozenset(
    {
        "status", "users", "images", "events", "grants", "points", "market", "report", "query", "digest", "replay",
        "explain", "export",
    }
)  # fmt: skip
"""The commands that tell what the copy has and cannot know whether that is all."""
HERE_ALONE = frozenset({"providers", "price"})
"""Those that need no log."""
SKIPPED = UNTIL_STOPPED | {"migrate", "restore", "import"}
"""Those with tests of their own."""


@pytest.fixture
def settings() -> Mapping[str, str]:
    """How an empty database is reached."""
    return new_database()


@pytest.fixture
def engine(settings: Mapping[str, str]) -> EventLogEngine:
    """The engine of the log in it."""
    return choose_engine(LogKeeper(POSTGRES_MODULE, settings), Files())


@pytest.fixture
def filled(root: Path, engine: EventLogEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with a copy, two images, a grant and points of one user, and an offer."""
    with closing(open_store(root, engine=engine)) as store:
        store.opened().ledger.execute(SetOffer("cli", Offer("ten", "generations", 10, 1), "a fair"))
        store.opened().ledger.execute(MovePoints("ada", "cli", "mint", 50, "a contest"))
        store.opened().ledger.execute(GiveGrant("ada", "cli", "g1", "generations", 1, reason="a contest"))
        for _ in range(2):
            asyncio.run(save_image(store, NewImage("ada", png())))
    monkeypatch.chdir(tmp_path)
    return root


@pytest.fixture
def env_file(tmp_path: Path, settings: Mapping[str, str]) -> Path:
    """Settings that say that the log is in it."""
    return write_env_file(tmp_path / "settings.env", PERSISTENCE_MODULE=POSTGRES_MODULE, **settings)


def codes(root: Path, env_file: Path) -> dict[str, int]:
    """How each command ends that is told once, with JSON."""
    ended = {}
    for name, words in WORDS.items():
        if name not in SKIPPED:
            own = [word.format(1) for word in words]
            ended[name] = main(["--root", str(root), "--env-file", str(env_file), name, *own, "--json"])
    return ended


def test_every_command_works(
    filled: Path, env_file: Path, settings: Mapping[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    """As with a log of its own, and what is recorded is in the database."""
    assert {name: code for name, code in codes(filled, env_file).items() if code} == {}
    assert rows_of(settings) == log_of(filled)
    assert "Traceback" not in capfd.readouterr().err


def test_every_command_says_that_the_database_is_gone_or_tells_what_the_copy_has(
    filled: Path, settings: Mapping[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing is recorded, and nothing takes the copy for the log."""
    gone = write_env_file(
        tmp_path / "gone.env", PERSISTENCE_MODULE=POSTGRES_MODULE, **{**settings, "POSTGRES_PORT": "1"}
    )
    before = log_of(filled)
    ended = codes(filled, gone)
    assert {name for name, code in ended.items() if code == 74} == ASKS_THE_DATABASE
    assert {name: code for name, code in ended.items() if code not in {0, 74}} == {"doctor": 1}
    said = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith('{"error"')]
    assert all("does not answer as it should" in one["error"]["message"] for one in said)
    assert log_of(filled) == before
    assert rows_of(settings) == before


def test_what_is_told_without_the_database_says_that_it_may_be_old(
    filled: Path, settings: Mapping[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Once a command, for people and programs, and in a sentence that can be read aloud."""
    gone = write_env_file(
        tmp_path / "gone.env", PERSISTENCE_MODULE=POSTGRES_MODULE, **{**settings, "POSTGRES_PORT": "1"}
    )
    doubt = (
        f"The database {settings['POSTGRES_DBNAME']} at 127.0.0.1:1 does not answer as it should (Connection refused). "
        "What is shown is as of the copy on this machine."
    )
    for name in sorted(AS_OF_THE_COPY):
        for further in ([], ["--json"]):
            own = [word.format(1 + len(further)) for word in WORDS[name]]
            assert main(["--root", str(filled), "--env-file", str(gone), name, *own, *further]) == 0
            told = capfd.readouterr()
            said = " ".join(told.err.split()) if name != "status" else " ".join(f"{told.out} {told.err}".split())
            assert said.count(doubt) == 1, (name, further)


@pytest.mark.parametrize("words", [("status", "ada"), ("events",), ("report",), ("verify",), ("reset", "ada")])
def test_without_the_database_and_a_copy_it_is_said_what_to_look_at(
    words: tuple[str, ...], settings: Mapping[str, str], abby: Abby, tmp_path: Path
) -> None:
    """Nothing was to be recorded, so nothing is said of that."""
    gone = write_env_file(
        tmp_path / "gone.env", PERSISTENCE_MODULE=POSTGRES_MODULE, **{**settings, "POSTGRES_PORT": "1"}
    )
    told = abby(*words, env_file=gone)
    assert told.code == 74
    assert " ".join(told.err.split()) == (
        f"The database {settings['POSTGRES_DBNAME']} at 127.0.0.1:1 does not answer as it should (Connection refused), "
        "and there is no copy of its log on this machine yet. Look whether it runs, and whether the POSTGRES_ settings "
        "are right."
    )


@pytest.mark.usefixtures("filled")
def test_events_are_followed_where_nothing_else_runs(
    env_file: Path, abby: Abby, settings: Mapping[str, str], tmp_path: Path
) -> None:
    """What others record is shown as it comes; that the database is gone is said once, and then it goes on."""
    port = int(settings["POSTGRES_PORT"])
    proxy = Proxy(port)
    there = write_env_file(
        tmp_path / "there.env", PERSISTENCE_MODULE=POSTGRES_MODULE, **{**settings, "POSTGRES_PORT": str(proxy.port)}
    )
    follow = command(tmp_path / "there", there, "events", "--follow", "--type", "DailyCountReset")
    with started(follow) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "position" in process.stdout.readline()
        assert "No event" in process.stderr.readline()
        assert abby("reset", "ada", env_file=env_file).code == 0
        assert "DailyCountReset" in process.stdout.readline()
        proxy.close()
        assert "does not answer as it should" in process.stderr.readline()
        assert abby("reset", "ada", env_file=env_file).code == 0
        with closing(Proxy(port, own_port=proxy.port)):
            assert "DailyCountReset" in process.stdout.readline()
            process.terminate()
            assert process.communicate(timeout=WAIT_SECONDS) == ("", "")


def test_on_another_machine_a_command_makes_a_copy_first(
    filled: Path, env_file: Path, abby: Abby, tmp_path: Path
) -> None:
    """An empty root is enough to ask, and to change something."""
    there = tmp_path / "there"
    assert abby("users", "--json", root=there, env_file=env_file).json["users"][0]["user"] == "ada"
    assert abby("reset", "ada", root=there, env_file=env_file).code == 0
    assert abby("status", "ada", "--json", env_file=env_file).json["daily"]["used"] == 0
    assert log_of(there) == log_of(filled)


def test_a_mistyped_root_without_a_log_anywhere_is_told(abby: Abby, env_file: Path, tmp_path: Path) -> None:
    """Nothing is begun by a command that changes something."""
    told = abby("reset", "ada", root=tmp_path / "nowhere", env_file=env_file)
    assert (told.code, "There is no log in the database test_" in told.err) == (65, True)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.usefixtures("filled")
def test_a_backup_is_of_the_log_as_it_was_then(
    env_file: Path, abby: Abby, tmp_path: Path, engine: EventLogEngine
) -> None:
    """It is no copy of what the database has later; restored, it is the log of a root until it is started with the
    database, which has what came after.
    """
    there = tmp_path / "there"
    engine.open_for_writing(there, clock=utc_now).close()
    assert abby("grant", "ada", "--generations", "1", root=there, env_file=env_file).code == 0
    assert abby("backup", "kept", env_file=env_file).code == 0
    kept = log_of(tmp_path / "kept" / "log")
    assert kept == log_of(there), "it was brought up to date first"
    assert abby("grant", "ada", "--generations", "1", root=there, env_file=env_file).code == 0
    for root in (tmp_path / "restored", tmp_path / "again"):
        told = abby("restore", "kept", "--json", root=root, env_file=env_file)
        assert told.code == 0
        assert log_of(tmp_path / "kept" / "log") == kept == log_of(root)
        assert not (tmp_path / "kept" / "log" / "logs" / "copy-of").exists()
    assert abby("import", "kept", root=tmp_path / "imported", env_file=env_file).code == 0
    assert abby("cleanup", root=tmp_path / "restored", env_file=env_file).code == 0
    assert abby("cleanup", root=tmp_path / "imported", env_file=env_file).code == 0
    assert log_of(tmp_path / "restored") == log_of(tmp_path / "imported") == log_of(there)


@pytest.mark.usefixtures("filled")
def test_a_restored_root_and_an_empty_database_say_what_to_do(env_file: Path, abby: Abby, tmp_path: Path) -> None:
    """The database is lost with all it had: the backup goes into a new one."""
    assert abby("backup", "kept", env_file=env_file).code == 0
    new = write_env_file(tmp_path / "new.env", PERSISTENCE_MODULE=POSTGRES_MODULE, **new_database())
    restored = tmp_path / "restored"
    assert abby("restore", "kept", root=restored, env_file=new).code == 0
    assert abby("verify", root=restored, env_file=new).code == 0
    told = abby("reset", "ada", root=restored, env_file=new)
    assert (told.code, "abby migrate --to postgres" in told.err) == (65, True)
    assert abby("migrate", "--to", "postgres", "--yes", root=restored, env_file=new).code == 0
    assert abby("reset", "ada", root=restored, env_file=new).code == 0


def test_a_damaged_copy_is_told_and_made_anew(filled: Path, env_file: Path, abby: Abby) -> None:
    """`verify` and `audit` say where; whoever opens it says that it is a copy alone, and what to do."""
    path = filled / "logs" / "events.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"ten"', b'"tan"', 1))
    told = abby("verify", env_file=env_file)
    assert (told.code, "position 2" in told.out + told.err) == (65, True)
    told = abby("reset", "ada", env_file=env_file)
    assert told.code == 65
    assert "This is only the copy of the log in the database test_" in told.err
    assert f"move {filled / 'logs'} away and start again" in told.err
    assert "This is only the copy" in abby("status", "ada", env_file=env_file).err
    (filled / "logs").rename(filled.parent / "away")
    assert abby("reset", "ada", env_file=env_file).code == 0


@pytest.mark.usefixtures("filled")
def test_a_database_that_lost_what_the_copy_has_is_told_by_verify_too(
    env_file: Path, abby: Abby, settings: Mapping[str, str]
) -> None:
    """The copy is whole in itself, and that is not the question."""
    asked(settings, "DELETE FROM abby_events_tt_tag")
    asked(settings, "DELETE FROM abby_events_tt_main WHERE id > 4")
    for words in (("verify",), ("status", "ada"), ("reset", "ada")):
        told = abby(*words, env_file=env_file)
        assert (told.code, "does not hold what was recorded in it" in told.err) == (65, True)


@pytest.mark.usefixtures("filled")
def test_verify_compares_the_copy_with_the_rows(
    env_file: Path, abby: Abby, settings: Mapping[str, str], tmp_path: Path
) -> None:
    """Somebody who changed a row long ago is found; where the database does not answer, it says that it did not."""
    assert "the copy of the database test_" in abby("verify", env_file=env_file).out
    assert abby("verify", "--json", env_file=env_file).json["log"].endswith(", whose rows were compared")
    gone = write_env_file(
        tmp_path / "gone.env", PERSISTENCE_MODULE=POSTGRES_MODULE, **{**settings, "POSTGRES_PORT": "1"}
    )
    told = abby("verify", "--json", env_file=gone)
    assert (told.code, told.json["log"].endswith("does not answer and was not compared")) == (0, True)
    asked(
        settings,
        "UPDATE abby_events_tt_main SET data = convert_to(replace(convert_from(data, 'UTF8'), 'ten', 'tan'), 'UTF8')",
    )
    told = abby("verify", env_file=env_file)
    assert (told.code, "they differ at position 2," in told.err) == (65, True)


def test_an_image_that_may_lie_on_another_machine_is_not_recorded_as_gone(
    filled: Path, env_file: Path, abby: Abby, settings: Mapping[str, str]
) -> None:
    """Beside others `audit --repair` does not know what they have; what lies here and nobody knows is moved as ever."""
    (filled / "images" / "users" / "ada" / "image_1.png").unlink()
    (filled / "images" / "users" / "ada" / "stranger.png").write_bytes(png())
    before = rows_of(settings)
    for words in ((), ("--yes",)):
        told = abby("audit", "--repair", *words, "--json", env_file=env_file).json
        assert [(mend["file"], mend["action"]) for mend in told["mends"]] == [
            ("images/users/ada/stranger.png", "moved")
        ]
        assert ["below the root of another" in left["why"] for left in told["left"]] == [True]
    assert rows_of(settings) == before
