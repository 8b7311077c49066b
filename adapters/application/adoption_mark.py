"""The marks `logs/adopting` and `logs/restoring`: they name the directory whose images are being adopted, or the backup
that is being restored, from before the first file until after the last, so that nobody else opens a root that is only
half there, nor says of it that its log is lost.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from adapters.disk.files import Files
from adapters.ports.faults import AdoptionUnfinished, RestoreUnfinished


class UnfinishedMark:
    """A mark of one root, which may stand or not."""

    NAME: ClassVar[str]

    def __init__(self, root: Path, files: Files) -> None:
        self.path = root / "logs" / self.NAME
        self.in_making = self.path.with_name(f"{self.NAME}.new")
        self._files = files
        files.confine(root, anew=False)

    def directory(self) -> Path | None:
        """The directory of which only a part is there, None where there is none."""
        if not self._files.lexists(self.path):
            return None
        return Path(os.fsdecode(self._files.read(self.path).removesuffix(b"\n")))

    def set(self, directory: Path) -> bool:
        """Writes it durably, whole or not at all; False where it stands already."""
        if self._files.lexists(self.path):
            return False
        self._files.make_directories(self.path.parent)
        with suppress(FileNotFoundError):
            self._files.unlink(self.in_making)
        self._files.write_durably(self.in_making, os.fsencode(directory) + b"\n")
        self._files.rename(self.in_making, self.path)
        self._files.sync_directory(self.path.parent)
        return True

    def remove(self) -> None:
        """Takes it away durably."""
        with suppress(FileNotFoundError):
            self._files.unlink(self.path)
        self._files.sync_directory(self.path.parent)


class AdoptionMark(UnfinishedMark):
    """That of an adoption."""

    NAME = "adopting"


class RestoreMark(UnfinishedMark):
    """That of a restore; it holds through to its end, after the log has its name."""

    NAME = "restoring"


def adopt_command(root: Path, directory: Path, *options: str, windows: bool = os.name == "nt") -> str:
    """The command that adopts a directory into a root, as it is typed from anywhere, quoted where that is needed."""
    words = ["abby", "--root", str(root), *options, "adopt", str(directory), "--yes"]
    return subprocess.list2cmdline(words) if windows else shlex.join(words)


def refuse_unfinished(root: Path, files: Files, *, adopting: bool = False) -> None:
    """Raises RestoreUnfinished where a restore was begun and not ended, AdoptionUnfinished where an adoption was and
    this is not the one that goes on with it.
    """
    if (contents := RestoreMark(root, files).directory()) is not None:
        raise RestoreUnfinished(
            f"The backup {contents.parent} is being restored into {root}, and that is not finished. Run the command "
            "that began it again, `abby restore` or `abby import`; it goes on where it stopped."
        )
    if not adopting and (directory := AdoptionMark(root, files).directory()) is not None:
        raise AdoptionUnfinished(
            f"Existing images were being adopted from {directory}, and that is not finished. "
            f"Run `{adopt_command(root, directory)}`; it goes on where it stopped."
        )
