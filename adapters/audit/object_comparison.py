"""Compares the whole log with all objects of a bucket, beside running services too: what `abby audit` shows there.

The bytes of every image that stands are read, side by side; what else is there is found by a listing. Whatever is not
as the log wants it is looked at again after the log was followed to its end, so nothing is said from a stale reading.
An object that no image needs may be one that is just being saved or deleted: it is told once it is old.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from itertools import islice
from pathlib import Path

from adapters.audit.expected_files import Expected, ExpectedFiles
from adapters.audit.report import PASSING, Audit, Finding, FindingKind
from adapters.ports.event_log import EventLogEngine
from adapters.ports.faults import ConfigError
from adapters.ports.image_store import Key
from adapters.ports.log_reports import LogReport
from adapters.ports.object_place import KeptObject, KeptObjects
from adapters.wording.image_places import of_whom

READ_AT_ONCE = 8
READ_TOGETHER = 256
"""Images that are handed to those who read side by side."""
MAX_LOOKS = 20
"""Looks at one name that is used again each time, before it is given up."""
UNDER_WAY_SECONDS = 86_400
"""How long an object that no image needs may be one of a save or a deletion under way: an hour, and much more."""

OnProgress = Callable[[int, int], None]


def audit_objects(  # noqa: PLR0913 - keywords that are given by name
    root: Path,
    log: LogReport,
    *,
    engine: EventLogEngine,
    objects: KeptObjects,
    now: datetime,
    user: str | None = None,
    progress: OnProgress = lambda _done, _total: None,
) -> Audit:
    """Compares the log of a root, of which `verify` has said that it is whole, with the objects of its images; of one
    user alone where one is given, and then nothing is listed.

    Raises LogDamaged, StorageUnavailable, ObjectStoreError where the bucket does not answer, and ConfigError where it
    has the images of another log, or some of which nobody knows whose they are.
    """
    engine.refuse_damage(root, log.damage)
    is_owned = objects.belong_to(log.log_id)
    with closing(ExpectedFiles(root, engine=engine, reconciled=log.reconciled or 0, user=user)) as expected:
        comparison = _Comparison(expected, objects, now)
        comparison.compare_standing(progress)
        if user is None:
            comparison.compare_others(is_owned=is_owned)
        found = sorted(comparison.found, key=lambda finding: (finding.path, finding.kind))
        return Audit(
            log=log,
            position=expected.position,
            user=user,
            images=comparison.counts[False],
            temp_files=comparison.counts[True],
            size_bytes=comparison.size_bytes,
            findings=tuple(finding for finding in found if finding.kind not in PASSING),
            passing=tuple(finding for finding in found if finding.kind in PASSING),
        )


class _Comparison:
    """One comparison under way."""

    def __init__(self, expected: ExpectedFiles, objects: KeptObjects, now: datetime) -> None:
        self._expected = expected
        self._objects = objects
        self._now = now
        self.found: list[Finding] = []
        self.counts = {False: 0, True: 0}
        self.size_bytes = 0

    def compare_standing(self, progress: OnProgress) -> None:
        """Reads what stands."""
        keys, total, done = self._expected.keys(), len(self._expected), 0
        with ThreadPoolExecutor(READ_AT_ONCE, thread_name_prefix="abby-audit") as reading:
            while some := list(islice(keys, READ_TOGETHER)):
                for key, finding in zip(some, self._looked_at(reading, some), strict=True):
                    progress(done, total)
                    done += 1
                    self._count(key, finding)
        progress(total, total)

    def _looked_at(self, reading: ThreadPoolExecutor, keys: Sequence[Key]) -> Iterator[Finding | None]:
        """What is wrong with each; what seems wrong is looked at again."""
        known = [self._expected.known(key).expected for key in keys]
        for key, one, finding in zip(keys, known, reading.map(self._look, keys, known), strict=True):
            yield finding if finding is None else self._again(key, one, finding)

    def _look(self, key: Key, expected: Expected | None) -> Finding | None:
        if expected is None:
            return None
        path, size_bytes, digest = self._objects.measure(expected.staged)
        if size_bytes is None:
            kind = FindingKind.MISSING
        elif size_bytes != expected.size_bytes:
            kind = FindingKind.WRONG_SIZE
        elif digest != expected.sha256:
            kind = FindingKind.WRONG_HASH
        else:
            return None
        return Finding(kind, path, key.user, expected.position)

    def _again(self, key: Key, looked_at: Expected | None, finding: Finding) -> Finding | None:
        """The finding, where the log says the same of the name by now; else what is found then."""
        found: Finding | None = finding
        for _ in range(MAX_LOOKS):
            self._expected.follow()
            now = self._expected.known(key).expected
            if found is None or now == looked_at:
                return found
            looked_at, found = now, self._look(key, now)
        return Finding(FindingKind.UNSETTLED, finding.path, key.user, finding.position)

    def _count(self, key: Key, finding: Finding | None) -> None:
        if finding is not None:
            self.found.append(finding)
        if (expected := self._expected.known(key).expected) is not None:
            self.counts[key.temp] += 1
            self.size_bytes += expected.size_bytes

    def compare_others(self, *, is_owned: bool) -> None:
        """Lists all, for what no image needs. Raises ConfigError where there is some, and nobody knows whose."""
        strays = [found for found in self._objects.all() if not self._expected.has(found.staged)]
        if strays and not is_owned:
            raise ConfigError(of_whom(len(strays)))
        if strays:
            self._expected.follow()
        for stray in strays:
            if not self._expected.has(stray.staged) and self._objects.is_there(stray.key):
                self.found.append(Finding(self._kind_of(stray), stray.key))

    def _kind_of(self, stray: KeptObject) -> FindingKind:
        age_seconds = (self._now - stray.modified).total_seconds()
        is_new = age_seconds < UNDER_WAY_SECONDS or self._expected.needs(stray.staged)
        return FindingKind.UNDER_WAY if is_new else FindingKind.STRAY_OBJECT
