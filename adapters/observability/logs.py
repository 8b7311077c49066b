"""Logging: one pipeline for structlog and the standard library, JSON for machines and lines with colours for people.

`configure_logging` is called by programs (`serve`, `bot`, the commands), never by the library: a host that embeds us
decides for itself. What must not stand in a line is redaction.py's.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, NoReturn, TextIO, cast

import orjson
import structlog
from structlog.typing import EventDict, Processor

from adapters.observability.aside import LinesAside, aside
from adapters.observability.late_logs import forget_late_handlers
from adapters.observability.redaction import Redactor
from adapters.settings.config import Config

# These print tokens and signed addresses at DEBUG, however often a redactor is told what they look like.
NEVER_BELOW_INFO = ("discord", "discord.http", "discord.gateway", "discord.webhook")


class RedactingHandler(logging.StreamHandler[TextIO | LinesAside]):
    """Writes lines; where one cannot be made or written, says only that, because the line may hold anything."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Replace the traceback, which the standard library prints with all arguments, by one plain line."""
        self.say_unwritten(f"{record.name}, line {record.lineno}")

    def write_line(self, line: str) -> None:
        """Writes a line that needs no record; whoever makes it says where that fails. Raises OSError, ValueError."""
        with cast("threading.RLock", self.lock):
            self.stream.write(line + self.terminator)
            self.flush()

    def say_unwritten(self, whose: str) -> None:
        """Says in the place of an entry that there was one."""
        with contextlib.suppress(OSError, ValueError):  # the stream itself is gone: nobody is left to tell
            self.stream.write(f"a log entry of {whose}, could not be written\n")


class EntryWriter:
    """Ends structlog's chain. Its own entries need no record of the standard library, which would cost more than all
    else of an entry: a service writes one for each request.
    """

    def __init__(self, handler: RedactingHandler, last_steps: Sequence[Processor]) -> None:
        self._handler = handler
        self._last_steps = last_steps

    def __call__(self, logger: logging.Logger, method: str, entry: Any) -> NoReturn:
        """Writes the entry. Raises DropEvent, structlog's word for one that is done with."""
        try:
            for step in self._last_steps:
                entry = step(logger, method, entry)
            self._handler.write_line(entry)
        except Exception:  # noqa: BLE001 - whatever it is, it may quote the entry
            self._handler.say_unwritten(logger.name)
        raise structlog.DropEvent


def configure_logging(config: Config, stream: TextIO | None = None, *, is_service: bool = False) -> None:
    """Send every log entry of the process to `stream` (standard error) as `config` says; a second call replaces it.

    A service does not wait until its entries are read. Uncaught exceptions, of any thread, become entries too, so that
    no traceback shows a secret.
    """
    target = stream if stream is not None else sys.stderr
    on_terminal = target.isatty()
    pretty = config.log_format == "pretty" or (config.log_format == "auto" and on_terminal)
    waiting = aside(target) if is_service else None
    handler = RedactingHandler(waiting or target)
    last_steps: list[Processor] = [
        structlog.processors.format_exc_info,
        Redactor(config.secrets()),
        _pretty(colours=on_terminal) if pretty else _json,
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_first_steps(),
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last_steps],
        )
    )
    _route(handler, config.log_level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_first_steps(),
            structlog.processors.StackInfoRenderer(),
            EntryWriter(handler, last_steps),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a second call, as tests make, must reach loggers made before
    )
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def _first_steps() -> list[Processor]:
    """What every entry gets, whichever library wrote it."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]


def _route(handler: logging.Handler, level: str) -> None:
    """Make the handler the only one of the root logger, and give each library the least level that it may have."""
    root = logging.getLogger()
    forget_late_handlers()
    for former in list(root.handlers):
        if isinstance(former, RedactingHandler):
            root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(level)
    for name in NEVER_BELOW_INFO:
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))


def _json(_logger: object, _method: str, entry: EventDict) -> str:
    """One object a line; its values are plain because the redactor made them so."""
    return orjson.dumps(entry).decode()


def _pretty(*, colours: bool) -> Processor:
    """A line a person reads, with the traceback below it."""
    return structlog.dev.ConsoleRenderer(
        colors=colours, timestamp_key="time", exception_formatter=structlog.dev.plain_traceback
    )


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An exception that ends the program; Ctrl+C is none."""
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.wrap_logger(logging.getLogger("abby")).critical("uncaught exception", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(hooked: threading.ExceptHookArgs) -> None:
    """An exception that ends a thread."""
    if hooked.exc_value is not None:
        _log_uncaught(hooked.exc_type, hooked.exc_value, hooked.exc_traceback)
