"""What holds for every command: help, exit codes, quick starts, and JSON whatever happens."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it comes without types

from adapters.cli import main
from adapters.cli.app import app_for
from adapters.cli.exits import MEANINGS, REFUSAL_EXITS, Exit
from adapters.cli.invocation import Invocation
from adapters.cli.ledger.everybody import NOT_AGREED
from adapters.cli.output import Output, refused_of
from adapters.cli.proof.vouching import NOT_GENUINE
from adapters.cli.reach.generation_exits import GENERATION_EXITS, not_made
from adapters.cli.running import exit_code_of
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.faults import (
    AdoptionUnfinished,
    BackupDamaged,
    ConfigError,
    DiskFull,
    Fault,
    LedgerStopped,
    LogDamaged,
    LogForeign,
    LogLocked,
    LogMissing,
    RestoreUnfinished,
    StorageUnavailable,
)
from adapters.wording.failures import sentence_of_failure
from adapters.wording.refusals import SENTENCES
from domain.refusals import Reason, Refusal
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import PROJECT, SCHEMAS, run
from tests.adapters.eventlog.jsonl.logs import write_log
from tests.adapters.ports.every_reason import failure_of_kind
from tests.domain.examples import window_of

COMMANDS = [
    "serve",
    "bot",
    "status",
    "users",
    "images",
    "events",
    "verify",
    "audit",
    "salvage",
    "bench",
    "generate",
    "providers",
    "price",
    "delete",
    "reset",
    "limits",
    "tiers",
    "grant",
    "grants",
    "void-grant",
    "points",
    "market",
    "buy",
    "ask",
    "asks",
    "queue",
    "cleanup",
    "adopt",
    "clock-corrected",
    "doctor",
    "replay",
    "what-if",
    "explain",
    "backup",
    "restore",
    "import",
    "export",
    "migrate",
    "query",
    "report",
    "token",
    "digest",
]
HEAVY = ("aiohttp", "PIL", "pydantic", "eventsourcing", "structlog", "discord")
FAULTS: list[tuple[Fault, int]] = [
    (ConfigError("x"), 78),
    (StorageUnavailable("x"), 74),
    (LogLocked("x", pid=7, address="http://127.0.0.1:1"), 73),
    (LogDamaged("x", position=3, offset=99), 65),
    (LogForeign("x"), 65),
    (LogMissing("x"), 65),
    (AdoptionUnfinished("x"), 65),
    (RestoreUnfinished("x"), 65),
    (BackupDamaged("x"), 65),
    (DiskFull("x"), 74),
    (LedgerStopped("x"), 74),
]


def test_help_lists_commands_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    """Every command, every exit code with its meaning, the global options."""
    assert main(["--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert all(f"{command} " in said for command in COMMANDS)
    assert all(f"{code.value} {meaning}" in said.replace("│ ", "") for code, meaning in MEANINGS.items())
    assert "--root" in said
    assert "--env-file" in said
    assert set(MEANINGS) == set(Exit)


def test_no_command_is_missing_here() -> None:
    """The list of these tests is the list there is."""
    assert sorted(typer.main.get_command(app_for([])).commands) == sorted(COMMANDS)  # type: ignore[attr-defined]  # it is a group


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Its own help, and --json on every command but those that run until they are stopped."""
    assert main([command, "--help"]) == 0
    said = capsys.readouterr().out
    assert ("--json" in said) is (command not in {"serve", "bot"})


