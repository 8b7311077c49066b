"""The one small port to the file system: every file the ledger makes, writes, syncs, renames or removes passes
through here.

So a test can put a disk behind it that fails, or that records what a power cut may leave: it subclasses `Files` and
overrides verbs. The first group of verbs is one system call each; the second is made of the first, and is where short
writes are looped over. Files are opened binary. What is written, and in which order, belongs to the callers. Below a
storage root that was told by `confine`, every verb goes the way of `own_root`: through no link, and to ordinary files.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from stat import S_IMODE, S_ISDIR, S_ISLNK

from adapters.disk.errors import noting
from adapters.disk.modes import HAS_MODES, OWNER_ALONE, SPECIAL_BITS, grant
from adapters.disk.offsets import bytes_at, data_from
from adapters.disk.own_root import HAS_DESCRIPTORS, OwnRoot, Place, stands_in
from adapters.disk.platforms import Platform, this_platform
from adapters.disk.short_calls import read_fully, write_fully

DISK_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""Error numbers that say there is no room (Windows has no EDQUOT)."""
MAX_NEW_DIRECTORIES = 64
"""Levels of directories that are made at once."""

READ = os.O_RDONLY
APPEND = os.O_WRONLY | os.O_APPEND
UPDATE = os.O_RDWR | os.O_CREAT
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL

_BINARY: int = getattr(os, "O_BINARY", 0)
"""Only Windows tells binary files from others."""


def is_disk_full(error: OSError) -> bool:
    """Whether an error says that there is no room left, on the disk or in the account's quota."""
    return error.errno in DISK_FULL


