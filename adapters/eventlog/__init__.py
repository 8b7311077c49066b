"""Engines of the log, a folder each. `PERSISTENCE_MODULE=adapters.eventlog` names the default one."""

from adapters.eventlog.jsonl import JSONLFactory, JSONLRecorder

__all__ = ["JSONLFactory", "JSONLRecorder"]
