"""What waits for its turn, and what is taken out of the line: of one user, of one place, or of all.

Whose requests somebody may see and take out, each door says by `Whose`. Only what waits is taken out: a request whose
turn has come is being made, and is its job's to cancel. Left to others: the order (`generation_queue`), and what
becomes of the places that a request held (`studio`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from adapters.application.results import Actor
from adapters.studio.generation_queue import GenerationQueue
from adapters.studio.jobs import Job


class Whose(NamedTuple):
    """Those of a user, of all who ask from a place (`guild:9`), or without either everybody's."""

    user: str | None = None
    origin: str | None = None


class WaitingRequest(NamedTuple):
    """One that waits: its place from 1 on, whose it is and from where, what it asks for, and since when it is here.

    `seconds` is about how long its turn takes to come, by the latest turns; None while nothing is known of that.
    """

    id: str
    place: int
    user: str
    origin: str | None
    operation: str
    prompt: str
    pictures: int
    since: str
    seconds: float | None


class WaitingRequests:
    """Those of one studio, for its event loop."""

    def __init__(self, queue: GenerationQueue) -> None:
        self._queue = queue
        self._jobs: dict[str, Job] = {}

    @contextmanager
    def holding(self, job: Job) -> Iterator[None]:
        """Meanwhile the job waits."""
        self._jobs[job.id] = job
        try:
            yield
        finally:
            del self._jobs[job.id]

    def seen(self, whose: Whose) -> list[WaitingRequest]:
        """Those that wait, the first one first."""
        places = self._queue.places().items()
        return [self._described(self._jobs[name], place) for name, place in places if self._is_of(name, whose)]

    def take_out(self, request_id: str, whose: Whose, *, by: Actor) -> bool:
        """Whether one of these waited under this id; its wait is over then, and its places are given back. Whoever is
        to be let at no other's requests learns nothing of them.
        """
        if not self._is_of(request_id, whose) or not self._queue.withdraw(request_id):
            return False
        self._jobs[request_id].give_up(by)
        return True

    def take_out_all(self, whose: Whose, *, by: Actor) -> list[str]:
        """The ids of all of these that waited, and do no longer."""
        return [name for name in self._queue.places() if self.take_out(name, whose, by=by)]

    def _is_of(self, request_id: str, whose: Whose) -> bool:
        job = self._jobs.get(request_id)
        if job is None:
            return False
        return whose.user in {None, job.user} and whose.origin in {None, job.actor.origin}

    def _described(self, job: Job, place: int) -> WaitingRequest:
        return WaitingRequest(
            id=job.id,
            place=place,
            user=job.user,
            origin=job.actor.origin,
            operation=str(job.request.operation),
            prompt=job.request.prompt,
            pictures=job.request.count,
            since=job.asked_at,
            seconds=self._queue.seconds_until(place),
        )
