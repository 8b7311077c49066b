"""What is told of a log, whatever keeps it: what stands in it and what is wrong, who holds it, what was made of it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple


class Tampering(StrEnum):
    """What damage of a log looks like, as far as its lines tell."""

    EDITED = "edited"
    DROPPED = "dropped"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    SPLICED = "spliced"
    OVERWRITTEN = "overwritten"
    ADDED = "added"
    SHORTER = "shorter"
    ANOTHER_LOG = "another log"
    ANOTHER_HISTORY = "another history"


LOOKS_AS_IF: Mapping[Tampering, str] = MappingProxyType(
    {
        Tampering.EDITED: "a line was edited (this one, or the one before it and its hash with it)",
        Tampering.DROPPED: "lines were taken out",
        Tampering.INSERTED: "lines were put in",
        Tampering.REORDERED: "lines were put in another order",
        Tampering.TRUNCATED: "its end was cut off, or an older copy was put in its place",
        Tampering.SPLICED: "lines of another log were put there",
        Tampering.OVERWRITTEN: "it was overwritten",
        Tampering.ADDED: "lines were added at its end",
        Tampering.SHORTER: "a shorter log, whole in itself, was put in its place",
        Tampering.ANOTHER_LOG: "another log was put in its place",
        Tampering.ANOTHER_HISTORY: (
            "lines were changed or put in and every hash after them made anew, or a log that went on differently was "
            "put in its place"
        ),
    }
)


class Damage(NamedTuple):
    """Why a log is refused: position and byte offset where it shows (None where that is nowhere in the log), and what
    was found. `ends_at` is a position where all that is there is whole up to its end, and there was more once: an older
    copy, or the end is gone. `looks_like` are the kinds of tampering that leave such bytes, the likelier first; none
    where they tell nothing.
    """

    position: int | None
    offset: int | None
    what: str
    ends_at: int | None = None
    looks_like: tuple[Tampering, ...] = ()

    @property
    def likeness(self) -> str:
        """What it looks like, as a sentence; empty where nothing tells."""
        if not self.looks_like:
            return ""
        told = ", or ".join(LOOKS_AS_IF[kind] for kind in self.looks_like)
        doubt = "; both leave the same bytes" if len(self.looks_like) > 1 else ""
        return f"It looks as if {told}{doubt}. "

    def said_of(self, log: str) -> str:
        """What is wrong with a log, as a sentence."""
        if self.ends_at is not None:
            return (
                f"{log} is whole up to position {self.ends_at}, where it ends, and {self.what}. Either it is a copy "
                "that is older than what lies beside it, or its end was cut off."
            )
        at = "" if self.position is None else f" at position {self.position} (byte {self.offset})"
        return f"{log} is damaged{at}: {self.what}."

    def in_words(self, log: str) -> str:
        """The same and how to go on: for whoever runs the service."""
        if self.ends_at is not None:
            return (
                f"{self.said_of(log)} Nothing was changed. `abby salvage --to DIR` takes it from position "
                f"{self.ends_at} on; a newer copy of its folder is better, if there is one, or a newer backup, of "
                "which `abby restore DIR` makes a root."
            )
        return (
            f"{self.said_of(log)} Nothing was changed, and nothing is repaired by itself. Put a copy of its folder "
            "back if there is one, or make a new root of a backup with `abby restore DIR`; `abby salvage --to DIR` "
            "writes a new log of what is whole before the damage."
        )


class LogPoint(NamedTuple):
    """A position, and of the log up to there the size in bytes and the last hash in hex."""

    position: int
    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class LogReport:
    """What stands in a log, read from its beginning to its end.

    `location` is where it is, as people are told. `positions` and `batches` are whole and verified, `digest` is the
    last one's hash in hex, `size_bytes` the size of all. `watermark` is the position that is surely on the disk, None
    where nothing says, `reconciled` how far the image files are done. `torn_bytes` are those of a last batch that is
    not whole: left by a crash, or being written at this moment; the next start sets them aside. `damage` is what a
    start would refuse, the first of it. `unread` is the position up to which nothing was read, and no batch counted.
    `is_sealed` is whether the watermark was written with the log's key: False where it was written before there were
    seals, None where it could not be asked. `marked` are the points of the positions that were asked for, of those that
    are there and were read.
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
    unread: int = 0
    is_sealed: bool | None = None
    marked: tuple[LogPoint, ...] = ()

    @property
    def after_seal(self) -> int:
        """Events after a watermark, whole in themselves: only their hashes say whose they are."""
        return 0 if self.damage or self.watermark is None else max(0, self.positions - self.watermark)

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


class CopiedLog(NamedTuple):
    """What a copy of a log holds now: its last position with its hash in hex, and its size; `copied_bytes` of it are
    new. `has_key`: whoever opens the copy goes on as the original would.
    """

    log_id: str
    position: int
    digest: str
    size_bytes: int
    copied_bytes: int
    has_key: bool


class MovedLog(NamedTuple):
    """A log that was carried into a database, or out of it: where its file stands and which database it is, its last
    position with its hash in hex, its size; `brought` events of it were new there.
    """

    log: str
    database: str
    log_id: str
    position: int
    digest: str
    size_bytes: int
    brought: int


UNPACKED = 5
"""How many times its packed size a state mostly is, or less: with room for it at once it is unpacked in half the time.
"""


class KeptSnapshot(NamedTuple):
    """A snapshot beside a log: its position and state, or `why` it is not used. `is_packed`: it is kept compressed,
    and takes little room until somebody asks for its state.
    """

    location: str
    position: int = 0
    kept: bytes = b""
    why: str | None = None
    is_packed: bool = False

    @property
    def state(self) -> bytes:
        """What projections were."""
        return zlib.decompress(self.kept, bufsize=UNPACKED * len(self.kept)) if self.is_packed else self.kept


class StateBeginning(NamedTuple):
    """How the state of a snapshot begins, and its position."""

    position: int
    beginning: bytes


class LogHolder(NamedTuple):
    """Who writes a log at the moment: the process, and the address of its service; None where it is not known."""

    pid: int | None
    address: str | None


class LogLocation(NamedTuple):
    """Where a log is, as people are told: the log itself, and the folder or the like that holds all that belongs to
    it.
    """

    log: str
    folder: str
