"""The limits for everybody over HTTP, while the service runs: from what to what, seen by whoever changes them; and a
cleanup that only says what would go.
"""

from __future__ import annotations

from typing import Any

import pytest

from adapters.application.saving import NewImage, save_image
from adapters.http.problems import REFUSALS
from domain.commands import MAX_LIMIT
from domain.limits import MEGABYTE
from domain.refusals import Reason
from tests.adapters.application.evidence import events_of
from tests.adapters.http.conftest import Running
from tests.hostile.builders import png, png_of_size

POLICY = "/v1/admin/policy"
WAS: dict[str, Any] = {"daily": 5, "user_bytes": 500 * MEGABYTE, "pool_bytes": 5000 * MEGABYTE}
FURTHER: dict[str, Any] = {"windows": {}, "unenforced": []}


async def changed(service: Running, **asked: Any) -> Any:
    """The answer to a change of limits."""
    return await service.send_json("PATCH", POLICY, {"reason": "a quiet week", **asked})


async def test_a_change_holds_from_the_next_request_on_and_says_from_what_to_what(service: Running) -> None:
    """Nobody loses anything; a dry run tells who would be over it and changes nothing."""
    await service.upload("1", png_of_size(MEGABYTE))
    for _ in range(2):
        await service.upload("1", png())
    asked = {"daily": 2, "user_bytes": MEGABYTE, "pool_bytes": MEGABYTE}
    dry = (await changed(service, **asked, dry_run=True)).json
    assert dry["former"] == {**WAS, **FURTHER}
    assert dry["limits"] == {**asked, **FURTHER}
    assert dry["over"] == {
        "users": 1,
        "daily_users": 1,
        "storage_users": 1,
        "pool_bytes": 2 * len(png()),
        "windows": {},
    }
    assert (dry["changed"], dry["dry_run"]) == (False, True)
    assert (await service.quota("1"))["daily"]["limit"] == 5
    done = (await changed(service, **asked, was=WAS)).json
    assert (done["former"], done["limits"], done["over"]) == (dry["former"], dry["limits"], dry["over"])
    assert (done["changed"], done["dry_run"]) == (True, False)
    policy = (await service.ask("GET", "/v1/policy")).json
    assert (policy["daily"], policy["user_bytes"], policy["pool_bytes"]) == (2, MEGABYTE, MEGABYTE)
    assert (await service.upload("1", png())).json["reason"] == "DAILY_LIMIT"
    assert len(service.files()) == 3
    event = events_of(service.store.root, "PolicyChanged")[-1]["data"]
    assert (event["by"], event["source"], event["reason"]) == ("api:local", "manager", "a quiet week")
    assert (await changed(service, dry_run=True)).json["limits"] == {**asked, **FURTHER}, "with none wanted, what holds"
    again = (await changed(service, daily=2, was={"daily": 2})).json
    assert (again["changed"], again["former"]) == (False, again["limits"])


async def test_who_has_limits_of_their_own_is_not_over_everybodys(service: Running) -> None:
    """Theirs hold; of the others each is counted once."""
    await service.send_json("PUT", "/v1/admin/users/1/limits", {"daily": 9, "reason": "a prize"})
    for user in ("1", "2"):
        for _ in range(2):
            await service.upload(user, png())
    over = (await changed(service, daily=1, user_bytes=1, dry_run=True)).json["over"]
    assert over == {"users": 2, "daily_users": 1, "storage_users": 2, "pool_bytes": 0, "windows": {}}
    assert (await changed(service, pool_bytes=10**9, dry_run=True)).json["over"]["users"] == 0


async def test_a_limit_that_is_put_in_force_says_who_is_over_it(service: Running) -> None:
    """One that stays as it is says nothing, and one that is only tried out is told where it is new."""
    await service.upload("1", png())
    windows = {"user/week/generations": 0, "pool/day/generations": 0}
    tried = {"windows": windows, "unenforced": list(windows)}
    dry = (await changed(service, **tried, dry_run=True)).json["over"]["windows"]
    assert dry == {"user/week/generations": 1, "pool/day/generations": 1}
    assert (await changed(service, **tried, was=FURTHER)).json["changed"] is True
    assert (await changed(service, **tried, dry_run=True)).json["over"]["windows"] == {}
    one = {"unenforced": ["user/week/generations"]}
    assert (await changed(service, **one, dry_run=True)).json["over"]["windows"] == {"pool/day/generations": 1}
    was = {"unenforced": list(windows)}
    assert (await changed(service, **one, was=was)).json["over"]["windows"] == {"pool/day/generations": 1}


