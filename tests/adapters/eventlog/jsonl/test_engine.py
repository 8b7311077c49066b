"""The engine over files: what it says of a log from outside, without opening it."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from adapters.disk.files import Files
from adapters.eventlog.jsonl import JSONLEngine
from adapters.ports.faults import LogDamaged, LogMissing
from adapters.ports.log_reports import LogHolder, LogLocation
from tests.adapters.eventlog.jsonl.logs import Disk, clock, event

ADDRESS = "http://127.0.0.1:4711"


@pytest.fixture
def engine() -> JSONLEngine:
    """On the real file system."""
    return JSONLEngine(Files())


def test_it_says_where_the_log_is_before_there_is_one(
    engine: JSONLEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In full, however the root was given; and nothing is made."""
    monkeypatch.chdir(tmp_path)
    logs = tmp_path / "root" / "logs"
    assert engine.location(Path("root")) == LogLocation(str(logs / "events.jsonl"), str(logs))
    assert not engine.exists(Path("root"))
    assert not logs.exists()


def test_a_log_exists_also_where_only_its_watermark_is_left(engine: JSONLEngine, tmp_path: Path) -> None:
    """So whoever asks goes on to open it, and is told that it is missing."""
    engine.open_for_writing(tmp_path, clock=clock).close()
    assert engine.exists(tmp_path)
    (tmp_path / "logs" / "events.jsonl").unlink()
    assert engine.exists(tmp_path)
    for refuse in (engine.refuse_without_log, engine.open_for_reading, engine.verify):
        with pytest.raises(LogMissing):
            refuse(tmp_path)
    (tmp_path / "logs" / "head").unlink()
    assert not engine.exists(tmp_path)


def test_a_root_without_a_log_has_nothing_to_change(engine: JSONLEngine, tmp_path: Path) -> None:
    """A mistyped root is told as such and not made; with a log there is nothing to refuse."""
    with pytest.raises(LogMissing, match="nothing to change, and nothing was made"):
        engine.refuse_without_log(tmp_path / "root")
    assert not (tmp_path / "root").exists()
    engine.open_for_writing(tmp_path, clock=clock).close()
    engine.refuse_without_log(tmp_path)


def test_it_tells_who_holds_the_log(engine: JSONLEngine, tmp_path: Path) -> None:
    """Nobody, a process, a process with an address; and nobody again, although the file still names one."""
    assert engine.holder(tmp_path) is None
    with closing(engine.open_for_writing(tmp_path, clock=clock)) as log:
        assert engine.holder(tmp_path) == LogHolder(os.getpid(), None)
        log.announce(ADDRESS)
        assert engine.holder(tmp_path) == LogHolder(os.getpid(), ADDRESS)
        with closing(engine.open_for_reading(tmp_path)):
            assert engine.holder(tmp_path) == LogHolder(os.getpid(), ADDRESS)
    assert engine.holder(tmp_path) is None


def test_what_a_report_tells_is_what_is_refused(engine: JSONLEngine, tmp_path: Path) -> None:
    """The same damage, at the same place; a whole log is none."""
    with closing(engine.open_for_writing(tmp_path, clock=clock)) as log:
        log.append([event(1)])
    report = engine.verify(tmp_path)
    assert (report.location, report.positions) == (engine.location(tmp_path).log, 1)
    engine.refuse_damage(tmp_path, report.damage)
    path = tmp_path / "logs" / "events.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"number":1', b'"number":2'))
    report = engine.verify(tmp_path)
    with pytest.raises(LogDamaged) as refused:
        engine.refuse_damage(tmp_path, report.damage)
    assert report.damage is not None
    assert (refused.value.position, refused.value.offset) == (report.damage.position, report.damage.offset)


def test_every_file_goes_through_the_files_it_was_made_with(tmp_path: Path) -> None:
    """For writing, for reading, for a look, for a salvage."""
    disk = Disk()
    engine = JSONLEngine(disk)
    works = (
        lambda: engine.open_for_writing(tmp_path, clock=clock).close(),
        lambda: engine.open_for_reading(tmp_path).close(),
        lambda: engine.verify(tmp_path),
        lambda: engine.salvage(tmp_path, tmp_path / "new"),
        lambda: engine.holder(tmp_path),
    )
    for work in works:
        disk.calls.clear()
        work()
        assert disk.calls
