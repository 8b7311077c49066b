"""Brings a durable file to another path, where the two may lie on different disks."""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path

from adapters.disk.files import Files
from adapters.ports.image_store import OWN_PREFIX


def move(files: Files, source: Path, target: Path) -> None:
    """Renames, replacing what is there; across disks a durable copy is put there whole, and then the source goes.

    The name is durable once its folder is synced. Raises OSError, and then the source is as it was.
    """
    try:
        files.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _move_to_another_disk(files, source, target)


def _move_to_another_disk(files: Files, source: Path, target: Path) -> None:
    in_making = target.with_name(f"{OWN_PREFIX}{source.name}")
    with suppress(FileNotFoundError):  # a crash inside an earlier try may have left it
        files.unlink(in_making)
    files.write_durably(in_making, files.read(source))
    try:
        files.rename(in_making, target)
        files.sync_directory(target.parent)
    except OSError:
        with suppress(OSError):
            files.unlink(in_making)
        raise
    files.unlink(source)
