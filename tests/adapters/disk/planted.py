"""What somebody who may write into a storage root can put in the place of a file, beside a bait that it may lead to."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

Plant = Callable[[Path, Path], object]


def linked(bait: Path) -> Path:
    """A link to a file of the bait."""
    (bait / "link").symlink_to(bait / "a.png")
    return bait / "link"


def piped(bait: Path) -> Path:
    """A pipe in the bait."""
    os.mkfifo(bait / "pipe")
    return bait / "pipe"


def socket_at(path: Path) -> None:
    """A socket, at a path which may be longer than the system's calls for sockets take."""
    with socket.socket(socket.AF_UNIX) as listening, contextlib.chdir(path.parent):
        listening.bind(path.name)


def device_at(path: Path) -> None:
    """The device that swallows everything."""
    if os.geteuid() != 0:
        pytest.skip("only root makes devices")
    os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))


PLANTED: dict[str, tuple[Plant, str]] = {
    "a link": (lambda path, bait: path.symlink_to(bait / "a.png"), "is a symbolic link"),
    "a link to a link": (lambda path, bait: path.symlink_to(linked(bait)), "is a symbolic link"),
    "a link to nothing": (lambda path, bait: path.symlink_to(bait / "nothing"), "is a symbolic link"),
    "a link to itself": (lambda path, _: path.symlink_to(path), "is a symbolic link"),
    "a link to a pipe": (lambda path, bait: path.symlink_to(piped(bait)), "is a symbolic link"),
    "a link to a folder": (lambda path, bait: path.symlink_to(bait), "is a symbolic link"),
    "a hard link": (lambda path, bait: path.hardlink_to(bait / "a.png"), "has a second name"),
    "a pipe": (lambda path, _: os.mkfifo(path), "is no ordinary file but a pipe"),
    "a socket": (lambda path, _: socket_at(path), "is no ordinary file but a pipe, a socket"),
    "a device": (lambda path, _: device_at(path), "is no ordinary file but a pipe, a socket or a device"),
    "a folder": (lambda path, _: path.mkdir(), "is a folder"),
}
"""How it is put there, and what is said of it."""


def plant(what: str, path: Path, bait: Path) -> None:
    """Puts it there, in the place of what there is."""
    path.unlink(missing_ok=True)
    PLANTED[what][0](path, bait)


def state_of(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """All that is in a folder, by names, kinds, times of change and contents."""
    paths = (folder, *sorted(folder.rglob("*")))
    return {
        str(path): (path.lstat().st_mode, path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in paths
    }
