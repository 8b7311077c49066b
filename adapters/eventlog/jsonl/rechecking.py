"""Verifies the part of a log that a snapshot spared its opening: every byte is read and hashed again, and the chain
must come out at the snapshot's point.

A short part is verified before a writer takes its first event, a longer one in the background, where it gives way to
others after each block. What a finding means is the opening's and the recorder's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from hashlib import sha256
from time import monotonic

from adapters.disk.files import READ, Files
from adapters.eventlog.jsonl.format import SUFFIX_BYTES, Header, Tip
from adapters.eventlog.jsonl.log_file import OpenLog, refuse_damage
from adapters.eventlog.jsonl.reading import next_block
from adapters.eventlog.jsonl.snapshots import FilePoint
from adapters.ports.faults import LogDamaged
from adapters.ports.log_reports import Damage
from adapters.ports.program_log import ProgramLog

SHORT_BYTES = 32 * 1024 * 1024
"""A writer's start waits for the check of a part that is no longer: a fraction of a second."""
BEGIN_AFTER_SECONDS = 1.0
"""So that a start has disk and interpreter to itself, and a short command reads nothing twice."""
REST = 1.0
"""After each block it sleeps this often as long as the block took."""
STOP_SECONDS = 5.0

_log = ProgramLog(__name__)


class Recheck:
    """The check of one open log; a thread of its own where there is something to check."""

    def __init__(self, log: OpenLog, files: Files, found: Callable[[LogDamaged], None]) -> None:
        self._log = log
        self._files = files
        self._found = found
        self._mark = log.watermark
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="abby-recheck", daemon=True)

    def start(self) -> None:
        """Begins, if a snapshot spared anything that was not verified since."""
        if self._log.resumed is not None and not self._log.rechecked:
            self._thread.start()

    def stop(self) -> None:
        """Ends it, finished or not."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        if not self._stopped.wait(BEGIN_AFTER_SECONDS):
            self.carry_out()

    def carry_out(self) -> None:
        """Reads and verifies now, and tells what it finds."""
        assert self._log.resumed is not None
        try:
            damage = self._check(self._log.resumed)
        except OSError as error:
            damage = Damage(None, None, f"what is before its snapshot cannot be read ({error.strerror or error})")
        try:
            refuse_damage(self._log.paths, damage)
        except LogDamaged as finding:
            _log.error("log damaged before its snapshot", reason=str(finding))
            self._found(finding)

    def _check(self, point: FilePoint) -> Damage | None:
        """The first damage before a point, None where there is none or the check was stopped."""
        assert self._mark is not None  # a log with events and without a watermark was refused
        fd = self._files.open(self._log.paths.log, READ)
        try:
            chain = Chain(self._log.header, point, self._mark.tip)
            while not chain.is_done and not self._stopped.is_set():
                began = monotonic()
                if (damage := chain.read_on(self._files, fd)) is not None:
                    return damage
                self._stopped.wait((monotonic() - began) * REST)
            return None
        finally:
            self._files.close(fd)


def damage_before(files: Files, fd: int, header: Header, point: FilePoint, mark: Tip) -> Damage | None:
    """The first damage of an open log before the point of a snapshot, None where there is none. Raises OSError."""
    chain = Chain(header, point, mark)
    damage = None
    while damage is None and not chain.is_done:
        damage = chain.read_on(files, fd)
    return damage


class Chain:
    """Follows the hashes of a log from its header to a point whose offsets are known."""

    def __init__(self, header: Header, point: FilePoint, mark: Tip) -> None:
        self.position = 0
        self._digest = header.digest
        self._point = point
        self._marks = {mark.position: mark.digest, point.tip.position: point.tip.digest}

    @property
    def is_done(self) -> bool:
        """Whether it has come to the point."""
        return self.position >= self._point.tip.position

    def read_on(self, files: Files, fd: int) -> Damage | None:
        """Reads the next block of the log; gives the first damage in it."""
        starts = self._point.starts
        last = next_block(starts, self.position, self._point.tip.position)
        begin, end = starts[self.position], starts[last]
        return self.follow(files.read_all_at(fd, end - begin, begin), last)

    def follow(self, block: bytes, last: int) -> Damage | None:
        """Takes the lines up to a position; gives the first damage."""
        starts, base = self._point.starts, self._point.starts[self.position]
        for position in range(self.position + 1, last + 1):
            line = block[starts[position - 1] - base : starts[position] - base]
            self._digest = sha256(self._digest + line[: -SUFFIX_BYTES - 1]).digest()
            if line[-SUFFIX_BYTES - 1 :] != b',"hash":"%b"}\n' % self._digest.hex().encode():
                return Damage(position, starts[position - 1], "its hash does not fit its bytes")
            if self._marks.get(position, self._digest) != self._digest:
                return Damage(position, starts[position - 1], "it is not the log that was written: it was replaced")
            self.position = position
        return None
