"""How far a program was told what the log has, in a small file beside it that is written anew after each message.

The file holds marks: positions with the ids of what stands there, the last of which is how far it is. By them a start
knows whether the log is the one that was told of: a log that was restored from a backup goes on from the last mark that
it still has. The older marks are, the sparser they are kept.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import NamedTuple, Protocol

import orjson

from adapters.application.reading import ReadableStorage
from adapters.application.recorded import Wanted, passage_after
from adapters.application.storage import Storage
from adapters.disk.files import Files
from adapters.disk.whole_files import put_whole
from adapters.ports.faults import ConfigError
from adapters.webhooks.messages import id_of

CURSOR_FILE = Path("logs", "webhooks.json")
"""Below the storage root."""
COMMON_NAME = "webhooks"
"""Under which it is kept by several processes in common."""
FORMAT = 1
MOST_CURSOR_BYTES = 16_384
RECENT_MARKS, MOST_MARKS = 24, 64


class Mark(NamedTuple):
    """That the event at a position, which has this id, was told or passed by. Position 0: the log's beginning."""

    position: int
    id: str


Marks = tuple[Mark, ...]
"""In the order of their positions, the last of which is how far it is; at least one."""
BEGINNING = Mark(0, "")
HOW = (
    "No webhook is sent before that. Put the file back from a copy; or remove it, and what is recorded from then on is "
    "told."
)


class CursorUnreadable(ConfigError):
    """The file is not what is written there. Nothing is told, so that nothing is left out or told anew."""


class KeptCursor:
    """The file of one storage root. For a worker."""

    def __init__(self, root: Path, files: Files) -> None:
        files.confine(root, anew=False)
        self.path = root / CURSOR_FILE
        self._files, self._writing = files, Lock()

    def read(self) -> Marks | None:
        """The marks, None where nothing was told yet. Raises CursorUnreadable."""
        try:
            stored = self._files.read(self.path, MOST_CURSOR_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CursorUnreadable(f"{self.path} cannot be read: {error.strerror or error}. {HOW}") from error
        marks = _decoded(stored) if len(stored) <= MOST_CURSOR_BYTES else None
        if marks is None:
            raise CursorUnreadable(f"{self.path} does not say how far was told. {HOW}")
        return marks

    def write(self, marks: Marks) -> None:
        """Durable once it returns. Raises OSError."""
        with self._writing:  # one that nobody waits for any more, on a disk that hung, may go on
            put_whole(self._files, self.path, _encoded(marks))


class Cursor(Protocol):
    """Where it is kept how far was told."""

    def read(self) -> Marks | None:
        """The marks, None where nothing was told yet. Raises CursorUnreadable or StorageUnavailable."""

    def write(self, marks: Marks) -> None:
        """Durable once it returns. Raises OSError or StorageUnavailable."""


class CursorOfAll:
    """Where several processes write the log, how far was told is kept in what they have in common, as each of them may
    be the one that tells; else in the file.
    """

    def __init__(self, store: Storage, file: KeptCursor) -> None:
        self._store, self._file = store, file

    def read(self) -> Marks | None:
        """The marks."""
        shared = self._store.running().shared
        if shared is None:
            return self._file.read()
        stored = shared.kept(COMMON_NAME)
        if stored is None:
            return None
        marks = _decoded(stored)
        if marks is None:
            raise CursorUnreadable(
                f"What {shared.place} keeps under the name {COMMON_NAME} does not say how far was told. No webhook is "
                "sent before that. Remove its row in the table abby_kept, and what is recorded from then on is told."
            )
        return marks

    def write(self, marks: Marks) -> None:
        """Keeps them."""
        shared = self._store.running().shared
        if shared is None:
            self._file.write(marks)
        else:
            shared.keep(COMMON_NAME, _encoded(marks))


def _encoded(marks: Marks) -> bytes:
    return orjson.dumps({"format": FORMAT, "marks": [[*mark] for mark in marks]})


def _decoded(stored: bytes) -> Marks | None:
    try:
        found = orjson.loads(stored)
        marks = tuple(Mark(position, mark_id) for position, mark_id in found["marks"])
    except (ValueError, KeyError, TypeError):
        return None
    if found.get("format") != FORMAT or not 0 < len(marks) <= MOST_MARKS:
        return None
    are_marks = all(type(mark.position) is int and type(mark.id) is str for mark in marks)
    positions = [mark.position for mark in marks] if are_marks else []
    return marks if are_marks and positions[0] >= 0 and positions == sorted(set(positions)) else None


def moved_on(marks: Marks, mark: Mark) -> Marks:
    """The marks with one more at their end: the recent ones, and of older ones one for each power of two by which it is
    behind, the oldest of those.
    """
    older: dict[int, Mark] = {}
    for former in marks[: -RECENT_MARKS + 1]:
        older.setdefault((mark.position - former.position).bit_length(), former)
    return (*older.values(), *marks[-RECENT_MARKS + 1 :], mark)


def resumed(storage: ReadableStorage, kept: Marks | None, now: int) -> Marks:
    """From where on to tell: behind the last mark that this log has too; where it has none, and where nothing was told
    yet, from a position that is `now`. Raises what reading the log raises.
    """
    head = storage.running().state.position
    if kept == (BEGINNING,):
        return kept
    for count, mark in reversed(list(enumerate(kept or (), 1))):
        if 0 < mark.position <= head and mark_at(storage, mark.position) == mark:
            return (kept or ())[:count]
    return (mark_at(storage, min(now, head)),)


def mark_at(storage: ReadableStorage, position: int) -> Mark:
    """The mark of what stands there. Raises what reading the log raises."""
    if position == 0:
        return BEGINNING
    (line,) = passage_after(storage, Wanted(), position - 1, 1).lines
    return Mark(position, id_of(line))
