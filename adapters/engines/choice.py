"""Which engines keep a storage root: the log's is that of the module which PERSISTENCE_MODULE names, images are kept in
folders.

The log is kept in lines of JSON, or in PostgreSQL under the name of the library's module for it. Another module offers
one by a function `event_log_engine(*, files)`, which gives an `adapters.ports.event_log.EventLogEngine` that handles
files through `files`; `adapters.eventlog`, the default, is an example.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from adapters import eventlog
from adapters.disk.files import Files
from adapters.ports.engines import Engines, LogKeeper
from adapters.ports.event_log import EventLogEngine
from adapters.ports.faults import ConfigError
from adapters.ports.image_store import ImageStore

DEFAULT_MODULE = "adapters.eventlog"
POSTGRES_MODULE = "eventsourcing.dcb.postgres_tt"
"""The library's own name for its recorder in PostgreSQL: the log is in a database, and a copy of it on the disk."""
OFFER = "event_log_engine"
"""The function by which a module offers its engine."""


def default_engines(files: Files | None = None) -> Engines:
    """The engines where nothing is configured."""
    return Engines(default_engine(files), image_stores(files))


def choose_engines(keeper: LogKeeper, files: Files | None = None) -> Engines:
    """The log's engine that is named, and the one for images there is. Raises ConfigError as `choose_engine` does."""
    return Engines(choose_engine(keeper, files), image_stores(files))


def image_stores(files: Files | None = None) -> Callable[[Path], ImageStore]:
    """What gives the image store of a root."""
    from adapters.imagestore.local.image_store import LocalImageStore  # late: who asks the log alone needs no images
    from adapters.imagestore.local.layout import Layout  # late, as the store

    return lambda root: LocalImageStore(Layout(root), files or Files())


def default_engine(files: Files | None = None) -> EventLogEngine:
    """The log's engine where nothing is configured."""
    return eventlog.event_log_engine(files=files or Files())


def choose_engine(keeper: LogKeeper, files: Files | None = None) -> EventLogEngine:
    """The log's engine that is named. Raises ConfigError where there is no such module, it offers none, or what it is
    reached by is missing.
    """
    module = keeper.module
    if module == DEFAULT_MODULE:
        return default_engine(files)
    if module == POSTGRES_MODULE:
        return _postgres(keeper, files or Files())
    try:
        offer = getattr(import_module(module), OFFER, None)
    except ImportError as error:
        raise _unusable(module) from error
    if not callable(offer):
        raise _unusable(module)
    engine: EventLogEngine = offer(files=files or Files())
    return engine


def _postgres(keeper: LogKeeper, files: Files) -> EventLogEngine:
    try:
        from adapters.eventlog.postgres.engine import PostgresEngine  # late: an extra
    except ImportError as error:
        raise ConfigError(
            f"PERSISTENCE_MODULE={POSTGRES_MODULE} needs what is not installed ({error}). Install it: "
            "pip install 'abby-ledger[postgres]'; from a clone: pip install 'psycopg[binary,pool]'."
        ) from error
    return PostgresEngine(files, keeper.environment)


def _unusable(module: str) -> ConfigError:
    return ConfigError(
        f"PERSISTENCE_MODULE={module}: no module of that name offers an engine that keeps the log. Name one that does, "
        f"or leave the setting out: then it is {DEFAULT_MODULE}."
    )
