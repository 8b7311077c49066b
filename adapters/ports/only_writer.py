"""What a log answers that has one writer, where others ask whether somebody else wrote it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from adapters.ports.shared_log import SharedLog


class OnlyWriter:
    """A log that nobody else writes: there is no turn to wait for, and nothing to take in."""

    doubt: str | None = None
    """Nobody else knows more."""

    @property
    @abstractmethod
    def head(self) -> int:
        """The last position that is recorded."""

    def turn(self, news: Callable[[int], None] = lambda _: None) -> AbstractContextManager[int]:
        """At once."""
        del news  # there is none
        return nullcontext(self.head)

    def follow(self) -> int:
        """The head, as it is."""
        return self.head

    def hurry(self) -> None:
        """Nobody else is waited for."""

    @property
    def shared(self) -> SharedLog | None:
        """With nobody."""
        return None
