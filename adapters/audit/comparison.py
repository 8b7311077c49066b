"""Compares the whole log with all image and temp files, beside a running service too: what `abby audit` shows.

A file is looked at, and where it is not as the log wants it, the log is followed to its end and the file looked at
again; only what the log says the same of before and after that second look is reported. So nothing is said from a
stale reading: an event is in the log before its file moves, and a look between two readings that agree saw all the file
work of the one event and none of another. What is not known to be done yet is the writer's, and is no disagreement.

Nothing is changed and no lock is taken. What the log wants is `expected_files`' to know, and what a finding means
`audit_report`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from time import monotonic, sleep

import orjson

from adapters.audit.expected_files import Expected, ExpectedFiles, Known
from adapters.audit.report import PASSING, Audit, Finding, FindingKind
from adapters.disk.errors import NotOwnError
from adapters.disk.files import READ, Files
from adapters.disk.own_root import why_not_ordinary
from adapters.imagestore.local.layout import DETAILS_FOLDER, DETAILS_SUFFIX, Layout
from adapters.imagestore.local.walking import MAX_DEPTH, is_nobodys_image
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.clock import Clock, utc_now
from adapters.ports.event_log import EventLogEngine
from adapters.ports.image_store import Key
from adapters.ports.log_reports import LogReport
from domain.names import name_key

BLOCK_BYTES = 1024 * 1024
"""How much of a file is hashed at once."""
MAX_LOOKS = 100
"""Looks at one file that changes each time, before it is given up."""
MAX_DETAILS_BYTES = 1024 * 1024
"""Details are a few hundred bytes; what is larger is none of ours, and is not read."""
SETTLE_SECONDS = 3.0
"""How long a running writer is given for file work that is not done: it takes a moment, and is told a second later."""
SETTLE_PAUSE_SECONDS = 0.1
UNDER_WAY_SECONDS = 600
"""How long a staged file that no event names yet may belong to a save under way; it takes a moment, or a slow disk."""

OnProgress = Callable[[int, int], None]
"""Called with how many of the current files are compared, and how many there are."""
Look = Callable[[Known], Finding | None]
"""Looks at one file with what the log says of its name."""
Again = Callable[[], Finding | None]
"""Looks at one file with what the log says by then."""
TO_BE_DONE = frozenset({FindingKind.NOT_IN_PLACE, FindingKind.NOT_GONE})
"""Kinds that a running writer may be about to settle."""


def audit(  # noqa: PLR0913 - keywords that are given by name
    root: Path,
    log: LogReport,
    *,
    engine: EventLogEngine,
    user: str | None = None,
    progress: OnProgress = lambda _done, _total: None,
    clock: Clock = utc_now,
    files: Files | None = None,
) -> Audit:
    """Compares the log of a storage root, of which `verify` has said that it is whole, with its files; of one user
    alone where one is given.

    Raises LogDamaged where the log is not whole or is exchanged meanwhile, StorageUnavailable where it cannot be read.
    """
    engine.refuse_damage(root, log.damage)
    files = files or Files()
    with collecting_no_garbage():
        expected = ExpectedFiles(root, engine=engine, reconciled=log.reconciled or 0, user=user)
    with closing(expected):
        comparison = _Comparison(Layout(root.absolute()), expected, user, clock, files)
        return comparison.carry_out(log, progress, is_written=engine.holder(root) is not None)


class _Comparison:
    """One comparison under way."""

    def __init__(self, layout: Layout, expected: ExpectedFiles, user: str | None, clock: Clock, files: Files) -> None:
        self._layout = layout
        self._expected = expected
        self._user = user
        self._clock = clock
        self._files = files
        files.confine(layout.root)
        self._found: list[Finding] = []
        self._unfinished: list[Again] = []
        self._current = {False: 0, True: 0}
        self._size_bytes = 0

    def carry_out(self, log: LogReport, progress: OnProgress, *, is_written: bool) -> Audit:
        """First the files that should be there, then those that are, in the end those on which work is to be done."""
        total = len(self._expected)
        for done, key in enumerate(self._expected.keys()):
            progress(done, total)
            self._compare(key)
        progress(total, total)
        for path in self._files_that_are_there():
            self._add_settled(path, *self._look_at_what_is_there(path))
        if self._user is None:
            for name in self._names_in(self._layout.staging):
                self._add(partial(self._look_at_staged, name))
        self._look_again(SETTLE_SECONDS if is_written else 0)
        found = sorted(self._found, key=lambda finding: (finding.path, finding.kind))
        return Audit(
            log=log,
            position=self._expected.position,
            user=self._user,
            images=self._current[False],
            temp_files=self._current[True],
            size_bytes=self._size_bytes,
            findings=tuple(finding for finding in found if finding.kind not in PASSING),
            passing=tuple(finding for finding in found if finding.kind in PASSING),
        )

    # -- files that should be there ----------------------------------------------------------------

    def _compare(self, key: Key) -> None:
        """Compares one current name; one that was deleted meanwhile is not counted."""
        if (current := self._expected.known(key).expected) is not None:
            final = self._layout.final(key.user, current.name, temp=key.temp)
            self._add_settled(final, key, lambda known: self._look_at_standing(key, known))
        if (current := self._expected.known(key).expected) is not None:
            self._current[key.temp] += 1
            self._size_bytes += current.size_bytes

    def _look_at_standing(self, key: Key, known: Known) -> Finding | None:
        expected = known.expected
        if expected is None:
            return None
        path, final = self._layout.staged(expected.staged), self._layout.final(key.user, expected.name, temp=key.temp)
        kind = (
            self._what_is_wrong(path, expected.size_bytes, expected.sha256) if known.unfinished else FindingKind.MISSING
        )
        if kind is None:
            path, kind = final, FindingKind.NOT_IN_PLACE
        elif kind is FindingKind.MISSING:  # what is not staged any more is in place by now
            path, kind = final, self._what_is_wrong(final, expected.size_bytes, expected.sha256)
        return None if kind is None else self._finding(kind, path, key.user, expected.position)

    def _what_is_wrong(self, path: Path, size_bytes: int, digest: bytes) -> FindingKind | None:
        try:
            status = self._files.lstat(path)
            if why_not_ordinary(status) is not None:
                return FindingKind.SECOND_NAME if S_ISREG(status.st_mode) else FindingKind.NO_FILE
            if status.st_size != size_bytes:
                return FindingKind.WRONG_SIZE
            return None if self._digest(path) == digest else FindingKind.WRONG_HASH
        except NotOwnError:
            return FindingKind.NO_FILE
        except (FileNotFoundError, NotADirectoryError):
            return FindingKind.MISSING

    def _digest(self, path: Path) -> bytes:
        found, offset = sha256(), 0
        fd = self._files.open(path, READ)
        try:
            while block := self._files.read_at(fd, BLOCK_BYTES, offset):
                found.update(block)
                offset += len(block)
        finally:
            self._files.close(fd)
        return found.digest()

    # -- files that are there ----------------------------------------------------------------------

    def _files_that_are_there(self) -> Iterator[Path]:
        """Everything below the folders of images and temp files but what is staged, folders left out."""
        layout, user = self._layout, self._user
        if user is None:
            folders = [layout.users.parent, layout.temp]
        else:
            folders = [layout.home(user, temp=False), layout.home(user, temp=True)]
        for folder in folders:
            yield from self._at(folder, 0)

    def _at(self, path: Path, depth: int) -> Iterator[Path]:
        """The path itself, or what is below it where it is a folder; what is gone by now is not there."""
        tops = (self._layout.users.parent, self._layout.temp)  # which may be links, to another disk
        try:
            mode = (self._files.stat if path in tops else self._files.lstat)(path).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError:
            self._found.append(self._finding(FindingKind.UNREADABLE, path))
            return
        if not S_ISDIR(mode):
            yield path
        elif depth >= MAX_DEPTH:
            self._found.append(self._finding(FindingKind.NO_FILE, path))
        elif path != self._layout.staging:
            for name in self._names_in(path):
                if not is_nobodys_image(name):
                    yield from self._at(path / name, depth + 1)

    def _names_in(self, folder: Path) -> list[str]:
        """The names in a folder; none where there is none any more, or never was."""
        try:
            return self._files.list_directory(folder)
        except NotADirectoryError:
            return []
        except OSError:
            self._found.append(self._finding(FindingKind.UNREADABLE, folder))
            return []

    def _look_at_what_is_there(self, path: Path) -> tuple[Key, Look]:
        """The name that a path would have in the log, and how to look at it."""
        temp = path.is_relative_to(self._layout.temp)
        home = self._layout.temp if temp else self._layout.users
        user, *name = path.relative_to(home).parts if path.is_relative_to(home) and path != home else ("",)
        if not temp and name[:1] == [DETAILS_FOLDER]:
            key = Key(user, False, name_key("/".join(name[1:]).removesuffix(DETAILS_SUFFIX)))
            return key, lambda known: self._look_at_details(path, key, known)
        key = Key(user, temp, name_key("/".join(name)))
        return key, lambda known: self._look_at_file(path, key, known)

    def _look_at_file(self, path: Path, key: Key, known: Known) -> Finding | None:
        """A file under a name that does not stand, or not in this spelling; one that stands was compared before."""
        if not self._files.lexists(path):
            return None
        if known.expected is not None:
            final = self._layout.final(key.user, known.expected.name, temp=key.temp)
            if path == final or self._files.is_same_file(path, final):
                return None
        mode = self._files.lstat(path).st_mode
        if S_ISDIR(mode):
            return None  # the file is long gone, and its name is that of a folder by now
        if known.unfinished:
            return self._finding(FindingKind.NOT_GONE, path)
        untracked = FindingKind.UNTRACKED_TEMP if key.temp else FindingKind.UNTRACKED
        return self._finding(untracked if S_ISREG(mode) else FindingKind.NO_FILE, path)

    def _look_at_details(self, path: Path, key: Key, known: Known) -> Finding | None:
        """Details name the staged file that they came with, which is that of the event whose image they tell of.

        What another log knew before, as after a salvage, is not stray: details beside an adopted image are taken for
        its own, and beside a file that has other bytes than this log recorded for those of that file.
        """
        if not self._files.lexists(path):
            return None
        if known.unfinished:
            return None if known.expected else self._finding(FindingKind.NOT_GONE, path)
        status = self._files.lstat(path)
        if not S_ISREG(status.st_mode):
            return self._finding(FindingKind.NO_FILE, path)
        if (expected := known.expected) is not None:
            own = self._layout.details(key.user, expected.name)
            its_place = path == own or self._files.is_same_file(path, own)
            if its_place and status.st_size <= MAX_DETAILS_BYTES:
                if (came_with := self._came_with(path)) == expected.staged:
                    return None
                if isinstance(came_with, str) and (expected.adopted or self._is_of_other_bytes(key, expected)):
                    return None
        return self._finding(FindingKind.STRAY_DETAILS, path)

    def _is_of_other_bytes(self, key: Key, expected: Expected) -> bool:
        final = self._layout.final(key.user, expected.name, temp=key.temp)
        found = self._what_is_wrong(final, expected.size_bytes, expected.sha256)
        return found in {FindingKind.WRONG_SIZE, FindingKind.WRONG_HASH}

    def _came_with(self, path: Path) -> object:
        try:
            details = orjson.loads(self._files.read(path))
        except orjson.JSONDecodeError:
            return None
        return details.get("staged") if isinstance(details, dict) else None

    # -- staged files ------------------------------------------------------------------------------

    def _look_at_staged(self, name: str) -> Finding | None:
        """A staged file is needed while its event's file work may be under way; before that its save may be."""
        path = self._layout.staging / name
        self._expected.follow()
        try:
            status = self._files.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return self._finding(FindingKind.UNREADABLE, path)
        if self._expected.needs(staged := name.removesuffix(".json")):
            return None if self._expected.stands(staged) else self._finding(FindingKind.NOT_GONE, path)
        if not S_ISREG(status.st_mode):
            return self._finding(FindingKind.NO_FILE, path)
        is_new = datetime.fromisoformat(self._clock()).timestamp() - status.st_mtime < UNDER_WAY_SECONDS
        return self._finding(FindingKind.UNDER_WAY if is_new else FindingKind.STRAY_STAGED, path)

    # -- both --------------------------------------------------------------------------------------

    def _settled(self, path: Path, key: Key, look: Look) -> Finding | None:
        """What a look finds that the log says the same of before and after it, the log read to its end both times."""
        is_fresh = False
        for _ in range(MAX_LOOKS):
            known = self._expected.known(key)
            found = self._looked(path, look, known)
            if found is None or found.kind in TO_BE_DONE:
                return found
            self._expected.follow()
            if is_fresh and self._expected.known(key).latest == known.latest:
                return found
            is_fresh = True
        return self._finding(FindingKind.UNSETTLED, path)

    def _looked(self, path: Path, look: Look, known: Known) -> Finding | None:
        """What a look finds; UNSETTLED where the file went away meanwhile."""
        try:
            return look(known)
        except (FileNotFoundError, NotADirectoryError):
            return self._finding(FindingKind.UNSETTLED, path)
        except OSError:
            return self._finding(FindingKind.UNREADABLE, path)

    def _finding(self, kind: FindingKind, path: Path, user: str | None = None, position: int | None = None) -> Finding:
        return Finding(kind, path.relative_to(self._layout.root).as_posix(), user, position)

    def _add_settled(self, path: Path, key: Key, look: Look) -> None:
        self._add(lambda: self._settled(path, key, look))

    def _add(self, again: Again) -> None:
        """Looks, and keeps what is found; where work is to be done, the look for the end."""
        found = again()
        if found is not None and found.kind in TO_BE_DONE:
            self._unfinished.append(again)
        elif found is not None:
            self._found.append(found)

    def _look_again(self, seconds: float) -> None:
        """Looks at what is to be done until it is, at most so long; what is not done then is found."""
        until = monotonic() + seconds
        while self._unfinished and monotonic() < until:
            sleep(SETTLE_PAUSE_SECONDS)
            self._expected.follow()
            looks, self._unfinished = self._unfinished, []
            for look in looks:
                self._add(look)
        self._found += [found for look in self._unfinished if (found := look()) is not None]
