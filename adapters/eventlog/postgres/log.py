"""The log as a process that writes uses it: recorded in the database, read in the copy on its own disk.

What was recorded by others is taken in at each turn, and in between (`follow`). An append is done when the database has
committed it. Where its answer is lost, the database is asked again until it is known what became of it: nobody is told
that nothing was recorded before that is certain, and nothing is recorded twice.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

import structlog
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent
from eventsourcing.persistence import IntegrityError

from adapters.disk.files import Files
from adapters.eventlog.jsonl.format import Tip, encode_batch, fixed_form
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.log_copy import LogCopy
from adapters.eventlog.jsonl.opening import Origin
from adapters.eventlog.postgres.clocks import Clocks
from adapters.eventlog.postgres.company import Company, all_there
from adapters.eventlog.postgres.database import Database, said_no
from adapters.eventlog.postgres.rows import PAGE, Beginning, Row, RowMissing, Rows
from adapters.eventlog.postgres.tallies import SharingTallies
from adapters.eventlog.postgres.turns import Turns
from adapters.ports.clock import Clock
from adapters.ports.event_log import OnEvent, Restore
from adapters.ports.faults import DiskFull, LedgerStopped, LogDamaged, LogForeign, StorageUnavailable
from adapters.ports.shared_log import SharedLog

LATELY_SECONDS = 1.0
"""A database that answered so lately is not asked again before a picture is paid for."""
SEALED_EVERY = 20 * PAGE
"""After so many events that are taken in at once the watermark is written, so that a kill does not cost all of them."""
CLOSE_SECONDS = 5.0
"""How long a close waits for a database that does not answer."""
AGAIN_SECONDS = 0.5
"""How long after a failure the database is asked again what became of an append."""
_END = b'"hash":"%b"}'
"""How the line of an event ends."""
_TAG = re.compile("[0-9a-f]{8}")

_log = structlog.wrap_logger(logging.getLogger(__name__))


class PostgresLog(LogCopy):
    """The log of a database, and its copy below a storage root. Raises what opening a log raises."""

    def __init__(  # noqa: PLR0913 - the engine says all of it once, by name
        self,
        root: Path,
        *,
        database: Database,
        beginning: Beginning,
        clock: Clock,
        files: Files,
        on_event: OnEvent | None = None,
        restore: Restore | None = None,
        visit_seconds: float | None = None,
    ) -> None:
        """`visit_seconds`: for a moment, on behalf of a reader. What the copy lacks is taken in, for about so long at
        most; nobody sees it among the others, nothing is recorded, and the database stays open at the end.
        """
        self._is_visit = visit_seconds is not None
        self._database = database
        self._path = LogPaths.below(root).log
        self._rows = Rows(database)
        self._tallies = SharingTallies()
        self._turns = Turns(database, self._tallies)
        self._clocks = Clocks(clock, database.place, self._rows.time)
        self._stopping = threading.Event()
        self._known_at = monotonic()
        self._company: Company | None = None
        self._sealed_at = 0
        self._is_behind = False
        origin = Origin(beginning.header, beginning.secret, database.place, self._refuse_lost, self._is_visit)
        super().__init__(root, clock=clock, files=files, on_event=on_event, restore=restore, copy_of=origin)
        try:
            self._last = self._row_of_tip()
            self.mark(database.place)
            self._sealed_at = self.head
            self.has_all = self._take_in(on_event, visit_seconds)  # as of its opening
            self._company = None if self._is_visit else self._joined()
        except BaseException:
            self.close()
            raise

    @property
    def shared(self) -> SharedLog:
        """The others that write it."""
        assert self._company is not None, "it is open"
        return self._company

    @contextmanager
    def turn(self, news: Callable[[int], None] = lambda _: None) -> Iterator[int]:
        """A turn to write, at whose beginning all that others recorded is taken in; gives the head. What they record
        while it is waited for is taken in then, and told. It is over when the database has what is appended. Raises
        StorageUnavailable, DiskFull or LogDamaged.
        """
        self._refuse_if_unusable()  # in a forked process the sessions are its parent's
        self._take_in()  # what is much must not be taken in while others wait
        news(self.head)
        with self._turns.turn(lambda: self._take_in_meanwhile(news)):
            self._clocks.shown(self._turns.shown_at)
            self._clocks.refuse_ahead()
            self._take_in()
            yield self.head

    def _take_in_meanwhile(self, news: Callable[[int], None]) -> None:
        """While a turn is waited for, so that little is left for it. What keeps it from that is told in the turn."""
        if self._company is not None and self._company.has_rung():
            with suppress(DiskFull, StorageUnavailable):
                self._take_in()
                news(self.head)

    def follow(self) -> int:
        """Takes in what others recorded since, and gives the new head. Raises as `turn` does."""
        self._refuse_if_unusable()
        self._take_in()
        return self.head

    def append(self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None) -> int:
        """Records events together, durably, and gives the last one's position.

        Raises IntegrityError where an event matches the condition, or where somebody else recorded meanwhile, which is
        taken in then; StorageUnavailable, and then nothing was kept; LogDamaged where the database lacks what was
        recorded in it, and then nothing was either; LedgerStopped, and then it is not known.
        """
        with self._changing:
            self._refuse_if_unusable()
            if condition is not None and self._is_violated(condition):
                raise IntegrityError(condition)
            self._clocks.refuse_ahead()  # it may have jumped since the turn began
            lines, digest = encode_batch(events, self.tip)
            rows = [line[:-1] for line in lines]
            try:
                last = Row(self._record(events, rows), rows[-1])
                self._turns.end()  # what follows is for this process alone
            except IntegrityError:
                self._take_in()
                raise
            except RowMissing as error:
                raise self._parted() from error
            head = self.head + len(lines)
            try:
                self._keep(lambda: self.add_encoded(lines, digest), last)
                self._known_at = monotonic()
            except (DiskFull, StorageUnavailable) as error:  # the database has it: the copy is brought up later
                self._is_behind = True
                _log.warning("copy of the log is behind", reason=str(error))
            return head

    def probe(self, room_bytes: int) -> None:
        """The same of the copy, whether the clock may record, and whether the database answers, where it has not only
        just done so. Raises StorageUnavailable too.
        """
        super().probe(room_bytes)
        self._clocks.refuse_ahead()
        if self._seconds_behind() > LATELY_SECONDS:
            self._rows.after(self._last.id, 1)

    def checkpoint(self, reconciled: int) -> bool:
        """Writes the watermark as any log does; False too while the copy lacks something that was recorded here. Raises
        LedgerStopped.
        """
        with self._changing:
            return super().checkpoint(min(reconciled, self.head)) and not self._is_behind

    def hurry(self) -> None:
        """Waits no longer than some seconds for a database that keeps silent: whoever waits for it is told so, and what
        became of an append is asked once more.
        """
        self._stopping.set()
        self._database.hurry()

    def close(self) -> None:
        """Gives the copy back, and ends all sessions but those of the process that this one was forked from.

        Raises LedgerStopped where the database keeps somebody waiting who uses them: then they end with the process.
        """
        if not self._is_visit:  # else the database stays open, and is waited for as before
            self.hurry()
        if not self._changing.acquire(timeout=CLOSE_SECONDS):
            raise LedgerStopped(
                f"It is not known whether the last batch was recorded: {self._database.place} does not answer."
            )
        try:
            super().close()
        finally:
            self._changing.release()
        if self._pid == os.getpid() and not self._is_visit:
            if self._company is not None:
                self._company.close()
            self._turns.close()
            self._database.close()

    def _seconds_behind(self) -> float:
        return monotonic() - self._known_at

    def _joined(self) -> Company:
        return Company(self._database, self._tag_of_its_own(), self._seconds_behind, self._tallies)

    def _tag_of_its_own(self) -> str:
        """The tag of the copy; another one where somebody has it now, as whoever uses a copied folder has, or where it
        is none: all ids begin with an empty one, and requests of the others would be released as its own former ones.
        """
        if _TAG.fullmatch(self.tag) is None or self.tag in all_there(self._database):
            self.draw_tag()
        return self.tag

    def _record(self, events: Sequence[DCBEvent], rows: Sequence[bytes]) -> int:
        """Appends to the database, once more where a session had ended. Where an answer is lost, the database is asked
        until it is known what became of it.
        """
        for is_again in (False, True):
            try:
                return self._rows.append(events, rows, self._last)
            except StorageUnavailable as error:
                if said_no(error):
                    raise
                _log.warning("append not answered", reason=self._database.trouble(error))
                if (recorded := self._outcome(rows)) is not None:
                    return recorded
                if is_again:
                    raise
        raise AssertionError("the second try returns or raises")

    def _outcome(self, rows: Sequence[bytes]) -> int | None:
        """Waits for the database to say what became of them, until the log is closed."""
        while True:
            try:
                return self._rows.outcome(rows, self._last)
            except StorageUnavailable as error:
                if self._stopping.wait(AGAIN_SECONDS):
                    why = self._database.trouble(error)
                    raise LedgerStopped(f"It is not known whether the last batch was recorded. {why}") from error

    def _keep(self, add: Callable[[], None], last: Row) -> None:
        """Adds lines to the copy, of which the database has the last one in that row."""
        try:
            add()
        except DiskFull:  # what is recorded is recorded: the room that is kept for deletions is for it too
            add()
        self._last = last

    def _row_of_tip(self) -> Row:
        """The row in the database of the last event in the copy. Raises LogDamaged where there is none."""
        if (row := self._row_of(self.tip)) is None:
            raise self._parted()
        return row

    def _row_of(self, tip: Tip) -> Row | None:
        """The row in the database of the event that ends there; None where there is none."""
        row = self._rows.at(tip.position)
        is_it = row is not None and (not tip.position or row.line.endswith(_END % tip.digest.hex().encode()))
        return row if is_it else None

    def _refuse_lost(self, tip: Tip) -> None:
        """Raises LogDamaged where the database lacks what a copy that was not closed in order holds up to there."""
        if self._row_of(tip) is None:
            raise self._lacking(tip.position)

    def _take_in(self, on_event: OnEvent | None = None, seconds: float | None = None) -> bool:
        """Adds to the copy what the database has and it has not, for about so long; whether it has all. Each look
        begins at the last row that is known, which must still be there.
        """
        began = monotonic()
        with self._changing:
            while True:
                found = self._rows.after(self._last.id - 1, PAGE + 1)
                if not found or found[0] != self._last:
                    raise self._parted()
                if len(found) > 1:
                    self._take_whole(found[1:], on_event)
                if self.head - self._sealed_at >= SEALED_EVERY:  # a copy that is begun anew is not, each time
                    self._writing().checkpoint()
                    self._sealed_at = self.head
                if len(found) <= PAGE:
                    break
                if seconds is not None and monotonic() - began >= seconds:
                    return False
            self._known_at = monotonic()
            self._is_behind = False
        return True

    def _take_whole(self, rows: list[Row], on_event: OnEvent | None) -> None:
        """Adds rows up to the end of their last whole batch; one that does not fit on a page is read to its end. Raises
        LogDamaged where the database has no end of it.
        """
        while left := _begun_at_the_end(rows):
            if len(rows) >= PAGE and left < len(rows):
                break
            if not (more := self._rows.after(rows[-1].id)):
                raise LogDamaged(
                    f"The log in {self._database.place} ends in the middle of what was recorded together (row "
                    f"{rows[-1].id}). Put back a backup of the database."
                )
            rows = [*rows, *more]
        taken = rows[: len(rows) - left]
        lines = b"".join(row.line + b"\n" for row in taken)
        self._keep(lambda: self.add(lines, on_event), taken[-1])
        self._tallies.took_in(len(taken))

    def _parted(self) -> LogDamaged:
        position = self.tip.position
        if not self.is_marked:
            return LogForeign(
                f"The log {self._log.paths.log} is a log of its own, and {self._database.place} does not hold what was "
                f"recorded in it up to position {position:,}. Nothing was changed. `abby migrate --to postgres` brings "
                "it there; to use what the database has, move the log's folder away and start again.",
                position=position,
            )
        return self._lacking(position)

    def _lacking(self, position: int) -> LogDamaged:
        return LogDamaged(
            f"{self._database.place[0].upper()}{self._database.place[1:]} does not hold what was recorded in it up to "
            f"position {position:,}, as the copy {self._path} does: an older state of it was restored, a "
            "standby took over that had not got everything, or it is another database. Nothing was changed. Connect to "
            "the one that has everything; or stop all that use this one and run `abby migrate --to postgres` here: it "
            "brings it what it lacks, as long as nothing else was recorded there. To go on with what it has, move the "
            "copy's folder away and start again, and what only the copy has is given up.",
            position=position,
        )


def _begun_at_the_end(rows: Sequence[Row]) -> int:
    """How many rows at the end belong to a batch that goes on after them. Raises LogDamaged."""
    form = fixed_form(rows[-1].line)
    if form is None:
        raise LogDamaged(f"Row {rows[-1].id} of the log's table is no line of a log of ours.")
    position, first, last = form
    return 0 if position == last else min(position - first + 1, len(rows))
