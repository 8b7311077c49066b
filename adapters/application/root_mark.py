"""The mark that a service leaves above its storage root: a log is kept there, so none is begun in its place.

Where the disk of a root is not mounted, the root is an empty folder, and nothing in it says that there was a log. So
the mark stands where the disk is not: in the folder above the root, and where the root lies deeper in a mounted disk,
above that disk too. A file that anybody may make or remove by hand; what counts is that it stands. Who leaves it is
the service's to say, who refuses because of it `opening`'s.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir

from adapters.application.adoption_mark import refuse_unfinished
from adapters.disk.files import Files
from adapters.disk.ways import resolved
from adapters.ports.event_log import EventLogEngine
from adapters.ports.faults import LogMissing
from adapters.ports.program_log import ProgramLog

SUFFIX = ".abby-log"
TEXT = (
    "Abby Ledger keeps a log in the folder {root} (since {at}, or longer).\n"
    "While this file stands, no new log is begun there if none is found: the disk may not be mounted.\n"
    "Remove this file if that folder was moved away or given up for good.\n"
)

_log = ProgramLog(__name__)


def refuse_lost_log(root: Path, engine: EventLogEngine, files: Files | None = None) -> None:
    """Raises LogMissing where there is no log, and images, remains of it or a mark say that there was one, and
    RestoreUnfinished or AdoptionUnfinished where there will be one: for whoever only reads too, as they would say that
    there is none yet.
    """
    with suppress(OSError):  # of a root that cannot be looked at, opening tells
        if not engine.exists(root):
            refuse_unfinished(root, files or Files())
            engine.refuse_beside_remains(root, adopting=False)
            RootMark(resolved(root), files or Files()).refuse_lost()


class RootMark:
    """The marks of one root, each of which may stand or not."""

    def __init__(self, root: Path, files: Files) -> None:
        self._root = root.absolute()
        self._files = files

    def standing(self) -> Path | None:
        """A mark that says that a log was kept here, None where there is none."""
        for folder in self._root.parents:
            with suppress(OSError):  # a folder that we may not look into tells nothing
                if self._files.lexists(mark := self._in(folder)):
                    return mark
        return None

    def refuse_lost(self) -> None:
        """Raises LogMissing where a mark stands: for a root without a log."""
        if (mark := self.standing()) is not None:
            raise LogMissing(
                f"There is no log in {self._root}, but one was kept there: {mark} says so. No new one was begun, as "
                "all quotas would begin at 0. Mount the disk of the storage root, or put the log back from a copy. If "
                f"the folder was moved away or given up for good, remove {mark} and start again."
            )

    def leave(self, at: str) -> None:
        """Makes the marks that are missing, where this account may; where it may make none, that is logged."""
        for folder in self._folders():
            try:
                if not self._files.lexists(mark := self._in(folder)):
                    self._files.write_durably(mark, TEXT.format(root=self._root, at=at).encode())
                    self._files.sync_directory(folder)
            except OSError as error:
                _log.info("no mark left", folder=str(folder), reason=error.strerror or str(error))

    def _folders(self) -> list[Path]:
        """The folder above the root, and the one above the disk that the root lies on, where that is another.

        The latter not above the folder for what is temporary: nobody looks there for a file of one who used it.
        """
        disk = self._root
        with suppress(OSError):  # what cannot be looked at is no other disk
            disk = self._mounted()
        if (temporary := Path(gettempdir()).resolve()) in self._root.parents and temporary not in disk.parents:
            disk = self._root
        return list(dict.fromkeys(folder.parent for folder in (self._root, disk) if folder.parent != folder))

    def _mounted(self) -> Path:
        """The highest folder on the root's disk."""
        disk = self._root
        while disk.parent != disk and self._device(disk.parent) == self._device(self._root):
            disk = disk.parent
        return disk

    def _device(self, path: Path) -> int:
        return self._files.stat(path).st_dev

    def _in(self, folder: Path) -> Path:
        """Many roots may stand in one folder, so the name has that of the root, or its way from there."""
        return folder / f".{'+'.join(self._root.relative_to(folder).parts)}{SUFFIX}"
