"""Which file systems are weaker than the protocol of the log and of the image files asks for, and how the systems name
them. What is then said and done is for whoever asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path, PurePath
from typing import NamedTuple

_NETWORK = frozenset(
    {
        *("9p", "afpfs", "afs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.grpcfuse", "fuse.rclone"),
        *("fuse.s3fs", "fuse.sshfs", "fuse.vmhgfs-fuse", "gfs2", "lustre", "ncpfs", "nfs", "nfs3", "nfs4", "ocfs2"),
        *("prl_fs", "share", "smb2", "smb3", "smbfs", "vboxsf", "vmhgfs", "webdav"),
    }
)
_RENAMES_NOT_AT_ONCE = frozenset(
    {"exfat", "ext2", "fat", "fat12", "fat16", "fat32", "fuse.exfat", "fuseblk", "msdos", "udf", "vfat"}
)
_MEMORY = frozenset({"devtmpfs", "ram disk", "ramfs", "rootfs", "tmpfs"})

_OCTAL = re.compile(r"\\([0-7]{3})")
"""How Linux' table of mounts writes a space and the like."""
_MOUNTED = re.compile(r".+? on (.+) \(([^,)]+).*\)")
"""A line of the command `mount` on macOS and the BSDs."""


class Weakness(StrEnum):
    """What a file system lacks."""

    NETWORK = "network"
    """Its locks and syncs depend on another machine."""
    RENAME = "rename"
    """A power cut may leave a renamed file under neither name."""
    MEMORY = "memory"
    """It is gone after a restart of the machine."""


class Mount(NamedTuple):
    """Where a file system is mounted, and its type as the system names it."""

    point: PurePath
    kind: str


def weakness_of(kind: str | None) -> Weakness | None:
    """What a file system of this type lacks; None where it lacks nothing that is known."""
    name = (kind or "").lower()
    for names, weakness in (
        (_NETWORK, Weakness.NETWORK),
        (_RENAMES_NOT_AT_ONCE, Weakness.RENAME),
        (_MEMORY, Weakness.MEMORY),
    ):
        if name in names:
            return weakness
    return None


def linux_mounts(table: str) -> list[Mount]:
    """The mounts of `/proc/self/mounts`."""
    rows = [line.split() for line in table.splitlines()]
    return [
        Mount(Path(_OCTAL.sub(lambda escaped: chr(int(escaped[1], 8)), row[1])), row[2]) for row in rows if len(row) > 2
    ]


def told_mounts(told: str) -> list[Mount]:
    """The mounts that the command `mount` of macOS and the BSDs tells."""
    found = [_MOUNTED.fullmatch(line) for line in told.splitlines()]
    return [Mount(Path(mount[1]), mount[2]) for mount in found if mount is not None]


def kind_at(path: PurePath, mounts: Iterable[Mount]) -> str | None:
    """The type of the file system of a path: the longest mount point above it decides, and of two the later one."""
    found, longest = None, -1
    for mount in mounts:
        if path.is_relative_to(mount.point) and len(mount.point.parts) >= longest:
            found, longest = mount.kind, len(mount.point.parts)
    return found
