"""A real disk on which files stay where they are for a while, as an open file does on Windows."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from adapters.disk.files import Files


class StuckDisk(Files):
    """The real disk, on which nothing is moved into place or removed while it is `stuck`."""

    def __init__(self) -> None:
        super().__init__()
        self.stuck = False

    def rename(self, source: Path, target: Path) -> None:
        self._refuse(target)
        super().rename(source, target)

    def unlink(self, path: Path) -> None:
        self._refuse(path)
        super().unlink(path)

    def _refuse(self, path: Path) -> None:
        if self.stuck and "logs" not in path.parts:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
