"""Whether the disks have room for what a run is about to write, asked before anything of it is written.

Folders of one root may lie on different disks: each disk is asked for the sum of what comes to it. That a disk fills up
meanwhile is for whoever writes; and a disk that says 0 is not believed, as some file systems do that count nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

from adapters.disk.files import Files
from adapters.ports.faults import DiskFull, no_room_for
from adapters.wording.figures import counted, size_in_words

NEARLY_NOTHING_BYTES = 1_048_576
"""So much may be left over where bytes were what was short."""


class Needed(NamedTuple):
    """So many bytes more in a folder, which need not be there yet."""

    folder: Path
    size_bytes: int


def refuse_without_room(needed: Iterable[Needed], what: str, then: str, files: Files) -> None:
    """Raises DiskFull where a disk has not what comes to it, with both figures; OSError."""
    sums: dict[int, Needed] = {}
    for folder, size_bytes in needed:
        stands = _nearest(folder, files)
        disk = files.stat(stands).st_dev
        sums[disk] = Needed(stands, size_bytes + (sums[disk].size_bytes if disk in sums else 0))
    for stands, size_bytes in sums.values():
        free_bytes = files.free_bytes(stands)
        if 0 < free_bytes < size_bytes:
            needs, has = size_in_words(size_bytes), size_in_words(free_bytes)
            if needs == has:
                needs, has = counted(size_bytes, "byte"), counted(free_bytes, "byte")
            raise DiskFull(
                f"The disk has no room for {what}: {needs} are needed, and {has} are free. {then}", folder=str(stands)
            )


def no_room(what: str, folder: Path, then: str, files: Files) -> DiskFull:
    """What to tell where a disk took no more, though it may have room for bytes."""
    with suppress(OSError):
        if (free_bytes := files.free_bytes(_nearest(folder, files))) > NEARLY_NOTHING_BYTES:
            then = (
                f"{size_in_words(free_bytes)} are free, so that one file alone has more than that, or the disk takes "
                f"no more files (its inodes are used up). {then}"
            )
    return no_room_for(what, folder, then)


def _nearest(folder: Path, files: Files) -> Path:
    return next(way for way in (folder, *folder.parents) if files.exists(way))


def bytes_in(folder: Path, files: Files) -> int:
    """The size of the ordinary files that lie in a folder; 0 where there is none. Raises OSError."""
    found = (files.lstat(folder / name) for name in files.list_directory(folder))
    return sum(status.st_size for status in found if S_ISREG(status.st_mode))
