"""Brings the copy up to date for whoever reads it where nobody else on this machine does: it visits the copy as its
writer for a moment, takes in what it lacks, and lets it go. Who starts a service meanwhile waits for that moment.

A look asks the database for its last row; the copy is opened only where that is news. Of the copy no more is read than
its end, as the reader verifies what it reads, so a look costs the same however long the log is.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import monotonic, sleep

from adapters.disk.files import Files
from adapters.eventlog.jsonl.engine import JSONLEngine
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.recorder import JSONLRecorder
from adapters.eventlog.postgres.database import NAME, WITHOUT_COPY, Database
from adapters.eventlog.postgres.log import PostgresLog
from adapters.eventlog.postgres.rows import Beginning, Rows, position_of
from adapters.ports.clock import utc_now
from adapters.ports.event_log import OnEvent, Restore
from adapters.ports.faults import DiskFull, Fault, LogLocked, StorageUnavailable

READER = f"{NAME} reader"
"""How its sessions are called in the database: they are no service's."""
LOOK_SECONDS = 1.0
"""How often a reader that follows looks at most."""
VISIT_SECONDS = 0.5
"""How long one visit takes in at most, but for what is recorded together."""
BETWEEN_SECONDS = 0.1
"""Between two visits, so that whoever waits for the copy comes to it."""


class Upkeep:
    """The upkeep of one copy, for its readers. Any thread, one at a time."""

    def __init__(self, root: Path, database: Database, files: Files) -> None:
        """Connects to nothing."""
        self._root = root
        self._database = database
        self._files = files
        self._copy = JSONLEngine(files)
        self._beginning: Beginning | None = None

    def bring_up(self) -> Fault | None:
        """Takes in all that the copy lacks, where nobody else does; gives what stood in the way, and then it is as it
        was. A log of its own is nobody's to make a copy. Raises LogDamaged and LogForeign, and what stood in the way
        where there is no copy.
        """
        if self._is_of_its_own():
            return None
        try:
            while not self._has_visited():
                sleep(BETWEEN_SECONDS)
        except (DiskFull, LogLocked, StorageUnavailable) as error:
            if not self._copy.exists(self._root):
                raise (self._database.away(error, WITHOUT_COPY) if is_of_database(error) else error) from error
            return None if isinstance(error, LogLocked) else error
        return None

    def look(self, position: int) -> Fault | None:
        """The same for a reader that knows all up to a position, as far as one visit comes."""
        if self._is_of_its_own():
            return None
        try:
            last = Rows(self._database).last()
            if last is not None and position_of(last) != position:
                self._has_visited()
        except LogLocked:
            return None
        except (DiskFull, StorageUnavailable) as error:
            return error
        return None

    def doubt(self, why: Fault | None) -> str | None:
        """What a reader is told of what stood in the way."""
        if why is None:
            return None
        told = self._database.trouble(why) if is_of_database(why) else why
        return f"{told} What is shown is as of the copy on this machine."

    def close(self) -> None:
        """Ends its sessions."""
        self._database.close()

    def _is_of_its_own(self) -> bool:
        return self._copy.exists(self._root) and not self._files.lexists(LogPaths.below(self._root).origin)

    def _has_visited(self) -> bool:
        """Visits the copy, where there is a log of which it may be one; whether it has all now."""
        self._beginning = self._beginning or Rows(self._database).beginning(None)
        if self._beginning is None:
            return True
        log = PostgresLog(
            self._root,
            database=self._database,
            beginning=self._beginning,
            clock=utc_now,
            files=self._files,
            visit_seconds=VISIT_SECONDS,
        )
        log.close()
        return log.has_all


def is_of_database(why: Fault) -> bool:
    """Whether it was the database that stood in the way, and not the disk of the copy."""
    return isinstance(why, StorageUnavailable) and not isinstance(why.__cause__, OSError)


class CopyReader(JSONLRecorder):
    """The copy, read beside its writer, or kept up by itself where it has none."""

    def __init__(  # noqa: PLR0913 - the engine says all of it once, by name
        self,
        root: Path,
        *,
        upkeep: Upkeep,
        files: Files,
        beyond_watermark: bool,
        at_end: bool,
        on_event: OnEvent | None,
        restore: Restore | None,
    ) -> None:
        """Closes the upkeep with itself. Raises what opening a log for reading raises."""
        self._upkeep = upkeep
        super().__init__(
            root,
            clock=utc_now,  # which a reader never asks
            files=files,
            read_only=True,
            beyond_watermark=beyond_watermark,
            at_end=at_end,
            on_event=on_event,
            restore=restore,
        )
        self._looked_at = monotonic()

    def follow(self) -> int:
        """Takes in what was recorded since, as of the last look at the database, a second ago at most; one that is away
        leaves it as it is, and `doubt` says so. Raises LogDamaged also where the database lost what is in the copy.
        """
        self._refuse_if_unusable()
        if monotonic() - self._looked_at >= LOOK_SECONDS:
            self.doubt = self._upkeep.doubt(self._upkeep.look(self.head))
            self._looked_at = monotonic()
        return super().follow()

    def close(self) -> None:
        """Gives the log back, and ends all sessions but those of the process that this one was forked from."""
        super().close()
        if self._pid == os.getpid():
            self._upkeep.close()
