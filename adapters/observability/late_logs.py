"""Logging for a command that most often logs nothing: set up when its first line comes, of ours or of a library's, so
that it does not wait for what writes lines.

It is for commands of which every module logs through `ProgramLog` or the standard library.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from adapters.ports.program_log import FIRST_LINE


class LateHandler(logging.Handler):
    """Has the log set up by the first entry of a library, and hands it on to what writes it then."""

    def emit(self, record: logging.LogRecord) -> None:
        """Called by the standard library."""
        root = logging.getLogger()
        root.removeHandler(self)
        former = list(root.handlers)
        FIRST_LINE.comes()
        for handler in root.handlers:
            if handler not in former:
                handler.handle(record)


def log_late(set_up: Callable[[], None], level: int) -> None:
    """Puts `set_up` off until an entry of a level comes."""
    forget_late_handlers()
    root = logging.getLogger()
    root.addHandler(LateHandler())
    root.setLevel(level)
    FIRST_LINE.wait(set_up)


def forget_late_handlers() -> None:
    """Nothing is put off any more."""
    root = logging.getLogger()
    for former in [handler for handler in root.handlers if isinstance(handler, LateHandler)]:
        root.removeHandler(former)
    FIRST_LINE.wait(None)
