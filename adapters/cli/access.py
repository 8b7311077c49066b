"""Decides where a writing command writes: through the service where one holds the log, else on the log itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.cli.operations import Operations
from adapters.disk.files import Files
from adapters.eventlog.jsonl.creation import refuse_beside_remains
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.ports.faults import LogLocked, LogMissing
from adapters.settings.config import Config

if TYPE_CHECKING:
    from adapters.application.storage import Storage

ADDRESS_TRIES = 11
ADDRESS_PAUSE_SECONDS = 0.1
"""A service that is starting takes the log a moment before it tells its address: so often it is asked again, so far
apart.
"""


@contextmanager
def operations(config: Config, *, may_begin: bool = False) -> Iterator[Operations]:
    """The operations of whoever may write. A new log is begun only where the command `may_begin` one.

    Raises LogLocked where another program holds the log and has no address, LogMissing, and what opening raises.
    """
    root = config.storage.storage_root
    if not may_begin:
        refuse_without_log(root)
    found = _store_or_address(config)
    if isinstance(found, str):
        from adapters.cli.over_http import OperationsOverHttp
        from adapters.cli.service_client import ServiceClient

        yield OperationsOverHttp(ServiceClient(found))
        return
    from adapters.cli.on_log import OperationsOnLog

    try:
        yield OperationsOnLog(found, config)
    finally:
        found.close()


def open_store(config: Config) -> Storage:
    """The storage root opened for writing with the log's own limits. Raises Faults."""
    from adapters.application.results import GivenLimits
    from adapters.application.storage import Storage
    from adapters.main import store_settings

    store = Storage(config.storage.storage_root, limits=GivenLimits(by="cli"), settings=store_settings(config))
    store.opened()  # a root that cannot be used is a fault here, not something to try again later
    return store


def refuse_without_log(root: Path) -> None:
    """Raises LogMissing where there is nothing yet that a command could change: a mistyped root is not made."""
    files, paths = Files(), LogPaths.below(root)
    if files.lexists(paths.log):
        return
    refuse_beside_remains(files, paths, adopting=False)
    raise LogMissing(
        f"There is no log {paths.log} yet, so there is nothing to change, and nothing was made. "
        "Check --root and STORAGE_ROOT, or start the service once."
    )


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
    return LogLocked(
        f"The log {LogPaths.below(config.storage.storage_root).logs} is being written by {holder}, which has no "
        "address to ask: a program that embeds the storage, or a service that is still starting. "
        "Make the change in that program, or stop it and run the command again.",
        pid=locked.pid,
    )
