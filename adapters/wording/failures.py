"""The sentences of what could not be made or kept, for operators and programs.

Answers for one text from each value, which the command line, HTTP and the seeds' tuples show alike. What members of a
server read instead is the bot's own table.
"""

from __future__ import annotations

from adapters.ports.failures import NotKept, NotStored
from adapters.wording.refusals import sentence_of

STORAGE_FAULT = "the storage has a fault; its operator finds more in the service's log"


def sentence_of_not_kept(reason: NotKept) -> str:
    """Why a picture that was made is shown once and not kept."""
    return f"not kept: {reason_not_kept(reason)}"


def reason_not_kept(reason: NotKept) -> str:
    """The same without its beginning."""
    return (reason.sentence or STORAGE_FAULT) if isinstance(reason, NotStored) else sentence_of(reason)
