"""The program's own log, as modules write to it that a short command imports too."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any


class ProgramLog:
    """The log of one module, with structlog's methods. What writes it is imported by the first line: most commands
    write none, and would wait for it longer than for all else that they import.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, level: str) -> Any:
        FIRST_LINE.comes()
        import structlog

        return getattr(structlog.wrap_logger(logging.getLogger(self._name)), level)


class FirstLine:
    """What a program has put off until its first line: to set up its log."""

    def __init__(self) -> None:
        self._then: Callable[[], None] | None = None

    def wait(self, then: Callable[[], None] | None) -> None:
        """Puts it off, in place of what was put off before; None: nothing is, any more."""
        self._then = then

    def comes(self) -> None:
        """Does it now."""
        then, self._then = self._then, None
        if then is not None:
            then()


FIRST_LINE = FirstLine()
"""That of this process."""
