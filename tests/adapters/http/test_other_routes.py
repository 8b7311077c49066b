"""Quota, users, health, the operator's routes, the page's files, and what an unexpected error looks like."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.http.routes.page import CONTENT_SECURITY_POLICY
from domain.limits import MEGABYTE
from tests.adapters.application.evidence import events_of
from tests.adapters.http.conftest import Running
from tests.adapters.http.wire import Wire, request
from tests.hostile.builders import png, png_of_size

GENERATION_FIELDS = {"prompt": "a secret wish", "width": 64, "height": 64}


async def test_a_quota_is_the_status_dictionary(service: Running) -> None:
    """With the parts and the position that the design names, for a user nobody has heard of too."""
    status = await service.quota("nobody")
    assert set(status) == {
        "global",
        "user",
        "daily",
        "storage",
        "global_storage",
        "limits",
        "windows",
        "grants",
        "reached",
        "sources",
        "tiers",
        "position",
    }
    assert (status["daily"]["limit"], status["user"]["limit_mb"], status["global"]["total_mb"]) == (5, 500, 5000)


async def test_users_are_listed_with_their_figures(service: Running) -> None:
    """In the order of their ids, in pages."""
    for user in ("b", "a"):
        await service.upload(user, png())
    listed = (await service.ask("GET", "/v1/users")).json
    assert [(user["user"], user["images"], user["daily_used"]) for user in listed["users"]] == [
        ("a", 1, 1),
        ("b", 1, 1),
    ]
    assert (await service.ask("GET", "/v1/users?offset=1")).json["users"][0]["user"] == "b"


async def test_health_says_alive_and_readiness_says_why_and_when(service: Running) -> None:
    """`/readyz` names the last cleanup once there was one."""
    assert (await service.ask("GET", "/healthz")).json == {"status": "alive"}
    ready = await service.ask("GET", "/readyz")
    assert (ready.status, ready.json["status"], ready.json["last_cleanup"]) == (200, "ready", None)
    await service.send_json("POST", "/v1/admin/cleanup", {})
    assert (await service.ask("GET", "/readyz")).json["last_cleanup"].endswith("Z")


async def test_a_closed_storage_is_not_ready_and_says_so_everywhere(service: Running) -> None:
    """503 with a reason, as a problem on the routes that need the storage; the page and `/healthz` still answer."""
    service.store.close()
    ready = await service.ask("GET", "/readyz")
    assert (ready.status, ready.json["status"]) == (503, "not ready")
    assert ready.json["notes"]
    for path in ("/v1/users/1/quota", "/v1/users/1/images", "/v1/users/1/images/a.png", "/v1/users"):
        assert (await service.ask("GET", path)).status == 503
    assert (await service.upload("1", png())).status == 503
    assert (await service.ask("GET", "/healthz")).status == 200
    assert (await service.ask("GET", "/")).status == 200


async def test_users_are_found_by_their_ids_and_the_busiest_or_largest_come_first(service: Running) -> None:
    """Equals by their ids; also who was only ever refused, or only has limits of their own."""
    await service.upload("c-1", png())
    for _ in range(2):
        await service.upload("b", png())
    await service.upload("a", png_of_size(MEGABYTE))
    await service.send_json("PUT", "/v1/admin/users/d-1/limits", {"daily": 0, "reason": "a break"})
    await service.send_json("PATCH", "/v1/admin/policy", {"daily": 0, "was": {"daily": 5}, "reason": "a break"})
    assert (await service.upload("e", png())).status == 429

    async def found(query: str) -> tuple[str, int]:
        page = (await service.ask("GET", f"/v1/users?{query}")).json
        return " ".join(user["user"] for user in page["users"]), page["total"]

    assert await found("") == ("a b c-1 d-1 e", 5)
    assert await found("order=today") == ("b a c-1 d-1 e", 5)
    assert await found("order=storage") == ("a b c-1 d-1 e", 5)
    assert await found("order=today&limit=2&offset=1") == ("a c-1", 5)
    assert await found("search=-1&order=id") == ("c-1 d-1", 2)
    assert await found("search=x") == ("", 0)
    for query in ("order=month", "search=A", "search=", "search=" + "x" * 65):
        assert (await service.ask("GET", f"/v1/users?{query}")).status == 400, query


async def test_a_reset_opens_the_day_again(service: Running) -> None:
    """The answer is the user's status after it."""
    await service.upload("1", png())
    status = await service.send_json("POST", "/v1/admin/users/1/reset", {"reason": "a test"})
    assert (status.status, status.json["daily"]["used"]) == (200, 0)


