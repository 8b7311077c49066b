"""The log: `logs/events.jsonl`, an append-only file of JSON lines behind the recorder interface of the
`eventsourcing` library.

`format` says what a line is, `opening` what is done about a log that is not as it should be, `recorder` is what the
ledger uses, `engine` what everybody else does.
"""

from adapters.eventlog.jsonl.engine import JSONLEngine
from adapters.eventlog.jsonl.factory import JSONLFactory
from adapters.eventlog.jsonl.recorder import JSONLRecorder

__all__ = ["JSONLEngine", "JSONLFactory", "JSONLRecorder"]
