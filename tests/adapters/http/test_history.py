"""`/v1/users/USER/history` and `/v1/policy`: what became of requests, and the limits of everybody."""

from __future__ import annotations

from adapters.wording.figures import size_in_words
from domain.commands import SetPolicy
from domain.limits import MEGABYTE
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


async def test_what_was_changed_about_a_user_is_told_where_it_is_asked_for(serve: Serve) -> None:
    """Their own limits from what to what, today's count, a deleted image, by whom; a decision has its position."""
    service: Running = await serve(SetPolicy(daily=1))
    limits = "/v1/admin/users/1/limits"
    await service.upload("1", png(), "own.png")
    await service.send_json("PUT", limits, {"daily": 9, "reason": "a prize"})
    await service.send_json("PUT", limits, {"daily": 9, "user_bytes": 2 * MEGABYTE, "reason": "more"})
    await service.send_json("PUT", limits, {"reason": "it is over"})
    await service.send_json("POST", "/v1/admin/users/1/reset", {"reason": "a mistake"})
    await service.ask("DELETE", "/v1/users/1/images/own.png")
    page = (await service.ask("GET", "/v1/users/1/history?with=changes")).json
    changes, (kept,) = page["entries"][:-1], page["entries"][-1:]
    nine, more = "9 generations a day, for good", "9 generations a day and 2.0 MB of storage, for good"
    size = size_in_words(len(png()))
    assert [(one["what"], one["sentence"]) for one in changes] == [
        ("image", f"own.png, {size} freed; deleted by the user."),
        ("count", "The count of the day was set to 0: a mistake"),
        ("limits", f"Own limits from {more} to none: it is over"),
        ("limits", f"Own limits from {nine} to {more}: more"),
        ("limits", f"Own limits from none to {nine}: a prize"),
    ]
    assert {one["by"] for one in changes} == {"api:local"}
    assert page["total"] == 6
    why = await service.ask("GET", f"/v1/users/1/why?position={kept['position']}")
    assert (why.status, kept["kind"]) == (200, "kept")
    assert (await service.ask("GET", "/v1/users/1/history")).json["total"] == 1
    rest = (await service.ask("GET", "/v1/users/1/history?with=changes&offset=4&limit=1")).json["entries"]
    assert rest == changes[4:]
    assert (await service.ask("GET", "/v1/users/1/history?with=all")).status == 400


async def test_the_limits_of_everybody(serve: Serve) -> None:
    """As the log has them."""
    service: Running = await serve(SetPolicy(daily=3, user_bytes=1_000_000))
    told = (await service.ask("GET", "/v1/policy")).json
    assert (told["daily"], told["user_bytes"], told["temp_days"]) == (3, 1_000_000, 7)
