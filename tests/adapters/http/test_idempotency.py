"""One key is one effect: over 50 parallel requests, for uploads and for deletions; and keys that are none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.application.saving import NewImage, save_image
from adapters.http.contract.openapi import IDEMPOTENCY_KEY
from adapters.http.routes import ALL_ROUTES
from domain.commands import SetPolicy
from domain.decisions import ANSWERS_KEPT_SECONDS
from tests.adapters.application.evidence import events_of
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.wire import once, request
from tests.hostile.builders import png

CALLERS = 50
PATH = "/v1/users/1/images"


async def test_fifty_parallel_repeats_make_one_image_and_all_get_it(service: Running) -> None:
    """One event; every answer has the same body; all but one say that they are a repeat."""
    data = png(32, 32)
    answers = await asyncio.gather(
        *(service.upload("1", data, headers={"Idempotency-Key": '"same"'}) for _ in range(CALLERS))
    )
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == CALLERS - 1
    status = await service.quota("1")
    assert (status["user"]["images"], status["daily"]["used"]) == (1, 1)
    assert len(service.files()) == 1


async def test_the_same_key_with_other_bytes_is_a_conflict(service: Running) -> None:
    """422, and the first image stands."""
    await service.upload("1", png(32, 32), headers={"Idempotency-Key": "k"})
    other = await service.upload("1", png(33, 33), headers={"Idempotency-Key": "k"})
    assert other.status == 422
    assert (await service.quota("1"))["user"]["images"] == 1


async def test_keys_of_different_clients_are_different_keys(service: Running) -> None:
    """A key belongs to who sent it."""
    data = png()
    await service.upload("1", data, headers={"Idempotency-Key": "k"})
    await service.upload("1", data, headers={"Idempotency-Key": "k", "Abby-Client": "page"})
    assert (await service.quota("1"))["user"]["images"] == 2


async def test_a_repeated_deletion_answers_as_the_first_did(service: Running) -> None:
    """200 again, marked, although the image is gone."""
    await service.upload("1", png(), "a.png")
    headers = {"Idempotency-Key": "del"}
    first = await service.ask("DELETE", "/v1/users/1/images/a.png", headers=headers)
    again = await service.ask("DELETE", "/v1/users/1/images/a.png", headers=headers)
    assert (first.status, again.status) == (200, 200)
    assert first.json["deleted"]["freed_bytes"] == again.json["deleted"]["freed_bytes"]
    assert again.headers["idempotency-replayed"] == "true"


CHANGES = {
    "a reset": ("POST", "/v1/admin/users/1/reset", {"reason": "a"}, {"reason": "b"}, "DailyCountReset"),
    "limits": ("PUT", "/v1/admin/users/1/limits", {"daily": 9, "reason": "a"}, {"reason": "a"}, "LimitsOverridden"),
    "everybody's limits": (
        *("PATCH", "/v1/admin/policy", {"daily": 9, "was": {"daily": 5}, "reason": "a"}),
        *({"daily": 8, "was": {"daily": 5}, "reason": "a"}, "PolicyChanged"),
    ),
    "a grant": (
        *("POST", "/v1/admin/users/1/grants", {"unit": "credits", "amount": 0.5, "reason": "a"}),
        *({"unit": "credits", "amount": 0.4, "reason": "a"}, "GrantGiven"),
    ),
    "points": (
        *("POST", "/v1/admin/users/1/points", {"kind": "mint", "amount": 5, "reason": "a"}),
        *({"kind": "mint", "amount": 4, "reason": "a"}, "PointsMoved"),
    ),
    "an offer": (
        *("PUT", "/v1/admin/market/offers/ten", {"unit": "bytes", "amount": 9, "price": 3, "reason": "a"}),
        *({"unit": "bytes", "amount": 9, "price": 4, "reason": "a"}, "OfferSet"),
    ),
    "a cleanup": ("POST", "/v1/admin/cleanup", {"days": 0}, {"days": 1}, "CleanupCompleted"),
}


@pytest.mark.parametrize(("method", "path", "body", "other", "event"), CHANGES.values(), ids=CHANGES)
async def test_a_change_by_an_administrator_is_made_once_under_its_key(
    service: Running, method: str, path: str, body: object, other: object, event: str
) -> None:
    """In parallel too; the answer is the same, marked; another change under the key is 422 and none; without the key
    it is made anew.
    """
    for name in ("a.png", "b.png"):
        await save_image(service.store, NewImage("1", png(), name=name, temp=True))
    await service.upload("1", png(), "kept.png")
    before = len(events_of(service.store.root, event))
    key = {"Idempotency-Key": "one"}
    answers = await asyncio.gather(*(service.send_json(method, path, body, headers=key) for _ in range(8)))
    assert {answer.status for answer in answers} == {201 if event == "GrantGiven" else 200}
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 7
    told = {tuple(answer.json.get(name) for name in ("files", "changed", "grant")) for answer in answers}
    assert len(told) == 1
    assert len(events_of(service.store.root, event)) == before + 1
    refused = await service.send_json(method, path, other, headers=key)
    assert (refused.status, refused.json["reason"]) == (422, "REQUEST_CONFLICT")
    assert len(events_of(service.store.root, event)) == before + 1


def test_every_route_that_changes_something_takes_a_key() -> None:
    """Making a zip changes nothing, and who signs in twice is signed in twice."""
    changing = {route.path for route in ALL_ROUTES if route.method not in {"GET", "HEAD"} and not route.is_repeatable}
    assert changing == {"/v1/users/{user}/images/archives", "/v1/session", "/v1/sessions"}


def test_how_long_keys_are_kept_and_whose_they_are_is_told() -> None:
    """In the document and to readers: as many days as the ledger keeps answers."""
    days = f"{ANSWERS_KEPT_SECONDS // 86_400} days"
    read = (Path(__file__).parents[3] / "docs/http-api.md").read_text("utf-8")
    for told in (str(IDEMPOTENCY_KEY["description"]), " ".join(read.split())):
        assert (days in told, "token" in told.partition(days)[2][:80]) == (True, True)


async def test_fifty_saves_with_room_for_five_keep_five(serve: Serve) -> None:
    """Exactly as many as fit, whatever the order in which they come."""
    data = png(32, 32)
    service: Running = await serve(SetPolicy(user_bytes=5 * len(data), gen_bytes=1, daily=1_000))
    answers = await asyncio.gather(*(service.upload("1", data) for _ in range(CALLERS)))
    statuses = [answer.status for answer in answers]
    assert (statuses.count(201), statuses.count(507)) == (5, CALLERS - 5)
    assert len(service.files()) == 5


LONG = "k" * 255


async def test_a_key_of_the_greatest_length_works_as_any_other(service: Running) -> None:
    """255 characters, for uploads and for generations, whose steps append to it."""
    wish = {"prompt": "x", "width": 64, "height": 64}
    for _ in range(2):
        made = await service.send_json("POST", "/v1/users/1/generations", wish, headers={"Idempotency-Key": LONG})
        assert made.status == 201
    assert (await service.quota("1"))["daily"]["used"] == 1


async def test_two_keys_are_none(service: Running) -> None:
    """Nobody could say which of them counts."""
    raw = request("POST", PATH, headers={"Idempotency-Key": "a", "idempotency-key": "b"}, body=png())
    assert (await once(service.address, raw)).status == 400


@pytest.mark.parametrize(
    "key", ["", '""', '"open', "k" * 256, "\u00e9", "a\tb", '"a"b"', "a\u00c2\u00a0", "\u00e2\u0080\u0083a"]
)
async def test_a_key_that_is_not_one_is_refused(service: Running, key: str) -> None:
    """400, and nothing is saved."""
    answer = await service.upload("1", png(), headers={"Idempotency-Key": key})
    assert answer.status == 400
    assert (await service.quota("1"))["user"]["images"] == 0


async def test_a_guessed_key_of_a_step_is_another_key(service: Running) -> None:
    """Before or after a generation, uploads of another user under what the keys of its steps look like."""
    wish = {"prompt": "x", "width": 64, "height": 64}

    async def guess(user: str) -> list[int]:
        steps = ("reserve", "complete/0", "save/0")
        uploads = [
            service.upload(user, png(), f"private-{step[:3]}.png", headers={"Idempotency-Key": f"{key}/{step}"})
            for step in steps
        ]
        return [(await upload).status for upload in uploads]

    for key, user in (("before", "2"), ("after", "3")):
        guessed = await guess(user) if key == "before" else []
        made = await service.send_json("POST", "/v1/users/1/generations", wish, headers={"Idempotency-Key": key})
        assert (made.status, b"private" in made.body, made.json["pictures"][0]["not_kept"]) == (201, False, None)
        assert (guessed or await guess(user)) == [201, 201, 201]
