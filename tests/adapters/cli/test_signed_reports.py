"""Signed reports of audits: what they say, checked without the product; and that a later log has only grown."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.application.governing import reset_daily_blocking
from adapters.application.saving import NewImage, save_image
from adapters.audit.signed_report import signed
from adapters.audit.signing_keys import signing_key
from adapters.engines.opening import open_store
from tests.adapters.cli import ed25519_by_hand
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import PROJECT, png
from tests.adapters.eventlog.jsonl.logs import Disk

EVENTS = 9


def resets(root: Path, *reasons: str) -> None:
    """Some events, by a service that stops in order."""
    store = open_store(root, files=Disk())
    for reason in reasons:
        reset_daily_blocking(store, "ada", reason)
    store.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with two images and some events; it is copied, not changed."""
    root = tmp_path_factory.mktemp("made") / "root"
    store = open_store(root, files=Disk())
    for name in ("a.png", "b.png"):
        asyncio.run(save_image(store, NewImage("ada", png(), name=name)))
    store.close()
    resets(root, "first", "second", "third", "fourth")
    return root


@pytest.fixture
def filled(made: Path, root: Path) -> Path:
    """A copy of it."""
    shutil.copytree(made, root)
    return root


@pytest.fixture
def report(abby: Abby, filled: Path, tmp_path: Path) -> Path:
    """A report of it."""
    del filled
    assert abby("audit", "--report", str(tmp_path / "report.json")).code == 0
    return tmp_path / "report.json"


def test_a_report_is_checked_from_its_description_alone(report: Path, filled: Path) -> None:
    """Two lines; the signature is of the first one's bytes; the log has the point, and the figures are its sums."""
    body, ending, rest = report.read_bytes().split(b"\n")
    assert rest == b""
    sealed = json.loads(ending)
    key, signature = bytes.fromhex(sealed["key"]), bytes.fromhex(sealed["signature"])
    assert ed25519_by_hand.fits(key, signature, body + b"\n")
    assert not ed25519_by_hand.fits(key, signature, body.replace(b'"images":2', b'"images":3', 1) + b"\n")
    said = json.loads(body)
    log = (filled / "logs" / "events.jsonl").read_bytes()
    line = json.loads(log[: said["size"]].splitlines()[-1])
    assert (line["pos"], line["hash"]) == (said["position"], said["hash"])
    assert (said["position"], said["agrees"], said["images"]) == (EVENTS, True, 2)
    size = sum(path.stat().st_size for path in (filled / "images" / "users" / "ada").glob("*.png"))
    assert said["pool"] == {"used_bytes": size, "held_bytes": 0}
    assert (said["users"]["ada"]["images"], said["users"]["ada"]["image_bytes"]) == (2, size)
    assert sum(said["events"].values()) == EVENTS


@pytest.mark.skipif(
    os.environ.get("CI") != "true" and shutil.which("openssl") is None, reason="there is no openssl here"
)
def test_openssl_says_the_same(report: Path, filled: Path, tmp_path: Path) -> None:
    """With the public half of the key as it lies in the root."""
    body, ending, _ = report.read_bytes().split(b"\n")
    (tmp_path / "said").write_bytes(body + b"\n")
    (tmp_path / "signature").write_bytes(bytes.fromhex(json.loads(ending)["signature"]))
    words = ["-verify", "-pubin", "-inkey", str(filled / "logs" / "report-key.pub"), "-rawin"]
    words += ["-in", str(tmp_path / "said"), "-sigfile", str(tmp_path / "signature")]
    assert subprocess.run(["openssl", "pkeyutl", *words], capture_output=True, check=False).returncode == 0
    (tmp_path / "said").write_bytes(body + b" \n")
    assert subprocess.run(["openssl", "pkeyutl", *words], capture_output=True, check=False).returncode != 0


