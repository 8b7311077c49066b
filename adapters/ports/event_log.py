"""The log's port: what the rest of the program needs of a log, whatever keeps it.

Here are the values that cross it. An engine keeps a log in its own way, in a folder of `adapters.eventlog`; which one a
program uses is chosen in `adapters.engines`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from eventsourcing.dcb.api import DCBEvent

ENOUGH_FREE_BYTES = 16 * 1024 * 1024
"""What a disk must have free before a log that ran short of space takes more than what frees."""


class JSONEvent(DCBEvent):
    """An event to be recorded whose type and tags are text and whose `data` are a JSON object as orjson has just
    written it: no log need look whether they are.
    """


class VerifiedEvent(NamedTuple):
    """An event as an opening log reads and verifies it: where it stands, the last position of what was recorded
    together with it, what was recorded.

    `data` is the decoded object, or the recorded bytes where they were no JSON object in orjson's form.
    """

    position: int
    batch_last: int
    type: str
    tags: list[str]
    data: dict[str, Any] | bytes


OnEvent = Callable[[VerifiedEvent], None]
"""Called with each event, in order, while a log is opened: so a replay need not read the log a second time. What it
raises goes to whoever opens, and then nothing stays open.
"""
Restore = Callable[[bytes], bool]
"""Takes a stored state in, before any event; False where it is not one of this version's, and then nothing changed."""


class SnapshotPoint(Protocol):
    """A moment of an open log that a snapshot may be of. What else it holds is the log's own."""

    @property
    def position(self) -> int:
        """The last position before it."""


class Damage(NamedTuple):
    """Why a log is refused: position and byte offset where it shows (None where that is nowhere in the log), and what
    was found.
    """

    position: int | None
    offset: int | None
    what: str


@dataclass(frozen=True, slots=True)
class LogReport:
    """What stands in a log, read from its beginning to its end.

    `location` is where it is, as people are told. `positions` and `batches` are whole and verified, `digest` is the
    last one's hash in hex, `size_bytes` the size of all. `watermark` is the position that is surely on the disk, None
    where nothing says, `reconciled` how far the image files are done. `torn_bytes` are those of a last batch that is
    not whole: left by a crash, or being written at this moment; the next start sets them aside. `damage` is what a
    start would refuse, the first of it.
    """

    location: str
    log_id: str
    created: str
    positions: int
    batches: int
    digest: str
    size_bytes: int
    watermark: int | None
    reconciled: int | None
    torn_bytes: int
    damage: Damage | None

    @property
    def is_whole(self) -> bool:
        """Whether nothing that was acknowledged is missing or changed."""
        return self.damage is None


@dataclass(frozen=True, slots=True)
class SalvagedLog:
    """What a salvage made: the new log and the list of what is not in it, how many positions and bytes are in the log,
    how many entries in the list, and the damage that a start would refuse, None where the original is whole.
    """

    log: Path
    left_out: Path
    positions: int
    size_bytes: int
    entries: int
    damage: Damage | None