async def test_limits_of_ones_own_hold_until_they_are_taken_away(service: Running) -> None:
    """Given, then with none given gone."""
    given = await service.send_json(
        "PUT", "/v1/admin/users/1/limits", {"daily": 9, "user_bytes": 1_048_576, "reason": "vip"}
    )
    assert (given.json["daily"]["limit"], given.json["user"]["limit_mb"]) == (9, 1)
    taken = await service.send_json("PUT", "/v1/admin/users/1/limits", {"reason": "over"})
    assert (taken.json["daily"]["limit"], taken.json["user"]["limit_mb"]) == (5, 500)


async def test_a_users_own_limits_are_told_with_who_set_them(service: Running) -> None:
    """Before there are any, while they hold, and once they are taken away."""
    path = "/v1/admin/users/1/limits"
    none: dict[str, Any] = {
        "user_bytes": None,
        "daily": None,
        "windows": {},
        "until": None,
        "in_force": False,
        "set": None,
    }
    assert (await service.ask("GET", path)).json == none
    windows = {"user/week/generations": 20, "user/month/credits": 2.5}
    own = {"daily": 9, "user_bytes": 1_048_577, "windows": windows, "until": "2999-01-31T00:00:00.000000Z"}
    await service.send_json("PUT", path, {**own, "reason": "vip"})
    told = (await service.ask("GET", path)).json
    assert {**told, "set": None} == {**own, "in_force": True, "set": None}
    assert (told["set"]["by"], told["set"]["reason"]) == ("api:local", "vip")
    line = events_of(service.store.root, "LimitsOverridden")[-1]
    assert (line["pos"], line["data"]["at"]) == (told["set"]["position"], told["set"]["at"])
    await service.send_json("PUT", path, {"reason": "over", "was": own})
    taken = (await service.ask("GET", path)).json
    assert ({**taken, "set": None}, taken["set"]["reason"]) == (none, "over")


async def test_of_two_who_saw_the_same_limits_of_a_user_the_second_is_told(service: Running) -> None:
    """412, and the first one's limits stand; what was seen may be nothing."""
    path = "/v1/admin/users/1/limits"
    none, nine = {"daily": None}, {"daily": 9}
    assert (await service.send_json("PUT", path, {**nine, "was": none, "reason": "a"})).status == 200
    refused = await service.send_json("PUT", path, {"daily": 7, "was": none, "reason": "b"})
    assert (refused.status, refused.json["reason"]) == (412, "LIMITS_CHANGED")
    assert "daily is 9" in refused.json["detail"]
    assert (await service.ask("GET", path)).json["daily"] == 9
    assert (await service.send_json("PUT", path, {"was": nine, "reason": "c"})).status == 200
    gone = await service.send_json("PUT", path, {"daily": 7, "was": nine, "reason": "d"})
    assert "none of their own" in gone.json["detail"]
    assert (await service.send_json("PUT", path, {"was": {"daily": -1}, "daily": 7, "reason": "e"})).status == 400


BAD_ADMIN: list[tuple[str, str, Any]] = [
    ("POST", "/v1/admin/users/1/reset", {}),
    ("POST", "/v1/admin/users/1/reset", {"reason": ""}),
    ("POST", "/v1/admin/users/1/reset", {"reason": "a" * 201}),
    ("POST", "/v1/admin/users/A/reset", {"reason": "x"}),
    ("PUT", "/v1/admin/users/1/limits", {"daily": -1, "reason": "x"}),
    ("PUT", "/v1/admin/users/1/limits", {"daily": True, "reason": "x"}),
    ("PUT", "/v1/admin/users/1/limits", {"daily": 1, "until": "tomorrow", "reason": "x"}),
    ("PUT", "/v1/admin/users/1/limits", {"user_bytes": 2**60, "reason": "x"}),
    ("PUT", "/v1/admin/users/1/limits", {"windows": {"pool/month/credits": 1}, "reason": "x"}),
    ("PUT", "/v1/admin/users/1/limits", {"windows": {"user/month/credits": 0.0001}, "reason": "x"}),
    ("POST", "/v1/admin/cleanup", {"days": -1}),
    ("POST", "/v1/admin/cleanup", {"days": 1.5}),
    ("POST", "/v1/admin/cleanup", {"days": 10**9}),
]


