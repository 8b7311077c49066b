"""Small logs for the tests of the event log, made by the real recorder on a real disk, and a disk that fails on
demand.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from eventsourcing.dcb.api import DCBEvent

from adapters.disk.files import Files
from adapters.eventlog.jsonl import JSONLRecorder
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.log_file import read_watermark
from adapters.eventlog.jsonl.seals import SECRET_BYTES, Key, read_key
from adapters.eventlog.jsonl.watermark import SLOT_BYTES, SLOT_DISTANCE, Slot, encode_slot
from adapters.ports.faults import LogDamaged

NOW = "2026-03-01T12:00:00.000000Z"


def clock() -> str:
    """A clock that stands still."""
    return NOW


def event(number: int = 0, *, user: str = "42", kind: str = "Happened") -> DCBEvent:
    """An event like the ledger's."""
    return DCBEvent(type=kind, data=b'{"at":"%b","number":%d}' % (NOW.encode(), number), tags=[f"user:{user}", "pool"])


def batch(size: int, first: int = 0) -> list[DCBEvent]:
    """Some events that are told apart by their number."""
    return [event(first + offset) for offset in range(size)]


class Disk(Files):
    """The real file system, except that syncs are skipped unless wanted, every changing call is noted, and calls fail
    on demand.

    `faults` maps a verb to what is called before it is carried out, with the verb's arguments; what it raises is the
    fault. `short` makes each write take one byte at a time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, str]] = []
        self.faults: dict[str, Callable[..., None]] = {}
        self.really_syncs = False
        self.short = False
        self.free: int | None = None
        self.network: str | None = None
        self._paths: dict[int, str] = {}

    def meet(self, verb: str, name: str, *arguments: object) -> None:
        """Notes a call and lets it fail."""
        self.calls.append((verb, name))
        if verb in self.faults:
            self.faults[verb](name, *arguments)

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        self.meet("open", path.name)
        fd = super().open(path, flags, mode)
        self._paths[fd] = path.name
        return fd

    def write(self, fd: int, data: memoryview) -> int:
        self.meet("write", self._paths[fd], fd, data)
        return super().write(fd, data[:1] if self.short else data)

    def write_at(self, fd: int, data: memoryview, offset: int) -> int:
        self.meet("write_at", self._paths[fd], fd, data)
        return super().write_at(fd, data[:100] if self.short else data, offset)

    def read_at(self, fd: int, size: int, offset: int) -> bytes:
        self.meet("read_at", self._paths[fd])
        return super().read_at(fd, min(size, 7) if self.short else size, offset)

    def truncate(self, fd: int, size: int) -> None:
        self.meet("truncate", self._paths[fd])
        super().truncate(fd, size)

    def sync_data(self, fd: int) -> None:
        self.meet("sync_data", self._paths[fd])
        if self.really_syncs:
            super().sync_data(fd)

    def sync_directory(self, path: Path) -> None:
        self.meet("sync_directory", path.name)
        if self.really_syncs:
            super().sync_directory(path)

    def make_directory(self, path: Path, mode: int = 0o777) -> None:
        self.meet("make_directory", path.name)
        super().make_directory(path, mode)

    def lock(self, fd: int) -> None:
        self.meet("lock", self._paths[fd])
        super().lock(fd)

    def rename(self, source: Path, target: Path) -> None:
        self.meet("rename", target.name)
        super().rename(source, target)

    def unlink(self, path: Path) -> None:
        self.meet("unlink", path.name)
        super().unlink(path)

    def stat(self, path: Path) -> os.stat_result:
        self.meet("stat", path.name)
        return super().stat(path)

    def drop_cache(self, fd: int) -> None:
        self.meet("drop_cache", self._paths[fd])
        super().drop_cache(fd)

    def file_system(self, path: Path) -> str | None:
        return self.network or super().file_system(path)

    def free_bytes(self, path: Path) -> int:
        self.meet("free_bytes", path.name)
        return super().free_bytes(path) if self.free is None else self.free


def fails(error: OSError, *, name: str | None = None, times: int | None = None, skip: int = 0) -> Callable[..., None]:
    """A fault: raises `error` for calls on the file `name` (None: any), after `skip` of them, `times` times (None:
    for ever).
    """
    seen = 0

    def fault(called: str, *_: object) -> None:
        nonlocal seen
        if name is not None and called != name:
            return
        seen += 1
        if seen > skip and (times is None or seen <= skip + times):
            raise error

    return fault


def opened(root: Path, files: Files | None = None, **options: object) -> JSONLRecorder:
    """A recorder of a root, on a quick disk unless another is given."""
    return JSONLRecorder(root, clock=clock, files=files or Disk(), **options)  # type: ignore[arg-type]  # options by name


def abandon(recorder: JSONLRecorder) -> None:
    """Lets go of a recorder as a killed process does: nothing more is written, the lock is free."""
    recorder._closed = True
    recorder._log.descriptors.close()


def write_log(root: Path, sizes: Sequence[int], *, watermark_after: int | None = None) -> Path:
    """A log of batches of these sizes, its watermark written after that many of them (None: all), left as by a kill."""
    recorder = opened(root)
    for count, size in enumerate(sizes, 1):
        recorder.append(batch(size, recorder.head))
        if count == (len(sizes) if watermark_after is None else watermark_after):
            recorder.checkpoint(0)
    abandon(recorder)
    return root / "logs" / "events.jsonl"


def key_of(root: Path, *, to: Path | None = None) -> Key:
    """The key of a log, which is made that of another root too."""
    path = root / "logs" / ".key"
    if to is not None:
        (to / "logs").mkdir(parents=True)
        shutil.copy(path, to / "logs")
    key = read_key(Files(), LogPaths.below(root))
    assert key is not None
    return key


def as_before_seals(root: Path) -> None:
    """Makes of a log one whose writer knew no seals: a watermark without one, a key that has made none."""
    path = root / "logs" / ".key"
    path.write_bytes(path.read_bytes()[:SECRET_BYTES])
    write_head(root, slot_of(root)._replace(seal=None, ended=False))


def as_killed(root: Path) -> None:
    """Makes of a log one whose writer did not stop in order: what comes after its watermark may be its own."""
    write_head(root, slot_of(root)._replace(ended=False).sealed(key_of(root)))


def slot_of(root: Path) -> Slot:
    """The watermark that holds, with what its seal says."""
    return read_watermark(Files(), LogPaths.below(root))[0]


def write_head(root: Path, slot: Slot) -> None:
    """Writes a watermark as anybody does who knows the form: its check fits."""
    head = encode_slot(slot).rjust(slot.counter % 2 * SLOT_DISTANCE + SLOT_BYTES, b"\0")
    (root / "logs" / "head").write_bytes(head)


def numbers(recorder: JSONLRecorder) -> list[int]:
    """The positions of what can be read."""
    return [found.position for found in recorder.read()]


def contents(root: Path) -> dict[str, bytes]:
    """Every file of the logs folder but the lock, which any opening may touch."""
    logs = root / "logs"
    return {
        str(path.relative_to(logs)): path.read_bytes()
        for path in logs.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def refused(root: Path, fault: type[LogDamaged] = LogDamaged) -> LogDamaged:
    """The refusal of a root: the same twice, from a writer and (where it concerns readers) a reader, with nothing
    changed.
    """
    before = contents(root)
    for _ in range(2):
        with pytest.raises(fault) as caught:
            opened(root)
        assert contents(root) == before
    assert caught.value.exit_code == 65
    return caught.value
