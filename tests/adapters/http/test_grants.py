"""Grants over HTTP: given, told with what is left of them, and taken away by whoever may all."""

from __future__ import annotations

from typing import Any

import pytest

from domain.instants import later
from tests.adapters.application.evidence import events_of
from tests.adapters.http.conftest import Running
from tests.hostile.builders import png

GRANTS = "/v1/admin/users/1/grants"
WANTED: dict[str, Any] = {"unit": "generations", "amount": 2, "reason": "a prize"}


async def give(service: Running, **asked: Any) -> Any:
    """The answer to a grant that is to be given."""
    return await service.send_json("POST", GRANTS, {**WANTED, **asked})


async def told(service: Running) -> list[dict[str, Any]]:
    """The user's grants."""
    return (await service.ask("GET", GRANTS)).json["grants"]  # type: ignore[no-any-return]  # it is a document


async def test_a_grant_is_drawn_on_and_what_is_left_is_told(service: Running) -> None:
    """Beyond the limit; taken away, nothing more can be drawn, and the log has both with their reasons."""
    await service.send_json("PUT", "/v1/admin/users/1/limits", {"daily": 0, "reason": "a break"})
    assert (await service.upload("1", png())).status == 429
    given = await give(service)
    assert given.status == 201
    assert (await service.upload("1", png())).status == 201
    (grant,) = await told(service)
    event = events_of(service.store.root, "GrantGiven")[-1]
    assert (grant["grant"], grant["position"]) == (given.json["grant"], given.json["position"])
    assert (grant["position"], grant["given_at"]) == (event["pos"], event["data"]["at"])
    assert (grant["amount"], grant["left"], grant["source"], grant["voided"]) == (2, 1, "manager", False)
    path = f"{GRANTS}/{grant['grant']}"
    taken = await service.ask("DELETE", f"{path}?reason=a+mistake")
    assert (taken.status, taken.json) == (200, {"grant": grant["grant"], "changed": True})
    assert await told(service) == [{**grant, "left": 0, "voided": True}]
    assert (await service.upload("1", png())).status == 429
    assert (await service.ask("DELETE", path)).json["changed"] is False
    event = events_of(service.store.root, "GrantVoided")[-1]["data"]
    assert (event["by"], event["reason"]) == ("api:local", "a mistake")


async def test_credits_have_decimals_and_what_is_left_may_roll_over(service: Running) -> None:
    """Told as they were given."""
    ends = {"expires_at": "2999-01-01T00:00:00.000000Z", "rollover_until": "2999-02-01T00:00:00.000000Z"}
    asked = {"unit": "credits", "amount": 2.505, "priority": 3, "rollover": 0.4, **ends}
    assert (await give(service, **asked)).status == 201
    (grant,) = await told(service)
    assert {name: grant[name] for name in asked} == asked
    assert (grant["left"], grant["ends_at"]) == (2.505, ends["expires_at"])
    data = events_of(service.store.root, "GrantGiven")[-1]["data"]
    assert (data["amount"], data["rollover"]) == (2_505, 400)
    assert (await service.quota("1"))["grants"][0]["left"] == 2.505


async def test_a_grant_is_given_for_so_many_days(service: Running) -> None:
    """From the moment on which it is given; under its key once, however late its repeat comes."""
    key = {"Idempotency-Key": "k"}
    asked = {**WANTED, "days": 30}
    first, again = [await service.send_json("POST", GRANTS, asked, headers=key) for _ in range(2)]
    assert (again.json, again.headers["idempotency-replayed"]) == (first.json, "true")
    (grant,) = await told(service)
    assert later(grant["given_at"], seconds=30 * 86_400)[:16] == grant["expires_at"][:16]
    assert (await service.send_json("POST", GRANTS, {**asked, "days": 31}, headers=key)).status == 422
    stays = {"rollover": 1, "rollover_until": "2999-02-01T00:00:00Z"}
    assert (await give(service, days=1, **stays)).status == 201
    assert (await told(service))[1]["rollover"] == 1


BAD: list[tuple[dict[str, Any], str]] = [
    ({"unit": "pictures"}, "unit"),
    ({"amount": 0}, "amount"),
    ({"amount": -1}, "amount"),
    ({"amount": 1.5}, "amount"),
    ({"amount": True}, "amount"),
    ({"amount": 2**53}, "amount"),
    ({"unit": "credits", "amount": 0.0001}, "amount"),
    ({"unit": "credits", "amount": 1e13}, "amount"),
    ({"reason": ""}, "reason"),
    ({"priority": 101}, "priority"),
    ({"priority": -1}, "priority"),
    ({"expires_at": "soon"}, "expires_at"),
    ({"days": 0}, "days"),
    ({"days": 36_501}, "days"),
    ({"days": 1.5}, "days"),
    ({"days": 1, "expires_at": "2999-01-01T00:00:00Z"}, "days"),
    ({"days": 9, "rollover": 1, "rollover_until": "2020-01-01T00:00:00Z"}, "rollover_until"),
    ({"rollover": 3}, "rollover"),
    ({"rollover": 1}, "rollover_until"),
    ({"expires_at": "2999-01-01T00:00:00Z", "rollover": 1, "rollover_until": "2998-01-01T00:00:00Z"}, "rollover_until"),
    ({"rollover_until": "tomorrow"}, "rollover_until"),
    ({"source": "bought"}, "source"),
]


@pytest.mark.parametrize(("asked", "field"), BAD, ids=str)
async def test_what_means_nothing_gives_nothing(service: Running, asked: dict[str, Any], field: str) -> None:
    """400, and the field that is wrong."""
    refused = await give(service, **asked)
    assert (refused.status, refused.json["field"]) == (400, field), refused.json
    assert await told(service) == []


NONE: list[tuple[str, int, str | None]] = [
    ("0" * 16, 404, None),
    ("-x", 400, "grant"),
    (f"{'0' * 16}?reason=", 400, "reason"),
    (f"{'0' * 16}?reason=%E2%80%AE", 400, "reason"),
]


@pytest.mark.parametrize(("of", "status", "field"), NONE)
async def test_what_is_no_grant_is_not_taken_away(service: Running, of: str, status: int, field: str | None) -> None:
    """Nor one of another user; a reason that is given is one."""
    refused = await service.ask("DELETE", f"{GRANTS}/{of}")
    assert (refused.status, refused.json.get("field")) == (status, field)
    grant = (await give(service)).json["grant"]
    assert (await service.ask("DELETE", f"/v1/admin/users/2/grants/{grant}")).status == 404
    assert [one["left"] for one in await told(service)] == [2]
