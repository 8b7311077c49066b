"""Which engines keep a storage root: the log's is that of the module which PERSISTENCE_MODULE names, images are kept in
folders, or as objects where STORAGE_ROOT is the address of a bucket.

The log is kept in lines of JSON, or in PostgreSQL under the name of the library's module for it. Another module offers
one by a function `event_log_engine(*, files)`, which gives an `adapters.ports.event_log.EventLogEngine` that handles
files through `files`; `adapters.eventlog`, the default, is an example.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from adapters import eventlog
from adapters.disk.files import Files
from adapters.ports.database_found import DatabaseFound
from adapters.ports.engines import Engines, LogKeeper
from adapters.ports.event_log import EventLogEngine
from adapters.ports.faults import ConfigError
from adapters.ports.image_store import ImageStore
from adapters.ports.object_place import BucketFound, KeptObjects, ObjectPlace

if TYPE_CHECKING:
    from adapters.imagestore.s3.bucket import Bucket  # late: who has no bucket needs no client of one

DEFAULT_MODULE = "adapters.eventlog"
POSTGRES_MODULE = "eventsourcing.dcb.postgres_tt"
"""The library's own name for its recorder in PostgreSQL: the log is in a database, and a copy of it on the disk."""
WITHOUT_CLIENT = (
    "STORAGE_ROOT={}: images are kept in a bucket by the package obstore, which is not installed. Install it with "
    "`pip install 'abby-ledger[s3]'`, or give a folder."
)
OFFER = "event_log_engine"
"""The function by which a module offers its engine."""


def default_engines(files: Files | None = None) -> Engines:
    """The engines where nothing is configured."""
    return Engines(default_engine(files), image_stores(files))


def choose_engines(keeper: LogKeeper, files: Files | None = None, objects: ObjectPlace | None = None) -> Engines:
    """The log's engine that is named, and the one for images. Raises ConfigError as `choose_engine`
    and `image_stores` do.
    """
    return Engines(choose_engine(keeper, files), image_stores(files, objects))


def image_stores(files: Files | None = None, objects: ObjectPlace | None = None) -> Callable[[Path], ImageStore]:
    """What gives the image store of a root: its folders, or `objects` with what this machine keeps beside them in the
    root. Raises ConfigError where objects cannot be spoken to.
    """
    if objects is not None:
        return _object_stores(files or Files(), objects)
    from adapters.imagestore.local.image_store import LocalImageStore  # late: who asks the log alone needs no images
    from adapters.imagestore.local.layout import Layout  # late, as the store

    return lambda root: LocalImageStore(Layout(root), files or Files())


def examine_bucket(objects: ObjectPlace) -> BucketFound:
    """Whether a bucket does what images need of it. Raises ConfigError where it cannot be spoken to."""
    bucket = _bucket(objects)
    from adapters.imagestore.s3.examining import examine  # late, as the client of buckets

    return examine(bucket)


def examine_database(keeper: LogKeeper, root: Path, files: Files | None = None) -> DatabaseFound | None:
    """What is found of the database that keeps a log, None where none does. Raises ConfigError, StorageUnavailable."""
    if keeper.module != POSTGRES_MODULE:
        return None
    choose_engine(keeper)  # says what is not installed
    from adapters.eventlog.postgres.examining import examine  # late: an extra

    return examine(keeper.environment, files or Files(), root)


def objects_of(objects: ObjectPlace) -> KeptObjects:
    """The objects of a bucket, to be compared with the log. Raises ConfigError where it cannot be spoken to."""
    bucket = _bucket(objects)
    from adapters.imagestore.s3.comparing import ObjectsToCompare  # late, as the client of buckets

    return ObjectsToCompare(bucket)


def of_another_log(objects: ObjectPlace | None) -> Callable[[], str | None]:
    """What tells, where images are kept as `objects`, that their prefix is that of a log, where there is none."""
    if objects is None:
        return lambda: None  # of folders the log's engine tells
    bucket = _bucket(objects)
    from adapters.imagestore.s3.ownership import why_not_begun  # late, as the client of buckets

    return lambda: why_not_begun(bucket)


def _object_stores(files: Files, objects: ObjectPlace) -> Callable[[Path], ImageStore]:
    bucket = _bucket(objects)
    from adapters.imagestore.local.layout import Layout  # late, as the store of folders
    from adapters.imagestore.s3.image_store import S3ImageStore  # late, as the client of buckets

    return lambda root: S3ImageStore(bucket, Layout(root), files)


def _bucket(objects: ObjectPlace) -> Bucket:
    try:
        from adapters.imagestore.s3.bucket import Bucket  # late: who has no bucket needs no client of one
    except ImportError as error:
        raise ConfigError(WITHOUT_CLIENT.format(objects)) from error
    return Bucket(objects)


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