@pytest.mark.parametrize(("method", "path", "body"), BAD_ADMIN)
async def test_an_operators_mistake_changes_nothing(service: Running, method: str, path: str, body: Any) -> None:
    """400 with a sentence, no event."""
    before = (await service.quota("1"))["position"]
    refused = await service.send_json(method, path, body)
    assert (refused.status, (await service.quota("1"))["position"]) == (400, before)


async def test_a_cleanup_says_what_it_freed(service: Running) -> None:
    """Temp files of the age asked for; nothing else."""
    await save_image(service.store, NewImage("1", png(), name="t.png", temp=True))
    await service.upload("1", png(), "kept.png")
    cleaned = await service.send_json("POST", "/v1/admin/cleanup", {"days": 0})
    assert cleaned.json == {"files": 1, "freed_bytes": len(png())}
    assert service.files() == ["images/users/1/kept.png"]


async def test_the_page_comes_with_its_policy_and_is_not_sent_twice(service: Running) -> None:
    """A strict policy, the right media type, and 304 for a browser that has it."""
    page = await service.ask("GET", "/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert page.headers["cross-origin-opener-policy"] == "same-origin"
    again = await service.ask("GET", "/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    script = await service.ask("GET", "/page/app.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["/page/", "/page/nothing.js", "/page/..%2fservice.py", "/page/%2e%2e/service.py", "/nowhere", "//"]
)
async def test_a_path_that_leads_nowhere_is_404(service: Running, path: str) -> None:
    """As a problem, and nothing outside the page's files is ever read."""
    answer = await service.ask("GET", path)
    assert (answer.status, answer.json["status"]) == (404, 404)


async def test_a_request_is_one_line_without_what_was_wished(
    service: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """Method, path, status, time and reference; no prompt, no query, no header."""
    with caplog.at_level("DEBUG"), capture_logs() as lines:
        answer = await service.send_json(
            "POST", "/v1/users/1/generations", GENERATION_FIELDS, headers={"Idempotency-Key": "secret-key"}
        )
    [line] = [line for line in lines if line["event"] == "http request"]
    assert (line["method"], line["status"], line["request_id"]) == ("POST", 201, answer.headers["x-request-id"])
    assert line["route"] == "/v1/users/{user}/generations"
    assert "secret" not in repr(lines)


@pytest.mark.parametrize(
    ("level", "path", "lines"),
    [
        ("INFO", "/v1/users/1/quota", []),
        ("DEBUG", "/v1/users/1/quota", ["debug"]),
        ("INFO", "/v1/users/1/images/none.png", ["info"]),
        ("INFO", "/nowhere", ["info"]),
    ],
)
async def test_what_is_answered_as_usual_is_a_line_for_those_alone_who_look_for_it(
    service: Running, caplog: pytest.LogCaptureFixture, level: str, path: str, lines: list[str]
) -> None:
    """A page and a monitor would fill the log; what is refused, or not there, is in it."""
    with caplog.at_level(level), capture_logs() as written:
        await service.ask("GET", path)
    assert [line["log_level"] for line in written if line["event"] == "http request"] == lines


async def test_an_error_nobody_expected_is_a_500_with_a_reference_to_the_log(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer says nothing of the cause; the log says all, under the same reference."""

    def broken(_storage: Storage, _user: str) -> None:
        raise RuntimeError("the inside of the service")

    monkeypatch.setattr("adapters.http.routes.quota.figures_of", broken)
    with capture_logs() as lines:
        answer = await service.ask("GET", "/v1/users/1/quota")
    assert answer.status == 500
    assert b"inside" not in answer.body
    [line] = [line for line in lines if line["event"] == "http request failed"]
    assert answer.json["reference"] == line["request_id"] == answer.headers["x-request-id"]
    assert answer.json["instance"].endswith(line["request_id"])


@pytest.mark.parametrize("path", ["/", "/v1/styles", "/v1/users/1/quota", "/healthz", "/v1/users/1/images/a.png"])
async def test_head_is_get_without_the_body(service: Running, path: str) -> None:
    """The same status and type."""
    await service.upload("1", png(), "a.png")
    got, head = await service.ask("GET", path), await _head(service, path)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert got.headers["content-type"].encode() in head
    assert head.endswith(b"\r\n\r\n")


async def _head(service: Running, path: str) -> bytes:
    wire = await Wire.open(service.address)
    await wire.send(request("HEAD", path, headers={"Connection": "close"}))
    try:
        return await wire.rest()
    finally:
        await wire.close()