@pytest.mark.parametrize(
    "words",
    [[], ["nonsense"], ["status"], ["status", "a", "b"], ["generate"], ["reset"], ["status", "a", "--what"]],
)
def test_a_wrong_use_is_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be understood is told on standard error, and nothing is done."""
    assert main(words) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_file_of_settings_that_is_not_there_is_a_wrong_use(tmp_path: Path) -> None:
    """A mistyped --env-file is not silently no settings at all."""
    assert main(["--env-file", str(tmp_path / "no.env"), "users"]) == 2


def test_settings_that_cannot_be_used_are_78(abby: Abby, tmp_path: Path, fits: Any) -> None:
    """On every command, with the name of the variable and what it takes."""
    settings = tmp_path / "bad.env"
    settings.write_text("HTTP_PORT=eighty\n", encoding="utf-8")
    for words in (["users"], ["cleanup"], ["generate", "x"], ["serve"]):
        told = abby(*words, env_file=settings)
        assert (told.code, told.out) == (78, "")
        assert "HTTP_PORT" in told.err
    error = abby("users", "--json", env_file=settings).json
    assert fits("error", error)
    assert error["error"]["kind"] == "ConfigError"


def test_a_relative_root_begins_where_the_command_is_started(
    tmp_path: Path, env_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An argument is read as every program reads paths; only settings are relative to the project."""
    monkeypatch.chdir(tmp_path)
    assert main(["--root", "here", "--env-file", env_file.name, "users"]) == 65
    assert str(tmp_path / "here" / "logs") in capsys.readouterr().err


