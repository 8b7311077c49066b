"""What the tests of the log's verifiers share: a real log, a Perl, and the comparison of what both say."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from scripts import verify_log
from tests.scripts.forgery import SECOND, SECONDS, Case, Judge, make_real_log

FILES_AT_ONCE = 1_000


@pytest.fixture(scope="session")
def perl() -> str | None:
    """The path of a Perl with the modules that come with it, None where there is none; under CI there must be one."""
    found = shutil.which("perl")
    asked = [str(found), "-MDigest::SHA", "-MJSON::PP", "-MEncode", "-MFindBin", "-e", "1"]
    if found and subprocess.run(asked, capture_output=True, timeout=SECONDS, check=False).returncode == 0:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail("the second verifier may not be left out under CI: install perl", pytrace=False)
    return None


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a log with every type of event, made through StorageManager, and its figures."""
    root = tmp_path_factory.mktemp("real")
    sums = asyncio.run(make_real_log(root))
    (root / "logs" / "sums.json").write_text(json.dumps(sums))
    return root / "logs"


@pytest.fixture(scope="module")
def log(real: Path) -> bytes:
    """That log."""
    return (real / "events.jsonl").read_bytes()


@pytest.fixture
def judge(tmp_path: Path, perl: str | None) -> Judge:
    """Writes each case as a log with its watermark beside it and has it verified."""

    def judged(cases: Iterable[Case]) -> int:
        wrong: list[str] = []
        files = []
        folders: dict[tuple[bytes | None, bool], Path] = {}
        for number, case in enumerate(cases):
            path = beside(folders, tmp_path, case) / f"{number}.jsonl"
            path.write_bytes(case.log)
            report = verify_log.verify(path)
            files.append((case, path, report))
            wrong += differences(case, report)
        for (case, _, report), said in zip(files, second_opinions(perl, [path for _, path, _ in files]), strict=False):
            wrong += disagreements(case, report, said)
        assert not wrong, f"{len(wrong)} of {len(files)}:\n" + "\n".join(wrong[:20])
        return len(files)

    return judged


def beside(folders: dict[tuple[bytes | None, bool], Path], tmp_path: Path, case: Case) -> Path:
    """A folder with a case's watermark in it, for all logs that are looked at beside it."""
    key = (case.head, case.is_copy)
    if key not in folders:
        folders[key] = tmp_path / f"beside{len(folders)}"
        folders[key].mkdir()
        if case.head is not None:
            (folders[key] / "head").write_bytes(case.head)
        if case.is_copy:
            (folders[key] / "copy-of").write_text("the database abby at db:5432\n5ca1ab1e\n")
    return folders[key]


def differences(case: Case, report: verify_log.Report) -> Iterator[str]:
    """What the first verifier says other than the case expects."""
    where = report.findings[0].position if report.findings else None
    words = report.findings[0].what if report.findings else ""
    if case.verdict not in {None, report.verdict}:
        yield f"{case.name}: {report.verdict} and not {case.verdict} ({where}, {words})"
    elif case.position is not None and where != case.position:
        yield f"{case.name}: found at {where} and not at {case.position} ({words})"
    elif case.rule is not None and case.rule not in words:
        yield f"{case.name}: {words!r} and not {case.rule}"
    elif case.sums is not None and case.sums != sums_of(report):
        yield f"{case.name}: {report.totals} and not {case.sums}"


def sums_of(report: verify_log.Report) -> tuple[int, int] | None:
    """The bytes used and held."""
    totals = report.totals
    return None if totals is None else (totals["image_bytes"] + totals["temp_bytes"], totals["held_bytes"])


def disagreements(case: Case, report: verify_log.Report, said: list[object]) -> Iterator[str]:
    """Where the second verifier says something else than the first."""
    verdict, whole, position, words, sums = said
    first = report.findings[0].position if report.findings else None
    if (verdict, whole, position) != (report.verdict, report.positions, first):
        yield f"{case.name}: {said} and {report.verdict} {report.positions} {first} {report.findings}"
    elif report.ends_early is not (words == "older"):
        yield f"{case.name}: {words} and {report.findings}"
    elif report.verdict != "damaged":
        assert report.totals is not None
        if sums != {name: report.totals[name] for name in ("image_bytes", "temp_bytes", "held_bytes", "points")}:
            yield f"{case.name}: {sums} and {report.totals}"
    elif case.rule is not None and str(words).split()[0] != case.rule.split()[0]:
        yield f"{case.name}: {words} and {case.rule}"


def second_opinions(perl: str | None, paths: list[Path]) -> Iterator[list[object]]:
    """What the second verifier says of each file; nothing where there is no Perl."""
    for begin in range(0, len(paths) if perl else 0, FILES_AT_ONCE):
        files = [str(path) for path in paths[begin : begin + FILES_AT_ONCE]]
        done = subprocess.run([str(perl), SECOND, *files], capture_output=True, timeout=SECONDS, check=True)
        assert done.stderr == b"", done.stderr
        said = done.stdout.splitlines()
        assert len(said) == len(files)
        yield from map(json.loads, said)
