"""`abby verify`: whole, torn, damaged, foreign and cut, each with its exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from adapters.application.governing import reset_daily_blocking
from adapters.engines.opening import open_store
from tests.adapters.cli.conftest import Abby
from tests.adapters.eventlog.jsonl.logs import as_killed
from tests.scripts.forgery import chained, head, slot
from tests.scripts.members import BASE, BEFORE, HEADER, line_of


@pytest.fixture
def log(root: Path) -> Path:
    """The file of a log of four events, all of them below the watermark."""
    store = open_store(root)
    for number in range(3):
        reset_daily_blocking(store, "ada", f"number {number}")
    store.close()
    return root / "logs" / "events.jsonl"


def test_a_whole_log(abby: Abby, log: Path, fits: Any) -> None:
    """0, with what was read; the size is that of the file."""
    told = abby("verify", "--json")
    assert (told.code, told.err) == (0, "")
    assert fits("verify", told.json)
    assert (told.json["whole"], told.json["positions"], told.json["watermark"]) == (True, 4, 4)
    assert told.json["size_bytes"] == log.stat().st_size
    people = abby("verify").out
    assert "The log is whole: 4 events in 4 batches" in people
    assert re.search(r", begun \d{4}-\d\d-\d\d \d\d:\d\d UTC\n", people)


def test_a_damaged_log_names_the_place(abby: Abby, log: Path, fits: Any) -> None:
    """65; position and byte offset of the first line that is not what was written, and nothing is changed."""
    data = log.read_bytes().replace(b"number 1", b"number 7")
    log.write_bytes(data)
    told = abby("verify", "--json")
    assert told.code == 65
    assert fits("verify", told.json)
    assert told.json["damage"]["position"] == 3
    assert told.json["damage"]["offset"] == data.index(b'{"pos":3')
    table = abby("verify")
    assert table.code == 65
    assert "damaged at position 3" in table.out
    assert "copy" in table.out
    assert log.read_bytes() == data


@pytest.mark.parametrize("words", [("status", "ada"), ("users",), ("events",), ("reset", "ada", "--reason", "x")])
def test_nothing_works_on_a_damaged_log(abby: Abby, log: Path, words: tuple[str, ...], fits: Any) -> None:
    """Every command that needs the log answers 65, with the place and the command that shows more."""
    log.write_bytes(log.read_bytes().replace(b"number 1", b"number 7"))
    told = abby(*words)
    assert told.code == 65
    assert "position 3" in told.err
    assert "abby verify" in told.err
    error = abby(*words, "--json")
    assert fits("error", error.json)
    assert error.json["error"]["position"] == 3


def test_a_cut_log_is_found_out(abby: Abby, log: Path) -> None:
    """A whole prefix is damage too: the watermark says that there was more."""
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-1]))
    told = abby("verify")
    assert told.code == 65
    assert "ends too early" in told.out


def test_a_torn_end_is_no_damage(abby: Abby, log: Path, fits: Any) -> None:
    """What a crash left after the last whole batch is told, with how many bytes, and the log is whole."""
    as_killed(log.parent.parent)
    with log.open("ab") as file:
        file.write(b'{"pos":5,"ba')
    told = abby("verify", "--json")
    assert told.code == 0
    assert fits("verify", told.json)
    assert told.json["torn_bytes"] == 12
    assert "12 bytes of a batch that is not whole" in abby("verify").out


def test_a_foreign_file_is_left_alone(abby: Abby, root: Path, fits: Any) -> None:
    """65, and it is called foreign, not damaged."""
    (root / "logs").mkdir(parents=True)
    (root / "logs" / "events.jsonl").write_text("somebody else's\n", encoding="utf-8")
    told = abby("verify", "--json")
    assert told.code == 65
    assert fits("error", told.json)
    assert told.json["error"]["kind"] == "LogForeign"


def test_a_log_older_than_its_watermark_is_told_as_such(abby: Abby, log: Path, tmp_path: Path, fits: Any) -> None:
    """As a copy is whose head was copied later: where it ends, what the head says, and salvage takes it from there."""
    lines = log.read_bytes().splitlines(keepends=True)
    for copied in (b"".join(lines[:-1]), b"".join(lines)[:-9]):
        log.write_bytes(copied)
        for words in ("verify", "doctor", "status", "audit", "users"):
            told = abby(words, *(["ada"] if words == "status" else []))
            said = " ".join(f"{told.out} {told.err}".split())
            assert told.code == (1 if words == "doctor" else 65)
            if words != "doctor":
                assert "is whole up to position 3, where it ends, and it ends too early: 4 positions" in said
                assert "older than what lies beside it" in said
                assert "`abby salvage --to DIR` takes it from position 3 on" in said
                assert "damaged" not in said
        told = abby("verify", "--json")
        assert fits("verify", told.json)
        assert (told.json["whole"], told.json["damage"]["ends_at"]) == (False, 3)
    to = tmp_path / "salvaged"
    told = abby("salvage", "--to", str(to))
    assert (told.code, "3 events up to where the log ends are whole" in told.out) == (0, True)
    assert abby("verify", root=to).code == 0


def test_a_log_alone_is_whole_and_says_that_its_watermark_is_missing(abby: Abby, log: Path, tmp_path: Path) -> None:
    """As the verifier that is one file says; a start refuses it, and salvage gives it a watermark."""
    (log.parent / "head").unlink()
    told = abby("verify")
    assert told.code == 0
    assert "The log is whole: 4 events in 4 batches, every hash fits. There is no watermark beside it" in told.out
    assert "`abby salvage --to DIR`" in told.out
    assert abby("reset", "ada", "--reason", "x").code == 65
    assert abby("doctor").code == 1
    assert abby("salvage", "--to", str(tmp_path / "salvaged")).code == 0
    assert "no watermark" not in abby("verify", root=tmp_path / "salvaged").out


def test_every_message_about_damage_names_salvage(abby: Abby, log: Path) -> None:
    """A changed line, another log's watermark, a watermark that cannot be read: for each command that meets it."""
    whole, head = log.read_bytes(), log.parent / "head"
    mark = head.read_bytes()
    for data, slots in (
        (whole.replace(b"number 1", b"number 7"), mark),
        (whole, mark.replace(b'"check":"', b'"check":"0')),
        (whole.replace(whole[8:12], b"0000", 1), mark),
        (b"".join(whole.splitlines(keepends=True)[:2]), mark),
    ):
        log.write_bytes(data)
        head.write_bytes(slots)
        for words in (("verify",), ("status", "ada"), ("audit",), ("reset", "ada", "--reason", "x"), ("events",)):
            told = abby(*words)
            assert told.code == 65
            said = " ".join(f"{told.out} {told.err}".split())
            assert "`abby salvage --to DIR`" in said, words
            assert "`abby restore DIR`" in said, words


