"""The verbs that differ between Linux, macOS and Windows: sync data, sync a directory, lock, drop what the page cache
holds.

One class a platform, made from the modules it needs, so that a test can drive each with substitutes. Paths, names and
everything that is the same everywhere belong to `files`.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

FAR_BYTE = 1 << 40
"""What is locked on Windows, where a lock keeps others from reading: a byte no file reaches, so the holder's name
stays readable.
"""

NETWORK_FILE_SYSTEMS = frozenset(
    [
        "9p",
        "afs",
        "ceph",
        "cifs",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "gfs2",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "smb3",
        "smbfs",
    ]
)
"""Types, as Linux names them, whose locks and syncs depend on another machine."""

CANNOT_TAKE_ROOM = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENODEV})
"""What a file system answers that takes room only for what is written."""

_OCTAL = re.compile(r"\\([0-7]{3})")
"""How the table of mounts writes a space and the like."""


class Platform(Protocol):
    """What a platform does in its own way. Every verb raises OSError where the system refuses."""

    def sync_data(self, fd: int) -> None:
        """Returns once the data of a file, and the size needed to read it, are on the disk itself."""

    def sync_directory(self, path: Path) -> None:
        """Returns once the names in a directory are on the disk itself."""

    def lock(self, fd: int) -> None:
        """Takes the exclusive lock of an open file, held until its descriptor is closed. Raises BlockingIOError at
        once if it is held.
        """

    def drop_cache(self, fd: int) -> None:
        """Lets later reads of a file come from the disk, not from memory; does nothing where the system cannot."""

    def take_room(self, fd: int, size: int) -> None:
        """Gives a new file so many bytes of the disk, unwritten; does nothing where the system cannot."""

    def network_file_system(self, path: Path) -> str | None:
        """The type of the network file system that holds a path, None where it is local or cannot be known."""


class Posix:
    """Linux, and other systems with fdatasync and flock."""

    def __init__(self, system: Any = os, *, fcntl: Any, mounts: Path = Path("/proc/self/mounts")) -> None:
        self._os = system
        self._fcntl = fcntl
        self._mounts = mounts

    def sync_data(self, fd: int) -> None:
        """fdatasync."""
        self._os.fdatasync(fd)

    def sync_directory(self, path: Path) -> None:
        """fsync of the directory."""
        self._with_directory(path, self._os.fsync)

    def lock(self, fd: int) -> None:
        """flock, which belongs to the open file: closing another descriptor of the same file does not lose it."""
        self._fcntl.flock(fd, self._fcntl.LOCK_EX | self._fcntl.LOCK_NB)

    def drop_cache(self, fd: int) -> None:
        """posix_fadvise, where there is one."""
        if hasattr(self._os, "posix_fadvise"):
            self._os.posix_fadvise(fd, 0, 0, self._os.POSIX_FADV_DONTNEED)

    def take_room(self, fd: int, size: int) -> None:
        """posix_fallocate, where there is one and the file system knows it."""
        if not hasattr(self._os, "posix_fallocate"):
            return
        try:
            self._os.posix_fallocate(fd, 0, size)
        except OSError as error:
            if error.errno not in CANNOT_TAKE_ROOM:
                raise

    def network_file_system(self, path: Path) -> str | None:
        """By the table of mounts, where the system shows one: the longest mount point above the path decides."""
        try:
            lines = self._mounts.read_text(errors="surrogateescape").splitlines()
        except OSError:
            return None
        found, longest = None, -1
        for fields in (line.split() for line in lines):
            mount_point = Path(_OCTAL.sub(lambda escaped: chr(int(escaped[1], 8)), fields[1]))
            if path.is_relative_to(mount_point) and len(mount_point.parts) >= longest:
                found, longest = fields[2], len(mount_point.parts)
        return found if found in NETWORK_FILE_SYSTEMS else None

    def _with_directory(self, path: Path, sync: Callable[[int], None]) -> None:
        fd = self._os.open(path, self._os.O_RDONLY)
        try:
            sync(fd)
        finally:
            self._os.close(fd)


class MacOS(Posix):
    """macOS, whose fsync leaves the data in the drive's cache: F_FULLFSYNC does not."""

    def sync_data(self, fd: int) -> None:
        """F_FULLFSYNC."""
        self._fcntl.fcntl(fd, self._fcntl.F_FULLFSYNC)

    def sync_directory(self, path: Path) -> None:
        """F_FULLFSYNC, or fsync where the file system has none for directories."""
        self._with_directory(path, self._full_sync_or_sync)

    def _full_sync_or_sync(self, fd: int) -> None:
        try:
            self.sync_data(fd)
        except OSError:
            self._os.fsync(fd)


class Windows:
    """Windows, which has no sync of a directory: a name made just before a power cut may be lost there."""

    def __init__(self, system: Any = os, *, msvcrt: Any) -> None:
        self._os = system
        self._msvcrt = msvcrt

    def sync_data(self, fd: int) -> None:
        """os.fsync, which is FlushFileBuffers here."""
        self._os.fsync(fd)

    def sync_directory(self, path: Path) -> None:
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

    def network_file_system(self, path: Path) -> str | None:
        r"""A path of the form \\server\share."""
        return "share" if str(path).startswith("\\\\") and not str(path).startswith("\\\\?\\") else None


def this_platform(name: str = sys.platform, load: Callable[[str], ModuleType] = import_module) -> Platform:
    """The verbs of the platform that runs this; `load` finds the modules that others do not have."""
    if name == "win32":
        return Windows(msvcrt=load("msvcrt"))
    return (MacOS if name == "darwin" else Posix)(fcntl=load("fcntl"))