def test_verify_tells_a_genuine_report_and_no_other(abby: Abby, report: Path, tmp_path: Path, fits: Any) -> None:
    """1 where it was changed or is another's; 78 where it is no report at all."""
    told = abby("audit", "--verify", str(report), "--json")
    assert (told.code, told.json["report"]["position"]) == (0, EVENTS)
    assert fits("signed-report", told.json)
    people = abby("audit", "--verify", str(report)).out
    assert "is genuine" in people
    assert len(re.findall(r" \d{4}-\d\d-\d\d \d\d:\d\d UTC\n", people)) == 2
    assert not re.search(r"\dT\d", people)
    digits = tmp_path / "digits"
    digits.write_text(told.json["key"], encoding="utf-8")
    assert abby("audit", "--verify", str(report), "--key", str(digits), root=tmp_path / "no").code == 0
    nobody = abby("audit", "--verify", str(report), root=tmp_path / "no")
    assert (nobody.code, "nothing here says whose" in nobody.err) == (1, True)
    digits.write_text("0" * 64, encoding="utf-8")
    assert abby("audit", "--verify", str(report), "--key", str(digits)).code == 1
    report.write_bytes(report.read_bytes().replace(b'"held_bytes":0', b'"held_bytes":1', 1))
    changed = abby("audit", "--verify", str(report), "--json")
    assert (changed.code, "changed" in changed.json["refused"]["message"]) == (1, True)
    assert fits("refused", changed.json)
    assert abby("audit", "--since", str(report)).code == 1
    report.write_bytes(report.read_bytes().replace(b'"users":{"', b'"users":{"A B', 1))
    assert abby("audit", "--verify", str(report)).code == 1, "no user is called so, but that is the change"
    for junk in (b"", b"{}\n{}\n", b"\xff\n", report.read_bytes()[:100]):
        report.write_bytes(junk)
        assert abby("audit", "--verify", str(report)).code == 78


def test_the_key_is_made_once_and_is_nobody_elses(abby: Abby, report: Path, filled: Path, tmp_path: Path) -> None:
    """A later report is signed with the same; its file is closed to others."""
    assert abby("audit", "--report", str(tmp_path / "again.json")).code == 0
    keys = {json.loads(path.read_bytes().splitlines()[1])["key"] for path in (report, tmp_path / "again.json")}
    assert len(keys) == 1
    if sys.platform != "win32":
        assert (filled / "logs" / ".report-key").stat().st_mode & 0o077 == 0


def test_a_log_that_has_grown_is_told_so(abby: Abby, report: Path, filled: Path) -> None:
    """0, with how much came since; also beside a report that is written anew."""
    assert "grown" in abby("audit", "--since", str(report)).err
    resets(filled, "fifth", "sixth")
    told = abby("audit", "--since", str(report), "--report", str(report))
    assert (told.code, "2 events more" in told.err) == (0, True)
    assert abby("audit", "--verify", str(report), "--json").json["report"]["position"] == EVENTS + 2


# -- tampering -------------------------------------------------------------------------------------


def lines_of(root: Path) -> list[bytes]:
    """The lines of a log; the line of position p is that with the index p."""
    return (root / "logs" / "events.jsonl").read_bytes().splitlines(keepends=True)


