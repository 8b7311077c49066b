"""Requests that are not waited for: each is a job of its user, told while it runs and for a while after its end.

A job is one request of this process, begun by the studio, which bounds how many run. Here is bounded what is kept of
those that have ended: by time, by number of one user, of strangers and of all, and by the bytes of the pictures that
may be shown and are kept nowhere else. Left to others: the line (`studio`), and how a job is told (`making`).
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from enum import StrEnum
from typing import Any, NamedTuple

import structlog

from adapters.application.owners import STRANGERS
from adapters.application.results import Actor
from adapters.generation.provider import GenerationRequest
from adapters.http.problems import INTERNAL, UNAVAILABLE, Problem, broken, refused
from adapters.ports.clock import Clock
from adapters.ports.failures import GenerationFailure
from adapters.ports.faults import Fault
from adapters.studio import Begun, Generated, GenerationOutcome, Progress, Studio
from domain.limits import MEGABYTE
from domain.refusals import Reason, Refusal

MAX_KEYS = 8
"""Request keys that one job is known by: its own, and those it was cancelled under."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


Why = Refusal | GenerationFailure | Problem
"""Why nothing was made: by the limits, by whoever makes pictures, or because the service failed."""


class State(StrEnum):
    """How far a job is; the last four are ends."""

    WAITING = "waiting"
    MAKING = "making"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobBounds(NamedTuple):
    """What is kept of jobs that have ended, and how long a service that stops waits for those that run."""

    kept_seconds: float = 3_600.0
    kept: int = 2_000
    kept_of_strangers: int = 1_000
    kept_of_user: int = 50
    shown_bytes: int = 64 * MEGABYTE
    drain_seconds: float = 15.0


class Wanted(NamedTuple):
    """A request that becomes a job. `digest` tells it from others under its key; `reference` is that of its HTTP
    request, under which the log has what went wrong.
    """

    user: str
    owner: str
    actor: Actor
    request: GenerationRequest
    key: str | None
    digest: str
    reference: str


