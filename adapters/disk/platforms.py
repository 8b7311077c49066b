"""The verbs that differ between Linux, macOS and Windows: sync data, sync a directory, lock, drop what the page cache
holds.

One class a platform, made from the modules it needs, so that a test can drive each with substitutes. Paths, names and
everything that is the same everywhere belong to `files`.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path, PureWindowsPath
from subprocess import SubprocessError
from types import ModuleType
from typing import Any, Protocol, TypeVar

from adapters.disk.errors import FOLDER_NOT_SYNCED_HERE, warn_once
from adapters.disk.file_systems import kind_at, linux_mounts, told_mounts

FAR_BYTE = 1 << 40
"""What is locked on Windows, where a lock keeps others from reading: a byte no file reaches, so the holder's name
stays readable.
"""

T = TypeVar("T")

GET_ATTRIBUTES = (2 << 30) | (struct.calcsize("l") << 16) | (ord("f") << 8) | 1
"""FS_IOC_GETFLAGS of Linux; other systems do not know it."""
APPEND_ONLY = 0x20
"""FS_APPEND_FL."""
CANNOT_TAKE_ROOM = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENODEV})
"""What a file system answers that takes room only for what is written."""
MOUNT_SECONDS = 5.0
MAX_KIND_CHARS = 64
REMOTE_DRIVE, RAM_DRIVE = 4, 6
"""What Windows answers to the question for the type of a drive."""


class Platform(Protocol):
    """What a platform does in its own way. Every verb raises OSError where the system refuses."""

    def sync_data(self, fd: int) -> None:
        """Returns once the data of a file, and the size needed to read it, are on the disk itself."""

    def sync_directory(self, folder: int | Path) -> None:
        """Returns once the names in a directory, an open one or one at a path, are on the disk itself."""

    def lock(self, fd: int) -> None:
        """Takes the exclusive lock of an open file, held until its descriptor is closed. Raises BlockingIOError at
        once if it is held.
        """

    def drop_cache(self, fd: int) -> None:
        """Lets later reads of a file come from the disk, not from memory; does nothing where the system cannot."""

    def take_room(self, fd: int, size: int) -> None:
        """Gives a new file so many bytes of the disk, unwritten; does nothing where the system cannot."""

    def is_append_only(self, path: Path) -> bool:
        """Whether a file or folder is told to take only what is new; False where the system has no such thing."""

    def file_system(self, path: Path) -> str | None:
        """The type of the file system that holds a path, as the system names it; None where it cannot be known."""


class Posix:
    """Linux, and other systems with fdatasync and flock."""

    def __init__(self, system: Any = os, *, fcntl: Any, mounts: Path = Path("/proc/self/mounts")) -> None:
        self._os = system
        self._fcntl = fcntl
        self._mounts = mounts

    def sync_data(self, fd: int) -> None:
        """fdatasync."""
        self._os.fdatasync(fd)

    def sync_directory(self, folder: int | Path) -> None:
        """fsync of the directory. Where the file system has none, names are as safe as on Windows, and it is said."""
        try:
            if isinstance(folder, int):
                self._sync_names(folder)
            else:
                self._with_directory(folder, self._sync_names)
        except OSError as error:
            if error.errno not in FOLDER_NOT_SYNCED_HERE:
                raise
            warn_once(
                "sync of a folder", _reason(error), "a power cut may undo the latest renames; a start redoes them"
            )

    def lock(self, fd: int) -> None:
        """flock, which belongs to the open file: closing another descriptor of the same file does not lose it."""
        self._fcntl.flock(fd, self._fcntl.LOCK_EX | self._fcntl.LOCK_NB)

    def drop_cache(self, fd: int) -> None:
        """posix_fadvise, where there is one. It is a wish: refused, the log is verified as memory has it."""
        if not hasattr(self._os, "posix_fadvise"):
            return
        try:
            self._os.posix_fadvise(fd, 0, 0, self._os.POSIX_FADV_DONTNEED)
        except OSError as error:
            warn_once("dropping a file from memory", _reason(error), "a start reads the log as memory has it")

    def take_room(self, fd: int, size: int) -> None:
        """posix_fallocate, where there is one and the file system knows it."""
        if not hasattr(self._os, "posix_fallocate"):
            return
        try:
            self._os.posix_fallocate(fd, 0, size)
        except OSError as error:
            if error.errno not in CANNOT_TAKE_ROOM:
                raise

    def is_append_only(self, path: Path) -> bool:
        """By the attributes of Linux (`chattr +a`), where the file system has them."""
        try:
            return bool(self._with_directory(path, self._attributes) & APPEND_ONLY)
        except OSError:
            return False

    def file_system(self, path: Path) -> str | None:
        """By the table of mounts, where the system shows one."""
        try:
            table = self._mounts.read_text(errors="surrogateescape")
        except OSError:
            return None
        return kind_at(path, linux_mounts(table))

    def _sync_names(self, fd: int) -> None:
        """What makes the names in an open directory durable."""
        self._os.fsync(fd)

    def _attributes(self, fd: int) -> int:
        word = self._fcntl.ioctl(fd, GET_ATTRIBUTES, bytes(struct.calcsize("l")))
        return int.from_bytes(word[: struct.calcsize("i")], sys.byteorder)

    def _with_directory(self, path: Path, use: Callable[[int], T]) -> T:
        fd = self._os.open(path, self._os.O_RDONLY)
        try:
            return use(fd)
        finally:
            self._os.close(fd)


class MacOS(Posix):
    """macOS, whose fsync leaves the data in the drive's cache: F_FULLFSYNC does not."""

    def __init__(self, system: Any = os, *, fcntl: Any, list_mounts: Callable[[], str] | None = None) -> None:
        super().__init__(system, fcntl=fcntl)
        self._list_mounts = list_mounts or _mounts_told

    def sync_data(self, fd: int) -> None:
        """F_FULLFSYNC."""
        self._fcntl.fcntl(fd, self._fcntl.F_FULLFSYNC)

    def _sync_names(self, fd: int) -> None:
        """F_FULLFSYNC, or fsync where the file system has none for directories."""
        try:
            self.sync_data(fd)
        except OSError:
            self._os.fsync(fd)

    def is_append_only(self, path: Path) -> bool:
        """By the flags that `chflags` sets."""
        try:
            flags: int = self._os.stat(path).st_flags
        except OSError:
            return False
        return bool(flags & (stat.UF_APPEND | stat.SF_APPEND))

    def file_system(self, path: Path) -> str | None:
        """By what the command `mount` tells."""
        try:
            return kind_at(path, told_mounts(self._list_mounts()))
        except (OSError, SubprocessError):
            return None


