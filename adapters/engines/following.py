"""Opens a storage root for reading beside its writer, with the chosen engine or the default one."""

from __future__ import annotations

from pathlib import Path

from adapters.application.following import FollowedStorage
from adapters.disk.files import Files
from adapters.engines.choice import default_engine, image_stores
from adapters.ports.clock import Clock, utc_now
from adapters.ports.engines import Engines
from adapters.ports.event_log import EventLogEngine
from adapters.ports.object_place import ObjectPlace


def open_reader(
    root: Path,
    *,
    engine: EventLogEngine | None = None,
    clock: Clock = utc_now,
    files: Files | None = None,
    objects: ObjectPlace | None = None,
) -> FollowedStorage:
    """The readings of a root. Raises LogMissing and LogDamaged, StorageUnavailable where the root cannot be read."""
    engines = Engines(engine or default_engine(files), image_stores(files, objects))
    return FollowedStorage(root, engines=engines, clock=clock)