class Job:
    """One request: what was asked, how far it is, and what came of it."""

    def __init__(self, wanted: Wanted, asked_at: str) -> None:
        self.id = ""
        """As it is called in the line."""
        self.user, self.owner, self.reference = wanted.user, wanted.owner, wanted.reference
        self.operation, self.prompt = wanted.request.operation, wanted.request.prompt
        self.asked_at = asked_at
        self.state = State.WAITING
        self.queue_position: int | None = None
        self.fraction: float | None = None
        self.made: Generated | None = None
        self.why: Why | None = None
        """Why nothing was made."""
        self.ended_at: float | None = None
        self.is_admitted = False
        """Whether its places are reserved."""
        self.keys: list[tuple[str, str]] = []
        self._begun: Begun | None = None
        self._changed = asyncio.Event()

    @property
    def has_ended(self) -> bool:
        """Whether nothing comes of it any more."""
        return self.ended_at is not None

    @property
    def is_good(self) -> bool:
        """Whether it may still give pictures, or has; else a repeat of its request is another attempt."""
        return not self.has_ended or self.state is State.DONE

    @property
    def shown_bytes(self) -> int:
        """Of the pictures that are kept nowhere else."""
        return sum(len(picture.data) for picture in self.made.pictures) if self.made else 0

    def runs_as(self, begun: Begun) -> None:
        """The studio works on it, and has named it."""
        self._begun, self.id = begun, begun.id

    def cancel(self) -> None:
        """Gives it up, as far as that is possible."""
        if self._begun is not None:
            self._begun.cancel()

    def note(self, progress: Progress) -> None:
        """How far it is, as the studio tells it."""
        self.is_admitted = True
        self.queue_position = progress.queue_position
        self.state = State.MAKING if progress.queue_position is None else State.WAITING
        self.fraction = None if progress.fraction is None else min(1.0, max(0.0, progress.fraction))
        self.wake()

    def end(self, state: State, *, made: Generated | None = None, why: Why | None = None) -> None:
        """What came of it. The request is let go, and with it its input."""
        self.state, self.made, self.why = state, made, why
        self.queue_position, self.fraction = None, 1.0 if state is State.DONE else None
        self.ended_at = asyncio.get_running_loop().time()
        self._begun = None
        self.wake()

    def show_at_most(self, most_bytes: int) -> None:
        """Lets go of pictures, the last ones first, until those that are left have no more bytes."""
        assert self.made is not None, "only what was made has bytes"
        pictures, left = [], most_bytes
        for picture in self.made.pictures:
            fits = len(picture.data) <= left
            left = left - len(picture.data) if fits else 0
            pictures.append(picture if fits else picture._replace(data=b""))
        self.made = self.made._replace(pictures=tuple(pictures))

    def wake(self) -> None:
        """Whoever waits for a change has one."""
        self._changed.set()
        self._changed = asyncio.Event()

    def change(self, seconds: float) -> Coroutine[Any, Any, None]:
        """Returns at the next change from this call on, however late it is awaited; or after that time."""
        return _until(self._changed, seconds)

    async def until_settled(self, seconds: float, *, ended: bool) -> None:
        """Returns once its places are reserved, where `ended` once it has ended; or after that time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (self.has_ended or (self.is_admitted and not ended)):
                    await self._changed.wait()


async def _until(changed: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await changed.wait()


class Found(NamedTuple):
    """The job of a request; `replayed`: an earlier one under the same key had it made."""

    job: Job
    replayed: bool


class Jobs:
    """All jobs of one service, for one event loop."""

    def __init__(self, studio: Studio, clock: Clock, bounds: JobBounds) -> None:
        self.is_stopping = False
        self._studio = studio
        self._clock = clock
        self._bounds = bounds
        self._jobs: dict[str, Job] = {}
        self._ended: dict[str, Job] = {}
        """In the order of their ends."""
        self._keys: dict[tuple[str, str], tuple[str, Job]] = {}
        """What each key of an actor was used for, and the job that it stands for."""
        self._following: set[asyncio.Task[None]] = set()
        self._drained_by: float | None = None

    def begin(self, wanted: Wanted) -> Found:
        """The job of this request: that of its key where there is one, else a new one. Raises a Problem: the key is
        another request's, or the line is full.
        """
        if self.is_stopping:
            raise Problem(UNAVAILABLE, "The service is stopping. Nothing was begun; ask again after its restart.")
        known = self._under(wanted.actor, wanted.key, wanted.digest, wanted.user)
        if known is not None and known.is_good:
            return Found(known, replayed=True)
        job = Job(wanted, self._clock())
        begun = self._studio.begin(
            wanted.user, wanted.request, actor=wanted.actor, idempotency_key=wanted.key, on_progress=job.note
        )
        if isinstance(begun, Refusal):
            raise refused(begun)
        job.runs_as(begun)
        self._jobs[job.id] = job
        self._know(job, wanted.actor, wanted.key, wanted.digest)
        following = asyncio.get_running_loop().create_task(self._follow(job, begun))
        self._following.add(following)
        following.add_done_callback(self._following.discard)
        return Found(job, replayed=False)

    def find(self, user: str, job_id: str) -> Job | None:
        """The user's job of this id."""
        self._forget_old()
        job = self._jobs.get(job_id)
        return job if job is not None and job.user == user else None

    def of_user(self, user: str) -> list[Job]:
        """The user's jobs, newest first."""
        self._forget_old()
        return [job for job in reversed(self._jobs.values()) if job.user == user]

    def cancel(self, job: Job, actor: Actor, key: str | None) -> bool:
        """Gives a job up; whether that was asked for under this key before, and so is done already. Raises a Problem
        where the key is another request's.
        """
        use = f"cancel {job.id}"
        if self._under(actor, key, use, job.user) is not None:
            return True
        if not job.has_ended:
            self._know(job, actor, key, use)
            job.cancel()
        return False

    def forget(self, job: Job) -> None:
        """Nobody is told of it any more."""
        self._jobs.pop(job.id, None)
        self._ended.pop(job.id, None)
        for key in job.keys:
            if (known := self._keys.get(key)) is not None and known[1] is job:
                del self._keys[key]

    def stop(self) -> None:
        """Begins no more, and lets nobody wait for a change. Those that run have a while to end."""
        self.is_stopping = True
        self._drained_by = asyncio.get_running_loop().time() + self._bounds.drain_seconds
        for job in self._jobs.values():
            job.wake()

    async def drain(self) -> None:
        """Waits for what runs until its time is over, cancels what runs then, and waits until that is settled."""
        now = asyncio.get_running_loop().time()
        by = now if self._drained_by is None else self._drained_by
        if self._following:
            await asyncio.wait(self._following, timeout=max(0.0, by - now))
        for job in self._jobs.values():
            job.cancel()
        if self._following:
            await asyncio.wait(self._following)

    def _under(self, actor: Actor, key: str | None, use: str, user: str) -> Job | None:
        if key is None or (known := self._keys.get((actor.by, key))) is None:
            return None
        used_for, job = known
        if used_for != use and job.is_good:
            raise refused(Refusal(Reason.REQUEST_CONFLICT, user))
        return job if used_for == use else None

    def _know(self, job: Job, actor: Actor, key: str | None, use: str) -> None:
        if key is not None and len(job.keys) < MAX_KEYS:
            self._keys[actor.by, key] = (use, job)
            job.keys.append((actor.by, key))

    async def _follow(self, job: Job, begun: Begun) -> None:
        """Until the end of a job, whatever that is."""
        try:
            self._end(job, await begun.outcome())
        except asyncio.CancelledError:
            job.end(State.CANCELLED)
        except Fault as fault:
            _log.error("job fault", request_id=job.reference, fault=type(fault).__name__, detail=str(fault))
            job.end(State.FAILED, why=broken(fault))
        except Exception:  # noqa: BLE001  # nobody waits for it who could: what nobody expected is told by the job
            _log.exception("job failed", request_id=job.reference)
            detail = f"The service failed. Its log says why, under the reference {job.reference}."
            job.end(State.FAILED, why=Problem(INTERNAL, detail, members={"reference": job.reference}))
        if job.id in self._jobs:
            self._ended[job.id] = job
            self._forget_old()
            self._forget_most()
            self._show_fewer()

    def _end(self, job: Job, outcome: GenerationOutcome) -> None:
        match outcome:
            case Generated():
                pictures = tuple(one._replace(data=b"") if one.image else one for one in outcome.pictures)
                job.end(State.DONE, made=outcome._replace(pictures=pictures))
            case Refusal():
                job.end(State.REFUSED, why=outcome)
            case GenerationFailure():
                job.end(State.REFUSED if outcome.is_of_request else State.FAILED, why=outcome)

    def _forget_old(self) -> None:
        """Those whose time is over."""
        oldest = asyncio.get_running_loop().time() - self._bounds.kept_seconds
        for job in list(itertools.takewhile(lambda job: (job.ended_at or 0.0) < oldest, self._ended.values())):
            self.forget(job)

    def _forget_most(self) -> None:
        """The first ones to end, of a user, of strangers or of all, where there are too many."""
        bounds = self._bounds
        of_user = Counter(job.user for job in self._ended.values())
        strangers, left = sum(job.owner == STRANGERS for job in self._ended.values()), len(self._ended)
        for job in list(self._ended.values()):
            is_one_too_many = job.owner == STRANGERS and strangers > bounds.kept_of_strangers
            if is_one_too_many or of_user[job.user] > bounds.kept_of_user or left > bounds.kept:
                self.forget(job)
                of_user[job.user] -= 1
                strangers -= job.owner == STRANGERS
                left -= 1

    def _show_fewer(self) -> None:
        """Lets go of pictures that are kept nowhere else, where they are too large together: of who has most."""
        shown = {job.id: job.shown_bytes for job in self._ended.values()}
        while (over := sum(shown.values()) - self._bounds.shown_bytes) > 0:
            of_owner: Counter[str] = Counter()
            for job_id, size_bytes in shown.items():
                of_owner[self._jobs[job_id].owner] += size_bytes
            most, _ = of_owner.most_common(1)[0]
            oldest = next(self._jobs[job_id] for job_id in shown if shown[job_id] and self._jobs[job_id].owner == most)
            oldest.show_at_most(max(0, shown[oldest.id] - over))
            shown[oldest.id] = oldest.shown_bytes
