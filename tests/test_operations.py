"""The files that operators deploy by are true: the unit is as shut as its document says, what a container is made of is
there, and what each of them starts does start.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from adapters.cli.exits import Exit

PROJECT = Path(__file__).resolve().parent.parent
OPERATIONS = PROJECT / "docs" / "operations"
DOCUMENT = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
UNIT = (OPERATIONS / "abby-ledger.service").read_text(encoding="utf-8")
BACKUP = (OPERATIONS / "abby-ledger-backup.service").read_text(encoding="utf-8")
ABBY = [sys.executable, "-m", "adapters.cli"]
INSTALLED = ("/opt/abby-ledger/.venv/bin/abby", "/venv/bin/abby")


def abby(command: list[str], **places: str) -> list[str]:
    """A command of a unit or an image, with this program and these places in it."""
    assert command[0] in INSTALLED
    words = [
        re.sub("|".join(map(re.escape, places)) or r"\Z.", lambda hit: places[hit[0]], word) for word in command[1:]
    ]
    return [*ABBY, *words]


def exec_start(unit: str) -> list[str]:
    """The command of a unit."""
    (line,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    return shlex.split(line)


def instruction(name: str) -> list[str]:
    """The words of the last such instruction of the Dockerfile, in its JSON form."""
    words: list[str] = json.loads(re.findall(rf"^{name} .*?(\[.*\])\s*$", DOCKERFILE, re.MULTILINE)[-1])
    return words


@contextmanager
def full_pipe() -> Iterator[int]:
    """The end of a pipe into which nothing more goes, as nobody reads it."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"." * 4096)
    os.set_blocking(writer, True)
    try:
        yield writer
    finally:
        os.close(reader)
        os.close(writer)


@contextmanager
def running(command: list[str], log: int = subprocess.DEVNULL, **variables: str) -> Iterator[str]:
    """A service that was started so, and the address of its page. It ends in order, with 0."""
    environment = {**os.environ, "GENERATOR": "sketch", **variables}
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield next(found[1] for line in process.stdout if (found := re.search(r"The page is at (\S+)/", line)))
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()


def test_the_unit_starts_the_service_with_the_settings_that_systemd_hands_over(tmp_path: Path) -> None:
    """Those of the credential, and the root below the folder of its state, where its mark lies."""
    (tmp_path / "settings").write_text("HTTP_PORT=0\nMAX_USER_DAILY_GENS=3\n", encoding="utf-8")
    (tmp_path / "settings").chmod(0o400)
    places = {"${CREDENTIALS_DIRECTORY}": str(tmp_path), "/var/lib/abby-ledger": str(tmp_path / "state")}
    (tmp_path / "state").mkdir()
    with running(abby(exec_start(UNIT), **places)):
        assert (tmp_path / "state" / "root" / "logs" / "events.jsonl").is_file()
    assert (tmp_path / "state" / ".root.abby-log").is_file()
    to = {"/var/lib/abby-ledger": str(tmp_path / "state"), "/mnt/backup/abby-ledger": str(tmp_path / "backup")}
    done = subprocess.run(abby(exec_start(BACKUP), **to), cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "backup" / "backup.json").is_file()


def test_the_unit_restarts_what_a_restart_may_mend() -> None:
    """A wrong setting and a damaged log stop it, by the codes that the program ends with."""
    (codes,) = re.findall(r"^RestartPreventExitStatus=(.*)$", UNIT, re.MULTILINE)
    assert {int(code) for code in codes.split()} == {Exit.DATA, Exit.SETTINGS}


def test_the_unit_is_as_shut_as_the_document_says() -> None:
    """By systemd's own judgement, where it is here and can judge a file."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed")
    asked = [program, "security", "--offline=true", "--no-pager", str(OPERATIONS / "abby-ledger.service")]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    if found is None:
        pytest.skip(f"this systemd judges no file: {done.stderr.strip()}")
    (told,) = re.findall(r"says ([\d.]+) \(0 is shut", DOCUMENT)
    assert float(found[1]) <= float(told)


def test_each_file_for_operators_is_named_in_the_document() -> None:
    """And each that is named is there."""
    named = set(re.findall(r"(?:operations/)([\w.-]+\.(?:service|timer|yml|yaml|json|logrotate))", DOCUMENT))
    there = {path.name for path in OPERATIONS.iterdir()}
    assert named <= there
    assert {Path(name).name for name in there if not name.startswith("abby-ledger-backup")} <= named


def test_what_the_image_is_made_of_is_there_and_let_through() -> None:
    """Each source of a COPY from here, which `.dockerignore` lets through; and nothing that is a secret."""
    ignore = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_through = {line[1:] for line in ignore if line.startswith("!")}
    copied = [
        source
        for words in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for source in words.split()[:-1]
    ]
    assert set(copied) == let_through
    assert "*" in ignore
    for source in copied:
        assert (PROJECT / source).exists(), source
    assert "USER 10001:10001" in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE


def test_the_image_holds_all_that_the_wheel_is_made_of() -> None:
    """What `pyproject.toml` names is copied before the program is installed."""
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    for name in re.findall(r"^(?:readme|path) = \"(.*)\"$|^license-files = \[\"(.*)\"\]$", text, re.MULTILINE):
        assert "".join(name) in DOCKERFILE


def test_the_image_starts_the_service_and_finds_it_healthy(tmp_path: Path) -> None:
    """Its entry, its variables and its health check; the check fails where nothing listens. Nobody reads its log."""
    variables = dict(re.findall(r"(STORAGE_ROOT|LOG_FORMAT|PYTHONDONTWRITEBYTECODE)=(\S+)", DOCKERFILE))
    variables["STORAGE_ROOT"] = variables["STORAGE_ROOT"].replace("/data", str(tmp_path))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        variables["HTTP_PORT"] = str(taken.getsockname()[1])
    check = [sys.executable, *instruction("HEALTHCHECK")[1:]]

    def is_healthy() -> bool:
        done = subprocess.run(check, env={**os.environ, **variables}, capture_output=True, check=False)
        return done.returncode == 0

    with full_pipe() as unread, running(abby([*instruction("ENTRYPOINT"), *instruction("CMD")]), unread, **variables):
        assert is_healthy()
    assert not is_healthy()
