"""A DuckDB over the lines of one log, that can read them and nothing else.

It is made for one question and lives in memory, with a bound; what does not fit there goes to a folder of its own that
is taken away at the end. The lines come through a file system of one file, which cannot be written, and which ends with
the last whole batch: what a writer appends meanwhile is not seen. Everything else is closed before a question is asked:
no other file, no network, no extension, no change of these settings. Needs the extra `reports`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from io import SEEK_CUR, SEEK_END, SEEK_SET
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

from adapters.ports.event_log import OpenedLog, StoredLines
from adapters.ports.faults import ConfigError, LogDamaged
from adapters.reports.patience import ended_by_sigterm
from adapters.reports.views import SOURCE, VIEWS
from domain.limits import MEGABYTE

if TYPE_CHECKING:
    import duckdb

MEMORY = "320MB"
"""What the database may use; the program, and what is read ahead, come on top of it."""
MOST_THREADS = 4
MOST_SPILLED = "4GB"
TARGET = "abbyout://result"
"""The name under which the database writes an answer, where it was given a file for it."""
NOT_INSTALLED = (
    "Queries and reports need DuckDB and its companions, which are not installed: "
    'run `pip install "abby-ledger[reports]"`, or in a clone `.venv/bin/python -m pip install ".[reports]"`.'
)


OnProgress = Callable[[int, int], None]
"""Called, by any thread, with how many MB of the log are read, and how many there are; a question may read it twice."""


def unwatched(_done: int, _all: int) -> None:
    """Nobody watches."""


class LinesFile:
    """The lines as a file that is read: for the database, which wants one."""

    def __init__(self, lines: StoredLines, progress: OnProgress = unwatched) -> None:
        self._lines = lines
        self._progress = progress
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        begin = self._lines.begin + self._at
        end = self._lines.end if size < 0 else min(self._lines.end, begin + size)
        self._at += max(0, end - begin)
        self._progress(self._at // MEGABYTE, self._lines.size_bytes // MEGABYTE)
        return self._lines.read(begin, end) if end > begin else b""

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Moves."""
        self._at = offset + {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._lines.size_bytes}[whence]
        return self._at

    def tell(self) -> int:
        """Where it stands."""
        return self._at

    def close(self) -> None:
        """The log is closed by whoever opened it."""


@contextmanager
def database(
    log: OpenedLog, *, target: BinaryIO | None = None, progress: OnProgress = unwatched
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the views, closed to everything else. `target` is a file for `COPY ... TO 'abbyout://result'`;
    `progress` is told how far the log is read.

    Raises ConfigError where DuckDB is not installed.
    """
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise ConfigError(NOT_INSTALLED) from error
    with (
        ended_by_sigterm(),
        TemporaryDirectory(prefix="abby-query-", ignore_cleanup_errors=True) as folder,
        closing(duckdb.connect(":memory:", config=_settings(folder))) as made,
    ):
        made.register_filesystem(_file_system(SOURCE, lambda lines: LinesFile(lines, progress), log.lines()))
        allowed = [SOURCE]
        if target is not None:
            made.register_filesystem(_file_system(TARGET, lambda _lines: target, log.lines()))
            allowed.append(TARGET)
        for name, text in VIEWS.items():
            made.execute(f"CREATE VIEW {name} AS {text}")
        _close(made, allowed)
        yield made


def _settings(folder: str) -> dict[str, Any]:
    return {
        "memory_limit": MEMORY,
        "threads": min(MOST_THREADS, os.cpu_count() or 1),
        "temp_directory": folder,
        "max_temp_directory_size": MOST_SPILLED,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "python_enable_replacements": False,
        "preserve_insertion_order": False,
        "enable_external_file_cache": False,
    }


def _close(made: duckdb.DuckDBPyConnection, allowed: list[str]) -> None:
    made.execute("SET allowed_paths = ?", [allowed])
    made.execute("SET enable_external_access = false")
    made.execute("SET lock_configuration = true")


def _file_system(name: str, opened: Any, lines: StoredLines) -> Any:
    """The file system of one file: the lines, or what an answer is written to."""
    try:
        from fsspec import AbstractFileSystem  # type: ignore[import-untyped]  # it comes without types
    except ModuleNotFoundError as error:
        raise ConfigError(NOT_INSTALLED) from error
    reads = name == SOURCE

    class OneFile(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
        protocol = name.partition(":")[0]
        cachable = False

        def open(self, path: str, mode: str = "rb", **_options: Any) -> Any:
            if path.removeprefix(f"{self.protocol}://") != name.partition("://")[2] or ("r" in mode) is not reads:
                raise PermissionError("A query reads the log and writes nothing.")
            return opened(lines)

        def info(self, path: str, **_options: Any) -> dict[str, Any]:
            return {"name": path, "size": lines.size_bytes if reads else 0, "type": "file"}

        def glob(self, _path: str, **_options: Any) -> list[str]:
            return [name.partition("://")[2]] if reads else []

        def exists(self, _path: str, **_options: Any) -> bool:
            return reads

        def modified(self, _path: str) -> datetime:
            return datetime.fromtimestamp(0, UTC)

    return OneFile()


def damaged(error: Exception) -> LogDamaged | None:
    """The damage of which an error of the database tells; None where it is the question that cannot be answered."""
    if SOURCE not in str(error):
        return None
    return LogDamaged(
        "The log has a line that cannot be read as one. `abby verify` says where and what to do.",
        position=None,
        offset=None,
    )
