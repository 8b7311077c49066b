"""`abby salvage`: what it tells, to programs and to people, and that the new log is one to go on with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adapters.application.governing import reset_daily_blocking
from adapters.engines.opening import open_store
from tests.adapters.cli.conftest import Abby


def begin(root: Path) -> Path:
    """The file of a log of four events."""
    store = open_store(root)
    for number in range(3):
        reset_daily_blocking(store, "ada", f"number {number}")
    store.close()
    return root / "logs" / "events.jsonl"


def test_a_damaged_log_is_salvaged_up_to_the_damage(abby: Abby, root: Path, tmp_path: Path, fits: Any) -> None:
    """0; the new folder is a root whose log is whole, and the old log is as it was."""
    log = begin(root)
    data = log.read_bytes().replace(b"number 1", b"number 7")
    log.write_bytes(data)
    to = tmp_path / "salvaged"
    told = abby("salvage", "--to", str(to), "--json")
    assert (told.code, told.err) == (0, "")
    assert fits("salvage", told.json)
    assert (told.json["positions"], told.json["left_out"], Path(told.json["log"])) == (
        2,
        3,
        to / "logs" / "events.jsonl",
    )
    assert "hash does not fit" in told.json["damage"]
    assert log.read_bytes() == data
    assert abby("--root", str(to), "verify").code == 0
    assert abby("--root", str(to), "reset", "ada", "--reason", "again").code == 0
    people = abby("salvage", "--to", str(tmp_path / "again"))
    assert "2 events up to the damage are whole" in people.out
    assert "not-salvaged.jsonl" in people.out


def test_a_whole_log_is_said_to_be_whole(abby: Abby, root: Path, tmp_path: Path) -> None:
    """All of it is copied, and nothing listed."""
    begin(root)
    told = abby("salvage", "--to", str(tmp_path / "copy"))
    assert told.code == 0
    assert "The log is whole" in told.out


def test_a_folder_with_something_in_it_is_refused(abby: Abby, root: Path, fits: Any) -> None:
    """As a wrong argument, with what to do; so is one within the log's folder, and a command without a folder."""
    begin(root)
    for folder in (root, root / "logs" / "new"):
        told = abby("salvage", "--to", str(folder), "--json")
        assert told.code == 2
        assert fits("refused", told.json)
        assert "--to" in told.json["refused"]["message"]
    assert abby("salvage").code == 2


def test_a_folder_that_cannot_be_one_is_told_as_that_of_the_option(abby: Abby, root: Path, tmp_path: Path) -> None:
    """74; the storage root and its setting have no part in it."""
    begin(root)
    (tmp_path / "file").write_text("", encoding="utf-8")
    told = abby("salvage", "--to", str(tmp_path / "file"))
    assert told.code == 74
    assert "--to" in told.err
    assert "STORAGE_ROOT" not in told.err
