"""The engine of a log in PostgreSQL. It is written there, and read in the copy below each storage root, which is a log
of JSON lines: so whoever reads it beside its writer, verifies or copies it does that with the copy, which is brought up
to date first where no process on this machine does so already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from adapters.disk.files import Files
from adapters.eventlog.jsonl.creation import new_header
from adapters.eventlog.jsonl.engine import JSONLEngine
from adapters.eventlog.jsonl.recorder import JSONLRecorder
from adapters.eventlog.jsonl.seals import new_key
from adapters.eventlog.postgres.database import Database
from adapters.eventlog.postgres.log import PostgresLog
from adapters.eventlog.postgres.rows import Beginning, Rows
from adapters.ports.clock import Clock, utc_now
from adapters.ports.event_log import OnEvent, Restore
from adapters.ports.faults import LogLocked, LogMissing, StorageUnavailable
from adapters.ports.log_reports import LogLocation, LogReport


class PostgresEngine(JSONLEngine):
    """An `EventLogEngine` over a database. What it does not say itself is done with the copy."""

    def __init__(self, files: Files, environment: Mapping[str, str]) -> None:
        """Connects to nothing. Raises ConfigError where a setting is missing."""
        super().__init__(files)
        self._environment = environment
        self._database = Database(environment)

    def open_for_writing(
        self,
        root: Path,
        *,
        clock: Clock,
        adopting: bool = False,
        on_event: OnEvent | None = None,
        restore: Restore | None = None,
    ) -> PostgresLog:
        """Opens or begins the log in the database, beside its other writers, and its copy, as the only one there.

        Raises LogMissing too where the database is empty and a log of its own stands below the root.
        """
        del adopting  # what images there are has nothing to say about the log in a database
        database = Database(self._environment)
        try:
            beginning = self._beginning(database, root, clock)
            return PostgresLog(
                root,
                database=database,
                beginning=beginning,
                clock=clock,
                files=self._files,
                on_event=on_event,
                restore=restore,
            )
        except BaseException:
            database.close()
            raise

    def open_for_reading(
        self,
        root: Path,
        *,
        beyond_watermark: bool = False,
        at_end: bool = False,
        on_event: OnEvent | None = None,
        restore: Restore | None = None,
    ) -> JSONLRecorder:
        """Opens the copy, after it was brought up to date."""
        self._bring_up(root)
        return super().open_for_reading(
            root, beyond_watermark=beyond_watermark, at_end=at_end, on_event=on_event, restore=restore
        )

    def location(self, root: Path) -> LogLocation:
        """The database, and the folder of the copy."""
        return LogLocation(f"{super().location(root).log}, the copy of {self._database.place}", str(root / "logs"))

    def exists(self, root: Path) -> bool:
        """Whether there is a copy, or a log in the database."""
        return super().exists(root) or self._is_begun()

    def refuse_without_log(self, root: Path) -> None:
        """Raises LogMissing where there is no log in the database."""
        del root  # whatever stands below it
        if not self._is_begun():
            raise LogMissing(
                f"There is no log in {self._database.place} yet, so there is nothing to change, and nothing was made. "
                "Check the POSTGRES_ settings, or start the service once."
            )

    def refuse_beside_remains(self, root: Path, *, adopting: bool) -> None:
        """Nothing below a root says that there was a log in the database."""

    def verify(
        self,
        root: Path,
        *,
        on_event: OnEvent | None = None,
        restore: Restore | None = None,
        at_end: bool = False,
        points: bytes = b"",
        marks: Sequence[int] = (),
    ) -> LogReport:
        """What stands in the copy, after it was brought up to date."""
        self._bring_up(root)
        return super().verify(root, on_event=on_event, restore=restore, at_end=at_end, points=points, marks=marks)

    def _is_begun(self) -> bool:
        try:
            return Rows(self._database).beginning(None) is not None
        finally:
            self._database.close()

    def _bring_up(self, root: Path) -> None:
        """Takes in what the copy lacks, where nobody else does; a database that does not answer leaves it as it is."""
        try:
            if self._is_begun():
                with closing(self.open_for_writing(root, clock=utc_now)):
                    pass
        except (LogLocked, StorageUnavailable):
            return

    def _beginning(self, database: Database, root: Path, clock: Clock) -> Beginning:
        rows = Rows(database)
        if (found := rows.beginning(None)) is not None:
            return found
        if super().exists(root):
            raise LogMissing(
                f"There is no log in {database.place}, but there is one below {root}. No new one was begun, as all "
                "quotas would begin at 0. Run `abby migrate --to postgres` to bring it there, or check the POSTGRES_ "
                "settings."
            )
        begun = rows.beginning(lambda: Beginning(new_header(clock), new_key().secret))
        assert begun is not None, "it was begun"
        return begun
