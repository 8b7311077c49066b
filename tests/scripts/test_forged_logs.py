"""The log is input: whatever a forger writes into a member of an event, nothing outside the storage root is moved,
written, read or deleted, and whoever reads the log says the same of it.

The service's opening, `abby verify`, `scripts/verify_log.py` and the second verifier in Perl look at each forged log.
The file system below the root and beside it is listed before and after, with bait where forged values point, and an
audit hook hears of every file that is touched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.application.opening import OpenRoot
from adapters.disk.files import Files
from adapters.engines.choice import default_engine, default_engines
from adapters.ledger.projector import Projector
from adapters.ports.faults import LogDamaged
from scripts import verify_log
from tests.scripts.conftest import second_opinions
from tests.scripts.forgery import head, slot
from tests.scripts.members import BAIT, HEADER, PATHS, STAGED, Row, rows

LATER = "2026-03-11T12:00:00.000000Z"
LEVELS = 7
"""Folders above the root: as far as the longest way up from where images are staged."""


_heard: list[str] = []
_hears = [False]


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _hears[0] and event.startswith(("open", "os.", "shutil.")) and BAIT in repr(arguments):
        _heard.append(f"{event}{arguments!r}")


@pytest.fixture(scope="module")
def hook() -> None:
    """An audit hook cannot be taken away again, so it is there once and hears nothing after a test."""
    sys.addaudithook(_hook)


@contextmanager
def hearing() -> Iterator[list[str]]:
    """What is done to bait while this is open."""
    _heard.clear()
    _hears[0] = True
    try:
        yield _heard
    finally:
        _hears[0] = False


class Ground:
    """A storage root deep in a folder, with bait on every level above it and in the folders of the root."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.root = top.joinpath(*(f"level{number}" for number in range(LEVELS)), "root")
        self.logs = self.root / "logs"
        self.staged = self.root / "images" / ".staged" / STAGED
        for folder in (
            self.logs,
            self.staged.parent,
            self.root / "images" / "users" / "42" / "Sub",
            self.root / "temp" / "42",
        ):
            folder.mkdir(parents=True)
        for folder in [*self.root.relative_to(top).parents, *(path.relative_to(top) for path in self.root.rglob("*"))]:
            if (top / folder).is_dir() and folder.name != ".staged":  # which a start sweeps
                (top / folder / BAIT).write_bytes(b"bait of " + str(folder).encode())
        self.put(HEADER)

    def put(self, log: bytes) -> None:
        """This log stands there now, all of it below its watermark, and the image that it staged."""
        (self.logs / "events.jsonl").write_bytes(log)
        (self.logs / "head").write_bytes(head(slot(log, log.count(b"\n") - 1)))
        (self.logs / ".key").unlink(missing_ok=True)  # else a watermark without its seal is all that is found
        self.staged.write_bytes(b"staged")

    def seen(self) -> dict[str, tuple[int, int, int]]:
        """Every file but those of the log, with its size, its time and its number on the disk."""
        found = {}
        for path in sorted(self.top.rglob("*")):
            if self.logs not in path.parents and path.is_file():
                status = path.lstat()
                found[str(path)] = (status.st_size, status.st_mtime_ns, status.st_ino)
        return found


def opened(ground: Ground) -> int | None:
    """The position at which the service refuses to open the log, None where it opens it."""
    try:
        OpenRoot(ground.root, engines=default_engines(), clock=lambda: LATER, files=Files()).close()
    except LogDamaged as fault:
        return fault.position
    return None


def verified(ground: Ground) -> int | None:
    """The position at which `abby verify` finds damage."""
    damage = default_engine().verify(ground.root, on_event=Projector().take).damage
    return None if damage is None else damage.position


@pytest.mark.timeout(3_600)  # the long form has every wrong kind of every member
def test_whoever_reads_a_forged_log_says_the_same(tmp_path: Path, hook: None, perl: str | None, thorough: bool) -> None:
    """One member wrong at a time, hashes and watermark right: damage at that event, and nothing outside is touched."""
    del hook
    ground = Ground(tmp_path / "top")
    before, wrong, asked = ground.seen(), list[str](), list[tuple[Row, Path, int | None]]()
    for number, row in enumerate(rows(all_kinds=thorough)):
        ground.put(row.log)
        with hearing() as heard:
            says = verified(ground)
            opens = opened(ground) if thorough or leads_to_a_file(row) or number % 8 == 0 else says
        if heard:
            wrong.append(f"{row.name}: {heard[:3]}")
        file = verify_log.verify(ground.logs / "events.jsonl")
        third = file.findings[0].position if file.findings else None
        if not says == opens == third or (row.is_refused and says != row.position):
            wrong.append(f"{row.name}: verify {says}, a start {opens}, the script {third}, and not {row.position}")
        asked.append((row, kept(tmp_path / str(number), row.log), third))
    after = ground.seen()
    assert {name: after.get(name) for name in before if BAIT in name} == {
        name: before[name] for name in before if BAIT in name
    }
    for (row, _, third), said in zip(asked, second_opinions(perl, [path for _, path, _ in asked]), strict=False):
        if said[2] != third:
            wrong.append(f"{row.name}: the second verifier {said}, the script {third}")
    assert not wrong, f"{len(wrong)} of {len(asked)}:\n" + "\n".join(wrong[:30])
    assert len(asked) > 1_000
    assert sum(row.is_refused for row, _, _ in asked) > 0.8 * len(asked)


def leads_to_a_file(row: Row) -> bool:
    """Whether the wrong member is one that paths are made of."""
    return row.name.partition(":")[0].rpartition(".")[2] in PATHS


def kept(folder: Path, log: bytes) -> Path:
    """The log in a folder of its own, for a program that is asked about many at once."""
    folder.mkdir()
    (folder / "head").write_bytes(head(slot(log, log.count(b"\n") - 1)))
    path = folder / "events.jsonl"
    path.write_bytes(log)
    return path
