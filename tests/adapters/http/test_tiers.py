"""Tiers over HTTP: defined, given and taken back by whoever may all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.application.tiers import see_groups
from adapters.disk.files import Files
from adapters.tokens.kept import KeptTokens
from adapters.tokens.token import Scope, Token, digest_of, new_text
from domain.instants import EARLIEST
from tests.adapters.application.evidence import events_of
from tests.adapters.http.conftest import JSON, Running
from tests.adapters.http.test_generations import GENERATION_FIELDS
from tests.hostile.builders import png

GOLD = "/v1/admin/tiers/gold"
THEIRS = "/v1/admin/users/1/tiers"
WANTED: dict[str, Any] = {
    "daily": 9,
    "limits": "user/week/generations=20, user/month/credits=2.5",
    "groups": ["guild:9/role:5", "group:vip"],
    "operations": ["text_to_image"],
    "weight": 3,
    "reason": "boosters",
}
TOLD = {
    "tier": "gold",
    "daily": 9,
    "user_bytes": None,
    "limits": "user/week/generations=20, user/month/credits=2.5",
    "groups": ["group:vip", "guild:9/role:5"],
    "providers": None,
    "models": None,
    "operations": ["text_to_image"],
    "weight": 3,
    "waiting": None,
}


async def put(service: Running, path: str, **body: Any) -> Any:
    """A change, with its reason."""
    return await service.send_json("PUT", path, {"reason": "a test", **body})


async def test_a_tier_is_defined_and_taken_away(service: Running) -> None:
    """From what to what is told, also where nothing is changed by asking."""
    dry = (await put(service, GOLD, **WANTED, dry_run=True)).json
    assert (dry["former"], dry["wanted"], dry["changed"], dry["dry_run"]) == (None, TOLD, False, True)
    assert (await service.ask("GET", "/v1/admin/tiers")).json == {"tiers": []}
    done = (await put(service, GOLD, **WANTED)).json
    assert (done["wanted"], done["changed"]) == (TOLD, True)
    assert (await service.ask("GET", "/v1/admin/tiers")).json == {"tiers": [TOLD]}
    assert (await put(service, GOLD, **WANTED)).json["changed"] is False
    event = events_of(service.store.root, "TierDefined")[-1]["data"]
    assert (event["by"], event["reason"], event["limits"]["windows"]) == (
        "api:local",
        "boosters",
        {"user/week/generations": 20, "user/month/credits": 2_500},
    )
    gone = (await put(service, GOLD, removed=True)).json
    assert (gone["former"], gone["wanted"], gone["changed"]) == (TOLD, None, True)
    missing = await put(service, GOLD, removed=True)
    assert (missing.status, missing.json["reason"]) == (404, "NOT_FOUND")
    assert "There is no tier gold" in missing.json["detail"]


async def test_a_tier_is_given_until_a_time_and_taken_back(service: Running) -> None:
    """The user's quota follows at once; whoever would be over a limit is told before a change."""
    await put(service, GOLD, daily=9)
    given = (await put(service, f"{THEIRS}/gold", until="2999-01-01T01:00:00+01:00")).json
    held = {"tier": "gold", "group": None, "place": None, "until": "2999-01-01T00:00:00.000000Z"}
    assert (given["held"], given["changed"], given["together"]["daily"]) == ([held], True, 9)
    assert (await service.quota("1"))["daily"]["limit"] == 9
    assert (await service.upload("1", png())).status == 201
    step = (await put(service, GOLD, daily=0, dry_run=True)).json
    assert (step["members"], step["over"], step["named"]) == (1, 1, ["1"])
    back = (await put(service, f"{THEIRS}/gold", given=False)).json
    assert (back["held"], back["changed"]) == ([], True)
    assert (await put(service, f"{THEIRS}/gold", given=False)).status == 404
    assert (await put(service, f"{THEIRS}/silver")).status == 404
    assert (await service.ask("GET", THEIRS)).json == {**back, "changed": False}


async def test_what_a_tier_does_not_allow_is_refused(service: Running) -> None:
    """With the reason for programs."""
    await put(service, "/v1/admin/tiers/everybody", operations=["upscale"])
    body = {"count": 1, "operation": "text_to_image"}
    refused = await service.send_json("POST", "/v1/users/1/reservations", body)
    assert (refused.status, refused.json["reason"]) == (403, "NOT_ALLOWED")
    assert "the operation text_to_image (allowed: upscale)" in refused.json["detail"]


@pytest.mark.parametrize(
    ("which", "right", "wrong", "told"),
    [
        ("providers", "sketch", "openai", "the provider sketch (allowed: openai)"),
        ("models", "sketch-1", "core", "the model sketch-1 (allowed: core)"),
        ("operations", "text_to_image", "upscale", "the operation text_to_image (allowed: upscale)"),
    ],
)
async def test_a_picture_is_made_by_what_a_tier_allows_alone(
    service: Running, which: str, right: str, wrong: str, told: str
) -> None:
    """The service knows who would make it, by which model and how; nothing is held for what is refused."""
    making = "/v1/users/1/generations"
    await put(service, "/v1/admin/tiers/everybody", **{which: [wrong]})
    refused = await service.send_json("POST", making, GENERATION_FIELDS)
    assert (refused.status, refused.json["reason"]) == (403, "NOT_ALLOWED")
    assert told in refused.json["detail"]
    assert (await service.quota("1"))["daily"]["used"] == 0
    await put(service, "/v1/admin/tiers/everybody", **{which: [right]})
    assert (await service.send_json("POST", making, GENERATION_FIELDS)).status == 201
    assert (await service.quota("1"))["daily"]["used"] == 1


