"""A ledger without a thread, for a program that gets no command: what its writer does, it does at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from adapters.ledger import ledger as ledger_module


class _Writer:
    """Stands where the thread of the ledger does, and runs when somebody waits for its end."""

    def __init__(self, target: Callable[[], None], name: str, *, daemon: bool) -> None:
        del name, daemon
        self._targets = [target]

    def start(self) -> None:
        """Not yet."""

    def join(self, timeout: float) -> None:
        """Once."""
        del timeout
        while self._targets:
            self._targets.pop()()


_INSTEAD = SimpleNamespace(
    Thread=_Writer, Lock=threading.Lock, Event=threading.Event, current_thread=threading.current_thread
)


@contextmanager
def written_at_the_end() -> Iterator[None]:
    """Ledgers that are opened and closed meanwhile are such ones. To begin a thread takes a tenth of a start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger_module, "threading", _INSTEAD)
        yield
