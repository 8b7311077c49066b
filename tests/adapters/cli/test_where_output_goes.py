"""Where a command's output goes when nobody reads it or takes it, and how its options are written."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.application.saving import NewImage, save_image
from adapters.cli import main
from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.engines.opening import open_store
from adapters.ports.clock import utc_now
from adapters.ports.engines import LogKeeper
from domain.commands import GiveGrant
from domain.point_commands import MovePoints, Offer, SetOffer
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import WAIT_SECONDS, command, environment, png, run, write_env_file
from tests.adapters.cli.test_commands import COMMANDS
from tests.servers.postgres import new_database

FULL = Path("/dev/full")
WORDS: dict[str, tuple[str, ...]] = {
    "serve": (),
    "bot": (),
    "status": ("ada",),
    "users": (),
    "images": ("ada",),
    "events": ("--after", "0"),
    "verify": (),
    "audit": (),
    "salvage": ("--to", "salvaged{}"),
    "generate": ("a boat", "--user", "ada", "--width", "64", "--height", "64"),
    "providers": (),
    "price": (),
    "delete": ("ada", "image_{}.png"),
    "reset": ("ada",),
    "limits": ("ada", "--daily", "3"),
    "grant": ("ada", "--generations", "1"),
    "grants": ("ada",),
    "void-grant": ("ada", "g1"),
    "points": ("ada",),
    "market": (),
    "buy": ("ada", "ten"),
    "ask": ("ada",),
    "asks": (),
    "tiers": (),
    "queue": (),
    "cleanup": (),
    "adopt": ("root",),
    "clock-corrected": (),
    "doctor": (),
    "replay": ("ada", "--story"),
    "what-if": ("--daily", "3"),
    "explain": ("ada", "--last"),
    "backup": ("backup{}",),
    "restore": ("backup{}", "--root", "restored{}"),
    "import": ("backup{}", "--root", "imported{}"),
    "export": ("ada", "--to", "export{}"),
    "query": ("from daily",),
    "report": ("--by", "user"),
    "token": ("create", "token-{}"),
    "digest": (),
    "migrate": ("--to", "jsonl", "--yes", "--root", "moved{}"),
}
"""Each command but `bench`, which is a program of its own, with words that it carries out."""
UNTIL_STOPPED = frozenset({"serve", "bot"})


def spoken(root: Path, env_file: Path, *, also: frozenset[str] = frozenset()) -> Iterator[tuple[str, list[str]]]:
    """Each command with all its words, for people and for programs; what goes or is made has a name for each."""
    for name, words in WORDS.items():
        for number, as_json in enumerate(([], ["--json"]), start=1):
            if name in UNTIL_STOPPED and (as_json or name not in also):
                continue
            own = [word.format(number) for word in words]
            own += [] if "--root" in own else ["--root", str(root)]
            yield " ".join([name, *as_json]), [name, *own, *as_json, "--env-file", str(env_file)]


@pytest.fixture
def filled(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with two images, a grant and points of one user, and an offer; the current folder is the test's, and there
    is a database with a log.
    """
    database = new_database()
    choose_engine(LogKeeper(POSTGRES_MODULE, database)).open_for_writing(tmp_path / "copy", clock=utc_now).close()
    for name, value in database.items():
        monkeypatch.setenv(name, value)
    store = open_store(root)
    store.opened().ledger.execute(SetOffer("cli", Offer("ten", "generations", 10, 1), "a fair"))
    store.opened().ledger.execute(MovePoints("ada", "cli", "mint", 50, "a contest"))
    store.opened().ledger.execute(GiveGrant("ada", "cli", "g1", "generations", 1, reason="a contest"))
    for _ in range(2):
        asyncio.run(save_image(store, NewImage("ada", png())))
    store.close()
    monkeypatch.chdir(tmp_path)
    return root


