"""Answers a request for pictures: with what was made, or at once with the job that makes them.

Whoever prefers not to wait (`Prefer: respond-async`) waits until the request is admitted: so what the limits, the image
service or the request itself forbid is refused at once, as it is for everybody else.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from http import HTTPStatus
from types import MappingProxyType

from aiohttp import web

from adapters.application.owners import STRANGERS, owner_of
from adapters.application.results import SavedImage
from adapters.generation.provider import GenerationRequest
from adapters.http import jobs
from adapters.http.answers import REPLAYED, described, image_url, job_url, json_answer, refusal, replayed
from adapters.http.bodies import Budget
from adapters.http.connection import Need, connection_of
from adapters.http.contract import shapes
from adapters.http.contract.route import Answer
from adapters.http.guards import REFERENCE
from adapters.http.parameters import actor_of, guild_of, idempotency_key_of, user_of
from adapters.http.preferences import APPLIED, RESPOND_ASYNC, prefers_no_wait
from adapters.http.problems import GENERATION_FAILURES, Problem, as_members, failed
from adapters.http.services import services_of
from adapters.ports.failures import GenerationFailure
from adapters.studio import Generated, GenerationOutcome, Picture
from adapters.studio.jobs import content_of
from adapters.wording.failures import sentence_of_not_kept, sentence_of_notes
from domain.refusals import Refusal

ADMISSION_SECONDS = 10.0
"""How long a job's first answer waits for its admission; a disk that stands still is told by the job."""

ANSWERS = MappingProxyType(
    {
        HTTPStatus.CREATED: Answer("The pictures that are kept.", shapes.Made, headers=("Location", REPLAYED)),
        HTTPStatus.OK: Answer("Pictures were made and none may be kept; here are their bytes.", shapes.Made),
        HTTPStatus.ACCEPTED: Answer("The job that makes them.", shapes.Job, headers=("Location", APPLIED, REPLAYED)),
    }
)
FAILURES = tuple(sorted({HTTPStatus(kind.status) for kind in GENERATION_FAILURES.values()}))
PROBLEMS = (HTTPStatus.TOO_MANY_REQUESTS, *FAILURES)


async def answer_made(request: web.Request, asked: GenerationRequest, held: Budget | None = None) -> web.Response:
    """Makes what is asked and answers with it, or with its job; once it is in the line, its input is no longer held as
    a body. Raises Problem.
    """
    user = user_of(request)
    if prefers_no_wait(request):
        return await _begun(request, user, asked, held)
    return _answer(user, await made(request, user, asked, held))


async def made(request: web.Request, user: str, asked: GenerationRequest, held: Budget | None = None) -> Generated:
    """What the studio makes for a user. Raises the Problem of a refusal or a failure."""
    actor, key, services = actor_of(request), idempotency_key_of(request), services_of(request)
    is_stranger = owner_of(services.store, user, actor) == STRANGERS

    async def make() -> GenerationOutcome:
        if is_stranger:  # who hangs up meanwhile has cost nothing
            await services.pace.keep(STRANGERS)
        begun = services.studio.begin(user, asked, actor=actor, idempotency_key=key)
        if held is not None:
            services.bodies.let_go(held)
        return begun if isinstance(begun, Refusal) else await begun.waited(kept_once_asked=True)

    outcome = await connection_of(request).while_open(make(), for_stranger=is_stranger)
    if not isinstance(outcome, Generated):
        raise _problem(outcome, services.clock())
    return outcome


async def in_turn(request: web.Request, owner: str, why: jobs.Why) -> Problem:
    """The problem, once its owner may be told the next: who asks again and again waits."""
    services = services_of(request)
    with connection_of(request).keeping_place(Need.WAITS_IN_LINE):
        await services.pace.keep(owner)
    return _problem(why, services.clock())