class Files:
    """The real file system. All verbs raise OSError, and paths are absolute."""

    def __init__(
        self,
        platform: Platform | None = None,
        *,
        access: int = OWNER_ALONE,
        by_descriptors: bool = HAS_DESCRIPTORS,
    ) -> None:
        self.access = access
        """OWNER_ALONE or GROUP_READS: each mode that is asked for is cut to it."""
        self._platform = platform or this_platform()
        self._by_descriptors = by_descriptors
        self._making = threading.Lock()
        self._roots: dict[Path, OwnRoot] = {}

    def __reduce__(self) -> tuple[Callable[[], Files], tuple[()]]:
        """For another process, in which no root is confined yet. Raises TypeError for what is made of it: a test's."""
        if type(self) is not Files:
            raise TypeError(f"{type(self).__name__} stays in its process")
        return partial(Files, access=self.access, by_descriptors=self._by_descriptors), ()

    def confine(self, root: Path, *, anew: bool = True) -> None:
        """From now on what lies below a storage root is reached as its own alone. The operator's links are those that
        stand now; not `anew`: those that stood when it was told first.
        """
        former = self._roots.get(root)
        if former is None:
            self._roots[root] = OwnRoot(root, by_descriptors=self._by_descriptors)
        elif anew:
            self._roots[root] = OwnRoot(root, by_descriptors=self._by_descriptors).goes_on_from(former)

    def holding(self, folder: Path) -> AbstractContextManager[None]:
        """While it is open, a folder of a confined root is the one that it is now: another in its place is refused."""
        own = self._root_of(folder)
        return nullcontext() if own is None else own.holding(folder.name)

    def is_elsewhere(self, folder: Path) -> bool:
        """Whether a folder that is held is where the operator's link leads."""
        own = self._root_of(folder)
        return own is not None and own.is_elsewhere(folder.name)

    def reading_in(self, folder: Path) -> AbstractContextManager[None]:
        """While it is open, this thread's reads of files in a folder begin there, and the way to it is gone once.
        Raises OSError where there is none.
        """
        own = self._root_of(folder)
        return nullcontext() if own is None else own.reading_in(folder)

    # -- one system call each ----------------------------------------------------------------------

    @noting("to open a file")
    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        """A descriptor; `flags` is READ, APPEND, UPDATE or CREATE. No program started later inherits it."""
        if flags == UPDATE:
            with suppress(FileExistsError):
                return self._open_new(path, UPDATE | os.O_EXCL, mode)
        return self._open_new(path, flags, mode) if flags == CREATE else self._open_cut(path, flags, mode)

    def close(self, fd: int) -> None:
        """Closes a descriptor, and with it the lock it holds."""
        os.close(fd)

    @noting("to write a file")
    def write(self, fd: int, data: memoryview) -> int:
        """Writes where the descriptor stands (APPEND: at the end); gives how many bytes were taken, perhaps not all."""
        return os.write(fd, data)

    @noting("to write a file")
    def write_at(self, fd: int, data: memoryview, offset: int) -> int:
        """Writes at an offset; gives how many bytes were taken, perhaps not all."""
        os.lseek(fd, offset, os.SEEK_SET)
        return os.write(fd, data)

    @noting("to read a file")
    def read_at(self, fd: int, size: int, offset: int) -> bytes:
        """At most `size` bytes from an offset, none at the end. One thread at a time for a descriptor."""
        return bytes_at(fd, size, offset)

    @noting("to look for holes in a file")
    def next_data(self, fd: int, offset: int) -> int:
        """The first offset from this one on where the disk holds data, or the file's end; what is before is a hole and
        reads as zeros. The offset itself where the system cannot tell.
        """
        return data_from(fd, offset)

    @noting("to cut a file to a size")
    def truncate(self, fd: int, size: int) -> None:
        """Cuts a file to a size."""
        os.ftruncate(fd, size)

    @noting("to sync a file")
    def sync_data(self, fd: int) -> None:
        """Returns once the data of a file are on the disk itself."""
        self._platform.sync_data(fd)

    @noting("to sync a folder")
    def sync_directory(self, path: Path) -> None:
        """Returns once the names in a directory are on the disk itself."""
        with self._folder_at(path) as folder:
            self._platform.sync_directory(folder)

    @noting("to rename a file")
    def rename(self, source: Path, target: Path) -> None:
        """Renames, replacing what is there."""
        with self._place_of(source) as old, self._place_of(target) as new:
            os.replace(old.name, new.name, src_dir_fd=old.folder, dst_dir_fd=new.folder)

    @noting("to remove a file")
    def unlink(self, path: Path) -> None:
        """Removes a name of a file."""
        with self._place_of(path) as place:
            os.unlink(place.name, dir_fd=place.folder)

    @noting("to make a folder")
    def make_directory(self, path: Path, mode: int = 0o777) -> None:
        """Makes one directory."""
        mode &= self.access if HAS_MODES else 0o777
        with self._place_of(path) as place:
            os.mkdir(place.name, mode, dir_fd=place.folder)
            made = os.stat(place.name, dir_fd=place.folder, follow_symlinks=False)
        if HAS_MODES and mode & ~made.st_mode:
            with self._folder_at(path) as folder:
                grant(folder, mode)

    @noting("to close a folder to others")
    def close_to_others(self, path: Path) -> None:
        """Takes from a folder's mode what one that is made here would not have."""
        if HAS_MODES:
            path.chmod(S_IMODE(path.stat().st_mode) & (self.access | SPECIAL_BITS))

    @noting("to remove a folder")
    def remove_directory(self, path: Path) -> None:
        """Removes an empty directory."""
        with self._place_of(path) as place:
            os.rmdir(place.name, dir_fd=place.folder)

    @noting("to look at a file")
    def stat(self, path: Path) -> os.stat_result:
        """What a path leads to, links followed; below a storage root only the operator's are."""
        own = self._root_of(path)
        return path.stat() if own is None else own.status(path)

    @noting("to look at a file")
    def lstat(self, path: Path) -> os.stat_result:
        """What stands at a path itself."""
        with self._place_of(path) as place:
            return os.stat(place.name, dir_fd=place.folder, follow_symlinks=False)

    @noting("to look at a file")
    def fstat(self, fd: int) -> os.stat_result:
        """What an open file is, wherever its name has gone."""
        return os.fstat(fd)

    @noting("to list a folder")
    def scan_directory(self, path: Path) -> list[str]:
        """The names in a directory, sorted."""
        with self._folder_at(path) as folder:
            return sorted(os.listdir(folder))  # noqa: PTH208 - names are wanted, not paths

    @noting("to list a folder")
    def sample_directory(self, path: Path, most: int) -> list[str]:
        """At most so many of the names in a directory, whichever the system gives first."""
        with self._folder_at(path) as folder, os.scandir(folder) as entries:
            return [entry.name for entry in islice(entries, most)]

    @noting("to look at a folder")
    def missing(self, path: Path, names: Iterable[str]) -> set[str]:
        """Of these names those of which there is nothing in a directory. Its other names are not read."""
        with self._folder_at(path) as folder:
            if not S_ISDIR(os.stat(folder).st_mode):  # noqa: PTH116 - it may be an open folder
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
            return {name for name in names if not stands_in(folder, name)}

    @noting("to lock a file")
    def lock(self, fd: int) -> None:
        """Takes the exclusive lock of an open file until it is closed. Raises BlockingIOError at once where another
        holds it.
        """
        self._platform.lock(fd)

    @noting("to drop a file from memory")
    def drop_cache(self, fd: int) -> None:
        """Lets later reads of a file come from the disk, where the system can do that."""
        self._platform.drop_cache(fd)

    @noting("to take room on the disk")
    def take_room(self, fd: int, size: int) -> None:
        """Gives a new file so many bytes of the disk, unwritten, where the system can do that."""
        self._platform.take_room(fd, size)

    @noting("to ask for the free space")
    def free_bytes(self, path: Path) -> int:
        """What is free for this account on the disk of a path."""
        return shutil.disk_usage(path).free

    def refuse_way(self, path: Path) -> str | None:
        """Why what lies at a path is not its storage root's, by the folders above it: a sentence, None where it is."""
        own = self._root_of(path)
        return None if own is None else own.refuse_way(path)

    def file_system(self, path: Path) -> str | None:
        """The type of the file system that holds a path, as the system names it; None where it cannot be known."""
        return self._platform.file_system(path.resolve())

    def refuse_append_only(self, path: Path) -> None:
        """Raises OSError where a folder is told to take only what is new, so that nothing in it can be removed."""
        if self._platform.is_append_only(path):
            raise PermissionError(errno.EPERM, "it is append-only (attribute a)", str(path))

    # -- made of those above -----------------------------------------------------------------------

    def write_all(self, fd: int, data: bytes) -> None:
        """Writes all of `data` where the descriptor stands."""
        write_fully(data, lambda rest, _: self.write(fd, rest))

    def write_all_at(self, fd: int, data: bytes, offset: int) -> None:
        """Writes all of `data` at an offset."""
        write_fully(data, lambda rest, done: self.write_at(fd, rest, offset + done))

    def read_all_at(self, fd: int, size: int, offset: int) -> bytes:
        """`size` bytes from an offset; fewer only where the file ends."""
        return read_fully(size, lambda left, done: self.read_at(fd, left, offset + done))

    def read(self, path: Path, at_most: int | None = None) -> bytes:
        """The whole of a small file; its first `at_most` bytes where it should be small and may not be."""
        fd = self.open(path, READ)
        try:
            return self.read_all_at(fd, self.fstat(fd).st_size if at_most is None else at_most, 0)
        finally:
            self.close(fd)

    def write_durably(self, path: Path, data: bytes, mode: int = 0o644) -> None:
        """Writes a new file whose bytes are on the disk when this returns; its name is once its directory is synced.

        Raises FileExistsError where something stands at the path. After another error nothing is left of it.
        """
        self.write_blocks_durably(path, (data,), mode)

    def write_blocks_durably(self, path: Path, blocks: Iterable[bytes], mode: int = 0o644) -> None:
        """The same for bytes that come a block at a time."""
        fd = self.open(path, CREATE, mode)
        try:
            try:
                for block in blocks:
                    self.write_all(fd, block)
                self.sync_data(fd)
            finally:
                self.close(fd)
        except OSError:
            with suppress(OSError):
                self.unlink(path)
            raise

    def make_directories(self, path: Path) -> None:
        """Makes a directory and those above it that are missing, each of them durable in its parent.

        One that another thread has made and not yet synced is waited for, and one whose name could not be synced does
        not stay: else what is put into it would be taken for durable.
        """
        if self.exists(path) and not self._making.locked():
            return
        with self._making:
            missing: list[Path] = []
            while not self.exists(path) and len(missing) < MAX_NEW_DIRECTORIES:
                missing.append(path)
                path = path.parent
            for directory in reversed(missing):
                self._make_durably(directory)

    def _make_durably(self, directory: Path) -> None:
        with suppress(FileExistsError):
            self.make_directory(directory)
        try:
            self.sync_directory(directory.parent)
        except OSError:
            with suppress(OSError):
                self.remove_directory(directory)
            raise

    def remove_if_empty(self, path: Path) -> bool:
        """Removes a directory unless something is in it; whether it is gone now."""
        try:
            self.remove_directory(path)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        self.sync_directory(path.parent)
        return True

    def list_directory(self, path: Path) -> list[str]:
        """The names in a directory, sorted; none where there is no such directory."""
        try:
            return self.scan_directory(path)
        except FileNotFoundError:
            return []

    def exists(self, path: Path) -> bool:
        """Whether a path leads to something, links followed."""
        return _is_there(self.stat, path)

    def lexists(self, path: Path) -> bool:
        """Whether anything stands at a path, a dangling link included."""
        return _is_there(self.lstat, path)

    def is_symlink(self, path: Path) -> bool:
        """Whether a symbolic link stands at a path."""
        return self.lexists(path) and S_ISLNK(self.lstat(path).st_mode)

    def is_same_file(self, one: Path, other: Path) -> bool:
        """Whether two paths lead to one file; False where either leads nowhere."""
        return self.exists(one) and self.exists(other) and os.path.samestat(self.stat(one), self.stat(other))

    # -- by which way ------------------------------------------------------------------------------

    def _open_new(self, path: Path, flags: int, mode: int) -> int:
        fd, mode = self._open_cut(path, flags, mode), mode & self.access
        if HAS_MODES and mode & ~os.fstat(fd).st_mode:
            grant(fd, mode)
        return fd

    def _open_cut(self, path: Path, flags: int, mode: int) -> int:
        flags, mode, own = flags | _BINARY, mode & self.access, self._root_of(path)
        return os.open(path, flags, mode) if own is None else own.open(path, flags, mode)

    def _root_of(self, path: Path) -> OwnRoot | None:
        return next((own for own in self._roots.values() if own.holds(path)), None)

    def _place_of(self, path: Path) -> AbstractContextManager[Place]:
        own = self._root_of(path)
        return nullcontext(Place(path)) if own is None else own.place(path)

    def _folder_at(self, path: Path) -> AbstractContextManager[int | Path]:
        own = self._root_of(path)
        return nullcontext(path) if own is None else own.folder(path)


def _is_there(look: Callable[[Path], os.stat_result], path: Path) -> bool:
    try:
        look(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
