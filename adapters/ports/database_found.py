"""What was found of a database that keeps the log, for whoever sets it up."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Replication(NamedTuple):
    """What the commits of a server wait for, as it is set and as it is."""

    synchronous_commit: str
    waits_for: str
    """The standbys that are named, empty where no commit waits for one."""
    waited_for: int | None
    """How many follow of those that a commit waits for, None where the account may not see it."""
    is_synced: bool
    """Whether the server waits for its own disk."""


class CopyFound(NamedTuple):
    """How far a copy is behind the log; `is_of_it` is None where there is no copy yet."""

    is_of_it: bool | None
    position: int
    behind: int


class Way(Enum):
    """How a session goes to a server."""

    HERE = "here"
    """It leaves no machine."""
    ENCRYPTED = "encrypted"
    IN_CLEAR = "in clear"


class DatabaseFound(NamedTuple):
    """A server that answered."""

    place: str
    version: str
    way: Way
    round_trip_seconds: float
    ahead_seconds: float
    """Of this machine's clock, as far as it is surely ahead; behind it is below 0."""
    lacking: tuple[str, ...]
    """What the account may not do and has to, as statements that let it."""
    is_begun: bool
    others: int
    """Processes that write the log now, but for that of this root."""
    replication: Replication
    copy: CopyFound
