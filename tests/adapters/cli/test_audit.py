"""`abby audit`: what it tells of files and log, to programs and to people, and with which exit code."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adapters.application.governing import reset_daily_blocking
from adapters.application.saving import NewImage, save_image
from adapters.audit.report import PASSING, SENTENCES, FindingKind
from adapters.cli.proof.auditing import MAX_FINDINGS_SHOWN
from adapters.engines.opening import open_store
from tests.adapters.application.evidence import assert_disk_and_log_agree, state_of_disk
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import SCHEMAS, WAIT_SECONDS, Service, command, environment, png

SECRET = "a secret request"
TERMINAL_BYTES = 65_536


@pytest.fixture
def home(root: Path) -> Path:
    """The folder of a user with two images, of which the log and the details tell more than an audit may."""
    store = open_store(root)
    for name in ("a.png", "b.png"):
        asyncio.run(
            save_image(
                store, NewImage("ada", png(), name=name, details={"prompt": SECRET}), idempotency_key=f"secret {name}"
            )
        )
        reset_daily_blocking(store, "ada", SECRET)
    store.close()
    return root / "images" / "users" / "ada"


@pytest.fixture(autouse=True)
def no_secret_is_told(root: Path, capsys: pytest.CaptureFixture[str], abby: Abby) -> Any:
    """Whatever a test has done, the last audit of it tells no prompt and no key."""
    yield
    if not (root / "logs" / "head").exists():
        return
    key = (root / "logs" / ".key").read_bytes()
    for words in ((), ("--json",)):
        told = abby("audit", *words)
        assert "secret" not in told.out + told.err
        assert key.hex() not in told.out
    capsys.readouterr()


def test_log_and_files_that_agree_are_0(abby: Abby, home: Path, root: Path, fits: Any) -> None:
    """With head, hash and watermark of the log, and how many files were compared; nothing is changed."""
    before = state_of_disk(root)
    told = abby("audit", "--json")
    assert (told.code, told.err) == (0, "")
    assert fits("audit", told.json)
    assert told.json["log"] == abby("verify", "--json").json
    assert (told.json["agrees"], told.json["images"], told.json["temp_files"], told.json["user"]) == (True, 2, 0, None)
    assert told.json["size_bytes"] == sum(file.stat().st_size for file in home.glob("*.png"))
    said = abby("audit")
    assert said.code == 0
    for part in ("every hash fits", "Watermark  position 7", told.json["log"]["hash"], "Log and files agree: 2 images"):
        assert part in said.out
    assert state_of_disk(root) == before


def test_changed_bytes_are_a_wrong_hash(abby: Abby, home: Path, fits: Any) -> None:
    """1; the file is named with the event that it should be as, and left as it is."""
    changed = bytearray((home / "a.png").read_bytes())
    changed[60] ^= 1
    (home / "a.png").write_bytes(changed)
    told = abby("audit", "--json")
    assert (told.code, told.err) == (1, "")
    assert fits("audit", told.json)
    [finding] = told.json["findings"]
    assert (finding["kind"], finding["file"]) == ("wrong hash", "images/users/ada/a.png")
    assert (finding["user"], finding["position"]) == ("ada", 3)
    said = abby("audit")
    assert said.code == 1
    for part in ("wrong hash", "images/users/ada/a.png", "Log and files do not agree: 1 finding", "from a copy"):
        assert part in said.out
    assert (home / "a.png").read_bytes() == bytes(changed)


@pytest.mark.skipif(os.name != "posix", reason="the shell of these tests is that of POSIX")
def test_an_image_that_the_log_does_not_know_is_foreign_and_can_be_adopted(
    abby: Abby, home: Path, root: Path, fits: Any
) -> None:
    """It is left alone; the command that is shown brings it in, and then all agree."""
    (home / "k").mkdir()
    (home / "k" / "new.png").write_bytes(data := png())
    told = abby("audit", "--json")
    assert told.code == 1
    assert fits("audit", told.json)
    assert [(finding["kind"], finding["file"]) for finding in told.json["findings"]] == [
        ("foreign", "images/users/ada/k/new.png")
    ]
    said = abby("audit").out
    assert "`abby adopt` brings in" in said
    assert f"  {told.json['command']}\n" in said
    assert (home / "k" / "new.png").read_bytes() == data
    words = shlex.split(told.json["command"])
    assert words[:3] == ["abby", "--root", str(root)]
    assert abby(*words[3:]).code == 0
    after = abby("audit", "--json")
    assert (after.code, after.json["images"], after.json["command"]) == (0, 3, None)
    assert_disk_and_log_agree(root)


def test_an_image_that_has_no_file_stays_charged_until_it_is_deleted(abby: Abby, home: Path) -> None:
    """The way out that the sentence names is one."""
    (home / "a.png").unlink()
    told = abby("audit", "--json")
    assert (told.code, told.json["findings"][0]["kind"]) == (1, "missing")
    assert abby("status", "ada", "--json").json["user"]["images"] == 2
    assert abby("delete", "ada", "a.png").code == 0
    assert abby("audit").code == 0


def test_a_damaged_log_is_65_with_the_sentence_of_verify(abby: Abby, root: Path, home: Path, fits: Any) -> None:
    """Nothing is compared with it."""
    log = root / "logs" / "events.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"a.png"', b'"c.png"'))
    (home / "a.png").unlink()
    told = abby("audit")
    assert (told.code, told.out) == (65, "")
    assert " ".join(abby("verify").out.split()).startswith(told.err.strip())
    assert "damaged at position" in told.err
    error = abby("audit", "--json")
    assert error.code == 65
    assert fits("error", error.json)
    assert error.json["error"]["position"] == 3


def test_a_root_without_a_log_is_65_and_stays_as_it_is(abby: Abby, root: Path, fits: Any) -> None:
    """Nothing is made of it."""
    told = abby("audit", "--json")
    assert told.code == 65
    assert fits("error", told.json)
    assert not root.exists()


def test_one_user(abby: Abby, home: Path, fits: Any) -> None:
    """Their files alone; an id that cannot be is 2, and one that nobody has is said."""
    (home.parent / "stray.png").write_bytes(b"x")
    told = abby("audit", "--user", "ada", "--json")
    assert (told.code, told.json["user"], told.json["images"]) == (0, "ada", 2)
    assert "2 images and 0 temp files of ada" in abby("audit", "--user", "ada").out
    assert abby("audit").code == 1
    nobody = abby("audit", "--user", "nobody")
    assert (nobody.code, nobody.err) == (0, "No file of nobody stands by the log.\n")
    wrong = abby("audit", "--user", "../ada", "--json")
    assert wrong.code == 2
    assert fits("refused", wrong.json)


def test_people_see_some_and_programs_all(abby: Abby, home: Path) -> None:
    """How many more there are is said, and each kind is explained once."""
    for number in range(MAX_FINDINGS_SHOWN + 5):
        (home / f"{number}.png").write_bytes(b"x")
    said = abby("audit").out
    assert said.count(f"{'images/users/ada/'}") == MAX_FINDINGS_SHOWN
    assert "and 5 more; --json names them all" in said
    assert said.count(SENTENCES[FindingKind.UNTRACKED]) == 1
    assert f"foreign, {MAX_FINDINGS_SHOWN + 5}: " in said
    assert len(abby("audit", "--json").json["findings"]) == MAX_FINDINGS_SHOWN + 5


@pytest.mark.skipif(os.name != "posix", reason="other systems do not take such names")
def test_names_from_the_disk_steer_no_terminal(abby: Abby, home: Path, fits: Any) -> None:
    """Escape sequences and bytes that are no text are written out."""
    (home / "\x1b[31mred\n.png").write_bytes(b"x")
    (home / os.fsdecode(b"caf\xe9.png")).write_bytes(b"x")
    said = abby("audit").out
    assert "\x1b" not in said
    assert "\\x1b[31mred\\x0a.png" in said
    assert fits("audit", abby("audit", "--json").json)


def test_a_save_under_way_is_told_beside_the_findings(abby: Abby, home: Path, root: Path, fits: Any) -> None:
    """0: it is none."""
    del home
    (root / "images" / ".staged" / ("0" * 32)).write_bytes(b"x")
    told = abby("audit", "--json")
    assert (told.code, told.json["agrees"]) == (0, True)
    assert fits("audit", told.json)
    assert [finding["kind"] for finding in told.json["passing"]] == ["under way"]
    assert "no disagreement" in abby("audit").out


def test_beside_a_service(abby: Abby, service: Service, fits: Any) -> None:
    """What the service has just saved is compared; the service is not disturbed."""
    assert abby("generate", "x", "--width", "64", "--height", "64", "--json").code == 0
    told = abby("audit", "--json")
    assert told.code == 0
    assert fits("audit", told.json)
    assert told.json["images"] == 1
    assert service.process.poll() is None


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is a thing of POSIX")
def test_a_terminal_sees_a_bar_that_goes_away(root: Path, env_file: Path, home: Path) -> None:
    """On standard error; the answer goes where it is sent."""
    import pty

    del home
    ours, theirs = pty.openpty()
    asked, variables = command(root, env_file, "audit"), environment(TERM="xterm-256color", COLUMNS="80")
    done = subprocess.run(
        asked, stdout=subprocess.PIPE, stderr=theirs, env=variables, timeout=WAIT_SECONDS, check=False
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # so Linux ends a pseudo-terminal that nobody writes to
        while piece := os.read(ours, TERMINAL_BYTES):
            shown += piece
    os.close(ours)
    assert b"Comparing files" in shown
    assert b"2/2" in shown
    assert b"Log and files agree" in done.stdout


def test_the_schema_and_the_document_know_every_kind() -> None:
    """Findings and what is passing, no more and no fewer than there are."""
    properties = json.loads((SCHEMAS / "audit.json").read_text(encoding="utf-8"))["properties"]
    findings, passing = (
        set(properties[name]["items"]["properties"]["kind"]["enum"]) for name in ("findings", "passing")
    )
    assert findings == set(FindingKind) - PASSING
    assert passing == PASSING
    document = (SCHEMAS.parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    for kind in FindingKind:
        assert kind.value in document


def test_after_salvage_and_adopt_all_agree_and_no_prompt_is_to_be_removed(
    abby: Abby, home: Path, root: Path, tmp_path: Path
) -> None:
    """The details of images that stand stay, though the events that they came with are lost."""
    log = root / "logs" / "events.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:3], b"damage\n", *lines[4:]]))
    assert abby("salvage", "--to", str(tmp_path / "new")).code == 0
    (root / "logs").rename(tmp_path / "damaged")
    (tmp_path / "new" / "logs").rename(root / "logs")
    assert abby("adopt", str(root), "--yes").code == 0
    told = abby("audit", "--json")
    assert (told.code, told.json["findings"]) == (0, []), told.json["findings"]
    assert len(list((home / ".details").iterdir())) == 2


def test_a_file_in_no_users_folder_is_not_said_to_be_adoptable(abby: Abby, home: Path, root: Path, fits: Any) -> None:
    """No command is shown that would not look there; beside one that it would, each has its own meaning."""
    (root / "images" / "z.png").write_bytes(png())
    told = abby("audit", "--json")
    assert fits("audit", told.json)
    assert (told.json["command"], told.json["findings"][0]["file"]) == (None, "images/z.png")
    assert "in no user's folder" in abby("audit").out
    (home / "z.png").write_bytes(png())
    said = " ".join(abby("audit").out.split())
    assert "foreign, 1: The log does not know it, so nobody" in said
    assert "foreign, 1: The log does not know it, and it lies in no user's folder" in said
