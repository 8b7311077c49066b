"""The line over HTTP: what waits of a user or of all, and what is taken out of it.

| what happens | what the client gets |
|---|---|
| it asks for its line, another user's with a token of its own, everybody's without being an admin | 200, 403, 403 |
| it takes out what waits, twice, another user's, what is being made, an unknown id | 200, 404, 404, 404, 404 |
| whoever waited for that as a job, or for its answer | `cancelled`; 409 |
| it takes all of its own out | their ids; those of others stay, as does what is being made |
"""

from __future__ import annotations

import asyncio
from typing import Any

from adapters.http.taken_out import MOST_KEPT, TakenOut, TakingOut
from adapters.tokens.token import Scope
from domain.commands import SetPolicy
from tests.adapters.http.conftest import JSON, Running, Serve
from tests.adapters.http.test_generations import GENERATION_FIELDS, Gate
from tests.adapters.http.test_tokens import given

MANY = SetPolicy(daily=100)
MINE = "/v1/users/1/queue"
ALL = "/v1/admin/queue"


async def begin(service: Running, user: str = "1", **wish: Any) -> str:
    """The id of one more job."""
    path = f"/v1/users/{user}/generations"
    told = await service.send_json("POST", path, GENERATION_FIELDS | wish, headers={"Prefer": "respond-async"})
    assert told.status == 202, told.body
    return str(told.json["id"])


async def line_of(service: Running, path: str = MINE) -> Any:
    """What waits."""
    return (await service.ask("GET", path)).json["waiting"]


async def busy(serve: Serve, gate: Gate) -> Running:
    """A service whose two turns are taken by user 1."""
    service: Running = await serve(MANY, provider=gate)
    for seed in (1, 2):
        await begin(service, seed=seed)
    return service


async def test_what_waits_is_told_by_its_place_in_the_whole_line(serve: Serve) -> None:
    """To its user with the words, to whoever governs with its user; with the id of its job."""
    gate = Gate()
    service = await busy(serve, gate)
    mine = [await begin(service, prompt=prompt) for prompt in ("one", "two")]
    others = await begin(service, "2", prompt="theirs", count=2)
    told = await line_of(service)
    assert [(one["id"], one["place"], one["prompt"]) for one in told] == [(mine[0], 1, "one"), (mine[1], 3, "two")]
    (theirs,) = await line_of(service, "/v1/users/2/queue")
    assert (theirs["id"], theirs["place"], theirs["count"], theirs["origin"]) == (others, 2, 2, "http")
    assert theirs["about_seconds"] is None
    whole = await line_of(service, ALL)
    assert [(one["place"], one["user"]) for one in whole] == [(1, "1"), (2, "2"), (3, "1")]
    assert not any("prompt" in one for one in whole)
    job = (await service.ask("GET", f"/v1/users/1/jobs/{mine[1]}")).json
    assert (job["queue_position"], job["state"]) == (3, "waiting")
    gate.open.set()


async def test_what_is_taken_out_is_cancelled_once(serve: Serve) -> None:
    """Its job is told as cancelled, its places are free, those behind it move up; a second time there is none."""
    gate = Gate()
    service = await busy(serve, gate)
    gone, stays = [await begin(service, seed=seed) for seed in (3, 4)]
    told = await service.ask("DELETE", f"{MINE}/{gone}")
    assert (told.status, told.json) == (200, {"taken_out": [gone]})
    assert [(one["id"], one["place"]) for one in await line_of(service)] == [(stays, 1)]
    job = await service.ask("GET", f"/v1/users/1/jobs/{gone}?wait=5")
    assert job.json["state"] == "cancelled"
    again = await service.ask("DELETE", f"{MINE}/{gone}")
    assert (again.status, again.json["title"]) == (404, "There is nothing here")
    assert (await service.quota("1"))["daily"]["used"] == 3
    gate.open.set()


async def test_what_is_not_the_users_or_waits_no_longer_is_not_found(serve: Serve) -> None:
    """Another user's and an unknown one are told alike; what is being made is left alone."""
    gate = Gate()
    service: Running = await serve(MANY, provider=gate)
    making = await begin(service)
    await begin(service)
    theirs = await begin(service, "2")
    answers = [await service.ask("DELETE", f"{MINE}/{wanted}") for wanted in (theirs, "0" * 32, making)]
    assert [answer.status for answer in answers] == [404, 404, 404]
    assert len({answer.json["detail"] for answer in answers}) == 1
    assert len(await line_of(service, ALL)) == 1
    assert (await service.ask("GET", f"/v1/users/1/jobs/{making}")).json["state"] == "making"
    gate.open.set()