async def test_further_limits_are_given_whole_and_some_only_tried_out(service: Running) -> None:
    """In credits with decimals; what is not named is none any more, and a guild's are told to whoever asks about it."""
    await service.upload("1", png())
    windows = {"user/week/generations": 0, "guild/day/generations": 7, "pool/month/credits": 2.5}
    asked: dict[str, Any] = {"windows": windows, "unenforced": ["pool/storage", "user/week/generations"]}
    dry = (await changed(service, **asked, dry_run=True)).json
    assert dry["over"] == {
        "users": 0,
        "daily_users": 0,
        "storage_users": 0,
        "pool_bytes": 0,
        "windows": {"user/week/generations": 1},
    }
    told = {**asked, "unenforced": ["user/week/generations", "pool/storage"]}
    done = (await changed(service, **asked, was=FURTHER)).json
    assert (done["former"], done["limits"], done["changed"]) == ({**WAS, **FURTHER}, {**WAS, **told}, True)
    policy = (await service.ask("GET", "/v1/policy")).json
    assert {name: policy[name] for name in told} == told
    event = events_of(service.store.root, "PolicyChanged")[-1]["data"]["limits"]
    assert event["windows"] == {**windows, "pool/month/credits": 2_500}
    assert (await service.upload("1", png())).status == 201, "it is only tried out"
    quota = "/v1/users/1/quota"
    named = [
        [one["limit"] for one in (await service.ask("GET", f"{quota}{of}")).json["windows"]] for of in ("", "?guild=9")
    ]
    assert named == [["user/week/generations", "pool/month/credits"], list(windows)]
    refused = await changed(service, windows={}, was={"windows": {**windows, "pool/month/credits": 2}})
    assert (refused.status, refused.json["reason"]) == (412, "LIMITS_CHANGED")
    await changed(service, windows={}, unenforced=[], was=told)
    assert (await service.ask("GET", "/v1/policy")).json["windows"] == {}


@pytest.mark.parametrize("guild", ["", "0x1", "1" * 21, "%D9%A1"])
async def test_a_guild_is_a_number(service: Running, guild: str) -> None:
    """Of 1 to 20 digits."""
    told = await service.ask("GET", f"/v1/users/1/quota?guild={guild}")
    assert (told.status, told.json["field"]) == (400, "guild")


async def test_of_two_managers_who_saw_the_same_the_second_is_told(service: Running) -> None:
    """By the old values: 412, and nothing is changed; also where only one of several was changed."""
    assert (await changed(service, daily=9, was={"daily": 5})).status == 200
    refused = await changed(service, daily=1, user_bytes=1, was={"daily": 5, "user_bytes": WAS["user_bytes"]})
    assert (refused.status, refused.json["type"]) == (412, REFUSALS[Reason.LIMITS_CHANGED].type)
    assert refused.json["reason"] == "LIMITS_CHANGED"
    assert "daily is 9" in refused.json["detail"]
    assert (await service.ask("GET", "/v1/policy")).json["daily"] == 9
    assert len(events_of(service.store.root, "PolicyChanged")) == 2


