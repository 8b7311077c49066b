"""A disk in memory that knows what a power cut may leave of it: the weakest disk that the protocol is made for.

The model, and nothing else, is this:

- A file has contents and a size. Since its last sync each sector of 512 bytes that was written may hold any content it
  had since, on its own; where the file grew, that includes zeros. The size may be any that it had since, and where
  it grew any sector's end on the way.
- A directory has names. Since its last sync each name that changed may lead to anything it led to since, on its own; so
  any subset of these changes may be there. A file's sync says nothing about its name, a directory's nothing about the
  contents of its files, nor about its own name in its parent.
- A rename is the one exception: the old name is not gone before the new one leads to the file. Both may be there.
  (Where even that does not hold, no order of calls keeps a file that is renamed.)
- A crash while a call is under way leaves what a crash before it may leave, or one after it.

`SimulatedFiles` is the port to such a disk. Which states to look at is `crash_states`' to choose.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from errno import EBADF, EEXIST, EISDIR, ENOENT, ENOSPC, ENOTDIR, ENOTEMPTY
from pathlib import Path
from stat import S_IFDIR, S_IFREG
from typing import Any, NamedTuple

from adapters.disk.files import CREATE, UPDATE, Files
from adapters.disk.platforms import Platform

SECTOR_BYTES = 512
PLENTY_BYTES = 1 << 40
DEVICE = 7
SIZE = -1
"""The place of a file's size among the places of its sectors."""

After = Callable[[str, Path], None]
"""Called with the verb and the path of a call that changed something."""

Place = int | str
"""A sector's number or SIZE in a file, a name in a directory."""


