"""How often a bucket was asked for what since the start, how that ended, and how long it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from threading import Lock

from adapters.ports.measured import Distribution, Measured
from adapters.ports.object_place import ObjectNotFoundError, ObjectStoreError

BOUNDS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
DONE, MISSING, REFUSED, FAILED, SILENT = "done", "missing", "refused", "failed", "silent"


class RequestTallies:
    """The counts of one process. Safe from any thread."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._ended: Counter[tuple[str, str]] = Counter()
        self._seconds: dict[str, Distribution] = {}

    def add(self, verb: str, failure: ObjectStoreError | None, seconds: float) -> None:
        """One request, repeats of the client in it, that took so long."""
        with self._guard:
            self._ended[verb, _outcome(failure)] += 1
            self._seconds.setdefault(verb, Distribution(BOUNDS_SECONDS)).add(seconds)

    def measured(self) -> Iterable[Measured]:
        """All of it."""
        with self._guard:
            ended = [Measured("abby_bucket_requests", count, labels) for labels, count in self._ended.items()]
            seconds = [
                Measured("abby_bucket_request_seconds", spread.spread(), (verb,))
                for verb, spread in self._seconds.items()
            ]
        return [*ended, *seconds]


def _outcome(failure: ObjectStoreError | None) -> str:
    if failure is None:
        return DONE
    if isinstance(failure, ObjectNotFoundError):
        return MISSING
    if failure.is_silent:
        return SILENT
    return REFUSED if failure.is_certain else FAILED
