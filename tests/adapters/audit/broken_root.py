"""A root in which everything is wrong that an audit finds, how it looks after a repair, and a repair that is killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from adapters.application.saving import NewImage, save_image
from adapters.audit.repair import Repair, repair
from adapters.disk.files import Files
from adapters.engines.choice import default_engine, image_stores
from adapters.engines.opening import open_store
from adapters.ports.clock import utc_now
from adapters.ports.engines import Engines
from domain.commands import SetPolicy
from domain.refusals import Refusal
from tests.adapters.application.evidence import events_of
from tests.adapters.eventlog.jsonl.logs import Disk
from tests.hostile.builders import png_of_size

HOME = Path("images/users/ada")
WHOLE = tuple(f"whole_{number}.png" for number in range(8))
WRONG = ("gone.png", "k/gone.png", "short.png", "changed.png", "linked.png", "folder.png")
DETAILS = '{"prompt":"nobody\'s"}'


def make(root: Path) -> None:
    """Images that stay, and one of each that do not; files that nobody knows, at every kind of place."""
    store = open_store(root, limits=SetPolicy(daily=100), files=Disk())
    for number, name in enumerate((*WHOLE, *WRONG)):
        save(store, name, 300 + number)
    save(store, "gone.png", 500, temp=True)
    save(store, "whole.png", 500, temp=True)
    store.close()
    home = root / HOME
    for path in (home / "gone.png", home / "k" / "gone.png", root / "temp" / "ada" / "gone.png"):
        path.unlink()
    (home / "short.png").write_bytes(b"short")
    changed = bytearray((home / "changed.png").read_bytes())
    changed[60] ^= 1
    (home / "changed.png").write_bytes(changed)
    for name in ("linked.png", "folder.png"):
        (home / name).unlink()
    (home / "linked.png").symlink_to(root.parent)
    (home / "folder.png").mkdir()
    (home / "folder.png" / "inside.txt").write_text("inside", encoding="utf-8")
    for place in (HOME / "foreign.png", HOME / "k" / "foreign.txt", Path("images/z.png"), Path("temp/ada/foreign.png")):
        (root / place).write_text(f"nobody's {place}", encoding="utf-8")
    (root / HOME / ".details" / "nobody.png~.json").write_text(DETAILS, encoding="utf-8")
    (root / "images" / ".staged").mkdir(exist_ok=True)
    (root / "images" / ".staged" / ("0" * 32)).write_bytes(b"staged")


def save(store: Any, name: str, size_bytes: int, *, temp: bool = False) -> None:
    """One image with details, or a temp file."""
    new = NewImage("ada", png_of_size(size_bytes), name=name, temp=temp, details={"prompt": f"of {name}"})
    assert not isinstance(asyncio.run(save_image(store, new)), Refusal)


def mended(root: Path, files: Files | None = None) -> Repair:
    """The repair of a root."""
    files = files or Disk()
    engines = Engines(default_engine(files), image_stores(files))
    return repair(root, engines=engines, clock=utc_now, files=files)


def end_state(root: Path) -> dict[str, Any]:
    """Each file and folder that is no matter of the log's own upkeep, what the log says without its times, the list."""
    files: dict[str, Any] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.name == "found.jsonl":
            lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
            files[name] = [{**line, "at": "", "kind": ""} for line in lines]
        elif not name.startswith("logs"):
            files[name] = path.readlink() if path.is_symlink() else path.is_dir() or path.read_bytes()
    events = [{**event["data"], "at": "", "type": event["type"]} for event in events_of(root)]
    deleted = sorted(event["name"] for event in events if event["type"] == "ImageDeleted")
    return {"files": files, "deleted": deleted, "events": len(events)}


class KilledDisk(Disk):
    """A disk whose program is killed at its call of a number that changes something."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._left = at

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def write(self, fd: int, data: memoryview) -> int:
        """Half of what is to be written is, and no more."""
        if self._left == 1:
            super().write(fd, data[: len(data) // 2])
        self._count()
        return super().write(fd, data)


def _counted(name: str) -> Callable[..., Any]:
    verb = getattr(Disk, name)

    def counting(self: KilledDisk, *given: Any, **named: Any) -> Any:
        self._count()
        return verb(self, *given, **named)

    return counting


for _name in ("rename", "unlink", "sync_data", "sync_directory", "truncate", "make_directory", "remove_directory"):
    setattr(KilledDisk, _name, _counted(_name))


def repair_and_be_killed(root: Path, at: int) -> None:
    """What the process does that is killed."""
    mended(root, KilledDisk(at))


def killed_at(root: Path, at: int) -> bool:
    """Repairs a root in a process that is killed at a change of the disk; False where it ended before."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=repair_and_be_killed, args=(root, at))
    process.start()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}, process.exitcode
    return process.exitcode != 0