async def test_who_waits_for_the_answer_hears_that_it_was_taken_out(serve: Serve) -> None:
    """A request that is no job: 409, and nothing is counted."""
    gate = Gate()
    service = await busy(serve, gate)
    waited = asyncio.create_task(service.send_json("POST", "/v1/users/2/generations", GENERATION_FIELDS))
    while not (line := await line_of(service, "/v1/users/2/queue")):  # noqa: ASYNC110 - nothing else tells that it waits
        await asyncio.sleep(0.01)
    assert (await service.ask("DELETE", f"/v1/users/2/queue/{line[0]['id']}")).status == 200
    answer = await waited
    assert (answer.status, answer.json["type"]) == (409, "urn:abby-ledger:problem:given-up")
    assert (await service.quota("2"))["daily"]["used"] == 0
    gate.open.set()


async def test_all_of_a_user_are_taken_out_together(serve: Serve) -> None:
    """Those of others stay, and what is being made is made."""
    gate = Gate()
    service = await busy(serve, gate)
    mine = [await begin(service, seed=seed) for seed in (3, 4, 5)]
    theirs = await begin(service, "2")
    told = await service.ask("DELETE", MINE)
    assert (told.status, told.json) == (200, {"taken_out": mine})
    assert [one["id"] for one in await line_of(service, ALL)] == [theirs]
    assert (await service.ask("DELETE", MINE)).json == {"taken_out": []}
    gate.open.set()


async def test_a_repeat_under_its_key_takes_nothing_more_out(serve: Serve) -> None:
    """What joined since stays; the key is another request's for everything else, and another client's is its own."""
    gate = Gate()
    service = await busy(serve, gate)
    first, key = await begin(service, seed=3), {"Idempotency-Key": "once"}
    told = [await service.ask("DELETE", MINE, headers=key)]
    later = await begin(service, seed=4)
    told.append(await service.ask("DELETE", MINE, headers=key))
    assert [answer.json for answer in told] == [{"taken_out": [first]}] * 2
    assert [answer.headers.get("idempotency-replayed") for answer in told] == [None, "true"]
    for path in (f"{MINE}/{later}", "/v1/users/2/queue"):
        assert (await service.ask("DELETE", path, headers=key)).status == 422
    assert [one["id"] for one in await line_of(service)] == [later]
    page = await service.ask("DELETE", MINE, headers={**key, "Abby-Client": "page"})
    assert page.json == {"taken_out": [later]}
    gate.open.set()


def test_the_latest_answers_are_kept_and_no_more() -> None:
    """The first one of too many is forgotten: its repeat is a request like any other."""
    taking = TakingOut()
    for number in range(MOST_KEPT + 1):
        taking.once("1", "api:a", str(number), "1 all", lambda: ["first"])
    told = [taking.once("1", "api:a", key, "1 all", lambda: ["again"]) for key in ("1", str(MOST_KEPT), "0")]
    assert told == [TakenOut(["first"], replayed=True)] * 2 + [TakenOut(["again"], replayed=False)]


async def test_the_line_of_others_is_for_whoever_may_read_all(serve: Serve) -> None:
    """A token of one user sees and takes out that user's alone; one that only reads takes nothing out."""
    gate = Gate()
    service = await busy(serve, gate)
    theirs = await begin(service, "2")
    own, reads = given(service, Scope.WRITE, user="1"), given(service, Scope.READ)

    async def status(method: str, path: str, headers: dict[str, str]) -> int:
        return (await service.ask(method, path, headers=headers, kind=JSON)).status

    assert await status("GET", MINE, own) == 200
    assert await status("GET", "/v1/users/2/queue", own) == 403
    assert await status("DELETE", f"/v1/users/2/queue/{theirs}", own) == 403
    assert await status("DELETE", "/v1/users/2/queue", own) == 403
    assert await status("GET", ALL, own) == 403
    assert await status("DELETE", f"/v1/users/2/queue/{theirs}", reads) == 403
    assert await status("DELETE", f"/v1/users/2/queue/{theirs}", given(service, Scope.WRITE)) == 200
    gate.open.set()