BAD_WINDOWS: list[tuple[str, Any]] = [
    ("user/hour/credits", 1),
    ("user/day/generations", 1),
    ("user/storage", 1),
    ("user/week/generations", 1.5),
    ("user/week/generations", -1),
    ("user/week/generations", MAX_LIMIT + 1),
    ("user/month/credits", 0.0001),
    ("user/month/credits", -0.001),
    ("user/month/credits", 1e300),
    ("user/month/credits", "2.5"),
    ("user/month/credits", True),
    ("user/month/credits", None),
]
BAD: list[dict[str, Any]] = [
    {},
    {"daily": 1},
    {"daily": 1, "was": {}},
    {"daily": 1, "was": {"user_bytes": 1}},
    {"daily": 1, "was": {"daily": None}},
    {"daily": 1, "was": {"weekly": 1}},
    {"daily": 1, "was": []},
    {"daily": 1, "was": {"daily": 5}, "reason": ""},
    {"daily": 1, "was": {"daily": 5}, "reason": "a\nb"},
    {"daily": 1, "was": {"daily": 5}, "reason": "x" * 201},
    {"daily": 1, "was": {"daily": 5}, "reason": None},
    {"daily": -1, "was": {"daily": 5}},
    {"daily": 1.5, "was": {"daily": 5}},
    {"daily": True, "was": {"daily": 5}},
    {"daily": "1", "was": {"daily": 5}},
    {"daily": MAX_LIMIT + 1, "was": {"daily": 5}},
    {"daily": 1, "was": {"daily": -5}},
    {"gen_bytes": 1, "was": {"gen_bytes": 1}},
    {"moderated_free": True},
    {"daily": 1, "was": {"daily": 5}, "dry_run": "yes"},
    {"daily": -1, "dry_run": True},
    {"daily": MAX_LIMIT + 1, "dry_run": True},
    {"windows": {}, "was": {}},
    *({"windows": {name: most}, "dry_run": True} for name, most in BAD_WINDOWS),
    *({"windows": {}, "was": {"windows": {name: most}}} for name, most in BAD_WINDOWS),
    {"windows": [], "dry_run": True},
    {"unenforced": ["user/hour/credits"], "dry_run": True},
    {"unenforced": ["user/storage", "user/storage"], "dry_run": True},
    {"unenforced": {"user/storage": False}, "dry_run": True},
    {"unenforced": [], "was": {"unenforced": ["x"]}},
]


@pytest.mark.parametrize("body", BAD, ids=str)
async def test_what_means_nothing_changes_nothing(service: Running, body: dict[str, Any]) -> None:
    """400 with a sentence, no event."""
    before = (await service.quota("1"))["position"]
    assert (await changed(service, **body)).status == 400
    assert (await service.quota("1"))["position"] == before


async def test_a_dry_run_of_a_cleanup_says_what_would_go_and_nothing_goes(service: Running) -> None:
    """How many, how large, of which kinds and whose; what then goes is that."""
    for user, name in (("1", "a.png"), ("2", "a.png"), ("2", "b.png")):
        await save_image(service.store, NewImage(user, png(), name=name, temp=True))
    await service.upload("1", png(), "kept.png")
    size = len(png())
    dry = await service.send_json("POST", "/v1/admin/cleanup", {"days": 0, "dry_run": True})
    assert dry.json == {
        "files": 3,
        "freed_bytes": 3 * size,
        "would": {
            "days": 0,
            "kinds": [{"media_type": "image/png", "files": 3, "bytes": 3 * size}],
            "users": [{"user": "2", "files": 2, "bytes": 2 * size}, {"user": "1", "files": 1, "bytes": size}],
            "other_users": 0,
        },
    }
    assert len(service.files()) == 4
    assert (await service.send_json("POST", "/v1/admin/cleanup", {"dry_run": True})).json["files"] == 0
    assert (await service.send_json("POST", "/v1/admin/cleanup", {"days": -1, "dry_run": True})).status == 400
    gone = await service.send_json("POST", "/v1/admin/cleanup", {"days": 0})
    assert gone.json == {"files": 3, "freed_bytes": 3 * size}


@pytest.mark.parametrize(
    ("until", "kept"),
    [
        ("2999-12-01T00:00:00Z", "2999-12-01T00:00:00.000000Z"),
        ("2999-12-01T01:30:00+01:30", "2999-12-01T00:00:00.000000Z"),
        ("2999-11-30T23:59:59.5-00:30", "2999-12-01T00:29:59.500000Z"),
        ("2999-12-01T00:00:00.000001Z", "2999-12-01T00:00:00.000001Z"),
        ("2999-12-01", None),
        ("2999-12-01T00:00:00", None),
        ("2999-02-30T00:00:00Z", None),
        ("2999-12-01T00:00:00+24:00", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("tomorrow", None),
    ],
)
async def test_limits_end_at_any_time_by_rfc_3339(service: Running, until: str, kept: str | None) -> None:
    """Kept in the log's own form; what is none is 400, and names the field."""
    asked = {"daily": 9, "until": until, "reason": "a prize"}
    told = await service.send_json("PUT", "/v1/admin/users/1/limits", asked)
    if kept is None:
        assert (told.status, told.json["field"]) == (400, "until")
    else:
        assert told.json["limits"]["until"] == kept
