"""What a log that several processes write tells each of them of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from adapters.ports.measured import Measured


class SharedLog(Protocol):
    """The others that write the same log, as one of its writers sees them."""

    @property
    def place(self) -> str:
        """Where the log is, as people are told."""

    @property
    def tag(self) -> str:
        """The name under which the others know this writer: 8 hex digits, the same at each start on its root."""

    def others(self) -> frozenset[str]:
        """The tags of the others that are there now. Raises StorageUnavailable."""

    def listen(self, ring: Callable[[], None]) -> None:
        """Has `ring` called, by any thread, whenever others may have recorded something."""

    @property
    def is_first(self) -> bool:
        """Whether this writer is the one, of those that are there, that does what is to be done once; False too while
        that is not known.
        """

    def kept(self, name: str) -> bytes | None:
        """What they keep in common under a name, None where nothing is kept. Raises StorageUnavailable."""

    def keep(self, name: str, content: bytes) -> None:
        """Keeps it, durably, in place of what was kept there. Raises StorageUnavailable."""

    def measured(self) -> list[Measured]:
        """How long this writer waits for its turns, how often none came, and how much it took in from the others."""

    @property
    def seconds_behind(self) -> float:
        """How long ago all that was recorded was surely taken in."""
