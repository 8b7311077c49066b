"""A simulated disk whose calls fail: the Nth one, or all from the Nth on.

A failed sync of a file's data loses them as disks do: the next sync succeeds and does not bring them back, and memory
shows them until the cache is dropped. Only what is written anew is on the disk after a later sync. (A failed sync of a
directory may be done again.) The errors of closing are left out: what matters was synced before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container
from errno import EINTR, EIO, ENOSPC, EROFS
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from adapters.disk.files import CREATE, UPDATE
from tests.crash.disk import After, Disk, Place, SimulatedFiles

WRITES = frozenset({"write", "write_at"})
CHANGES = WRITES | {
    *("truncate", "sync_data", "sync_directory", "rename", "unlink", "make_directory", "remove_directory"),
}
READS = frozenset(
    {
        *("read_at", "next_data", "stat", "lstat", "fstat", "scan_directory", "sample_directory", "missing", "lock"),
        *("drop_cache", "free_bytes", "refuse_way"),
    }
)
CALLS = CHANGES | READS | {"open"}


class Kind(NamedTuple):
    """How calls fail, and which calls can fail like that. `halves`: a write first takes a half of its bytes."""

    name: str
    number: int | None
    verbs: frozenset[str]
    halves: bool = False

    def __str__(self) -> str:
        return self.name


KINDS = (
    Kind("EIO", EIO, CALLS | {"create"}),
    Kind("EINTR", EINTR, CALLS | {"create"}),
    Kind("ENOSPC", ENOSPC, CHANGES | {"create"}),
    Kind("EROFS", EROFS, CHANGES | {"create"}),
    Kind("short write", None, WRITES, halves=True),
    Kind("short write, then ENOSPC", ENOSPC, WRITES, halves=True),
)


class FaultyFiles(SimulatedFiles):
    """The port to a disk whose calls fail in their turn. `trace` tells the calls that could have failed so far.

    `turns` numbers them from 1.
    """

    def __init__(self, disk: Disk, kind: Kind | None = None, turns: Container[int] = ()) -> None:
        super().__init__(disk)
        self.kind = kind
        self.trace: list[str] = []
        self.failed: list[str] = []
        self._turns = turns
        self._halved = False
        self._lost: dict[int, dict[Place, list[Any]]] = {}

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return partial(self._meet, name, found) if name in CALLS else found

    def _meet(self, verb: str, call: Callable[..., Any], *arguments: Any) -> Any:
        """Carries a call out, unless it is its turn to fail."""
        kind = self.kind
        if kind is None or self._called(verb, arguments) not in kind.verbs:
            return self._carry_out(verb, call, arguments)
        self.trace.append(f"{verb} {self._about(arguments)}")
        due = len(self.trace) in self._turns
        if not due and not self._halved:
            return self._carry_out(verb, call, arguments)
        self.failed.append(self.trace[-1])
        if kind.halves and not self._halved:
            self._halved = kind.number is not None
            fd, data, *rest = arguments
            return call(fd, data[: max(1, len(data) // 2)], *rest)
        self._halved = self._halved and due
        return self._fail(verb, arguments)

    def _fail(self, verb: str, arguments: tuple[Any, ...]) -> NoReturn:
        assert self.kind is not None
        assert self.kind.number is not None
        if verb == "sync_data":
            file = self._file(arguments[0])
            self._lost[file.number] = {place: list(versions) for place, versions in file.maybe.items()}
        raise OSError(self.kind.number, os.strerror(self.kind.number), str(self._about(arguments)))

    def _carry_out(self, verb: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        answer = call(*arguments)
        if verb == "sync_data":
            file = self._file(arguments[0])
            lost = self._lost.get(file.number, {})
            file.maybe = {place: versions for place, versions in lost.items() if file.holds(place, versions[-1])}
        if verb == "drop_cache":
            file = self._file(arguments[0])
            if file.number in self._lost:
                file.data = file.content({})
                file.sync()
        return answer

    def _about(self, arguments: tuple[Any, ...]) -> Path:
        first = arguments[0]
        return first if isinstance(first, Path) else self.path_of(first)

    def _called(self, verb: str, arguments: tuple[Any, ...]) -> str:
        """`create` for an opening that makes a file."""
        if verb != "open" or arguments[1] not in (CREATE, UPDATE):
            return verb
        try:
            self.disk.find(arguments[0])
        except OSError:
            return "create"
        return verb


class SmallFiles(SimulatedFiles):
    """The port to a disk with `room_bytes` left for data, None for plenty. Cutting and removing give room back."""

    def __init__(self, disk: Disk, after: After | None = None) -> None:
        super().__init__(disk, after)
        self.room_bytes: int | None = None

    def write(self, fd: int, data: memoryview) -> int:
        return super().write(fd, data[: self._take(len(data))])

    def write_at(self, fd: int, data: memoryview, offset: int) -> int:
        if offset + len(data) <= self.fstat(fd).st_size:
            return super().write_at(fd, data, offset)
        return super().write_at(fd, data[: self._take(len(data))], offset)

    def truncate(self, fd: int, size: int) -> None:
        self._give(self.fstat(fd).st_size - size)
        super().truncate(fd, size)

    def unlink(self, path: Path) -> None:
        self._give(self.lstat(path).st_size)
        super().unlink(path)

    def take_room(self, fd: int, size: int) -> None:
        del fd
        if self.room_bytes is not None and size > self.room_bytes:
            raise OSError(ENOSPC, os.strerror(ENOSPC))

    def free_bytes(self, path: Path) -> int:
        return super().free_bytes(path) if self.room_bytes is None else self.room_bytes

    def _take(self, wanted: int) -> int:
        if self.room_bytes is None:
            return wanted
        taken = min(wanted, self.room_bytes)
        if taken == 0:
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        self.room_bytes -= taken
        return taken

    def _give(self, size_bytes: int) -> None:
        if self.room_bytes is not None:
            self.room_bytes += size_bytes