@pytest.fixture
def nobody_reads(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Makes standard output a pipe whose other end is closed, anew at each call."""
    streams = []

    def begin() -> None:
        theirs, ours = os.pipe()
        os.close(theirs)
        streams.append(os.fdopen(ours, "w"))
        monkeypatch.setattr("sys.stdout", streams[-1])

    capfd.readouterr()
    yield begin
    for stream in streams:
        stream.close()


@pytest.fixture
def full(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Makes standard output a disk without room, anew at each call."""
    streams = []

    def begin() -> None:
        streams.append(FULL.open("w", encoding="utf-8"))
        monkeypatch.setattr("sys.stdout", streams[-1])

    capfd.readouterr()
    yield begin
    for stream in streams:
        stream.close()


def test_every_command_is_tried_here() -> None:
    """The table is whole."""
    assert set(WORDS) | {"bench"} == set(COMMANDS)


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a pipe breaks with another error")
def test_nobody_reads_and_every_command_ends_as_usual(
    filled: Path, env_file: Path, nobody_reads: Callable[[], None], capfd: pytest.CaptureFixture[str]
) -> None:
    """Quietly, with the code it would have had, and what it had to do is done; a refusal keeps its code too."""
    codes = {}
    for name, words in spoken(filled, env_file):
        nobody_reads()
        codes[name] = main(words)
    assert {name: code for name, code in codes.items() if code} == {}
    options = ["--root", str(filled), "--env-file", str(env_file)]
    for as_json in ([], ["--json"]):
        for words, code in ((["delete", "ada", "no.png"], 1), (["status", "BAD"], 2), (["status"], 2)):
            nobody_reads()
            assert main([*words, *as_json, *options]) == code
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_an_output_that_is_full_is_told_by_every_command_under_a_code(
    filled: Path, env_file: Path, full: Callable[[], None], capfd: pytest.CaptureFixture[str]
) -> None:
    """One sentence on standard error that says what happened and what is done all the same."""
    codes, wordless = {}, []
    for name, words in spoken(filled, env_file, also=UNTIL_STOPPED - {"bot"}):
        full()
        codes[name] = main(words)
        said = capfd.readouterr().err
        if "Standard output cannot be written (No space left on device)" not in said or "Traceback" in said:
            wordless.append((name, said))
    assert ({name: code for name, code in codes.items() if code != 74}, wordless) == ({}, [])


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    ("words", "where", "code"),
    [
        (["--help"], "1>/dev/full", 74),
        (["status"], "2>/dev/full", 2),
        (["users", "--json"], "1>&- 2>&-", 65),
        (["users", "--json"], "1>/dev/full 2>/dev/full", 74),
        (["--help"], "| true", 0),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_as_a_process_too_nothing_is_left_for_its_end(
    words: list[str], where: str, code: int, root: Path, env_file: Path, tmp_path: Path
) -> None:
    """What a stream still holds when the interpreter ends would be a second complaint and a code of Python's own."""
    shell = " ".join(command(root, env_file, *words))
    told = run(["bash", "-c", f"set -o pipefail; {shell} {where}"], cwd=tmp_path)
    assert told.code == code
    assert "Traceback" not in told.err
    assert "Exception ignored" not in told.err


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["for people", "json"])
def test_a_full_output_without_a_buffer_is_no_failing_disk(
    as_json: list[str], filled: Path, env_file: Path, tmp_path: Path
) -> None:
    """Containers set PYTHONUNBUFFERED: nothing is left in the stream that would fail a second time, and yet it is told
    what failed, and that the reset is done.
    """
    shell = " ".join(command(filled, env_file, "reset", "ada", *as_json))
    told = run(["bash", "-c", f"PYTHONUNBUFFERED=1 {shell} >/dev/full"], cwd=tmp_path)
    assert told.code == 74
    assert "Standard output cannot be written (No space left on device)" in told.err
    assert "Check the path" not in told.err


@pytest.mark.skipif(os.name != "posix", reason="Windows tells of a closed pipe when something is written")
def test_follow_ends_with_its_reader(filled: Path, env_file: Path) -> None:
    """`abby events --follow --json | head` ends with `head`, and not only when something happens."""
    last = json.loads((filled / "logs" / "events.jsonl").read_bytes().splitlines()[-1])["pos"]
    arguments = command(filled, env_file, "events", "--follow", "--json")
    with subprocess.Popen(
        arguments, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while json.loads(process.stdout.readline())["pos"] < last:
            pass
        process.stdout.close()
        assert process.wait(WAIT_SECONDS) == 0
        assert process.stderr.read() == ""


WRONG = [
    ["nonsense"],
    ["status"],
    ["status", "a", "b"],
    ["status", "BAD"],
    ["status", "a", "--what"],
    ["images"],
    ["images", "BAD"],
    ["images", "ada", "--limit", "0"],
    ["events", "--limit", "0"],
    ["events", "--limit", "many"],
    ["events", "--after", "-1"],
    ["events", "--type", "Nonsense"],
    ["events", "--user"],
    ["audit", "--user", "BAD"],
    ["salvage"],
    ["bench", "--rounds", "0"],
    ["bench", "--chart", "nowhere/at/all.svg"],
    ["generate", "a fox", "--out", "-"],
    ["generate"],
    ["generate", "x", "--seed", "one"],
    ["generate", "x", "--user", "BAD"],
    ["delete", "ada"],
    ["delete", "ada", "../x"],
    ["reset", "BAD"],
    ["limits", "ada"],
    ["limits", "ada", "--daily", "-1"],
    ["limits", "ada", "--storage-mb", "nan"],
    ["limits", "ada", "--storage-mb", "inf"],
    ["limits", "ada", "--clear", "--daily", "1"],
    ["limits", "ada", "--daily", "3", "--until", "tomorrow"],
    ["cleanup", "--days", "-1"],
    ["adopt"],
    ["users", "--env-file", "no.env"],
    ["users", "--root"],
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_a_wrong_use_is_json_where_json_was_asked_for(words: list[str], abby: Abby, fits: Any) -> None:
    """Whoever found it, the parser or the command: one object as documented, and 2."""
    told = abby(words[0], "--json", *words[1:])
    assert (told.code, told.err) == (2, "")
    assert fits("refused", told.json)
    assert told.json["refused"]["reason"] == "MALFORMED"


def test_a_wrong_word_for_the_benchmarks_is_json_too(
    env_file: Path, root: Path, capfd: pytest.CaptureFixture[str], fits: Any
) -> None:
    """They are a program of their own, which finds it."""
    options = ["--root", str(root), "--env-file", str(env_file)]
    assert main(["bench", "--only", "nonsense", "--json", *options]) == 2
    told = capfd.readouterr()
    assert fits("refused", json.loads(told.out))
    assert told.err == ""


def test_json_behind_two_dashes_is_a_word(abby: Abby) -> None:
    """It is an argument there, so a wrong use is told to people."""
    told = abby("status", "--", "a", "--json")
    assert (told.code, told.out) == (2, "")


TIMES = {
    "9999-12-31T23:59:59-12:00": "outside the years",
    "0001-01-01T00:00:00+12:00": "outside the years",
    "0001-01-01": "has passed already",
    "10000-01-01": "is no time",
    "2026-12-31T23:59:60": "is no time",
    "2026-02-30": "is no time",
    "2999-01-01T00:00+99:99": "is no time",
    "NaN": "is no time",
    "inf": "is no time",
    "": "is no time",
    "9" * 400: "is no time",
}


def test_no_time_ends_in_a_traceback(abby: Abby, filled: Path, fits: Any) -> None:
    """What is no time, or none of the calendar's, is a wrong use with a sentence."""
    for until, sentence in TIMES.items():
        told = abby("limits", "ada", "--daily", "3", "--until", until, "--json", root=filled)
        assert told.code == 2
        assert fits("refused", told.json)
        assert sentence in told.json["refused"]["message"]


def test_the_last_times_of_the_calendar_are_times(abby: Abby, filled: Path) -> None:
    """They are recorded, and every command that shows them can."""
    for until in ("9999-12-31T23:59:59.999999", "9999-12-31T23:59:59+12:00", "2999-06-30T12:00-11:30"):
        assert abby("limits", "ada", "--daily", "3", "--until", until, root=filled).code == 0
        assert abby("status", "ada", root=filled).code == 0
    assert abby("events", root=filled).out.count(" until ") == 3


def test_global_options_may_stand_behind_every_command(
    filled: Path, env_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As before it; where both are given, the one behind it holds."""
    other = write_env_file(tmp_path / "other.env", HTTP_PORT="eighty")
    before = ["--root", str(tmp_path / "elsewhere"), "--env-file", str(other)]
    codes = {name: main([*before, *words]) for name, words in spoken(filled, env_file)}
    assert {name: code for name, code in codes.items() if code} == {}
    capsys.readouterr()
    for name in COMMANDS:
        assert main([name, "--version"]) == 0
        assert capsys.readouterr().out


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["for people", "json"])
def test_no_memory_is_no_defect(
    as_json: list[str], abby: Abby, filled: Path, fits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told in a sentence, without a traceback, under the code of what may be there later."""

    def large(*_: object) -> int:
        raise MemoryError

    monkeypatch.setattr("adapters.cli.ledger.quotas.users", large)
    told = abby("users", *as_json, root=filled)
    assert (told.code, "Traceback" in told.err, "more memory" in told.out + told.err) == (69, False, True)
    assert not as_json or fits("error", told.json)


def test_a_defect_is_json_too(abby: Abby, filled: Path, fits: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output has one object, standard error says where."""

    def broken(*_: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("adapters.cli.ledger.quotas.users", broken)
    told = abby("users", "--json", root=filled)
    assert told.code == 70
    assert fits("error", told.json)
    assert "ZeroDivisionError" in told.err
    assert json.loads(told.out)["error"]["kind"] == "Defect"
    assert sys.stdout.writable()
