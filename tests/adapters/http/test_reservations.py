"""Places for programs that make pictures themselves: reserve, complete, release, over the use cases of the library.

| what happens | what the client gets |
|---|---|
| no place left, no room, a disk that cannot keep | 429 or 507 before it pays anybody |
| it completes with a picture | 201: kept in its place, counted once |
| it completes without, and the picture comes later, or never | 200; the picture's place is open until it is released |
| the picture is none, or finds no room | its problem; the delivery stands, as it was paid |
| it releases | 200 and the places are back; what was delivered counts |
| it does any of it twice, or after all is settled | 409; under the first time's key its answer again |
| the reservation is another user's, unknown, or the service's own | the same 409 |
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from adapters.ledger.codec import decode
from domain.commands import RELEASE_REASONS, SetPolicy
from domain.events import GenerationCompleted
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.test_edits import FORM, form
from tests.adapters.http.test_generations import GENERATION_FIELDS, PATH, Gate
from tests.adapters.http.wire import GenerationOutcome
from tests.hostile.builders import png

ALL = "/v1/users/1/reservations"
BY_ME = {"provider": "my-gpu", "model": "flux", "seconds": 1.5, "credits": 0.25, "seed": 7}


async def reserve(service: Running, key: str = "", **wanted: Any) -> GenerationOutcome:
    """Places of user 1."""
    return await service.send_json("POST", ALL, wanted, headers={"Idempotency-Key": key} if key else {})


async def send(service: Running, path: str, key: str = "", **fields: str | bytes) -> GenerationOutcome:
    """A completion with a picture."""
    headers = {"Idempotency-Key": key} if key else {}
    return await service.ask("POST", f"{path}/completion", body=form(fields), headers=headers, kind=FORM)


async def used(service: Running) -> tuple[int, float, int]:
    """Of user 1: places of the day, MB held, images."""
    status = await service.quota("1")
    return status["daily"]["used"], status["user"]["reserved_mb"], status["user"]["images"]


async def test_a_place_is_reserved_filled_and_counted_once(service: Running) -> None:
    """What was delivered is in the log, by whom it was made."""
    held = await reserve(service, operation="text_to_image", style="origami")
    assert (held.status, held.json["count"]) == (201, 1)
    assert held.headers["location"] == f"{ALL}/{held.json['reservation']}"
    assert held.json["expires_at"] > "2026"
    assert (await used(service))[0] == 1
    told = {name: str(value) for name, value in BY_ME.items()}
    kept = await send(service, held.headers["location"], image=png(), name="a.png", **told)
    assert (kept.status, kept.json["image"]["name"]) == (201, "a.png")
    assert kept.headers["location"] == kept.json["image"]["url"]
    assert await used(service) == (1, 0, 1)
    events = [decode(stored) for stored in service.store.opened().recorder.read()]
    (completed,) = (event for event in events if isinstance(event, GenerationCompleted))
    assert (completed.provider, completed.model, completed.seconds, completed.credits, completed.seed) == (
        *BY_ME.values(),
    )


async def test_a_delivery_is_told_first_and_its_picture_comes_later(service: Running) -> None:
    """Of two places one gets its picture; the other was delivered too, and counts though it is not kept."""
    path = (await reserve(service, count=2)).headers["location"]
    told = await service.send_json("POST", f"{path}/completion", BY_ME | {"count": 2})
    assert (told.status, told.json["image"]) == (200, None)
    assert (await send(service, path, image=png())).status == 201
    released = await service.ask("DELETE", f"{path}?reason=not_kept")
    assert released.status == 200
    assert await used(service) == (2, 0, 1)


@pytest.mark.parametrize("reason", RELEASE_REASONS)
async def test_places_are_given_back_for_each_reason_of_the_ledger(service: Running, reason: str) -> None:
    """All that are open, or so many; what nobody delivered no longer counts."""
    path = (await reserve(service, count=3)).headers["location"]
    assert (await service.ask("DELETE", f"{path}?reason={reason}&count=1")).status == 200
    assert (await used(service))[0] == 2
    assert (await service.ask("DELETE", f"{path}?reason={reason}")).status == 200
    assert (await used(service))[:2] == (0, 0)
    assert (await service.ask("DELETE", f"{path}?reason={reason}")).status == 409


async def test_each_is_done_once_under_its_key(service: Running) -> None:
    """The first answer again, marked; other content is a conflict."""
    first, again = [await reserve(service, "r", count=2) for _ in range(2)]
    assert (again.json, again.headers["idempotency-replayed"]) == (first.json, "true")
    assert (await reserve(service, "r", count=3)).status == 422
    path = first.headers["location"]
    kept, again = [await send(service, path, "c", image=png(), provider="me") for _ in range(2)]
    assert (again.json, again.headers["idempotency-replayed"]) == (kept.json, "true")
    assert (await send(service, path, "c", image=png(2), provider="me")).status == 422
    key = {"Idempotency-Key": "d"}
    released, again = [await service.ask("DELETE", path, headers=key) for _ in range(2)]
    assert (again.json, again.headers["idempotency-replayed"]) == (released.json, "true")
    assert (await service.ask("DELETE", f"{path}?reason=failed", headers=key)).status == 422
    assert await used(service) == (1, 0, 1)


@pytest.mark.parametrize(("limits", "status"), [(SetPolicy(daily=1), 429), (SetPolicy(user_bytes=1), 507)])
async def test_what_does_not_fit_is_refused_before_anybody_is_paid(
    serve: Serve, limits: SetPolicy, status: int
) -> None:
    """As a generation is."""
    service: Running = await serve(limits)
    assert (await reserve(service, count=2)).status == status
    assert await used(service) == (0, 0, 0)


async def test_a_picture_that_cannot_be_kept_leaves_its_place(serve: Serve) -> None:
    """What is none changes nothing; what finds no room was delivered, and may come again once there is."""
    service: Running = await serve(SetPolicy(user_bytes=2_000, gen_bytes=100))
    path = (await reserve(service)).headers["location"]
    assert (await send(service, path, image=b"no picture", provider="me")).status == 415
    large = png(pixels=None, width=900, height=900)
    assert len(large) > 2_000
    assert (await send(service, path, image=large, provider="me")).status == 507
    assert (await send(service, path, image=png(), provider="me")).status == 409  # its delivery was told
    assert (await send(service, path, image=png())).status == 201
    assert await used(service) == (1, 0, 1)


async def test_a_reservation_that_is_not_theirs_to_end_is_as_one_that_is_not_open(serve: Serve) -> None:
    """Another user's, an unknown one, one that the service itself works on: which it is, nobody is told."""
    gate = Gate()
    service: Running = await serve(provider=gate)
    mine = (await reserve(service)).json["reservation"]
    generating = asyncio.create_task(service.send_json("POST", PATH, GENERATION_FIELDS))
    await gate.called.wait()
    (own,) = (
        held.reservation for held in service.store.running().state.open_reservations() if held.reservation != mine
    )
    paths = [f"/v1/users/2/reservations/{mine}", f"{ALL}/{'0' * 32}", f"{ALL}/x", f"{ALL}/{own}"]
    told = [await service.ask("DELETE", path) for path in paths]
    told += [await service.send_json("POST", f"{path}/completion", {"provider": "me"}) for path in paths]
    told += [await send(service, path, image=png(), provider="me") for path in paths]
    assert {answer.status for answer in told} == {409}
    assert len({answer.json["detail"] for answer in told}) == 1
    gate.open.set()
    assert (await generating).status == 201


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"provider": ""},
        {"provider": "a b"},
        {"provider": "x\n"},
        {"provider": "a" * 65},
        {"provider": "me", "model": "\u0000"},
        {"provider": "me", "model": "m" * 101},
        {"provider": "me", "seconds": -1},
        {"provider": "me", "seconds": 1e300},
        {"provider": "me", "credits": -0.5},
        {"provider": "me", "seed": -1},
        {"provider": "me", "count": 0},
        {"provider": "me", "count": 101},
        {"provider": "me", "user": "2"},
    ],
)
async def test_what_the_log_would_hold_for_ever_is_bounded(service: Running, told: dict[str, Any]) -> None:
    """400 that names the field, and no event; a start reads the log again."""
    path = (await reserve(service)).headers["location"]
    before = (await service.quota("1"))["position"]
    assert (await service.send_json("POST", f"{path}/completion", told)).status == 400
    assert (await service.quota("1"))["position"] == before
