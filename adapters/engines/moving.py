"""Carries the log of a storage root from one engine to another: into a database, or out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from adapters.application.adoption_mark import refuse_unfinished
from adapters.disk.files import Files
from adapters.ports.clock import Clock
from adapters.ports.faults import ConfigError
from adapters.ports.log_reports import MovedLog
from adapters.webhooks.cursor import COMMON_NAME, CURSOR_FILE

if TYPE_CHECKING:
    from adapters.eventlog.postgres.database import Database  # late: an extra

CALLED = "abby migrate"
"""How its sessions are called in the database: they are no service's."""
BESIDE: Mapping[str, Path] = MappingProxyType({COMMON_NAME: CURSOR_FILE})
"""What is kept beside the log, by its name in a database: the file of it below a root."""
OnProgress = Callable[[int, int], None]
"""Called with how much is done, and how much there is."""


class Moving:
    """One root and one database, between which a log is carried."""

    def __init__(self, root: Path, environment: Mapping[str, str], files: Files) -> None:
        """Connects to nothing. `environment` has the settings by which the database is reached, `POSTGRES_*`. Raises
        ConfigError where one is missing, or what they need is not installed.
        """
        self._root = root
        self._files = files
        self._database = _database(environment)

    @property
    def place(self) -> str:
        """Which database it is, as people are told."""
        return self._database.place

    def to_postgres(self, progress: OnProgress) -> MovedLog:
        """Brings the log of the root into the database, whose copy it is then; goes on where it was cut off.

        Raises TargetRefused, ConfigError, LogLocked, LogMissing, LogForeign, LogDamaged, RestoreUnfinished,
        AdoptionUnfinished, StorageUnavailable or DiskFull.
        """
        from adapters.eventlog.postgres.to_database import to_database  # late, as above

        refuse_unfinished(self._root, self._files)
        return to_database(self._root, self._database, self._files, progress, BESIDE)

    def to_jsonl(self, clock: Clock, progress: OnProgress) -> MovedLog:
        """Makes the log in the database one of the root alone; goes on where it was cut off. Raises as `to_postgres`
        does.
        """
        from adapters.eventlog.postgres.to_disk import to_disk  # late, as above

        refuse_unfinished(self._root, self._files)
        return to_disk(self._root, self._database, self._files, clock, progress, BESIDE)


def _database(environment: Mapping[str, str]) -> Database:
    try:
        from adapters.eventlog.postgres.database import Database  # late, as above
    except ImportError as error:
        raise ConfigError(
            f"A log in PostgreSQL needs what is not installed ({error}). Install it: pip install "
            "'abby-ledger[postgres]'; from a clone: pip install 'psycopg[binary,pool]'."
        ) from error
    return Database(environment, called=CALLED)
