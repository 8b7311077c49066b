"""Requests that are not waited for (`Prefer: respond-async`): admitted at once, told while they run, cancelled, kept
for a while.

| what happens | what the client gets |
|---|---|
| the limits, the provider or the request itself forbid it | that problem at once, and no job |
| too many of the user's wait, or of all | 503 at once, with `Retry-After` |
| it hangs up before the answer, or never comes back | the picture is made and kept all the same |
| it cancels: while it waits, while the provider works | `cancelled`, the places back |
| it cancels while the picture is kept | `done`: it was delivered, and is kept |
| it cancels after the end, or twice | 409; under the key of the first time its answer again |
| the same key while it runs, or after | the same job, marked; with other content 422; waited for meanwhile 409 |
| the same key after it failed or was cancelled | another attempt |
| the same key after the job is forgotten | a job that is done, with the same picture |
| another user's job, an unknown, a malformed id | the same 404 |
| the service is stopped | it has time to end, then it is cancelled; who waits for a change is answered |
| the disk or the provider fails | `failed`, with the problem that waiting for it would have got |
| so many end that memory would fill | the oldest of who has most are forgotten, the last pictures not shown |
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from adapters.ports.failure_reasons import FailureKind
from domain.commands import SetPolicy
from tests.adapters.http.conftest import JSON, Running, Serve
from tests.adapters.http.test_generations import GENERATION_FIELDS, PATH, Gate
from tests.adapters.http.wire import GenerationOutcome, Wire, request
from tests.adapters.ports.every_reason import failure_of_kind

ASYNC = {"Prefer": "respond-async"}
JOBS = "/v1/users/1/jobs"
MANY = SetPolicy(daily=100)


async def begin(service: Running, key: str | None = None, **wish: Any) -> GenerationOutcome:
    """One job of user 1, by its first answer."""
    headers = ASYNC | ({"Idempotency-Key": key} if key else {})
    return await service.send_json("POST", PATH, GENERATION_FIELDS | wish, headers=headers)


async def ended(service: Running, path: str) -> Any:
    """The job once it has ended."""
    while True:
        job = (await service.ask("GET", f"{path}?wait=5")).json
        if job["state"] not in {"waiting", "making"}:
            return job


async def test_a_job_is_told_from_its_admission_to_its_picture(serve: Serve) -> None:
    """202 with its address; it is made, then done, and its picture is kept as any other."""
    gate = Gate()
    service: Running = await serve(provider=gate)
    told = await begin(service)
    assert (told.status, told.headers["preference-applied"]) == (202, "respond-async")
    path, job = told.headers["location"], told.json
    assert path == f"{JOBS}/{job['id']}"
    assert (job["state"], job["operation"], job["prompt"]) == ("making", "text_to_image", "a paper boat")
    assert (job["queue_position"], job["result"], job["problem"]) == (None, None, None)
    assert (await service.ask("GET", path)).json == job
    gate.open.set()
    done = await ended(service, path)
    assert (done["state"], done["fraction"]) == ("done", 1.0)
    name = done["result"]["pictures"][0]["image"]["name"]
    assert (await service.ask("GET", f"/v1/users/1/images/{name}")).status == 200
    assert (await service.ask("GET", JOBS)).json["jobs"] == [done]
    assert (await service.quota("1"))["daily"]["used"] == 1


@pytest.mark.parametrize("prefer", ["return=minimal", 'foo="respond-async"', "respond-asynchronously", "wait=10"])
async def test_another_preference_is_waited_for(service: Running, prefer: str) -> None:
    """As ever: 201, and no job."""
    made = await service.send_json("POST", PATH, GENERATION_FIELDS, headers={"Prefer": prefer})
    assert (made.status, "preference-applied" in made.headers) == (201, False)
    assert (await service.ask("GET", JOBS)).json == {"jobs": []}


async def test_a_job_that_waits_tells_its_place_in_the_line(serve: Serve) -> None:
    """From 1; the list has the newest first; who waits for a change is answered when the line moves."""
    gate = Gate()
    service: Running = await serve(MANY, provider=gate)
    paths = [(await begin(service, seed=seed)).headers["location"] for seed in range(1, 7)]
    line = [(await service.ask("GET", path)).json["queue_position"] for path in paths]
    assert line == [None, None, 1, 2, 3, 4]
    listed = (await service.ask("GET", JOBS)).json["jobs"]
    assert [job["id"] for job in listed] == [path.rpartition("/")[2] for path in reversed(paths)]
    change = asyncio.create_task(service.ask("GET", f"{paths[-1]}?wait=30"))
    await asyncio.sleep(0.05)
    cancelled = await service.ask("DELETE", paths[-2])
    assert (cancelled.json["state"], cancelled.json["queue_position"]) == ("cancelled", None)
    assert (await change).json["queue_position"] == 3
    assert (await service.quota("1"))["daily"]["used"] == 5
    gate.open.set()


@pytest.mark.parametrize(
    ("limits", "wish", "status"),
    [
        (SetPolicy(daily=0), {}, 429),
        (SetPolicy(user_bytes=1), {}, 507),
        (MANY, {"prompt": " "}, 400),
        (MANY, {"width": 1}, 400),
        (MANY, {"count": 11}, 400),
    ],
)
async def test_what_is_refused_at_once_is_no_job(serve: Serve, limits: SetPolicy, wish: Any, status: int) -> None:
    """The same problem as where it is waited for."""
    service: Running = await serve(limits)
    refused = await begin(service, **wish)
    waited = await service.send_json("POST", PATH, GENERATION_FIELDS | wish)
    told = [{**answer.json, "instance": ""} for answer in (refused, waited)]
    assert (refused.status, told[0]) == (status, told[1])
    assert (await service.ask("GET", JOBS)).json == {"jobs": []}


async def test_one_job_more_than_may_wait_is_refused(serve: Serve) -> None:
    """At once, with when to try again; of those that wait nothing changes."""
    gate = Gate()
    service: Running = await serve(MANY, provider=gate)
    told = [await begin(service) for _ in range(11)]
    assert [answer.status for answer in told] == [202] * 10 + [503]
    assert (told[-1].json["reason"], told[-1].headers["retry-after"]) == ("BUSY", "1")
    assert len((await service.ask("GET", JOBS)).json["jobs"]) == 10
    gate.open.set()


@pytest.mark.parametrize(
    ("kind", "state", "status"),
    [
        (FailureKind.MODERATED_PROMPT, "refused", 422),
        (FailureKind.UPSTREAM, "failed", 502),
        (FailureKind.UNKNOWN, "failed", 504),
    ],
)
async def test_a_job_that_fails_has_the_problem_that_waiting_would_have(
    serve: Serve, kind: FailureKind, state: str, status: int
) -> None:
    """And its place is given back."""
    failure = failure_of_kind(kind)
    gate = Gate(failure)
    gate.open.set()
    service: Running = await serve(provider=gate)
    job = await ended(service, (await begin(service)).headers["location"])
    assert (job["state"], job["problem"]["status"], job["result"]) == (state, status, None)
    assert job["problem"]["reason"] == kind.value
    assert (await service.quota("1"))["user"]["reserved_mb"] == 0


async def test_a_job_that_is_cancelled_while_it_is_made_gives_its_place_back(serve: Serve) -> None:
    """The provider's call is given up. Once more is 409; under the key it was cancelled with, the first answer."""
    gate = Gate()
    service: Running = await serve(provider=gate)
    path = (await begin(service, key="k")).headers["location"]
    await gate.called.wait()
    key = {"Idempotency-Key": "c"}
    first, again = [await service.ask("DELETE", path, headers=key) for _ in range(2)]
    assert (first.status, first.json["state"]) == (200, "cancelled")
    assert (again.status, again.json, again.headers["idempotency-replayed"]) == (200, first.json, "true")
    late = await service.ask("DELETE", path)
    assert (late.status, late.json["type"]) == (409, "urn:abby-ledger:problem:job-ended")
    status = await service.quota("1")
    assert (status["daily"]["used"], status["user"]["reserved_mb"]) == (0, 0)
    gate.open.set()
    anew = await begin(service, key="k")
    assert anew.headers["location"] != path
    assert (await ended(service, anew.headers["location"]))["state"] == "done"


