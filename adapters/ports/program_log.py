"""The program's own log, as modules write to it that a short command imports too."""

from __future__ import annotations

import logging
from typing import Any


class ProgramLog:
    """The log of one module, with structlog's methods. What writes it is imported by the first line: most commands
    write none, and would wait for it longer than for all else that they import.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, level: str) -> Any:
        import structlog

        return getattr(structlog.wrap_logger(logging.getLogger(self._name)), level)