SAVED = next(position for position, (name, _) in enumerate(BASE, 1) if name == "ImageSaved")


@pytest.fixture
def forged(root: Path) -> Path:
    """The file of a log whose first saved image has another `staged`, under hashes and a watermark that fit."""
    lines = [line_of(*event) for event in BASE]
    lines[SAVED - 1] = lines[SAVED - 1].with_data(staged="../../../etc/passwd")
    log = chained(HEADER, lines)
    (root / "logs").mkdir(parents=True)
    (root / "logs" / "head").write_bytes(head(slot(log, len(lines))))
    path = root / "logs" / "events.jsonl"
    path.write_bytes(log)
    return path


@pytest.mark.parametrize(
    "words",
    [
        ("verify",),
        ("status", "42"),
        ("users",),
        ("events", "--user", "42"),
        ("events", "--json"),
        ("audit",),
        ("audit", "--user", "42"),
        ("reset", "42", "--reason", "x"),
        ("cleanup",),
    ],
    ids=" ".join,
)
def test_a_line_that_is_well_hashed_and_no_event_is_told_by_every_command(
    abby: Abby, forged: Path, words: tuple[str, ...]
) -> None:
    """65; the position, the member, what it should be, what to do; nothing is changed, and no traceback."""
    before = forged.read_bytes()
    told = abby(*words)
    said = told.out + told.err
    assert told.code == 65
    assert f"position {SAVED}" in said
    assert "a staged that is not 32 lower-case hex digits" in said.replace("\n", " ")
    assert "abby salvage" in said
    assert "Traceback" not in said
    assert forged.read_bytes() == before


@pytest.mark.usefixtures("forged")
def test_a_salvage_ends_before_a_line_that_is_no_event(abby: Abby, tmp_path: Path) -> None:
    """The new log is whole and opens; the list tells why the line and those after it are left out."""
    told = abby("salvage", "--to", str(tmp_path / "salvaged"))
    assert told.code == 0
    assert f"{SAVED - 1} events up to the damage are whole" in told.out
    listed = (tmp_path / "salvaged" / "not-salvaged.jsonl").read_text().splitlines()
    assert [json.loads(line)["position"] for line in listed] == [
        *range(SAVED, len(BASE) + 1),
        SAVED,
    ]  # the last: of what once was
    assert "32 lower-case hex digits" in listed[0]
    assert abby("verify", root=tmp_path / "salvaged").code == 0
    assert abby("users", root=tmp_path / "salvaged").code == 0
    assert abby("verify").code == 65


def test_an_event_that_cannot_have_happened_is_told_with_its_place(abby: Abby, root: Path) -> None:
    """An hour back without a correction of the clock, say: the document's rule A1."""
    lines = [line_of(*event) for event in BASE[:-1]]
    lines[11] = lines[11].with_data(at=BEFORE)
    log = chained(HEADER, lines)
    (root / "logs").mkdir(parents=True)
    (root / "logs" / "events.jsonl").write_bytes(log)
    (root / "logs" / "head").write_bytes(head(slot(log, len(lines))))
    told = abby("verify", "--json")
    assert told.code == 65
    assert (told.json["damage"]["position"], told.json["damage"]["offset"]) == (12, log.index(b'{"pos":12'))
    assert "time never goes back" in told.json["damage"]["what"]


@pytest.mark.parametrize("command", [("verify",), ("status", "ada"), ("events",), ("users",), ("audit",)])
def test_a_log_that_is_gone_is_not_one_that_never_was(abby: Abby, log: Path, command: tuple[str, ...]) -> None:
    """65 wherever it is read: the watermark says that one stood here, and the ways out are told."""
    log.unlink()
    told = abby(*command)
    assert told.code == 65
    assert "but there is its watermark" in told.err
    assert "Put it back from a copy" in told.err
    assert "abby adopt" in told.err
    assert "Start the service once" not in told.err
