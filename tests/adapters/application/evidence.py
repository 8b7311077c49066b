"""What the log and the disk of a storage root say, read without the product: JSON lines, file names and bytes.

So a test that asks whether the two agree does not ask the code that it tests.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple


class Standing(NamedTuple):
    """A name that stands by the log: its spelling, its bytes and their digest."""

    name: str
    size_bytes: int
    sha256: str


def events_of(root: Path, *types: str) -> list[dict[str, Any]]:
    """The events of a log in order, as they are written; of the given types alone where there are some."""
    lines = (root / "logs" / "events.jsonl").read_bytes().split(b"\n")[1:-1]
    events = [json.loads(line) for line in lines]
    return [event for event in events if not types or event["type"] in types]


def standing_of(root: Path) -> dict[Path, Standing]:
    """What should be on the disk by the log alone: final paths below the root."""
    current: dict[tuple[str, str, str], Standing] = {}
    for event in events_of(root):
        data = event["data"]
        match event["type"]:
            case "ImageSaved":
                found = Standing(data["name"], data["bytes"], data["sha256"])
                current[_space(temp=data["temp"]), data["user"], data["name"].lower()] = found
            case "ImageDeleted":
                del current[_space(temp=data["temp"]), data["user"], data["name"].lower()]
            case "CleanupCompleted":
                for file in data["files"]:
                    del current[_space(temp=True), file["user"], file["name"].lower()]
    return {root / space / user / found.name: found for (space, user, _), found in current.items()}


def files_of(root: Path) -> set[Path]:
    """Every image and temp file that is on the disk, those that are staged too, but not the details beside images."""
    found = (path for space in ("images", "temp") for path in (root / space).rglob("*") if not path.is_dir())
    return {path for path in found if ".details" not in path.parts}


def assert_disk_and_log_agree(root: Path) -> None:
    """Exactly the files that the log says are there, with exactly those bytes; nothing else, nothing staged."""
    expected = standing_of(root)
    assert {path.relative_to(root) for path in files_of(root)} == {path.relative_to(root) for path in expected}
    for path, current in expected.items():
        data = path.read_bytes()
        assert (len(data), sha256(data).hexdigest()) == (current.size_bytes, current.sha256), path


def state_of_disk(root: Path) -> dict[str, bytes]:
    """Every file below the root but the lock, the watermark and the reserve file: to see that nothing changed."""
    passing = {".lock", "head", ".spare"}
    files = (path for path in root.rglob("*") if path.is_file() and path.name not in passing)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def _space(*, temp: bool) -> str:
    return "temp" if temp else "images/users"
