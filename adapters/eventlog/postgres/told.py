"""What it means for a log on its way that the database did not do as asked: run it again, or grant what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from adapters.eventlog.postgres.database import Database
from adapters.ports.faults import ConfigError, Fault, StorageUnavailable


@contextmanager
def telling(database: Database) -> Iterator[None]:
    """Raises ConfigError where this account may not, StorageUnavailable for whatever else the database says; a fault of
    the disk stays as it is.
    """
    try:
        yield
    except StorageUnavailable as error:
        cause = _cause(error)
        if isinstance(cause, psycopg.errors.InsufficientPrivilege):
            raise ConfigError(
                f"This account may not write the log's tables in {database.place} ({' '.join(str(cause).split())}). "
                "Run the command with the account that owns them, or grant it SELECT, INSERT, UPDATE and DELETE on all "
                f"tables and USAGE on all sequences of the schema {database.schema}; it goes on where it stopped."
            ) from error
        if cause is None:
            raise
        raise StorageUnavailable(
            f"{database.trouble(error)} Nothing is lost, and not all is there yet. Look whether it runs, and whether "
            "the POSTGRES_ settings are right; then run the same command again: it goes on where it stopped."
        ) from error


def _cause(error: Fault) -> psycopg.Error | None:
    """What the database or the way to it said."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, psycopg.Error):
        cause = cause.__cause__
    return cause
