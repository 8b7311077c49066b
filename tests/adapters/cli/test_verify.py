"""`abby verify`: whole, torn, damaged, foreign and cut, each with its exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.application.governing import reset_daily_blocking
from adapters.application.storage import Storage
from tests.adapters.cli.conftest import Abby


@pytest.fixture
def log(root: Path) -> Path:
    """The file of a log of four events, all of them below the watermark."""
    store = Storage(root)
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
    assert "The log is whole: 4 events in 4 batches" in abby("verify").out


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
