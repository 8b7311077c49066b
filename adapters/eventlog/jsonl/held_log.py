"""A log that is held as its writer would hold it, and only read: so nobody writes it while it is carried elsewhere.

Nothing of the log is changed, not even its end where a batch was torn, which is left out. What may be written beside it
is the mark that it is a copy now, and a key where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from adapters.disk.files import APPEND, Files
from adapters.eventlog.jsonl.creation import make_key, mark_as_copy
from adapters.eventlog.jsonl.format import Header, Tip, encode_header, fixed_form
from adapters.eventlog.jsonl.judging import contradicts_watermark, holds_no_event, lost_more_than_a_batch
from adapters.eventlog.jsonl.layout import LogPaths
from adapters.eventlog.jsonl.lock import WriterLock, held_by_another
from adapters.eventlog.jsonl.log_file import Takers, open_log_file, refuse_damage, unusable
from adapters.eventlog.jsonl.seals import read_key
from adapters.eventlog.jsonl.verify import WholeLog, read_whole, require
from adapters.ports.event_log import OnEvent


class HeldLog:
    """A log that was read from end to end and is whole, up to `tip`."""

    def __init__(self, files: Files, paths: LogPaths, log: WholeLog) -> None:
        self.files = files
        self._log = log
        self.paths = paths
        self._starts = log.found.scanner.starts

    @property
    def header(self) -> Header:
        """What its first line says."""
        return self._log.found.header

    @property
    def header_line(self) -> bytes:
        """That line, with its LF."""
        return encode_header(self.header.log_id, self.header.created)

    @property
    def tip(self) -> Tip:
        """Its end."""
        return self._log.found.scanner.whole

    @property
    def is_copy(self) -> bool:
        """Whether it is marked as a copy of one that is kept elsewhere."""
        return self.files.lexists(self.paths.origin)

    def lines(self, after: int, up_to: int) -> bytes:
        """The lines of the positions above one and up to another, each with its LF."""
        begin, end = self._starts[after], self._starts[up_to]
        return self.files.read_all_at(self._log.fd, end - begin, begin)

    def line(self, position: int) -> bytes:
        """The line of a position without its LF; of 0 the header."""
        return self.lines(position - 1, position)[:-1] if position else self.header_line[:-1]

    def batches(self, after: int, most: int) -> list[bytes]:
        """The lines, without their LF, of whole batches above a position that ends one: at most so many, or those of
        one batch where that has more.
        """
        end = min(after + most, self.tip.position)
        form = fixed_form(self.line(end))
        assert form is not None, "it was verified"
        _, first, last = form
        if last != end:
            end = first - 1 if first - 1 > after else last
        return self.lines(after, end).split(b"\n")[:-1]

    def secret(self) -> bytes:
        """The random key of request digests; made where there is none, as a start would."""
        key = read_key(self.files, self.paths)
        return (key or make_key(self.files, self.paths, events=self.tip.position > 0)).secret

    def mark_as_copy(self, place: str) -> None:
        """Keeps durably that it is a copy of one that is kept in a place: nobody writes it as a log of its own."""
        mark_as_copy(self.files, self.paths, place)


@contextmanager
def holding(root: Path, files: Files, *, on_event: OnEvent | None = None) -> Iterator[HeldLog]:
    """Holds the log of a root while the context lasts; each of its events is handed on while it is verified.

    Raises LogLocked where somebody writes it, LogMissing, LogForeign, LogDamaged or StorageUnavailable.
    """
    paths = LogPaths.below(root)
    files.confine(paths.root)
    with ExitStack() as descriptors:
        try:
            require(files, paths)
            descriptors.enter_context(files.holding(paths.logs))
            lock = WriterLock(files, paths.lock)
            descriptors.callback(lock.close)
            try:
                files.lock(open_log_file(files, descriptors, paths, APPEND))
            except BlockingIOError:
                raise held_by_another(files, paths.lock) from None
            lock.announce(None)
            log = read_whole(files, descriptors, paths, takers=Takers(on_event))
            scanner, header = log.found.scanner, log.found.header
            refuse_damage(paths, contradicts_watermark(scanner, log.slots, header, log.size))
            refuse_damage(paths, lost_more_than_a_batch(scanner, is_copy=files.lexists(paths.origin)))
            refuse_damage(paths, log.found.lost or holds_no_event(scanner))
        except OSError as error:
            raise unusable(paths, error) from error
        yield HeldLog(files, paths, log)
