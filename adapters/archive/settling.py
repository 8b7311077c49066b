"""Brings the files that stand into a backup while the log goes on, until there is a position at which all that stood
is there: the position of the backup.

A file may be deleted or saved anew before it was read. Then the log is followed, and what it says now is asked for; as
each round has only to read what is new, it is soon quick enough that nothing changes under it. What is read is written
after the log was looked at again. What stands by the log before and after a round and has no right bytes has none: it
is missing in the root itself, or was changed there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import sleep

from adapters.archive.layout import Content
from adapters.archive.source import Details, SourceFiles
from adapters.archive.store import ContentStore
from adapters.ledger.codec import decode, event_of
from adapters.ports.event_log import FollowedLog, VerifiedEvent
from adapters.ports.faults import StorageUnavailable
from projections.standing_files import StandingFile, StandingFiles

MAX_ROUNDS = 1_000
"""Rounds until a quiet moment; three are many."""
AT_ONCE_BYTES = 64 * 1024 * 1024
"""What is read before it is written."""
TRIES, PAUSE_SECONDS = 3, 0.02
"""A file may be between two of its places when it is looked for; so often it is, so far apart."""

OnProgress = Callable[[int, int], None]
"""Called with how many are done and how many there are."""


class Standing:
    """What stands by a log that is read, taken in as it is opened and followed."""

    def __init__(self) -> None:
        self.files = StandingFiles()

    def take(self, found: VerifiedEvent) -> None:
        """One event of an opening log. Raises LogDamaged where it is none."""
        self.files.apply(found.position, event_of(found))

    def follow(self, log: FollowedLog) -> None:
        """What was recorded since. Raises LogDamaged or StorageUnavailable."""
        before = log.head
        log.follow()
        for stored in log.read(after=before):
            self.files.apply(stored.position, decode(stored))


class Settling:
    """One backup's files. `held` are those that were looked for, by the positions of their saves."""

    def __init__(
        self,
        source: SourceFiles,
        store: ContentStore,
        known: dict[int, Content],
        progress: OnProgress = lambda _done, _total: None,
    ) -> None:
        self.held: dict[int, Content] = {}
        self.copied_files = 0
        self.copied_bytes = 0
        self._source = source
        self._store = store
        self._known = known
        self._progress = progress
        self._tries: dict[int, int] = {}

    def carry_out(self, standing: Standing, log: FollowedLog) -> tuple[int, Sequence[StandingFile]]:
        """The position, and what stood there. Raises OSError where the backup cannot be written, StorageUnavailable
        where no moment was quiet enough.
        """
        for _ in range(MAX_ROUNDS):
            position, wanted = log.head, list(standing.files)
            todo = [file for file in wanted if file.position not in self.held]
            if not self._round(todo, standing, log):
                return position, wanted
        raise StorageUnavailable(
            f"Images were deleted and saved anew faster than they could be read, {MAX_ROUNDS:,} times. What was there "
            "before is as it was. Run the command again when less is going on."
        )

    def _round(self, todo: Sequence[StandingFile], standing: Standing, log: FollowedLog) -> bool:
        """Looks for files; whether it has to be done again, as one was not found that may be elsewhere by now."""
        unfound: list[StandingFile] = []
        read: list[tuple[StandingFile, bytes | None, Details]] = []
        size = 0
        for done, file in enumerate(todo):
            self._progress(done, len(todo))
            details, data, is_kept = self._look_for(file)
            if data is None and not is_kept:
                unfound.append(file)
                continue
            read.append((file, data, details))
            size += len(data or b"")
            if size > AT_ONCE_BYTES:
                self._keep(read)
                read, size = [], 0
        standing.follow(log)
        self._keep(read)
        return not self._all_are_missing(unfound, standing)

    def _look_for(self, file: StandingFile) -> tuple[Details, bytes | None, bool]:
        """How it was made, its bytes, and whether the backup has them already, so that they are not read."""
        details = self._details(file)
        if self._store.has(file.sha256, file.size_bytes):
            return details, None, True
        return details, self._source.read(file), False

    def _details(self, file: StandingFile) -> Details:
        """What the former backup tells is what was found then; where it has nothing, there may be something now."""
        known = self._known.get(file.position)
        if known is None or known.details is None:
            return self._source.details(file)
        return Details(known.details)

    def _keep(self, read: Iterable[tuple[StandingFile, bytes | None, Details]]) -> None:
        for file, data, details in read:
            if data is not None and not self._store.has(file.sha256, file.size_bytes):
                self._store.keep(file.sha256, data)
                self.copied_files += 1
                self.copied_bytes += len(data)
            self._hold(file, details, is_missing=False)

    def _all_are_missing(self, unfound: Sequence[StandingFile], standing: Standing) -> bool:
        """Whether all that was not found stands nevertheless, and was looked for often enough."""
        for file in unfound:
            self._tries[file.position] = self._tries.get(file.position, 0) + 1
        superseded = [file for file in unfound if not standing.files.stands(file)]
        tried = [file for file in unfound if self._tries[file.position] >= TRIES]
        if superseded:
            return False
        if len(tried) < len(unfound):
            sleep(PAUSE_SECONDS)
            return False
        for file in tried:
            self._hold(file, self._details(file), is_missing=True)
        return True

    def _hold(self, file: StandingFile, details: Details, *, is_missing: bool) -> None:
        self.held[file.position] = Content(file.position, details.text, is_missing, details.is_lacking)
