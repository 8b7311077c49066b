"""`/v1/users/USER/history` and `/v1/policy`: what became of requests, and the limits of everybody."""

from __future__ import annotations

from domain.commands import SetPolicy
from tests.adapters.http.conftest import Running, Serve
from tests.hostile.builders import png


async def test_each_request_has_what_became_of_it(serve: Serve) -> None:
    """A picture that was made and deleted, one that was uploaded, and one that was refused, newest first."""
    service: Running = await serve(SetPolicy(daily=1))
    wish = {"prompt": "a red fox", "style": "anime", "width": 64, "height": 64}
    made = (await service.send_json("POST", "/v1/users/1/generations", wish)).json["pictures"][0]["image"]
    refused = (await service.send_json("POST", "/v1/users/1/generations", wish)).json
    await service.upload("2", png(), "own.png")
    found = (await service.ask("GET", "/v1/users/1/history")).json
    assert found["total"] == 2
    no, yes = found["entries"]
    assert (no["kind"], no["reason"], no["sentence"]) == ("refused", "DAILY_LIMIT", refused["detail"])
    why = (await service.ask("GET", f"/v1/users/1/why?position={no['position']}")).json
    assert why["sentence"] == refused["detail"]
    assert (yes["kind"], yes["name"], yes["prompt"], yes["stands"]) == ("kept", made["name"], "a red fox", True)
    assert (yes["generation"]["counted"], yes["generation"]["style"]) == (1, "anime")
    assert (await service.ask("GET", yes["url"])).status == 200
    await service.ask("DELETE", yes["url"])
    gone = (await service.ask("GET", "/v1/users/1/history?offset=1")).json["entries"][0]
    assert (gone["stands"], gone["url"], gone["generation"]) == (False, None, yes["generation"])
    (own,) = (await service.ask("GET", "/v1/users/2/history")).json["entries"]
    assert (own["name"], own["prompt"], own["generation"]["counted"]) == ("own.png", "", 1)
    assert (await service.ask("GET", "/v1/users/3/history")).json["entries"] == []


async def test_the_limits_of_everybody(serve: Serve) -> None:
    """As the log has them."""
    service: Running = await serve(SetPolicy(daily=3, user_bytes=1_000_000))
    told = (await service.ask("GET", "/v1/policy")).json
    assert (told["daily"], told["user_bytes"], told["temp_days"]) == (3, 1_000_000, 7)