@pytest.mark.parametrize(("fault", "code"), FAULTS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("as_json", [False, True])
def test_every_fault_has_its_code_and_no_traceback(
    fault: Fault, code: int, capsys: pytest.CaptureFixture[str], fits: Any, *, as_json: bool
) -> None:
    """In words on standard error, or as one object on standard output."""

    def work(_invocation: Invocation, _output: Output) -> int:
        raise fault

    assert exit_code_of(work, Invocation(), Output(as_json=as_json)) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    if as_json:
        assert fits("error", json.loads(said.out))
    else:
        assert (said.out, said.err) == ("", "x\n")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, ""),
        (PermissionError(13, "Permission denied", "/some/file"), 74, "/some/file"),
        (ZeroDivisionError("a defect"), 70, "Traceback"),
    ],
)
def test_what_else_may_end_a_command(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl+C is quiet, a disk is told, and only a defect shows a traceback, under a code of its own."""

    def work(_invocation: Invocation, _output: Output) -> int:
        raise error

    assert exit_code_of(work, Invocation(), Output(as_json=False)) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("reason", list(Reason))
def test_every_refusal_has_its_code_and_its_sentence(
    reason: Reason, fits: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table is whole, and each answer is as the schema says."""
    anew = "2026-01-02T00:00:00.000000Z"
    refusal = Refusal(reason, "ada", "detail", limit=5, used=5, resets_at=anew, window=window_of(reason))
    told = refused_of(refusal)
    assert told.message == SENTENCES[reason](refusal)
    assert Output(as_json=True).refused(told) == REFUSAL_EXITS[reason]
    assert fits("refused", json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_failure_of_a_provider_has_its_code(
    kind: FailureKind, fits: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table is whole, and each answer is as the schema says."""
    failure = failure_of_kind(kind)
    told = not_made(failure)
    assert told.message == sentence_of_failure(failure)
    assert Output(as_json=True).refused(told) == GENERATION_EXITS[kind]
    assert fits("refused", json.loads(capsys.readouterr().out))


def test_the_schemas_are_schemas() -> None:
    """Each is well formed, says what it is of, and lets nothing pass that it does not name."""
    files = sorted(SCHEMAS.glob("*.json"))
    assert len(files) == 42
    for file in files:
        schema = json.loads(file.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        assert schema["title"]
        assert schema["additionalProperties"] is False


def test_the_schema_of_refusals_knows_every_reason() -> None:
    """No more and no fewer than there are."""
    schema = json.loads((SCHEMAS / "refused.json").read_text(encoding="utf-8"))
    known = schema["properties"]["refused"]["properties"]["reason"]["enum"]
    own = {NOT_GENUINE, NOT_AGREED}
    assert set(known) == {*(reason.value for reason in Reason), *(kind.value for kind in FailureKind), *own}


def test_the_document_is_about_these_commands() -> None:
    """docs/commands.md names every command with its own options, every schema and every exit code."""
    document = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = {row.split("`")[1].split()[0]: row for row in document.splitlines() if row.startswith("| `")}
    everywhere = {"--json", *(parameter.opts[0] for parameter in typer.main.get_command(app_for([])).params)}
    for name, command in typer.main.get_command(app_for([])).commands.items():  # type: ignore[attr-defined]  # it is a group
        options = {parameter.opts[0] for parameter in command.params if parameter.opts[0].startswith("--")}
        assert [option for option in options - everywhere if f"`{option}" not in rows[name]] == []
    assert [option for option in everywhere if f"`{option}" not in document and option != "--json"] == []
    assert [file.name for file in SCHEMAS.glob("*.json") if f"`{file.name}`" not in document] == []
    assert [code for code, meaning in MEANINGS.items() if f"| {code.value} | {meaning} |" not in document] == []


def imported_by(words: str, tmp_path: Path) -> str:
    """The modules that a command has imported when it ends."""
    program = f"import sys; from adapters.cli import main; main({words}); print(*sys.modules, sep=chr(10))"
    return run([sys.executable, "-c", program], cwd=tmp_path).out


def test_help_is_quick_because_it_imports_little(tmp_path: Path) -> None:
    """Nothing of the service, of settings or of pictures is loaded to show a text."""
    loaded = imported_by("['--help']", tmp_path).splitlines()
    assert "typer" in loaded
    assert not [name for name in loaded if name.split(".")[0] in HEAVY]


def test_reading_loads_no_server(tmp_path: Path) -> None:
    """`abby status` has nothing to do with HTTP."""
    loaded = imported_by("['--root', 'x', 'status', 'ada']", tmp_path).splitlines()
    assert "adapters.application.following" in loaded
    assert not [name for name in loaded if name.split(".")[0] in ("aiohttp", "discord")]


def test_a_question_to_the_past_waits_for_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    """What writes log lines, and all that it brings, is for a command that has one."""
    root = tmp_path / "root"
    write_log(root, [3])
    loaded = imported_by(f"['--root', {str(root)!r}, 'replay', 'ada', '--position', '0']", tmp_path).splitlines()
    assert "adapters.history.past" in loaded
    assert not {"structlog", "asyncio", "rich.progress", "rich.traceback"}.intersection(loaded)


def test_a_command_is_built_alone_where_it_is_surely_named() -> None:
    """Else with all of them: a help text lists them."""
    alone = app_for(["--root", "x", "replay", "ada", "--help-me"])
    assert [command.name for command in alone.registered_commands] == ["replay"]
    for words in (["--help"], ["replay", "-h"], [], ["--root", "x"], ["replays"]):
        assert len(app_for(words).registered_commands) == len(COMMANDS)


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    """The installed version, or how to install it."""
    assert main(["--version"]) == 0
    assert re.fullmatch(r"(\d+\.\d+\.\d+|not installed.*)\n", capsys.readouterr().out)


def test_a_short_command_logs_nothing_of_its_own(abby: Abby) -> None:
    """Standard error is for what a person has to know."""
    made = abby("generate", "x", "--width", "64", "--height", "64")
    assert (made.code, made.err) == (0, "")


@pytest.mark.parametrize(
    ("root", "told"),
    [
        ("~nobody-of-that-name/x", "--root ~nobody-of-that-name/x: that user has no home folder here"),
        ("$NOT_THERE/x", "--root $NOT_THERE/x: it names a variable that is not set here"),
    ],
)
@pytest.mark.parametrize("words", [("status", "ada"), ("doctor",), ("serve",)])
def test_a_root_that_a_shell_left_as_it_was_is_a_sentence(
    env_file: Path, capsys: pytest.CaptureFixture[str], root: str, told: str, words: tuple[str, ...]
) -> None:
    """A shell passes the name of a user that there is not on; no folder of that name is made, and none is looked at."""
    code = main(["--root", root, "--env-file", str(env_file), *words])
    said = capsys.readouterr()
    assert code == (1 if words == ("doctor",) else 78)
    assert told in " ".join((said.out + said.err).split())


def test_of_a_full_disk_the_operator_hears_which_one(capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence itself is for users too, and names no folder."""
    full = DiskFull("The disk is full.", folder="/srv/abby/logs")
    for as_json in (False, True):
        assert Output(as_json=as_json).fault(full) == 74
    said = capsys.readouterr()
    told = "The disk is full. It is the disk of /srv/abby/logs."
    assert said.err == f"{told}\n"
    assert json.loads(said.out)["error"]["message"] == told
