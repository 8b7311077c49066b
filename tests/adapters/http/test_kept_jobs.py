"""What is kept of jobs that have ended, and what becomes of those that run when the service stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.application.owners import STRANGERS
from adapters.application.results import HTTP, Actor
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import GenerationRequest, Operation
from adapters.http.jobs import Job, JobBounds, Jobs, State, Wanted
from adapters.http.problems import Problem
from adapters.ports.clock import utc_now
from adapters.studio import Studio
from domain.commands import SetPolicy
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.test_generations import Gate
from tests.adapters.http.test_jobs import JOBS, begin

NOTHING = SetPolicy(daily=0)
"""Every job is refused, and so ends at once."""
NO_ROOM = SetPolicy(daily=100, user_bytes=200, pool_bytes=200, gen_bytes=20)
"""Every picture is made, and none is kept."""
SECONDS = 5.0


class Made(NamedTuple):
    """Jobs over a real storage, and the provider that holds them up."""

    jobs: Jobs
    gate: Gate
    store: Storage
    studio: Studio

    async def ended(self, user: str, *, owner: str | None = None, key: str | None = None) -> Job:
        """One job of the user, at its end."""
        job = self.jobs.begin(wanted(user, owner=owner, key=key)).job
        await job.until_settled(SECONDS, ended=True)
        await asyncio.sleep(0)
        assert job.has_ended
        return job


Make = Callable[[JobBounds, SetPolicy], Made]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Makes jobs, and stops their parts after the test."""
    async with AsyncExitStack() as stack:

        def made(bounds: JobBounds, limits: SetPolicy) -> Made:
            store = open_store(tmp_path / "root", limits=limits)
            stack.callback(store.close)
            gate = Gate()
            studio = Studio(store, Generator(gate))
            stack.push_async_callback(studio.close)
            stack.push_async_callback(gate.close)
            return Made(Jobs(studio, utc_now, bounds), gate, store, studio)

        yield made


def wanted(user: str, *, owner: str | None = None, key: str | None = None) -> Wanted:
    """A small sketch."""
    return Wanted(
        user=user,
        owner=user if owner is None else owner,
        actor=Actor("api:a", HTTP),
        request=GenerationRequest(Operation.TEXT_TO_IMAGE, "a paper boat", width=64, height=64, seed=7),
        key=key,
        digest=user,
        reference="r",
    )


@pytest.mark.parametrize(
    ("bounds", "asked", "left"),
    [
        (JobBounds(kept_of_user=2), ["a", "b", "a", "a"], ["b", "a", "a"]),
        (JobBounds(kept=2), ["a", "b", "c"], ["b", "c"]),
        (JobBounds(kept_of_strangers=1), ["a", "?1", "?2", "?3"], ["a", "?3"]),
        (JobBounds(kept_seconds=0), ["a", "b"], []),
    ],
    ids=["of a user", "of all", "of strangers", "by time"],
)
async def test_of_jobs_that_have_ended_some_are_kept(
    make: Make, bounds: JobBounds, asked: list[str], left: list[str]
) -> None:
    """The first to end are forgotten first; invented ids take nothing from those that are known."""
    made = make(bounds, NOTHING)
    jobs = [await made.ended(user, owner=STRANGERS if user[0] == "?" else None) for user in asked]
    await asyncio.sleep(0.001)
    assert [job.user for job in jobs if made.jobs.find(job.user, job.id)] == left
    assert sorted(job.user for user in set(asked) for job in made.jobs.of_user(user)) == sorted(left)


async def test_a_job_that_runs_is_never_forgotten(make: Make) -> None:
    """However many have ended since."""
    made = make(JobBounds(kept=1, kept_of_user=1, kept_seconds=0), SetPolicy(daily=1))
    runs = made.jobs.begin(wanted("a")).job
    await runs.until_settled(SECONDS, ended=False)
    for _ in range(3):
        assert (await made.ended("a")).state is State.REFUSED
    assert made.jobs.of_user("a") == [runs]


