"""`scripts/verify_log.py` as a program: exit codes, words, processes, the bar; and what the product says besides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.cli.proof.verifying import verdict as verdict_of
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.verify import verify
from scripts import verify_log
from tests.scripts.forgery import (
    SECONDS,
    VERIFIER,
    chained,
    find,
    head,
    header_of,
    lines_of,
    prefix,
    repeated,
    slot,
    start,
)

LONGEST_TEXT = 1_280
"""Bytes, by the document."""


@pytest.mark.parametrize("segment_bytes", [40, 400, 4_000, 15_000])
def test_where_a_log_is_cut_for_several_processes_changes_nothing(
    log: bytes, tmp_path: Path, segment_bytes: int
) -> None:
    """Whole, damaged or torn: the same report, however many segments are joined."""
    path = tmp_path / "events.jsonl"
    lines = log.splitlines(keepends=True)
    (tmp_path / "head").write_bytes(head(slot(log, 30)))
    for number in range(30, 40):
        for damaged in (
            log,
            log[: -number * 9],
            b"".join([*lines[:number], *lines[number + 1 :]]),
            b"".join([*lines[:number], lines[number].replace(b'"at":"2', b'"at":"1'), *lines[number + 1 :]]),
            b"".join([*lines[:number], b"\n", *lines[number:]]),
            chained(lines[0], [line for index, line in enumerate(lines_of(log)) if index != number]),
        ):
            path.write_bytes(damaged)
            assert verify_log.verify(path, segment_bytes=segment_bytes) == verify_log.verify(path)


def test_a_large_log_is_read_by_several_processes(log: bytes, tmp_path: Path) -> None:
    """Segments go to other processes and come back in order: the same words, also where a late line is bad."""
    path = tmp_path / "events.jsonl"
    lines = lines_of(log)
    preference = lines[find(lines, "PreferenceSet")].with_data(at=lines[-1].members["at"], value="x" * LONGEST_TEXT)
    of_three = 2 * verify_log.SEGMENT_BYTES // LONGEST_TEXT
    large = chained(header_of(log), [*lines, *[preference] * of_three])
    near_its_end = len(large) * 4 // 5
    bad = large[:near_its_end] + b"?" + large[near_its_end + 1 :]
    for content, verdict in ((large, "whole"), (bad, "damaged")):
        path.write_bytes(content)
        alone, together = start(path, "--json", "--jobs", "1"), start(path, "--json", "--jobs", "2")
        assert together.stdout == alone.stdout
        assert json.loads(together.stdout)["verdict"] == verdict
        assert together.stderr == ""


def test_exit_codes_tell_the_verdict_and_words_tell_where(log: bytes, tmp_path: Path) -> None:
    """0 whole, 3 torn, 1 damaged, 2 not asked; where it is bad and what it is, for people and for programs."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(log)
    assert start(path).returncode == 0
    count, batches = len(lines_of(log)), sum(line.ends for line in lines_of(log))
    assert f"{count} events in {batches} batches" in start(path).stdout
    path.write_bytes(log[:-1])
    torn = start(path, "--json")
    begin = len(prefix(log, count - 1))
    assert torn.returncode == 3
    whole = max(position for position, line in enumerate(lines_of(log)[:-1], 1) if line.ends)
    assert json.loads(torn.stdout)["torn_bytes"] == len(log) - 1 - len(prefix(log, whole))
    assert f"position {count}, byte {begin:,}: the line does not end" in start(path).stdout
    path.write_bytes(log.replace(b"cat.png", b"Cat.png", 1))
    said = start(path)
    offset = len(prefix(log, 2))
    assert said.returncode == 1
    assert f"position 3, byte {offset:,}: its hash does not fit its bytes" in said.stdout
    assert json.loads(start(path, "--json").stdout)["findings"][0][:2] == [3, offset]
    lines = lines_of(log)
    position = repeated("ImageDeleted")(lines)
    forged = chained(header_of(log), lines)
    path.write_bytes(forged)
    findings = json.loads(start(path, "--json").stdout)["findings"]
    assert [finding[:2] for finding in findings] == [[position, len(prefix(forged, position - 1))]]
    for arguments in ([], [path, "--jobs", "0"], [path, "--colour"], [tmp_path / "none"], [tmp_path]):
        refused = start(*arguments)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal is made with a pseudo-terminal of POSIX")