def other_log(root: Path) -> list[bytes]:
    """The lines of another log, with the same things in it."""
    other = root.with_name("other")
    shutil.rmtree(other, ignore_errors=True)
    resets(other, "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
    return lines_of(other)


Tampering = Callable[[list[bytes], Path], list[bytes]]
TAMPERINGS: dict[str, tuple[Tampering, int, str]] = {
    "edited": (lambda log, _: [*log[:6], log[6].replace(b"first", b"other"), *log[7:]], 6, "a line was edited"),
    "dropped": (lambda log, _: [*log[:6], *log[7:]], 6, "lines were taken out"),
    "inserted": (lambda log, _: [*log[:7], log[6], *log[7:]], 7, "lines were put in"),
    "reordered": (lambda log, _: [*log[:6], log[7], log[6], *log[8:]], 6, "in another order"),
    "truncated": (lambda log, _: log[:7], 7, "its end was cut off"),
    "spliced": (lambda log, root: [*log[:6], *other_log(root)[6:]], 6, "of another log"),
}
"""What is done to a log, the position where it shows, and what is said."""


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_by_an_audit_with_position_and_kind(name: str, abby: Abby, filled: Path, fits: Any) -> None:
    """65, before anything is compared with such a log."""
    tamper, position, said = TAMPERINGS[name]
    (filled / "logs" / "events.jsonl").write_bytes(b"".join(tamper(lines_of(filled), filled)))
    for words in ((), ("--repair",), ("--repair", "--yes")):
        told = abby("audit", *words, "--json")
        assert told.code == 65, words
        assert fits("error", told.json)
        assert told.json["error"]["position"] == position
        opens_as_a_start = "--yes" in words  # which looks no further than the first damage
        assert told.json["error"]["looks_like"][:1] == ([] if opens_as_a_start else [name])
    assert abby("verify", "--json").json["damage"]["looks_like"][0] == name
    assert said in abby("audit").err


@pytest.mark.parametrize(("name", "said"), [("shorter", "shorter than it was"), ("another", "another log")])
def test_a_valid_log_in_its_place_is_found_by_since_alone(
    name: str, said: str, abby: Abby, filled: Path, tmp_path: Path, fits: Any
) -> None:
    """With head, key and snapshots of its own, all of it fits; the report says that there was more, or another."""
    former, report = tmp_path / "former", tmp_path / "report.json"
    if name == "shorter":
        shutil.copytree(filled, former)
        resets(filled, "fifth", "sixth")
    else:
        resets(former, "first")
    assert abby("audit", "--report", str(report)).code == 0
    for key in (".report-key", "report-key.pub"):
        shutil.copy(filled / "logs" / key, former / "logs" / key)
    shutil.rmtree(filled / "logs")
    shutil.copytree(former / "logs", filled / "logs")
    assert abby("audit").code == (0 if name == "shorter" else 1)
    told = abby("audit", "--since", str(report), "--json")
    assert told.code == 65
    assert fits("error", told.json)
    assert told.json["error"]["position"] == (EVENTS + 1 if name == "shorter" else None)
    assert said in told.json["error"]["message"]
    assert told.json["error"]["looks_like"] == ["shorter" if name == "shorter" else "another log"]


def test_another_history_of_the_same_length_is_found(abby: Abby, filled: Path, tmp_path: Path) -> None:
    """Written by who has the key, from an earlier state on."""
    report = tmp_path / "report.json"
    shutil.copytree(filled, tmp_path / "former")
    resets(filled, "fifth")
    assert abby("audit", "--report", str(report)).code == 0
    key = (filled / "logs" / ".report-key").read_bytes()
    shutil.rmtree(filled)
    shutil.copytree(tmp_path / "former", filled)
    resets(filled, "fifth, otherwise", "sixth")
    (filled / "logs" / ".report-key").write_bytes(key)
    assert abby("audit").code == 0
    told = abby("audit", "--since", str(report), "--json")
    assert (told.code, told.json["error"]["position"]) == (65, EVENTS + 1)
    assert "another history" in told.json["error"]["message"]
    assert told.json["error"]["looks_like"] == ["another history"]


def test_programs_are_told_of_both_reports(abby: Abby, report: Path, filled: Path, tmp_path: Path, fits: Any) -> None:
    """How far the log has grown since the former, and what the new one is."""
    resets(filled, "one more")
    told = abby("audit", "--since", str(report), "--report", str(tmp_path / "new.json"), "--json")
    assert (told.code, fits("audit", told.json)) == (0, True)
    then = json.loads(report.read_bytes().splitlines()[0])
    assert told.json["since"] == {"grown": True, "at": then["at"], "position": EVENTS, "more": 1}
    body, ending = (json.loads(line) for line in (tmp_path / "new.json").read_bytes().splitlines())
    assert told.json["report"] == {
        "file": str(tmp_path / "new.json"),
        "position": body["position"],
        "hash": body["hash"],
        "key": ending["key"],
    }
    plain = abby("audit", "--json").json
    assert (plain["since"], plain["report"]) == (None, None)


@pytest.mark.parametrize("place", ["in the root", "a former one in the root", "in no folder"])
def test_a_report_that_cannot_stand_where_it_is_named_is_2(
    place: str, abby: Abby, report: Path, filled: Path, tmp_path: Path
) -> None:
    """Before the log is read; the sentence names that file and no other."""
    target = tmp_path / "missing" / "r.json" if place == "in no folder" else filled / "r.json"
    if place == "a former one in the root":
        shutil.copy(report, target)
    told = abby("audit", "--report", str(target), "--json")
    assert told.code == 2
    assert f"{target} lies in" in told.json["refused"]["message"]


# -- the command line ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("--yes",),
        ("--key", "k"),
        ("--repair", "--report", "r"),
        ("--repair", "--since", "r"),
        ("--user", "ada", "--report", "r"),
        ("--verify", "r", "--repair"),
        ("--verify", "r", "--user", "ada"),
    ],
)
def test_options_that_do_not_go_together_are_2(words: tuple[str, ...], abby: Abby, filled: Path) -> None:
    """And nothing is done."""
    del filled
    assert abby("audit", *words).code == 2