class SlowToFinish(Gate):
    """Has delivered when it is called; what came is looked at once the gate is open."""

    finishing: asyncio.Event

    def deliver(self, service: Running) -> None:
        """Lets what is kept wait, as behind a slow disk."""
        self.finishing = asyncio.Event()
        run = service.store.workers.drawing.run

        async def later(*args: Any) -> Any:
            self.finishing.set()
            await asyncio.sleep(0.2)
            return await run(*args)

        service.store.workers.drawing.run = later  # type: ignore[assignment, method-assign]  # the disk's slowness


async def test_a_job_that_is_cancelled_while_its_picture_is_kept_is_done(serve: Serve) -> None:
    """It was delivered, perhaps paid: it is kept and counts, by the rule that holds wherever a request is cancelled."""
    gate = SlowToFinish()
    service: Running = await serve(provider=gate)
    gate.deliver(service)
    gate.open.set()
    path = (await begin(service)).headers["location"]
    await gate.finishing.wait()
    job = (await service.ask("DELETE", path)).json
    assert job["state"] == "done"
    assert (await service.quota("1"))["user"]["images"] == 1


async def test_a_key_has_one_job_while_it_runs_and_after(serve: Serve) -> None:
    """Other content is a conflict, and so is waiting for it while it runs; then all get the same picture."""
    gate = Gate()
    service: Running = await serve(MANY, provider=gate)
    first, again = await asyncio.gather(begin(service, key="k"), begin(service, key="k"))
    assert (first.status, again.status) == (202, 202)
    assert first.headers["location"] == again.headers["location"]
    assert {first.headers.get("idempotency-replayed"), again.headers.get("idempotency-replayed")} == {None, "true"}
    other = await begin(service, key="k", prompt="another")
    assert (other.status, other.json["reason"]) == (422, "REQUEST_CONFLICT")
    headers = {"Idempotency-Key": "k"}
    waited = await service.send_json("POST", PATH, GENERATION_FIELDS, headers=headers)
    assert (waited.status, waited.json["reason"]) == (409, "REQUEST_RUNNING")
    cancelling = await service.ask("DELETE", first.headers["location"], headers=headers)
    assert cancelling.status == 422
    gate.open.set()
    done = await ended(service, first.headers["location"])
    repeat = await begin(service, key="k")
    assert (repeat.json, repeat.headers["idempotency-replayed"]) == (done, "true")
    waited = await service.send_json("POST", PATH, GENERATION_FIELDS, headers=headers)
    assert waited.json["pictures"][0]["image"] == done["result"]["pictures"][0]["image"]
    assert gate.calls == 1


