"""Folders of before, and how the tests of adoption adopt them and look at what came of it."""

from __future__ import annotations

import os
from pathlib import Path

from adapters.adoption.adoption import Plan, Progress, Terms, adopt, dry_run, plan
from adapters.adoption.tally import Adoption
from adapters.disk.files import Files
from adapters.engines.choice import default_engines
from adapters.ports.clock import utc_now
from domain.limits import MEGABYTE, Limits
from tests.adapters.application.evidence import events_of, state_of_disk

NEW_YEAR = 1_700_000_000
MAX_IMAGE_BYTES = 4 * MEGABYTE
DEFAULTS = Limits()


def put(directory: Path, path: str, data: bytes, *, age: int = 0) -> Path:
    """A file of before, last written so many seconds before the new year."""
    file = directory / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    os.utime(file, (NEW_YEAR, NEW_YEAR - age))
    return file


def terms(
    files: Files | None = None, limits: Limits = DEFAULTS, progress: Progress = lambda _done, _total: None
) -> Terms:
    """How these tests adopt."""
    files = files or Files()
    return Terms(
        clock=utc_now,
        max_image_bytes=MAX_IMAGE_BYTES,
        limits=limits,
        progress=progress,
        engines=default_engines(files),
        files=files,
    )


def planned(root: Path, directory: Path) -> Plan:
    """A plan that can be made."""
    made = plan(root, directory, Files())
    assert isinstance(made, Plan), made
    return made


def adopted(root: Path, directory: Path, limits: Limits = DEFAULTS) -> Adoption:
    """Adopts without a refusal, after a rehearsal that said the same and changed nothing."""
    before = state_of_disk(root) if root.exists() else None
    rehearsed = dry_run(planned(root, directory), terms(limits=limits))
    assert before == (state_of_disk(root) if root.exists() else None)
    done = adopt(planned(root, directory), terms(limits=limits))
    assert isinstance(done, Adoption)
    assert rehearsed == done
    return done


def skipped(adoption: Adoption) -> dict[str, str]:
    """The sentences by the names of the files."""
    return {one.source.name: one.reason for one in adoption.skipped}


def traces(directory: Path) -> list[tuple[object, ...]]:
    """Everything about the files of a folder that adopting could change."""
    found = sorted(path for path in directory.rglob("*") if path.is_file())
    stats = [(path, path.stat()) for path in found]
    return [(path, path.read_bytes(), at.st_ino, at.st_mtime_ns, at.st_nlink, at.st_mode) for path, at in stats]


def told(root: Path) -> list[tuple[object, ...]]:
    """What the log says was saved, in order, without the ids and times of an attempt."""
    saved = [event["data"] for event in events_of(root, "ImageSaved")]
    return [tuple(data[key] for key in ("user", "name", "bytes", "sha256", "operation", "by")) for data in saved]
