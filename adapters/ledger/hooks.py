"""What a ledger asks of whoever opened its log, beside appending."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext

from adapters.ledger.codec import Recorded
from adapters.ledger.disk_wait import DISK
from domain.commands import Command

NO_SPACE = (
    "The disk is full. Nothing was saved, and nothing is lost. Delete images or clean up temp files, "
    "or make room on the disk; saving goes on by itself when 16 MiB are free."
)
"""What is said while the disk is full."""


class LedgerHooks:
    """What a log wants done beside appending; an in-memory log wants nothing. The storage hands in one that knows its
    log.
    """

    keeper: str = DISK
    """What the log is kept on, as people are told."""

    def short_of_space(self) -> bool:
        """Whether only what frees may be written."""
        return False

    def without_space(self) -> str:
        """What to say while only that may be."""
        return NO_SPACE

    def checkpoint(self) -> None:
        """A good moment to write the watermark."""

    def commands_of_sweep(self) -> Sequence[Command]:
        """Once a minute: what is to be decided then beside what has expired."""
        return ()

    def sweep(self) -> None:
        """Once a minute: try again what failed before."""

    def turn(self, news: Callable[[int], None]) -> AbstractContextManager[int]:
        """The time in which a batch is decided and appended; gives the position up to which others recorded, and tells
        `news` of it while the turn is waited for. Raises what keeps a batch from being decided at all:
        StorageUnavailable or DiskFull.
        """
        del news  # of a log that nobody else writes there is none
        return nullcontext(0)

    def follow(self) -> int:
        """Nothing is to be done: how far others recorded. Raises nothing for a log that cannot be asked now."""
        return 0

    def stopping(self) -> None:
        """The ledger stops in order: all is appended and published, and the watermark was to be written."""

    def durable(self, recorded: Iterable[Recorded]) -> None:
        """These events are durable, and about to be published in the state."""