async def test_the_group_of_a_token_gives_its_users_a_tier(service: Running) -> None:
    """From its next request on, and no more at the first one after it has another."""
    await put(service, "/v1/admin/tiers/vip", daily=9, groups=["group:vip"])

    async def reserved(group: str | None) -> int:
        text = new_text()
        token = Token("site", Scope.WRITE, None, EARLIEST, None, digest_of(text), group)
        kept = KeptTokens(service.store.root, Files())
        kept.remove("site")
        assert kept.add(token)
        header = {"Authorization": f"Bearer {text}"}
        body = json.dumps({"count": 6}).encode()
        return int((await service.ask("POST", "/v1/users/1/reservations", body=body, kind=JSON, headers=header)).status)

    assert [await reserved(group) for group in (None, "vip", "wip")] == [429, 201, 429]
    seen = [event["data"] for event in events_of(service.store.root, "GroupsSeen")]
    assert [(one["by"], one["place"], one["groups"]) for one in seen] == [
        ("api:site", "api:site", ["group:vip"]),
        ("api:site", "api:site", []),
    ]


async def test_a_role_of_discord_counts_here_as_it_was_last_seen(service: Running) -> None:
    """On the page and for programs, whose requests tell of no roles: from when it was seen until it was seen gone."""
    await put(service, GOLD, daily=6, groups=["guild:9/role:5"])

    async def reserved(client: dict[str, str], **wanted: Any) -> int:
        body = {"count": 6, **wanted}
        return int((await service.send_json("POST", "/v1/users/1/reservations", body, headers=client)).status)

    page = {"Abby-Client": "page"}
    assert [await reserved(client) for client in ({}, page)] == [429, 429]
    await see_groups(service.store, "1", "guild:9", ("guild:9/role:5",))
    assert (await service.quota("1"))["daily"]["limit"] == 6
    assert [await reserved(client, count=count) for client, count in (({}, 1), (page, 5), (page, 1))] == [201, 201, 429]
    assert (await service.quota("2"))["daily"]["limit"] == 5
    await see_groups(service.store, "1", "guild:9", ())
    told = (await service.quota("1"))["daily"]
    assert (told["allowed"], told["used"], told["limit"]) == (False, 6, 5)


BAD: list[dict[str, Any]] = [
    {"daily": -1},
    {"limits": "user/month/credits"},
    {"limits": "pool/month/credits=1"},
    {"groups": ["role:5"]},
    {"operations": []},
    {"operations": ["draw"]},
    {"weight": 0},
    {"weight": 1.5},
    {"waiting": 101},
    {"reason": ""},
    {"colour": "red"},
]


@pytest.mark.parametrize("body", BAD, ids=str)
async def test_what_means_nothing_changes_nothing(service: Running, body: dict[str, Any]) -> None:
    """400 with a sentence, no event, dry or not; a dry run needs no good reason."""
    assert (await put(service, GOLD, **body)).status == 400
    dry = await put(service, GOLD, **body, dry_run=True)
    assert dry.status == (200 if "reason" in body else 400)
    assert events_of(service.store.root, "TierDefined") == []


async def test_a_users_quota_says_by_which_tier_a_limit_is(service: Running) -> None:
    """As soon as they have it; an explanation of what was asked then says it too."""
    await put(service, GOLD, daily=1, groups=[])
    before = await service.quota("1")
    await put(service, f"{THEIRS}/gold")
    after = await service.quota("1")
    assert [told["tiers"] for told in (before, after)] == [[], ["gold"]]
    assert [told["sources"][0]["whose"] for told in (before, after)] == ["everybody", "tier"]
    assert after["sources"][0] == {"limit": "user/day/generations", "whose": "tier", "tiers": ["gold"]}
    for status in (201, 429):
        assert (await service.ask("POST", "/v1/users/1/images", body=png(), kind="image/png")).status == status
    why = (await service.ask("GET", "/v1/users/1/why")).json
    assert why["limits"]["sources"][0] == after["sources"][0]
    assert [(line["type"], line["data"]["tier"]) for line in why["tiers_set"]] == [
        ("TierDefined", "gold"),
        ("TierAssigned", "gold"),
    ]
    assert why["told"][0] == "In force: 1 generation a day, by the tier gold."


async def test_a_tier_that_is_another_by_now_is_not_changed(service: Running) -> None:
    """412 with what it is; `was` says what it was seen to be, also that there was none."""
    seen = {name: WANTED[name] for name in ("daily", "limits", "groups", "operations", "weight")}
    assert (await put(service, GOLD, **WANTED, was={"removed": True})).status == 200
    assert (await put(service, GOLD, daily=8, was={"removed": True})).status == 412
    assert (await put(service, GOLD, daily=8, was={**seen, "daily": 1})).status == 412
    done = await put(service, GOLD, daily=8, was={**seen, "groups": seen["groups"][::-1]})
    assert (done.status, done.json["changed"]) == (200, True)
    refused = await put(service, GOLD, removed=True, was=seen)
    assert (refused.status, refused.json["type"].rpartition(":")[2]) == (412, "limits-changed")
    assert "of the tier gold daily is 8" in refused.json["detail"]
    assert (await put(service, GOLD, removed=True, was={"daily": 8})).json["wanted"] is None
    wrong = await put(service, GOLD, was={"limits": "user/year/credits=1"})
    assert (wrong.status, wrong.json["field"]) == (400, "was")
