"""Which engine keeps the log: that of the module which PERSISTENCE_MODULE names.

A module offers one by a function `event_log_engine(*, files)`, which gives an `adapters.ports.event_log.EventLogEngine`
that handles files through `files`; `adapters.eventlog`, the default, is an example.
"""

from __future__ import annotations

from importlib import import_module

from adapters import eventlog
from adapters.disk.files import Files
from adapters.ports.event_log import EventLogEngine
from adapters.ports.faults import ConfigError

DEFAULT_MODULE = "adapters.eventlog"
OFFER = "event_log_engine"
"""The function by which a module offers its engine."""


def default_engine(files: Files | None = None) -> EventLogEngine:
    """The engine where nothing is configured."""
    return eventlog.event_log_engine(files=files or Files())


def choose_engine(module: str, files: Files | None = None) -> EventLogEngine:
    """The engine of a module, by its dotted name. Raises ConfigError where there is no such module or it offers
    none.
    """
    if module == DEFAULT_MODULE:
        return default_engine(files)
    try:
        offer = getattr(import_module(module), OFFER, None)
    except ImportError as error:
        raise _unusable(module) from error
    if not callable(offer):
        raise _unusable(module)
    engine: EventLogEngine = offer(files=files or Files())
    return engine


def _unusable(module: str) -> ConfigError:
    return ConfigError(
        f"PERSISTENCE_MODULE={module}: the service keeps its log with {DEFAULT_MODULE} alone. Leave the setting out."
    )