def test_a_repair_is_shown_and_then_done(abby: Abby, filled: Path, fits: Any) -> None:
    """1 while something is to be mended, 0 where nothing is; what is shown is what is then done."""
    assert abby("audit", "--repair").code == 0
    (filled / "images" / "users" / "ada" / "x.png").write_bytes(b"x")
    assert "in a backup" not in abby("audit", "--repair").out
    shown = abby("audit", "--repair", "--json")
    assert (shown.code, shown.json["done"]) == (1, False)
    assert fits("repair", shown.json)
    assert "Nothing was changed" in abby("audit", "--repair").out
    done = abby("audit", "--repair", "--yes", "--json")
    assert (done.code, done.json["done"], done.json["left"]) == (0, True, [])
    assert fits("repair", done.json)
    assert [(row["file"], row["action"]) for row in done.json["mends"]] == [
        (row["file"], row["action"]) for row in shown.json["mends"]
    ]
    assert "nothing is to be mended" in abby("audit", "--repair", "--yes").out


def test_what_would_be_recorded_as_gone_may_be_in_a_backup(abby: Abby, filled: Path) -> None:
    """Said before it is done: the backup after it has the bytes no longer."""
    next((filled / "images" / "users" / "ada").glob("*.png")).unlink()
    told = abby("audit", "--repair")
    assert (told.code, "may still be in a backup" in told.out) == (1, True)


def test_a_root_that_another_writes_is_73_and_says_so(abby: Abby, held: int) -> None:
    """The dry run works beside it."""
    told = abby("audit", "--repair", "--yes")
    assert told.code == 73
    assert str(held) in told.err
    shown = abby("audit", "--repair")
    assert (shown.code, "stop it before --yes" in shown.err) == (0, True)


def test_the_script_from_a_clone_is_the_same_command(filled: Path) -> None:
    """It needs no more than what launch.py has set up."""
    asked = [sys.executable, str(PROJECT / "scripts" / "audit.py"), "--root", str(filled), "--json"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, cwd=filled)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["agrees"]


IN_THE_WAY = ("a file", "a link to a file", "a link to nothing", "a folder", "the log", "the key", "a name in the root")


