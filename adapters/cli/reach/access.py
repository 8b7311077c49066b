"""Decides where a writing command writes: through the service where one holds the log, else on the log itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from adapters.application.root_mark import refuse_lost_log
from adapters.bootstrap.storage import files_of
from adapters.engines.choice import choose_engine
from adapters.ports.faults import LogLocked
from adapters.settings.config import Config

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.application.following import FollowedStorage
    from adapters.application.storage import Storage
    from adapters.cli.reach.operations import Operations
    from adapters.ports.event_log import EventLogEngine

ADDRESS_TRIES = 11
ADDRESS_PAUSE_SECONDS = 0.1
"""A service that is starting takes the log a moment before it tells its address: so often it is asked again, so far
apart.
"""


@contextmanager
def operations(config: Config, *, may_begin: bool = False) -> Iterator[Operations]:
    """The operations of whoever may write. A new log is begun only where the command `may_begin` one.

    Raises LogLocked where another program holds the log and has no address, LogMissing, what opening raises, and
    LedgerStopped where the log's last watermark could not be written.
    """
    if not may_begin:
        refuse_without_log(config)
    found = _store_or_address(config)
    if isinstance(found, str):
        from adapters.cli.reach.over_http import OperationsOverHttp
        from adapters.cli.reach.service_client import ServiceClient
        from adapters.tokens.kept import KeptTokens

        kept = KeptTokens(config.storage.storage_root, files_of(config))
        yield OperationsOverHttp(ServiceClient(found, kept.read_pass()))
        return
    from adapters.cli.reach.on_log import OperationsOnLog

    try:
        yield OperationsOnLog(found, config)
    finally:
        unmarked = found.close()
    if unmarked is not None:
        raise unmarked


def open_store(config: Config) -> Storage:
    """The storage root opened for writing with the log's own limits. Raises Faults."""
    from adapters.bootstrap import storage
    from domain.commands import SetPolicy

    store = storage.open_store(config, SetPolicy(by="cli"))
    store.opened()  # a root that cannot be used is a fault here, not something to try again later
    return store


def open_reader(config: Config) -> FollowedStorage:
    """The storage root opened for reading, beside whoever writes. Raises Faults."""
    from adapters.engines import following

    engine = choose_engine(config.log_keeper)
    return following.open_reader(config.storage.storage_root, engine=engine, objects=config.objects)


def log_of(config: Config) -> tuple[Path, EventLogEngine]:
    """The storage root and the engine of its log, for whoever reads it. Raises LogMissing where there was a log."""
    root, engine = config.storage.storage_root, choose_engine(config.log_keeper, files_of(config))
    refuse_lost_log(root, engine)
    return root, engine


def refuse_without_log(config: Config) -> None:
    """Raises LogMissing where there is nothing yet that a command could change: a mistyped root is not made."""
    root, engine = log_of(config)
    engine.refuse_without_log(root)


def _store_or_address(config: Config) -> Storage | str:
    for tries_left in reversed(range(ADDRESS_TRIES)):
        try:
            return open_store(config)
        except LogLocked as locked:
            if locked.address is not None:
                return locked.address
            if not tries_left:
                raise _without_address(config, locked) from locked
        time.sleep(ADDRESS_PAUSE_SECONDS)
    raise AssertionError("the last try returns or raises")


def _without_address(config: Config, locked: LogLocked) -> LogLocked:
    holder = f"process {locked.pid}" if locked.pid else "another process"
    location = choose_engine(config.log_keeper).location(config.storage.storage_root)
    return LogLocked(
        f"The log {location.folder} is being written by {holder}, which has no "
        "address to ask: a program that embeds the storage, or a service that is still starting. "
        "Make the change in that program, or stop it and run the command again.",
        pid=locked.pid,
    )