class File:
    """A file's bytes, and what each sector and the size may be after a power cut: the synced one first."""

    __slots__ = ("data", "maybe", "number")

    def __init__(self, number: int, data: bytes = b"") -> None:
        self.number = number
        self.data = data
        self.maybe: dict[Place, list[Any]] = {}

    def write(self, new: bytes, offset: int) -> None:
        """Puts bytes at an offset; what lies between the former end and there is zeros."""
        self._become(self.data[:offset].ljust(offset, b"\0") + new + self.data[offset + len(new) :], offset)

    def truncate(self, size: int) -> None:
        """Cuts or lengthens."""
        self._become(self.data[:size].ljust(size, b"\0"), size)

    def sync(self) -> None:
        """All of it is on the disk."""
        self.maybe.clear()

    def holds(self, place: Place, version: Any) -> bool:
        """Whether a place is that in memory."""
        return bool(version == (len(self.data) if place == SIZE else _sector(self.data, int(place))))

    def copy(self) -> File:
        """The same file with the same doubts."""
        other = File(self.number, self.data)
        other.maybe = {place: list(versions) for place, versions in self.maybe.items()}
        return other

    def content(self, chosen: dict[Place, int]) -> bytes:
        """The bytes where each doubtful place takes the chosen version."""
        if not self.maybe:
            return self.data
        sizes = self.maybe.get(SIZE)
        size = sizes[chosen.get(SIZE, 0)] if sizes else len(self.data)
        content = bytearray(self.data.ljust(size, b"\0"))
        for place, versions in self.maybe.items():
            if isinstance(place, int) and place != SIZE and place * SECTOR_BYTES < size:
                begin = place * SECTOR_BYTES
                content[begin : begin + SECTOR_BYTES] = versions[chosen.get(place, 0)]
        return bytes(content[:size])

    def _become(self, data: bytes, begin: int) -> None:
        """Other bytes, which are the former ones up to where the change begins, or to the former end."""
        former, self.data = self.data, data
        first = min(begin, len(former)) // SECTOR_BYTES
        for number in range(first, -(-max(len(former), len(data)) // SECTOR_BYTES)):
            old, new = _sector(former, number), _sector(data, number)
            if old != new:
                _add(self.maybe.setdefault(number, [old]), new)
        if len(former) != len(data):
            ends = range((len(former) // SECTOR_BYTES + 1) * SECTOR_BYTES, len(data), SECTOR_BYTES)
            sizes = self.maybe.setdefault(SIZE, [len(former)])
            if len(former) < len(data) and len(former) == max(sizes):
                sizes += [*ends, len(data)]  # none of which it had
                return
            for size in (*ends, len(data)):
                _add(sizes, size)


class Change(NamedTuple):
    """A name leads here since the change of that number; 0 is what was synced."""

    number: int
    node: Node | None


class Directory:
    """Names, and what each may lead to after a power cut: the synced node first."""

    __slots__ = ("maybe", "names", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.names: dict[str, Node] = {}
        self.maybe: dict[Place, list[Change]] = {}

    def put(self, name: str, node: Node | None, change: int) -> None:
        """Lets a name lead somewhere, or nowhere."""
        self.maybe.setdefault(name, [Change(0, self.names.get(name))]).append(Change(change, node))
        if node is None:
            del self.names[name]
        else:
            self.names[name] = node


Node = File | Directory


class Rename(NamedTuple):
    """The change of this number took a name away and gave another; the first is not there without the second."""

    number: int
    source: Directory
    source_name: str
    target: Directory
    target_name: str


class Disk:
    """The tree of a disk, as it is in memory, with all that is not yet synced."""

    def __init__(self) -> None:
        self.root = Directory(1)
        self.renames: list[Rename] = []
        self._numbers = 1

    def next_number(self) -> int:
        """A number for a node or a change."""
        self._numbers += 1
        return self._numbers

    def next_number_after(self, other: Disk) -> None:
        """Numbers go on from those of another disk, so that nodes taken over from it stay apart from new ones."""
        self._numbers = other._numbers

    def sync_directory(self, directory: Directory) -> None:
        """The names of a directory are on the disk, and with a name that a rename took away the one it gave."""
        directory.maybe.clear()
        waiting = []
        for rename in self.renames:
            changes = rename.target.maybe.get(rename.target_name)
            if rename.source is directory and changes:
                later = [change for change in changes if change.number >= rename.number]
                rename.target.maybe[rename.target_name] = later
                if len(later) == 1:
                    del rename.target.maybe[rename.target_name]
            elif changes and rename.source_name in rename.source.maybe:
                waiting.append(rename)
        self.renames = waiting

    def nodes(self) -> Iterator[Node]:
        """Every node that a name leads to now or may lead to after a power cut."""
        seen: set[int] = set()
        waiting: list[Node] = [self.root]
        while waiting:
            node = waiting.pop()
            if node.number in seen:
                continue
            seen.add(node.number)
            yield node
            if isinstance(node, Directory):
                waiting.extend(node.names.values())
                waiting.extend(change.node for changes in node.maybe.values() for change in changes if change.node)

    def copy(self) -> Disk:
        """The same disk with the same doubts, sharing nothing that changes."""
        made: dict[int, Node] = {}
        for node in self.nodes():
            made[node.number] = node.copy() if isinstance(node, File) else Directory(node.number)
        other = Disk()
        other._numbers = self._numbers
        for node in self.nodes():
            copy = made[node.number]
            if isinstance(node, Directory) and isinstance(copy, Directory):
                copy.names = {name: made[found.number] for name, found in node.names.items()}
                copy.maybe = {
                    name: [change._replace(node=change.node and made[change.node.number]) for change in changes]
                    for name, changes in node.maybe.items()
                }
        root = made[self.root.number]
        assert isinstance(root, Directory)
        other.root = root
        for rename in self.renames:
            source, target = made.get(rename.source.number), made.get(rename.target.number)
            if isinstance(source, Directory) and isinstance(target, Directory):
                other.renames.append(rename._replace(source=source, target=target))
        return other

    def find(self, path: Path) -> Node:
        """What stands at a path. Raises FileNotFoundError or NotADirectoryError."""
        node: Node = self.root
        for name in path.parts[1:]:
            if not isinstance(node, Directory):
                raise _error(ENOTDIR, path)
            if name not in node.names:
                raise _error(ENOENT, path)
            node = node.names[name]
        return node

    def directory(self, path: Path) -> Directory:
        """The directory at a path."""
        node = self.find(path)
        if not isinstance(node, Directory):
            raise _error(ENOTDIR, path)
        return node

    def files_below(self, path: Path) -> dict[str, bytes]:
        """Every file below a directory by its path from there, none where there is no such directory."""
        try:
            directory = self.directory(path)
        except FileNotFoundError:
            return {}
        found = {}
        for name, node in directory.names.items():
            if isinstance(node, File):
                found[name] = node.data
            else:
                found |= {f"{name}/{below}": data for below, data in self.files_below(path / name).items()}
        return found


class SimulatedFiles(Files):
    """The port to a disk. `after` is called after each call that changed something.

    Descriptors and locks belong to the port: a new port to the same disk is a new process after the old one's death.
    """

    def __init__(self, disk: Disk, after: After | None = None) -> None:
        super().__init__(_NO_PLATFORM)
        self.disk = disk
        self.free = PLENTY_BYTES
        self._after = after
        self._opened: dict[int, File] = {}
        self._paths: dict[int, Path] = {}
        self._locked: dict[int, int] = {}
        self._descriptors = itertools.count(1000)

    def confine(self, root: Path, *, anew: bool = True) -> None:
        """There are no links on this disk, and nothing but files and folders."""

    def holding(self, folder: Path) -> AbstractContextManager[None]:
        del folder
        return nullcontext()

    def close_to_others(self, path: Path) -> None:
        """There are no modes."""

    def is_elsewhere(self, folder: Path) -> bool:
        del folder
        return False

    def refuse_way(self, path: Path) -> str | None:
        del path
        return None

    def path_of(self, fd: int) -> Path:
        """The path under which a file was opened."""
        return self._paths[fd]

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        del mode
        directory = self.disk.directory(path.parent)
        node = directory.names.get(path.name)
        if isinstance(node, Directory):
            raise _error(EISDIR, path)
        made = node is None
        if node is None:
            if flags not in (CREATE, UPDATE):
                raise _error(ENOENT, path)
            node = File(self.disk.next_number())
            directory.put(path.name, node, self.disk.next_number())
        elif flags == CREATE:
            raise _error(EEXIST, path)
        fd = next(self._descriptors)
        self._opened[fd] = node
        self._paths[fd] = path
        if made:
            self._changed("create", path)
        return fd

    def close(self, fd: int) -> None:
        node = self._file(fd)
        del self._opened[fd]
        if self._locked.get(node.number) == fd:
            del self._locked[node.number]

    def write(self, fd: int, data: memoryview) -> int:
        node = self._file(fd)
        node.write(
            bytes(data), len(node.data)
        )  # a file that is not opened to append is new, and written on from its end
        self._changed("write", self._paths[fd])
        return len(data)

    def write_at(self, fd: int, data: memoryview, offset: int) -> int:
        self._file(fd).write(bytes(data), offset)
        self._changed("write", self._paths[fd])
        return len(data)

    def read_at(self, fd: int, size: int, offset: int) -> bytes:
        return self._file(fd).data[offset : offset + size]

    def next_data(self, fd: int, offset: int) -> int:
        self._file(fd)
        return offset

    def truncate(self, fd: int, size: int) -> None:
        self._file(fd).truncate(size)
        self._changed("truncate", self._paths[fd])

    def sync_data(self, fd: int) -> None:
        self._file(fd).sync()
        self._changed("sync", self._paths[fd])

    def sync_directory(self, path: Path) -> None:
        self.disk.sync_directory(self.disk.directory(path))
        self._changed("sync", path)

    def rename(self, source: Path, target: Path) -> None:
        disk = self.disk
        node = disk.find(source)
        here, there = disk.directory(source.parent), disk.directory(target.parent)
        if there.names.get(target.name) is node:
            return  # two names of one file: POSIX leaves both
        if isinstance(there.names.get(target.name), Directory):
            raise _error(EISDIR, target)
        number = disk.next_number()
        there.put(target.name, node, number)
        here.put(source.name, None, number)
        disk.renames.append(Rename(number, here, source.name, there, target.name))
        self._changed("rename", target)

    def unlink(self, path: Path) -> None:
        if isinstance(self.disk.find(path), Directory):
            raise _error(EISDIR, path)
        self.disk.directory(path.parent).put(path.name, None, self.disk.next_number())
        self._changed("unlink", path)

    def make_directory(self, path: Path, mode: int = 0o777) -> None:
        del mode
        parent = self.disk.directory(path.parent)
        if path.name in parent.names:
            raise _error(EEXIST, path)
        parent.put(path.name, Directory(self.disk.next_number()), self.disk.next_number())
        self._changed("mkdir", path)

    def remove_directory(self, path: Path) -> None:
        if self.disk.directory(path).names:
            raise _error(ENOTEMPTY, path)
        self.disk.directory(path.parent).put(path.name, None, self.disk.next_number())
        self._changed("rmdir", path)

    def stat(self, path: Path) -> os.stat_result:
        return _status(self.disk.find(path))

    def lstat(self, path: Path) -> os.stat_result:
        return _status(self.disk.find(path))

    def fstat(self, fd: int) -> os.stat_result:
        return _status(self._file(fd))

    def scan_directory(self, path: Path) -> list[str]:
        return sorted(self.disk.directory(path).names)

    def sample_directory(self, path: Path, most: int) -> list[str]:
        return sorted(self.disk.directory(path).names)[:most]

    def missing(self, path: Path, names: Iterable[str]) -> set[str]:
        return set(names) - self.disk.directory(path).names.keys()

    def lock(self, fd: int) -> None:
        if self._locked.setdefault(self._file(fd).number, fd) != fd:
            raise BlockingIOError

    def drop_cache(self, fd: int) -> None:
        self._file(fd)

    def take_room(self, fd: int, size: int) -> None:
        self._file(fd)
        if size > self.free:
            raise OSError(ENOSPC, os.strerror(ENOSPC))

    def refuse_append_only(self, path: Path) -> None:
        del path

    def free_bytes(self, path: Path) -> int:
        self.disk.find(path)
        return self.free

    def file_system(self, path: Path) -> str | None:
        del path
        return None

    def _file(self, fd: int) -> File:
        if fd not in self._opened:
            raise OSError(EBADF, os.strerror(EBADF))
        return self._opened[fd]

    def _changed(self, verb: str, path: Path) -> None:
        if self._after is not None:
            self._after(verb, path)


class _NoPlatform:
    """No call of a simulated disk reaches a platform."""

    def __getattr__(self, verb: str) -> Any:
        raise AssertionError(f"{verb} would reach the real disk")


_NO_PLATFORM: Platform = _NoPlatform()


def _sector(data: bytes, number: int) -> bytes:
    return data[number * SECTOR_BYTES : (number + 1) * SECTOR_BYTES].ljust(SECTOR_BYTES, b"\0")


def _add(versions: list[Any], version: Any) -> None:
    if version not in versions:
        versions.append(version)
    elif versions[-1] != version:  # the last one is what a read gives
        versions.remove(version)
        versions.append(version)


def _status(node: Node) -> os.stat_result:
    is_file = isinstance(node, File)
    size = len(node.data) if isinstance(node, File) else 0
    return os.stat_result(((S_IFREG if is_file else S_IFDIR) | 0o755, node.number, DEVICE, 1, 0, 0, size, 0, 0, 0))


def _error(number: int, path: Path) -> OSError:
    return OSError(number, os.strerror(number), str(path))
