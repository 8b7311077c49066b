"""The engine of a log in PostgreSQL. It is written there, and read in the copy below each storage root, which is a log
of JSON lines: so whoever reads it beside its writer, verifies or copies it does that with the copy, which is brought up
to date first where no process on this machine does so already.

A log that is not marked as a copy is one of its own, such as that of a backup or of a root that was just restored: it
is read as it is, and becomes a copy when a ledger opens it and the database has all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from adapters.disk.files import Files
from adapters.eventlog.jsonl.creation import new_header
from adapters.eventlog.jsonl.engine import JSONLEngine
from adapters.eventlog.jsonl.seals import new_key
from adapters.eventlog.postgres.clocks import Clocks
from adapters.eventlog.postgres.comparing import compare_beginning
from adapters.eventlog.postgres.database import WITHOUT_COPY, Database
from adapters.eventlog.postgres.log import PostgresLog
from adapters.eventlog.postgres.rows import Beginning, Rows
from adapters.eventlog.postgres.upkeep import READER, CopyReader, Upkeep, is_of_database
from adapters.ports.clock import Clock
from adapters.ports.event_log import OnEvent, Restore
from adapters.ports.faults import Fault, LogDamaged, LogForeign, LogMissing, StorageUnavailable
from adapters.ports.log_reports import Damage, LogLocation, LogReport


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

        Raises LogMissing too where the database is empty and a log of its own stands below the root, StorageUnavailable
        where this machine's clock is far ahead of the database's.
        """
        del adopting  # what images there are has nothing to say about the log in a database
        database = Database(self._environment)
        try:
            beginning = self._beginning(database, root, clock)
            Clocks(clock, database.place, Rows(database).time).refuse_ahead()
            with self._telling_of_a_copy(root):
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
    ) -> CopyReader:
        """Opens the copy, after it was brought up to date, or as it is where the database does not answer; following
        keeps it up to date.
        """
        upkeep = Upkeep(root, Database(self._environment, called=READER), self._files)
        try:
            why = upkeep.bring_up()
            with self._telling_of_a_copy(root):
                copy = CopyReader(
                    root,
                    upkeep=upkeep,
                    files=self._files,
                    beyond_watermark=beyond_watermark,
                    at_end=at_end,
                    on_event=on_event,
                    restore=restore,
                )
        except BaseException:
            upkeep.close()
            raise
        copy.doubt = upkeep.doubt(why)
        return copy

    def location(self, root: Path) -> LogLocation:
        """The database, and the folder of the copy."""
        return LogLocation(f"{super().location(root).log}, the copy of {self._database.place}", str(root / "logs"))

    def exists(self, root: Path) -> bool:
        """Whether there is a copy, or a log in the database."""
        try:
            return super().exists(root) or self._is_begun()
        except StorageUnavailable as error:
            raise self._database.away(error, WITHOUT_COPY) from error

    def refuse_without_log(self, root: Path) -> None:
        """Raises LogMissing where there is no log in the database."""
        if not self._is_begun():
            self._refuse_beside_a_log(root)
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
        """What stands in the copy, after it was brought up to date, as far as it is whole; where it is read from its
        beginning, each line is compared with its row, and the place says so, or that the database does not answer.
        Raises LogDamaged too where the database has not what the copy has.
        """
        parted: LogDamaged | None = None
        away: Fault | None = None
        try:
            away = Upkeep(root, self._database, self._files).bring_up()
        except LogForeign:
            raise
        except LogDamaged as damage:
            parted = damage
        report = super().verify(root, on_event=on_event, restore=restore, at_end=at_end, points=points, marks=marks)
        if parted is not None and report.damage is None:
            raise parted
        is_whole = report.damage is None and restore is None and not at_end
        return self._compared(root, report, away) if is_whole and self._is_copy(root) else report

    def refuse_damage(self, root: Path, damage: Damage | None) -> None:
        """Raises LogDamaged for damage, and says of a copy that it is one."""
        with self._telling_of_a_copy(root):
            super().refuse_damage(root, damage)

    def _compared(self, root: Path, report: LogReport, away: Fault | None) -> LogReport:
        """The report of a whole copy, after a look at the rows. Raises LogDamaged where they are other lines."""
        place = f"{report.location}, the copy of {self._database.place}"
        try:
            if away is not None and is_of_database(away):
                raise away
            with closing(super().open_for_reading(root, beyond_watermark=True, at_end=True)) as copy:
                compare_beginning(Rows(self._database), report.size_bytes - report.torn_bytes, copy.lines().read)
        except StorageUnavailable:
            return replace(report, location=f"{place}, which does not answer and was not compared")
        finally:
            self._database.close()
        return replace(report, location=f"{place}, whose rows were compared")

    def _is_begun(self) -> bool:
        try:
            return Rows(self._database).beginning(None) is not None
        finally:
            self._database.close()

    def _is_copy(self, root: Path) -> bool:
        return self._files.lexists(self._paths(root).origin)

    @contextmanager
    def _telling_of_a_copy(self, root: Path) -> Iterator[None]:
        """Damage of a copy is none of the log."""
        try:
            yield
        except LogDamaged as damage:
            if damage.offset is None or not self._is_copy(root):
                raise
            raise LogDamaged(
                f"{damage} This is only the copy of the log in {self._database.place}: move {self._paths(root).logs} "
                "away and start again, and it is made anew.",
                position=damage.position,
                offset=damage.offset,
                what=damage.what,
                looks_like=damage.looks_like,
            ) from damage

    def _beginning(self, database: Database, root: Path, clock: Clock) -> Beginning:
        rows = Rows(database)
        if (found := rows.beginning(None)) is not None:
            return found
        self._refuse_beside_a_log(root)
        begun = rows.beginning(lambda: Beginning(new_header(clock), new_key().secret))
        assert begun is not None, "it was begun"
        return begun

    def _refuse_beside_a_log(self, root: Path) -> None:
        """Raises LogMissing where the database has none, and a log stands below the root."""
        if super().exists(root):
            raise LogMissing(
                f"There is no log in {self._database.place}, but there is one below {root}. No new one was begun, as "
                "all quotas would begin at 0. Run `abby migrate --to postgres` to bring it there, or check the "
                "POSTGRES_ settings."
            )
