"""A log on the disk that is a copy of one that is kept elsewhere: what was recorded there is added here, verified line
by line, and read as any log is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventsourcing.dcb.api import DCBEvent, DCBSequencedEvent

from adapters.eventlog.jsonl.creation import draw_origin, mark_as_copy, mark_as_own, read_origin
from adapters.eventlog.jsonl.format import Tip
from adapters.eventlog.jsonl.judging import holds_no_event
from adapters.eventlog.jsonl.log_file import refuse_damage
from adapters.eventlog.jsonl.recorder import JSONLRecorder
from adapters.eventlog.jsonl.scanning import Scanner
from adapters.ports.event_log import OnEvent, VerifiedEvent
from adapters.ports.faults import StorageUnavailable
from adapters.ports.log_reports import Damage


class LogCopy(JSONLRecorder):
    """The copy, opened for writing. Nobody appends to it: `add` brings what was recorded elsewhere."""

    _added: Sequence[DCBSequencedEvent] = ()
    """What was brought last, as it was verified: whoever follows reads it at once."""

    @property
    def tip(self) -> Tip:
        """The end of what it holds."""
        return self._log.tip

    @property
    def tag(self) -> str:
        """By which the others that write the same log know who writes here: 8 hex digits. Raises OSError."""
        return read_origin(self._files, self._log.paths)[1]

    def draw_tag(self) -> None:
        """Draws another one. Raises OSError."""
        place, _ = read_origin(self._files, self._log.paths)
        draw_origin(self._files, self._log.paths, place)

    @property
    def is_marked(self) -> bool:
        """Whether it is marked as a copy: one that was a log of its own is not, before `mark`."""
        return self._files.lexists(self._log.paths.origin)

    def mark(self, place: str) -> None:
        """Keeps durably what it is a copy of."""
        mark_as_copy(self._files, self._log.paths, place)

    def become_own(self) -> None:
        """Makes it a log of its own, which is written below its root alone: durably, with all that it holds. Raises
        StorageUnavailable where its watermark cannot be written, and then it is a copy as before.
        """
        with self._changing:
            self._refuse_if_unusable()
            if not self._writing().checkpoint():
                raise StorageUnavailable(
                    f"The watermark {self._log.paths.head} could not be written, so the log is a copy as before. Make "
                    "room on its disk, check its permissions, and run the command again."
                )
            mark_as_own(self._files, self._log.paths)

    def lines_between(self, after: int, up_to: int) -> bytes:
        """The lines of the positions above one and up to another, each with its LF; of a log that was read whole."""
        starts = self._log.starts
        return self._bytes(starts[after], starts[up_to])

    def add_encoded(self, lines: Sequence[bytes], digest: bytes) -> None:
        """Adds the lines that `encode_batch` made after the tip, of which nothing needs to be verified. Raises as `add`
        does, but for LogDamaged.
        """
        with self._changing:
            self._refuse_if_unusable()
            self._writing().add_encoded(lines, digest, durably=False)
            self._notify_listeners()

    def add(self, lines: bytes, on_event: OnEvent | None = None) -> None:
        """Adds the lines, each with its LF, of whole batches that follow, and hands on their events. They are surely on
        the disk by the next checkpoint.

        Raises LogDamaged for what does not follow, DiskFull or StorageUnavailable, and then nothing was added;
        LedgerStopped.
        """
        with self._changing:
            self._refuse_if_unusable()
            log, former = self._log, self._log.tip
            verified: list[VerifiedEvent] = []
            scanner = Scanner(former, log.starts, on_event=on_event or verified.append)
            scanner.feed(lines)
            scanner.finish()
            try:
                broken = scanner.broken
                refuse_damage(log.paths, broken and Damage(*broken))
                refuse_damage(log.paths, holds_no_event(scanner))
                self._writing().add(lines, scanner.whole, durably=False)
            except BaseException:
                del log.starts[former.position + 1 :]
                raise
            self._added = _recorded(verified)
            self._notify_listeners()

    def _events(self, after: int, head: int) -> Iterator[DCBSequencedEvent]:
        """What was brought last is not read and decoded once more."""
        added = self._added
        if added and added[0].position <= after + 1 and head <= added[-1].position:
            yield from added[after + 1 - added[0].position : head + 1 - added[0].position]
        else:
            yield from super()._events(after, head)


def _recorded(verified: Sequence[VerifiedEvent]) -> list[DCBSequencedEvent]:
    """Verified events as they are read; none of them where one was recorded in another form than JSON."""
    found = []
    for event in verified:
        if not isinstance(event.data, bytes) or not event.data.startswith(b"{"):
            return []
        found.append(DCBSequencedEvent(DCBEvent(event.type, event.data, event.tags), event.position))
    return found