class Windows:
    """Windows, which has no sync of a directory: a name made just before a power cut may be lost there."""

    def __init__(self, system: Any = os, *, msvcrt: Any, kernel: Any = None) -> None:
        self._os = system
        self._msvcrt = msvcrt
        self._kernel = kernel

    def sync_data(self, fd: int) -> None:
        """os.fsync, which is FlushFileBuffers here."""
        self._os.fsync(fd)

    def sync_directory(self, folder: int | Path) -> None:
        """Nothing: there is no such call."""

    def lock(self, fd: int) -> None:
        """msvcrt.locking of the far byte."""
        self._os.lseek(fd, FAR_BYTE, os.SEEK_SET)
        try:
            self._msvcrt.locking(fd, self._msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(*error.args) from error

    def drop_cache(self, fd: int) -> None:
        """Nothing: there is no such call."""

    def take_room(self, fd: int, size: int) -> None:
        """Nothing: there is no such call."""

    def is_append_only(self, path: Path) -> bool:
        """No: there is no such thing."""
        del path
        return False

    def file_system(self, path: Path) -> str | None:
        r"""By the path, where it is of the form \\server\share, else by what the system says of the drive."""
        if str(path).startswith("\\\\") and not str(path).startswith("\\\\?\\"):
            return "share"
        import ctypes  # late: a fiftieth of a second that only Windows needs

        kernel = self._kernel or getattr(getattr(ctypes, "windll", None), "kernel32", None)
        if kernel is None:
            return None
        drive = PureWindowsPath(str(path).removeprefix("\\\\?\\")).anchor
        of_drive = {REMOTE_DRIVE: "share", RAM_DRIVE: "ram disk"}.get(kernel.GetDriveTypeW(drive))
        name = ctypes.create_unicode_buffer(MAX_KIND_CHARS)
        no_serial_number_length_and_flags = (None, 0, None, None, None)
        asked = kernel.GetVolumeInformationW(drive, *no_serial_number_length_and_flags, name, MAX_KIND_CHARS)
        return of_drive or (name.value or None if asked else None)


def _mounts_told() -> str:
    done = subprocess.run(["/sbin/mount"], capture_output=True, timeout=MOUNT_SECONDS, check=True)
    return done.stdout.decode(errors="surrogateescape")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def this_platform(name: str = sys.platform, load: Callable[[str], ModuleType] = import_module) -> Platform:
    """The verbs of the platform that runs this; `load` finds the modules that others do not have."""
    if name == "win32":
        return Windows(msvcrt=load("msvcrt"))
    return (MacOS if name == "darwin" else Posix)(fcntl=load("fcntl"))
