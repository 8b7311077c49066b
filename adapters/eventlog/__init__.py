"""Engines of the log, a folder each. `PERSISTENCE_MODULE=adapters.eventlog` names the default one, lines of JSON."""

from adapters.disk.files import Files
from adapters.eventlog.jsonl import JSONLEngine, JSONLFactory, JSONLRecorder
from adapters.ports.event_log import EventLogEngine

__all__ = ["JSONLFactory", "JSONLRecorder", "event_log_engine"]


def event_log_engine(*, files: Files) -> EventLogEngine:
    """The engine of JSON lines, whose files are handled through `files`. By this name a module offers an engine."""
    return JSONLEngine(files)
