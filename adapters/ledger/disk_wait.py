"""How long the writer has waited for its disk, and what that means for callers: a sync that hangs is no fault yet, so
nothing is given up, but nobody waits for it without end.

A disk that is busy and answers is waited for; one that has not answered for `calls.STUCK_SECONDS` is stuck.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

from adapters.disk import calls
from adapters.ports.faults import OutcomeUnknown, StorageUnavailable

ANSWER_SECONDS = 10.0
"""After this, whoever waits behind a stuck disk is told that the outcome is not known yet, and no more is taken."""

DISK = "the disk"
NO_ANSWER = (
    "The disk has not answered for {seconds:.0f} seconds. Look whether it fails, or is a share that went "
    "away; it goes on by itself once the disk answers."
)
NO_ANSWER_ELSEWHERE = (
    "{keeper} has not answered for {seconds:.0f} seconds. Look whether it runs and can be reached; it goes on by "
    "itself once it answers."
)
NOT_KNOWN_YET = (
    "{keeper} has not answered yet, so it is not known whether this is recorded. Look before you repeat it; what has a "
    "request key is sent again with the same one: it is then answered once and counted once."
)
NOT_TAKEN = "{keeper} has not answered for a while, so nothing more is taken, and nothing of this was recorded."


def not_known_yet(keeper: str = DISK) -> str:
    """That whether something is recorded is not known, as what keeps the log does not answer."""
    return NOT_KNOWN_YET.format(keeper=_begun(keeper))


def _begun(keeper: str) -> str:
    return keeper[:1].upper() + keeper[1:]


class DiskWait:
    """The wait of one writer."""

    def __init__(self, keeper: str = DISK) -> None:
        """`keeper`: what the log is kept on, as people are told."""
        self._keeper = keeper
        self._since: float | None = None

    def begins(self) -> None:
        """The writer turns to the disk."""
        self._since = monotonic()

    def ends(self) -> None:
        """It is done with the disk."""
        self._since = None

    def seconds(self) -> float:
        """How long it has been at it."""
        since = self._since
        return 0.0 if since is None else monotonic() - since

    def sentence(self) -> str | None:
        """That the disk is stuck, for an operator; None while it is not."""
        seconds = self.seconds()
        if seconds < calls.STUCK_SECONDS:
            return None
        told = NO_ANSWER if self._keeper == DISK else NO_ANSWER_ELSEWHERE
        return told.format(keeper=_begun(self._keeper), seconds=seconds)

    def refuse_more(self) -> None:
        """Raises StorageUnavailable where others have been told already that nothing is known."""
        if self.seconds() >= ANSWER_SECONDS:
            raise StorageUnavailable(NOT_TAKEN.format(keeper=_begun(self._keeper)))

    def refuse_unknown(self) -> None:
        """Raises OutcomeUnknown behind a stuck disk: for a caller who has waited long."""
        if self.seconds() >= calls.STUCK_SECONDS:
            raise OutcomeUnknown(not_known_yet(self._keeper))

    def tell_overdue(self, future: asyncio.Future[Any]) -> None:
        """The same for one who awaits a future; while the disk is only busy, it is asked again later."""
        if future.done():
            return
        try:
            self.refuse_unknown()
        except OutcomeUnknown as unknown:
            future.set_exception(unknown)
        else:
            future.get_loop().call_later(calls.STUCK_SECONDS, self.tell_overdue, future)