def test_a_terminal_sees_how_far_it_is_and_a_pipe_does_not(log: bytes, tmp_path: Path) -> None:
    """The bar goes to the terminal alone, and is gone at the end."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(log)
    assert start(path).stderr == ""
    ours, theirs = os.openpty()
    subprocess.run([sys.executable, VERIFIER, path], stdout=subprocess.PIPE, stderr=theirs, timeout=SECONDS, check=True)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "100 %" in shown
    assert shown.endswith("\x1b[K")


def test_the_product_finds_a_log_whole_torn_or_damaged_as_the_verifiers_do(log: bytes, tmp_path: Path) -> None:
    """What a start would say of a cut, an edited and a deleted line, with a watermark at each height."""
    lines, events = log.splitlines(keepends=True), lines_of(log)
    count = len(events)
    path = LogPaths.below(tmp_path).log
    path.parent.mkdir()
    ends = [position for position, event in enumerate(events, start=1) if event.ends and position >= 30]
    for height in (ends[0], ends[1], count):
        path.with_name("head").write_bytes(head(slot(log, height)))
        for position in range(27, count + 1):
            for damaged in (
                prefix(log, position),
                prefix(log, position)[:-20],
                b"".join([*lines[:position], *lines[position + 1 :]]),
                b"".join([*lines[:position], lines[position].replace(b'"at"', b'"At"'), *lines[position + 1 :]]),
            ):
                path.write_bytes(damaged)
                said = verify(tmp_path)
                verdict = "damaged" if said.damage else "torn" if said.torn_bytes else "whole"
                report = verify_log.verify(path)
                assert (report.verdict, report.positions) == (verdict, said.positions)
                assert report.ends_early is (said.damage is not None and said.damage.ends_at is not None)
    path.with_name("head").unlink()
    for alone in (log, log[:-20], prefix(log, 30), log.replace(b"cat.png", b"Cat.png", 1)):
        path.write_bytes(alone)
        said = verify(tmp_path)
        verdict = "damaged" if said.damage else "torn" if said.torn_bytes else "whole"
        report = verify_log.verify(path)
        assert report.verdict == verdict
        assert "the next start" not in verdict_of(said) + "\n".join(verify_log.in_words(report))  # there is none


def test_a_copy_older_than_its_watermark_is_told_as_one(log: bytes, tmp_path: Path) -> None:
    """Where it ends, that all of it is whole, and what takes it from there: also a copy that ends in a line."""
    path = tmp_path / "events.jsonl"
    path.with_name("head").write_bytes(head(slot(log, len(lines_of(log)))))
    for copied, position in ((prefix(log, 30), 30), (prefix(log, 31)[:-5], 30), (header_of(log), 0)):
        path.write_bytes(copied)
        said = start(path)
        assert said.returncode == 1
        assert f"This copy is whole up to position {position}, where it ends" in said.stdout
        assert "`abby salvage --to DIR` takes it from here" in said.stdout
        assert json.loads(start(path, "--json").stdout)["ends_early"] is True
    path.write_bytes(prefix(log, 30).replace(b"cat.png", b"Cat.png", 1))
    assert 'ends_early": false' in start(path, "--json").stdout
    assert "`abby salvage --to DIR` writes a new log" in start(path).stdout
    path.with_name("head").unlink()
    path.write_bytes(log)
    assert (start(path).returncode, "`abby salvage --to DIR` makes one" in start(path).stdout) == (0, True)