async def test_a_key_goes_with_its_job(make: Make) -> None:
    """What is forgotten answers nobody any more; what a key kept is the log's to say then."""
    made = make(JobBounds(kept=1), SetPolicy(daily=100))
    made.gate.open.set()
    first = await made.ended("a", key="k")
    assert made.jobs.begin(wanted("a", key="k")) == (first, True)
    await made.ended("b")
    again = await made.ended("a", key="k")
    assert again is not first
    assert again.made is not None
    assert again.made.replayed
    assert made.gate.calls == 2


async def test_pictures_that_are_kept_nowhere_are_let_go_of_where_they_are_too_many(make: Make) -> None:
    """Of who has most, the oldest first; and of one job that is too large alone, the last pictures."""
    made = make(JobBounds(shown_bytes=10**9), NO_ROOM)
    made.gate.open.set()
    size_bytes = (await made.ended("a")).shown_bytes
    assert size_bytes > 0

    made = Made(Jobs(made.studio, utc_now, JobBounds(shown_bytes=3 * size_bytes)), made.gate, made.store, made.studio)
    users = ["b", "a", "a", "a"]
    jobs = [await made.ended(user) for user in users]
    assert [job.shown_bytes for job in jobs] == [size_bytes, 0, size_bytes, size_bytes]

    made = Made(Jobs(made.studio, utc_now, JobBounds(shown_bytes=size_bytes - 1)), made.gate, made.store, made.studio)
    alone = await made.ended("a")
    assert alone.state is State.DONE
    assert alone.shown_bytes == 0


async def test_a_job_that_ends_in_time_is_done_when_the_service_stops(make: Make) -> None:
    """Whoever waits for a change is answered at once, and nothing new is begun."""
    made = make(JobBounds(), SetPolicy())
    job = made.jobs.begin(wanted("a")).job
    await made.gate.called.wait()
    waits = asyncio.create_task(job.change(SECONDS))
    await asyncio.sleep(0)
    made.jobs.stop()
    await asyncio.wait_for(waits, 1)
    with pytest.raises(Problem, match="stopping"):
        made.jobs.begin(wanted("a"))
    asyncio.get_running_loop().call_later(0.02, made.gate.open.set)
    await made.jobs.drain()
    assert job.state is State.DONE


async def test_a_job_that_does_not_end_in_time_is_cancelled(make: Make) -> None:
    """Its place is given back, as where a member's request is cut off; one that waits in line too."""
    made = make(JobBounds(drain_seconds=0.02), SetPolicy())
    jobs = [made.jobs.begin(wanted("a")).job for _ in range(4)]
    await jobs[-1].until_settled(SECONDS, ended=False)
    made.jobs.stop()
    await made.jobs.drain()
    assert {job.state for job in jobs} == {State.CANCELLED}
    state = made.store.running().state
    assert list(state.open_reservations()) == []


async def test_a_service_that_stops_answers_those_who_wait_for_a_change(serve: Serve) -> None:
    """And lets the job end beside them: the picture is kept."""
    gate = Gate()
    service: Running = await serve(provider=gate)
    path = (await begin(service)).headers["location"]
    waits = asyncio.create_task(service.ask("GET", f"{path}?wait=30"))
    await asyncio.sleep(0.05)
    stopping = asyncio.create_task(service.stop())
    assert (await asyncio.wait_for(waits, 5)).json["state"] == "making"
    gate.open.set()
    await stopping
    assert [name for name in service.files() if name.endswith(".png")] != []
    assert path.startswith(JOBS)


async def test_a_change_is_not_missed_before_it_is_waited_for() -> None:
    """Who asks to wait, and is only then given their turn, hears of an end that came in between: not seconds later."""
    job = Job(wanted("1"), utc_now())
    waiting = job.change(SECONDS)
    job.end(State.CANCELLED)
    async with asyncio.timeout(SECONDS / 2):
        await waiting
