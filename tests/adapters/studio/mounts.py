"""Disks of their own for a test, mounted by root: small ones, ones with few inodes, ones that are made read-only.

Where nothing can be mounted the test is skipped with a word. Under CI that is a failure, unless the machine (a
container, say) lets nobody mount anything.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

NO_SPACE = "No space left on device"
ONLY_ROOT = "only root on Linux mounts disks"
NO_MOUNTS = "this machine lets even root mount nothing"


def run(*command: str | Path) -> bool:
    """Whether a command succeeds."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def mounted(where: Path, *options: str) -> Iterator[Path]:
    """A disk in a folder, which is made; `options` are those of `mount`."""
    where.mkdir(parents=True, exist_ok=True)
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip(ONLY_ROOT)
    if not run("mount", *options, where):
        if os.environ.get("CI") == "true" and _may_mount(where):
            pytest.fail(f"mount {' '.join(options)} may not be skipped under CI", pytrace=False)
        pytest.skip(f"{NO_MOUNTS} with {' '.join(options)}")
    try:
        yield where
    finally:
        run("umount", "-l", where)


@contextmanager
def small_disk(where: Path, options: str) -> Iterator[Path]:
    """A disk in memory; `options` such as `size=24m` or `nr_inodes=60`."""
    with mounted(where, "-t", "tmpfs", "-o", options, "tmpfs") as disk:
        yield disk


@contextmanager
def ext4_disk(where: Path, image: Path, *options: str) -> Iterator[Path]:
    """An ext4 file system of 128 MB in a file; `options` are of `mkfs.ext4`, such as `-N 64` for so few inodes."""
    tool = shutil.which("mkfs.ext4", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if tool is None:
        if os.environ.get("CI") == "true":
            pytest.fail("mkfs.ext4 may not be missing under CI: sudo apt install e2fsprogs", pytrace=False)
        pytest.skip("no mkfs.ext4 here; Debian and Ubuntu: sudo apt install e2fsprogs")
    with image.open("wb") as file:
        file.truncate(128 * 1_048_576)
    subprocess.run([tool, "-q", *options, image], check=True, capture_output=True)
    with mounted(where, "-o", "loop", str(image)) as disk:
        yield disk


def fill(folder: Path) -> Path:
    """A file that takes every block which is left."""
    filling = folder / "filling"
    with filling.open("wb", buffering=0) as file:
        for size in (1_048_576, 4_096, 1):
            _write_until_full(file.fileno(), size)
    return filling


def use_up_inodes(folder: Path) -> Path:
    """A folder with so many empty files that no further one can be made."""
    many = folder / "many"
    many.mkdir()

    def make_files() -> None:
        for number in count():
            (many / str(number)).touch()

    with pytest.raises(OSError, match=NO_SPACE):
        make_files()
    return many


def _write_until_full(fd: int, size: int) -> None:
    def write_on() -> None:
        while True:
            os.write(fd, b"\xff" * size)

    with pytest.raises(OSError, match=NO_SPACE):
        write_on()


def _may_mount(where: Path) -> bool:
    """Whether a disk in memory can be mounted, which needs nothing but the right to."""
    trial = where.with_name("trial")
    trial.mkdir()
    may = run("mount", "-t", "tmpfs", "tmpfs", trial)
    run("umount", trial)
    trial.rmdir()
    return may
