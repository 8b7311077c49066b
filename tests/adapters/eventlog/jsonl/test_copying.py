"""A copy of a log beside its writer: only added to, never of another history, and a log of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.disk.files import Files
from adapters.eventlog.jsonl.copying import copy_log
from adapters.eventlog.jsonl.verify import verify
from adapters.ports.faults import LogDamaged, TargetRefused
from adapters.ports.log_reports import CopiedLog
from tests.adapters.eventlog.jsonl.logs import Disk, abandon, batch, opened, write_log


def copied(root: Path, to: Path, *, up_to: int | None = None, with_key: bool = True) -> CopiedLog:
    return copy_log(root, to, files=Disk(), up_to=up_to, with_key=with_key)


def test_a_copy_has_all_that_is_whole_and_is_only_added_to(tmp_path: Path) -> None:
    """Beyond the watermark too; a torn end is left out, and what a killed copy wrote after its watermark."""
    root, to = tmp_path / "root", tmp_path / "copy"
    log = write_log(root, [2, 3, 1], watermark_after=1)
    whole = log.read_bytes()
    with log.open("ab") as torn:
        torn.write(b'{"pos":7,"ba')
    done = copied(root, to)
    assert (done.position, done.size_bytes, done.copied_bytes, done.has_key) == (6, len(whole), len(whole), True)
    assert (to / "logs/events.jsonl").read_bytes() == whole
    report = verify(to, files=Files())
    assert (report.is_whole, report.watermark, report.reconciled, report.is_sealed) == (True, 6, 6, True)
    log.write_bytes(whole)
    recorder = opened(root)
    recorder.append(batch(2, recorder.head))
    abandon(recorder)
    with (to / "logs/events.jsonl").open("ab") as left:
        left.write(b"what a killed run left")
    more = copied(root, to)
    assert (more.position, more.copied_bytes) == (8, log.stat().st_size - len(whole))
    assert (to / "logs/events.jsonl").read_bytes() == log.read_bytes()


def test_a_copy_ends_where_a_batch_ends(tmp_path: Path) -> None:
    """Inside a batch or beyond the log it is refused, and an empty log can be copied."""
    write_log(tmp_path / "root", [2, 3])
    assert copied(tmp_path / "root", tmp_path / "two", up_to=2).position == 2
    assert verify(tmp_path / "two", files=Files()).positions == 2
    for position in (1, 4, 6):
        with pytest.raises(LogDamaged):
            copied(tmp_path / "root", tmp_path / "none", up_to=position)
    assert not (tmp_path / "none").exists()
    abandon(opened(tmp_path / "empty"))
    assert copied(tmp_path / "empty", tmp_path / "of nothing").position == 0
    assert verify(tmp_path / "of nothing", files=Files()).is_whole


def test_another_history_is_refused(tmp_path: Path) -> None:
    """Another log, an older copy, and one that went another way from some position on."""
    root, older, to = tmp_path / "root", tmp_path / "older", tmp_path / "copy"
    write_log(root, [2, 3])
    copied(root, older, up_to=2)
    copied(root, to)
    before = (to / "logs/events.jsonl").read_bytes()
    with pytest.raises(TargetRefused, match="knows more than the log"):
        copied(older, to)
    recorder = opened(older)
    recorder.append(batch(3, 50))
    recorder.append(batch(1, 60))
    abandon(recorder)
    with pytest.raises(TargetRefused, match="different"):
        copied(older, to)
    write_log(tmp_path / "another", [2, 3, 4])
    with pytest.raises(TargetRefused, match="another log"):
        copied(tmp_path / "another", to)
    assert (to / "logs/events.jsonl").read_bytes() == before


def test_without_the_key_nothing_is_sealed(tmp_path: Path) -> None:
    """A key that a former copy had goes, so that the watermark without a seal is not taken for a forged one."""
    root, to = tmp_path / "root", tmp_path / "copy"
    write_log(root, [2])
    assert copied(root, to).has_key
    assert not copied(root, to, with_key=False).has_key
    assert not (to / "logs/.key").exists()
    report = verify(to, files=Files())
    assert (report.is_whole, report.is_sealed) == (True, False)
