"""A user's jobs: requests that are not waited for, while they run and for a while after."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from adapters.http.answers import REPLAYED, json_answer, replayed
from adapters.http.connection import Need, connection_of
from adapters.http.contract.query import WholeNumber
from adapters.http.contract.route import Answer, Route
from adapters.http.contract.shapes import Job as JobShape
from adapters.http.contract.shapes import JobsList
from adapters.http.jobs import Job
from adapters.http.making import described_job
from adapters.http.parameters import actor_of, idempotency_key_of, user_of
from adapters.http.problems import JOB_ENDED, NOT_FOUND, Problem
from adapters.http.services import services_of
from adapters.tokens.token import Scope

CANCEL_SECONDS = 5.0
"""How long a cancellation is waited for, before the job is told as it is then."""
WAIT = WholeNumber(
    "wait", "So many seconds the answer waits for a change; of a job that has ended it comes at once.", 0, 30, 0
)


async def listing(request: web.Request) -> web.Response:
    """The user's jobs, newest first: those that run, and some that have ended.

    They are of this run of the service; what became of older ones is in the log, as of every generation.
    """
    listed = services_of(request).jobs.of_user(user_of(request))
    answer: JobsList = {"jobs": [described_job(job, shows=False) for job in listed]}
    return json_answer(answer)


async def one(request: web.Request) -> web.Response:
    """A job: its place in the line, how much is done, what came of it."""
    job, seconds = _job_of(request), WAIT.of(request)
    if seconds and not job.has_ended and not services_of(request).jobs.is_stopping:
        connection = connection_of(request)
        with connection.keeping_place(Need.WAITS_IN_LINE):
            await connection.while_open(job.change(seconds), for_stranger=False)
    return json_answer(described_job(job))


async def cancel(request: web.Request) -> web.Response:
    """Gives a job up. Its places are released; pictures that were delivered by then are kept, and the job is done."""
    job, actor, key = _job_of(request), actor_of(request), idempotency_key_of(request)
    had_ended = job.has_ended
    was_asked = services_of(request).jobs.cancel(job, actor, key)
    if had_ended and not was_asked:
        raise Problem(JOB_ENDED, f"The job has ended before: it is {job.state.value}. Nothing was changed.")
    await job.until_settled(CANCEL_SECONDS, ended=True)
    return json_answer(described_job(job), headers=replayed(was_asked))


def _job_of(request: web.Request) -> Job:
    job = services_of(request).jobs.find(user_of(request), request.match_info["id"])
    if job is None:
        detail = (
            "There is no such job. One that ended long ago, or ran when the service was stopped, is forgotten; what it "
            "made is among the user's images, and what it counted in their history."
        )
        raise Problem(NOT_FOUND, detail)
    return job


_ALL, _ONE = "/v1/users/{user}/jobs", "/v1/users/{user}/jobs/{id}"
ROUTES = (
    Route(
        "GET",
        _ALL,
        listing,
        subject="jobs",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("The jobs.", JobsList)},
    ),
    Route(
        "GET",
        _ONE,
        one,
        subject="jobs",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("The job as it is now.", JobShape)},
        query=(WAIT,),
        may_lack=True,
    ),
    Route(
        "DELETE",
        _ONE,
        cancel,
        subject="jobs",
        scope=Scope.WRITE,
        answers={HTTPStatus.OK: Answer("The job as it is now.", JobShape, headers=(REPLAYED,))},
        is_repeatable=True,
        may_lack=True,
    ),
)