async def test_a_key_from_before_is_a_job_that_is_done(service: Running) -> None:
    """Such as one of before a restart: the picture that the log has under it, marked."""
    headers = {"Idempotency-Key": "k"}
    made = await service.send_json("POST", PATH, GENERATION_FIELDS, headers=headers)
    told = await begin(service, key="k")
    assert (told.status, told.json["state"], told.headers["idempotency-replayed"]) == (202, "done", "true")
    assert told.json["result"]["pictures"][0]["image"] == made.json["pictures"][0]["image"]


async def test_another_users_job_is_as_one_that_is_not_there(serve: Serve) -> None:
    """Whatever is asked of it, byte for byte but for the reference."""
    gate = Gate()
    service: Running = await serve(provider=gate)
    path = (await begin(service)).headers["location"].replace("/users/1/", "/users/2/")
    for method in ("GET", "DELETE"):
        told = [await service.ask(method, one) for one in (path, f"/v1/users/2/jobs/{'0' * 32}", "/v1/users/2/jobs/x")]
        assert {answer.status for answer in told} == {404}
        assert len({orjson.dumps({**answer.json, "instance": ""}) for answer in told}) == 1
    gate.open.set()


async def test_a_client_that_hangs_up_leaves_its_job(serve: Serve) -> None:
    """It is among the user's jobs when the client comes back."""
    gate = Gate()
    service: Running = await serve(provider=gate)
    wire = await Wire.open(service.address)
    body = orjson.dumps(GENERATION_FIELDS)
    await wire.send(request("POST", PATH, headers=ASYNC | {"Content-Type": JSON}, body=body))
    await gate.called.wait()
    wire.abort()
    gate.open.set()
    (job,) = (await service.ask("GET", JOBS)).json["jobs"]
    assert (await ended(service, f"{JOBS}/{job['id']}"))["state"] == "done"


async def test_a_picture_that_is_not_kept_is_shown_by_its_job_alone(serve: Serve) -> None:
    """For as long as there is memory for it; the list would be large."""
    service: Running = await serve(SetPolicy(user_bytes=2_000, gen_bytes=100))
    job = await ended(service, (await begin(service)).headers["location"])
    (picture,) = job["result"]["pictures"]
    assert (picture["image"], picture["shown"]["media_type"]) == (None, "image/png")
    (listed,) = (await service.ask("GET", JOBS)).json["jobs"]
    assert "shown" not in listed["result"]["pictures"][0]


def test_failures_of_the_request_are_refusals() -> None:
    """What nothing was paid for, and the request itself is at fault for, or was given up."""
    kinds = {kind for kind in FailureKind if failure_of_kind(kind).is_of_request}
    assert kinds == {FailureKind.BAD_REQUEST, FailureKind.MODERATED_PROMPT, FailureKind.GIVEN_UP}