def _answer(user: str, made: Generated) -> web.Response:
    kept = [picture.image.name for picture in made.pictures if picture.image is not None]
    headers = {"Location": image_url(user, kept[0])} if kept else {}
    status = HTTPStatus.CREATED if kept else HTTPStatus.OK
    return json_answer(_told(user, made), status=status, headers=headers | replayed(made.replayed))


async def _begun(request: web.Request, user: str, asked: GenerationRequest, held: Budget | None) -> web.Response:
    actor, key, services = actor_of(request), idempotency_key_of(request), services_of(request)
    wanted = jobs.Wanted(
        user=user,
        owner=owner_of(services.store, user, actor),
        actor=actor,
        request=asked,
        key=key,
        digest=await services.store.workers.reading.run(_digest_of, user, asked, guild_of(request)),
        reference=request[REFERENCE],
    )
    is_stranger = wanted.owner == STRANGERS

    async def admit() -> jobs.Found:
        if is_stranger:
            await services.pace.keep(STRANGERS)
        found = services.jobs.begin(wanted)
        if held is not None:
            services.bodies.let_go(held)
        await found.job.until_settled(ADMISSION_SECONDS, ended=False)
        return found

    job, is_repeat = await connection_of(request).while_open(admit(), for_stranger=is_stranger)
    if job.why is not None and not job.is_admitted:
        services.jobs.forget(job)
        raise _problem(job.why, services.clock())
    was_made = job.made is not None and job.made.replayed
    headers = {"Location": job_url(user, job.id), APPLIED: RESPOND_ASYNC} | replayed(is_repeat or was_made)
    return json_answer(described_job(job), status=HTTPStatus.ACCEPTED, headers=headers)


def _problem(why: jobs.Why, now: str) -> Problem:
    """One to be raised: a problem that is kept would keep the frames that it went through."""
    match why:
        case Refusal():
            return refusal(why, now)
        case GenerationFailure():
            return failed(why)
        case Problem():
            return Problem(why.kind, why.detail, members=why.members, headers=why.headers)


def described_job(job: jobs.Job, *, shows: bool = True) -> shapes.Job:
    """A job for programs; `shows`: with the bytes of pictures that are kept nowhere."""
    problem = None if job.why is None else _problem(job.why, job.asked_at)
    return {
        "id": job.id,
        "state": job.state.value,
        "operation": job.operation.value,
        "prompt": job.prompt,
        "asked_at": job.asked_at,
        "queue_position": job.queue_position,
        "fraction": job.fraction,
        "result": None if job.made is None else _told(job.user, job.made, shows=shows),
        "problem": None if problem is None else as_members(problem.kind, problem.detail, problem.members),  # type: ignore[typeddict-item]  # its members are those of the table
    }


def _told(user: str, made: Generated, *, shows: bool = True) -> shapes.Made:
    return {
        "pictures": [_picture(user, picture, shows=shows) for picture in made.pictures],
        "provider": made.provider,
        "model": made.model,
        "seconds": round(made.seconds, 3),
        "note": sentence_of_notes(made.notes),
    }


def _picture(user: str, picture: Picture, *, shows: bool) -> shapes.MadePicture:
    """A kept picture is fetched by its address; one that may not be kept comes with its bytes, to be shown."""
    kept = picture.kept
    if isinstance(kept, SavedImage):
        return {"image": described(user, kept), "seed": picture.seed, "not_kept": None}
    told: shapes.MadePicture = {"image": None, "seed": picture.seed, "not_kept": sentence_of_not_kept(kept)}
    if shows and picture.data:
        data = base64.b64encode(picture.data).decode("ascii")
        told["shown"] = {"media_type": picture.media_type, "data": data}
    return told


def _digest_of(user: str, asked: GenerationRequest, guild: str | None) -> str:
    """What tells the request from others. For a worker, as its input may be large."""
    digest = sha256(user.encode() if guild is None else f"{user}\0{guild}".encode())
    for part in content_of(asked):
        digest.update(b"\0")
        digest.update(part)
    return digest.hexdigest()
