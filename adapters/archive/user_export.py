"""All of one user as files in a folder: the pictures, how each was made, the lines of the log, in archives of at most
so many bytes each. What goes into which is `application/exporting`'s to plan, as for a member who asks the bot.

Each archive is written aside and named when it is whole, so that a run that was cut off leaves none that is not.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from adapters.application.exporting import archive_of, plan_export
from adapters.application.reading import ReadableStorage
from adapters.archive.room import Needed, no_room, refuse_without_room
from adapters.disk.errors import not_done_there
from adapters.disk.files import Files, is_disk_full
from adapters.disk.litter import is_litter
from adapters.disk.ways import resolved
from adapters.ports.faults import ANEW, Fault, StorageUnavailable, TargetRefused

EXPORT = "the export"
NO_ROOM = "Nothing was written. Make room there, or name one on another disk with --to, and run the command again."

OnProgress = Callable[[int, int], None]
"""Called with how many archives are written and how many there are."""


class ExportedUser(NamedTuple):
    """The archives that were written, how many images are in them, how many bytes they have together, and the names of
    the user's images whose bytes were not to be had.
    """

    archives: tuple[Path, ...]
    images: int
    size_bytes: int
    missing: tuple[str, ...]


def export_user(
    storage: ReadableStorage, user: str, folder: Path, *, part_bytes: int, files: Files, progress: OnProgress
) -> ExportedUser:
    """Writes the archives into a new or empty folder, `USER-1.zip` and so on.

    Raises TargetRefused where the folder holds something, Faults of the storage, StorageUnavailable and DiskFull.
    """
    folder = resolved(folder)
    files.confine(folder, anew=False)
    try:
        _refuse_folder(folder, user, files)
        planned = plan_export(storage, user, part_bytes)
        size_bytes = sum(entry.size_bytes for archive in planned.archives for entry in archive)
        refuse_without_room([Needed(folder, size_bytes)], EXPORT, NO_ROOM, files)
        files.make_directories(folder)
        total, size = len(planned.archives), 0
        written, missing = [], dict[str, None]()
        for index in range(total):
            progress(index, total)
            path = folder / f"{user}-{index + 1}.zip"
            archive = archive_of(storage, planned, index)
            size += _write(files, path, archive.data)
            written.append(path)
            missing |= dict.fromkeys(archive.lacking)
        progress(total, total)
        files.sync_directory(folder)
    except OSError as error:
        raise _unwritable(folder, files, error) from error
    return ExportedUser(tuple(written), planned.images - len(missing), size, tuple(missing))


def _refuse_folder(folder: Path, user: str, files: Files) -> None:
    """What a run that was cut off left in the making is no reason."""
    try:
        found = files.list_directory(folder)
    except NotADirectoryError:
        raise TargetRefused(f"{folder} is no folder. Name a new or empty one with --to.") from None
    left = f".{user}-"
    others = [name for name in found if not (is_litter(name) or (name.startswith(left) and name.endswith(".zip.new")))]
    if others:
        raise TargetRefused(
            f"The folder {folder} holds something already, such as {others[0]}, and an export is a picture of one "
            "moment. Name a new or empty one with --to; nothing was changed."
        )


def _write(files: Files, path: Path, data: bytes) -> int:
    in_making = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        files.unlink(in_making)
    files.write_durably(in_making, data)
    files.rename(in_making, path)
    return len(data)


def _unwritable(folder: Path, files: Files, error: OSError) -> Fault:
    if is_disk_full(error):
        return no_room(EXPORT, folder, ANEW, files)
    told = not_done_there(folder, error)
    return StorageUnavailable(
        told
        or f"The export cannot be written in {folder}: {error.strerror or error}. Check who owns it and its disk, or "
        "name another folder with --to."
    )
