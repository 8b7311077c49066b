"""Opens a storage root for writing, with the chosen engine or the default one."""

from __future__ import annotations

from pathlib import Path

from adapters.application.results import StoreSettings
from adapters.application.storage import DEFAULTS, NO_LIMITS, Storage
from adapters.disk.files import Files
from adapters.engines.choice import default_engine, image_stores, of_another_log
from adapters.ports.clock import Clock, utc_now
from adapters.ports.engines import Engines
from adapters.ports.event_log import EventLogEngine
from adapters.ports.object_place import ObjectPlace
from domain.commands import SetPolicy


def open_store(  # noqa: PLR0913 - keywords that are given by name
    root: Path,
    *,
    engine: EventLogEngine | None = None,
    limits: SetPolicy = NO_LIMITS,
    settings: StoreSettings = DEFAULTS,
    clock: Clock = utc_now,
    files: Files | None = None,
    objects: ObjectPlace | None = None,
) -> Storage:
    """The storage of a root, whose log is opened or begun. An engine that is given was made with its files already.
    With `objects` its images lie there, and the root has all else.

    Raises LogLocked, LogDamaged and ConfigError; a root that cannot be made or written is tried again later.
    """
    files = files or Files()
    engines = Engines(engine or default_engine(files), image_stores(files, objects), of_another_log(objects))
    return Storage(root, engines=engines, limits=limits, settings=settings, clock=clock, files=files)