def in_the_way(kind: str, root: Path, folder: Path) -> Path:
    """Something that stands where a report is wanted, or a place that is not for it."""
    path = folder / "wanted"
    if kind == "a file":
        path.write_text("SECRET=1", encoding="utf-8")
    elif kind.startswith("a link"):
        (folder / "there").write_text("there", encoding="utf-8")
        path.symlink_to(folder / ("there" if kind.endswith("file") else "nowhere"))
    elif kind == "a folder":
        path.mkdir()
    else:
        return root / "logs" / {"the log": "events.jsonl", "the key": ".key"}.get(kind, "new.json")
    return path


@pytest.mark.parametrize("words", [("audit", "--report"), ("query", "from daily", "--out"), ("report", "--out")])
@pytest.mark.parametrize("kind", IN_THE_WAY)
def test_nothing_that_stands_is_written_over(
    abby: Abby, filled: Path, tmp_path: Path, kind: str, words: tuple[str, ...]
) -> None:
    """Whatever it is; and nothing is written among what the log needs."""
    target = in_the_way(kind, filled, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    told = abby(*words, str(target))
    assert told.code == 2, told.err
    said = " ".join(told.err.replace("│", "").split())
    assert any(sentence in said for sentence in ("is there already", "Name a file elsewhere", "is a directory"))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("words", [("export", "ada", "--to"), ("generate", "x", "--user", "ada", "--out")])
@pytest.mark.parametrize("place", ["logs/new.png", "images/users/ada/new.png", "new.png"])
def test_nothing_is_written_into_the_root(abby: Abby, filled: Path, words: tuple[str, ...], place: str) -> None:
    """Neither archives nor copies: what lies there is what the log knows."""
    before = sorted(filled.rglob("*"))
    told = abby(*words, str(filled / place))
    assert (told.code, "Name a file elsewhere" in told.err) == (2, True), told.err
    assert sorted(filled.rglob("*")) == before


NO_FORM: dict[str, list[object]] = {
    "at": ["\x1b[2J", "2026-01-01T00:00:00.000000Z\n", 1, None],
    "log": ["x\n", "", None],
    "position": [-1, 2**63, "5", 1.5, True],
    "size": [-1, 2**63],
    "hash": ["0", None],
    "agrees": ["yes", 1],
    "findings": [[1], {"\x1b": 1}, {"missing": "x"}],
    "pool": [None, {}, {"used_bytes": -1, "held_bytes": 0}],
    "users": [{"ada": {}}, {"\x1b[2J": {}}, []],
    "more": [1],
}


@pytest.mark.parametrize(
    ("member", "value"), [(name, value) for name, values in NO_FORM.items() for value in values], ids=repr
)
def test_a_report_of_another_form_is_none(abby: Abby, report: Path, filled: Path, member: str, value: object) -> None:
    """Though it is signed, with the key that is known: by each member, with another value than it may have."""
    said = json.loads(report.read_bytes().splitlines()[0])
    key = signing_key(filled / "logs" / ".report-key")
    report.write_bytes(signed(said | {member: value}, key))
    for option in ("--verify", "--since"):
        told = abby("audit", option, str(report))
        assert (told.code, "\x1b" in told.out + told.err) == (78, False), told.err


def test_what_is_no_ordinary_file_is_no_report(abby: Abby, report: Path, tmp_path: Path) -> None:
    """Nobody waits for a pipe, and nothing without an end is read."""
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", str(tmp_path / "pipe"), str(tmp_path)):
        assert abby("audit", "--verify", path).code in {2, 78}
        assert abby("audit", "--verify", str(report), "--key", path).code in {2, 78}


def test_a_report_whose_key_nobody_knows_proves_nothing_of_the_log(abby: Abby, report: Path, filled: Path) -> None:
    """As with --verify: anybody can sign one. The log is not said to be damaged, and no report is made."""
    for name in (".report-key", "report-key.pub"):
        (filled / "logs" / name).unlink()
    told = abby("audit", "--since", str(report))
    assert (told.code, "nothing here says whose" in told.err) == (1, True)
