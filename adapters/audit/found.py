"""The folder `found` of a storage root: what nobody knows is moved there, never deleted, and `found.jsonl` in it lists
what each file was and where it lay.

A line is on the disk before its file moves. So after a kill the last line may be of a file that still lies where it
lay; it is taken back, and whoever mends again finds the file again. What is to be moved is `repair`'s to say.
"""

from __future__ import annotations

from pathlib import Path
from stat import S_ISDIR
from typing import Any, NamedTuple

import orjson

from adapters.disk.files import APPEND, UPDATE, Files
from adapters.imagestore.local.moving import move
from adapters.ports.clock import Clock

FOLDER = "found"
LIST = "found.jsonl"
MAX_NAMESAKES = 10_000
"""Files that lay at one path, each found at another time."""


class Odd(NamedTuple):
    """What is said in the list of a file that is moved: its kind, whose it is and the position of its event, where that
    is known.
    """

    kind: str
    user: str | None = None
    position: int | None = None


class Moved(NamedTuple):
    """A file that was moved: where it lay, where it is, both below the root, with slashes."""

    path: str
    found: str


class FoundFolder:
    """That folder of one root, whose files are confined; for who holds the writer's lock."""

    def __init__(self, root: Path, files: Files, clock: Clock) -> None:
        self._root = root
        self._folder = root / FOLDER
        self._list = self._folder / LIST
        self._files = files
        self._clock = clock

    def take_back(self) -> None:
        """Ends what a kill cut off: half a line, or the line of a file that did not move. Raises OSError."""
        if not self._files.lexists(self._list):
            return
        stored = self._files.read(self._list)
        lines = stored[: stored.rfind(b"\n") + 1].splitlines(keepends=True)
        size = sum(map(len, lines))
        if lines and not self._has_moved(orjson.loads(lines[-1])):
            size -= len(lines[-1])
        if size < len(stored):
            self._cut(size)

    def take(self, path: Path, odd: Odd) -> Moved | None:
        """Moves what lies at a path here; None where nothing does any more. Raises OSError, and then it lies there."""
        if not self._files.lexists(path):
            return None
        source = path.relative_to(self._root).as_posix()
        target = self._free(source)
        moved = Moved(source, target.relative_to(self._root).as_posix())
        size = self._note(moved, odd)
        try:
            self._files.make_directories(target.parent)
            move(self._files, path, target)
        except OSError:
            self._cut(size)
            raise
        self._files.sync_directory(target.parent)
        self._files.sync_directory(path.parent)
        return moved

    def _has_moved(self, line: dict[str, Any]) -> bool:
        source, target = (self._root / line[name] for name in ("file", "found"))
        return self._files.lexists(target) or not self._files.lexists(source)

    def _free(self, source: str) -> Path:
        """A path for what lay at another one: that below the folder, else below a number in it."""
        for number in range(1, MAX_NAMESAKES + 1):
            target = (self._folder / str(number) if number > 1 else self._folder) / source
            above = [way for way in target.parents if way.is_relative_to(self._folder)]
            if not self._files.lexists(target) and all(self._takes_folders(way) for way in above):
                return target
        raise FileExistsError(f"{MAX_NAMESAKES} files from one path lie in {self._folder}")

    def _takes_folders(self, way: Path) -> bool:
        return not self._files.lexists(way) or S_ISDIR(self._files.lstat(way).st_mode)

    def _note(self, moved: Moved, odd: Odd) -> int:
        """Adds a line durably; gives the size of the list before it."""
        self._files.make_directories(self._folder)
        line = {
            "file": moved.path,
            "found": moved.found,
            **odd._asdict(),
            "at": self._clock(),
        }
        is_new = not self._files.lexists(self._list)
        if is_new:
            self._files.write_durably(self._list, b"", 0o600)
            self._files.sync_directory(self._folder)
        fd = self._files.open(self._list, APPEND)
        try:
            size = self._files.fstat(fd).st_size
            self._files.write_all(fd, orjson.dumps(line) + b"\n")
            self._files.sync_data(fd)
        finally:
            self._files.close(fd)
        return size

    def _cut(self, size: int) -> None:
        fd = self._files.open(self._list, UPDATE)
        try:
            self._files.truncate(fd, size)
            self._files.sync_data(fd)
        finally:
            self._files.close(fd)
