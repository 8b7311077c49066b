"""Points and the market over HTTP: what a user has, claims, gives and is offered, and what managers do.

| who asks | gets |
|---|---|
| a token for one user, of another's account, or whether another has a picture | 403, whatever is there |
| for more points than there are | 409 with POINTS_SHORT, and nothing is moved |
| for the day's points twice, in parallel or under a key | them once: 409 with CLAIMED_TODAY, or the first answer |
| for what was meanwhile offered otherwise, or withdrawn | 412 with OFFER_CHANGED |
| for what is malformed | 400 with the field |
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from adapters.application.results import StoreSettings
from adapters.tokens.token import Scope
from tests.adapters.application.evidence import events_of
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.test_tokens import given
from tests.hostile.builders import png

POINTS, GIFTS, CLAIM = "/v1/users/1/points", "/v1/users/1/points/gifts", "/v1/users/1/points/claim"
MOVES, OFFER = "/v1/admin/users/1/points", "/v1/admin/market/offers/ten"
TERMS: dict[str, Any] = {"unit": "generations", "amount": 10, "price": 5, "days": 30}
MARK = "/v1/users/2/favourites/a.png"


async def minted(service: Running, amount: int) -> None:
    """The user 1 has so many points more."""
    done = await service.send_json("POST", MOVES, {"kind": "mint", "amount": amount, "reason": "a game"})
    assert done.status == 200, done.json


async def balance(service: Running, user: str) -> int:
    """What the user has."""
    return int((await service.ask("GET", f"/v1/users/{user}/points")).json["balance"])


async def test_a_user_sees_what_they_have_and_what_became_of_it(serve: Serve) -> None:
    """Newest first, with both sides, and as many as are asked for."""
    service: Running = await serve(settings=StoreSettings(points_name="stars"))
    nothing = (await service.ask("GET", POINTS)).json
    assert nothing == {"user": "1", "balance": 0, "called": "stars", "daily": 0, "claimed": False, "movements": []}
    await minted(service, 50)
    given_away = await service.send_json("POST", GIFTS, {"to": "2", "amount": 6, "reason": "thanks"})
    burned = await service.send_json("POST", MOVES, {"kind": "burn", "amount": 4, "reason": "a bet"})
    assert (given_away.json["balance"], burned.json["balance"]) == (44, 40)
    told = (await service.ask("GET", POINTS)).json
    assert [(one["kind"], one["payer"], one["payee"], one["amount"]) for one in told["movements"]] == [
        ("burn", "user:1", "mint", 4),
        ("gift", "user:1", "user:2", 6),
        ("mint", "mint", "user:1", 50),
    ]
    assert told["movements"][:2] == [burned.json["moved"], given_away.json["moved"]]
    assert (given_away.json["moved"]["reason"], await balance(service, "2")) == ("thanks", 6)
    assert len((await service.ask("GET", f"{POINTS}?limit=1")).json["movements"]) == 1
    event = events_of(service.store.root, "PointsMoved")[-1]
    assert (event["pos"], event["data"]["by"]) == (burned.json["moved"]["position"], "api:local")


async def test_the_points_of_a_day_are_claimed_once(serve: Serve) -> None:
    """Also by twenty at once; the refusal says when the next ones are there."""
    service: Running = await serve(settings=StoreSettings(earn_daily=3))
    answers = await asyncio.gather(*(service.ask("POST", CLAIM) for _ in range(20)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 19
    refused = next(answer for answer in answers if answer.status == 409).json
    assert (refused["reason"], refused["resets_at"][10:]) == ("CLAIMED_TODAY", "T00:00:00.000000Z")
    told = (await service.ask("GET", POINTS)).json
    assert (told["balance"], told["daily"], told["claimed"]) == (3, 3, True)


async def test_where_a_day_gives_nothing_it_is_said_so(service: Running) -> None:
    """With the setting that would."""
    refused = await service.ask("POST", CLAIM)
    assert (refused.status, "EARN_DAILY" in refused.json["detail"]) == (400, True)


async def test_nobody_gives_more_than_they_have(service: Running) -> None:
    """Exactly all is given; fifty at once spend no point twice."""
    await minted(service, 20)
    gifts = (service.send_json("POST", GIFTS, {"to": f"u{number}", "amount": 3}) for number in range(50))
    answers = await asyncio.gather(*gifts)
    assert sorted(answer.status for answer in answers) == [200] * 6 + [409] * 44
    short = await service.send_json("POST", GIFTS, {"to": "2", "amount": 3})
    assert (short.status, short.json["reason"]) == (409, "POINTS_SHORT")
    assert (await service.send_json("POST", GIFTS, {"to": "2", "amount": 2})).json["balance"] == 0
    burned = await service.send_json("POST", MOVES, {"kind": "burn", "amount": 1, "reason": "a bet"})
    assert (burned.status, burned.json["reason"]) == (409, "POINTS_SHORT")


async def test_what_is_offered_is_told_the_cheapest_first(service: Running) -> None:
    """With decimals of credits; an offer is replaced whole, and withdrawn once."""
    assert (await service.ask("GET", "/v1/market")).json == {"called": "points", "outside": False, "offers": []}
    dear = {"unit": "credits", "amount": 2.505, "price": 9}
    other = "/v1/admin/market/offers/big"
    assert (await service.send_json("PUT", other, {**dear, "reason": "a fair"})).json["changed"] is True
    assert (await service.send_json("PUT", OFFER, {**TERMS, "reason": "a fair"})).json["changed"] is True
    assert (await service.send_json("PUT", OFFER, {**TERMS, "reason": "a fair"})).json["changed"] is False
    told = (await service.ask("GET", "/v1/market")).json["offers"]
    assert told == [{"offer": "ten", **TERMS}, {"offer": "big", **dear, "days": None}]
    assert (await service.ask("DELETE", f"{OFFER}?reason=it+is+over")).json == {"offer": "ten", "changed": True}
    gone = await service.ask("DELETE", OFFER)
    assert (gone.status, gone.json["reason"]) == (412, "OFFER_CHANGED")
    assert events_of(service.store.root, "OfferWithdrawn")[-1]["data"]["reason"] == "it is over"
    assert [one["offer"] for one in (await service.ask("GET", "/v1/market")).json["offers"]] == ["big"]


async def test_the_currency_in_which_prices_are_is_told(serve: Serve) -> None:
    """As people call it."""
    service: Running = await serve(settings=StoreSettings(currency="coins"))
    told = (await service.ask("GET", "/v1/market")).json
    assert (told["called"], told["outside"]) == ("coins", True)


async def test_a_picture_is_marked_and_its_owner_earns_once(serve: Serve) -> None:
    """Marked anew, or one's own, earns nothing; what is not there is 404."""
    service: Running = await serve(settings=StoreSettings(earn_favourite=2))
    await service.upload("1", png(), "a.png")
    marked = await service.ask("PUT", f"{MARK}?owner=1")
    assert marked.json == {"owner": "1", "name": "a.png", "favourite": True, "changed": True}
    assert (await service.ask("PUT", f"{MARK}?owner=1")).json["changed"] is False
    assert (await service.ask("DELETE", f"{MARK}?owner=1")).json["favourite"] is False
    await service.ask("PUT", f"{MARK}?owner=1")
    await service.ask("PUT", "/v1/users/1/favourites/a.png")
    assert await balance(service, "1") == 2
    assert (await service.ask("PUT", MARK)).status == 404
    assert (await service.ask("PUT", f"{MARK}?owner=a%20b")).json["field"] == "owner"


async def test_a_token_for_one_user_gives_and_marks_for_that_user_alone(serve: Serve) -> None:
    """And learns of no picture of another's whether it is there."""
    service: Running = await serve(needs_token=True)
    own, all_users = given(service, Scope.WRITE, user="2"), given(service, Scope.ADMIN)
    await service.upload("1", png(), "a.png", headers=all_users)
    body = {"kind": "mint", "amount": 9, "reason": "a game"}
    for user in ("1", "2"):
        path = f"/v1/admin/users/{user}/points"
        assert (await service.send_json("POST", path, body, headers=all_users)).status == 200
        assert (await service.send_json("POST", path, body, headers=own)).status == 403
    assert (await service.send_json("POST", GIFTS, {"to": "2", "amount": 1}, headers=own)).status == 403
    sent = await service.send_json("POST", "/v1/users/2/points/gifts", {"to": "1", "amount": 1}, headers=own)
    assert (sent.status, sent.json["balance"]) == (200, 8)
    there, missing = [await service.ask("PUT", f"/v1/users/2/favourites/{name}?owner=1", headers=own)
                      for name in ("a.png", "b.png")]  # fmt: skip
    assert (there.status, there.json["detail"]) == (403, missing.json["detail"])
    assert (await service.ask("PUT", f"{MARK}?owner=1", headers=all_users)).status == 200


BAD: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", GIFTS, {"to": "a b", "amount": 1}, "to"),
    ("POST", GIFTS, {"to": "1", "amount": 1}, "to"),
    ("POST", GIFTS, {"to": "2", "amount": 0}, "amount"),
    ("POST", GIFTS, {"to": "2", "amount": -1}, "amount"),
    ("POST", GIFTS, {"to": "2", "amount": 2**53}, "amount"),
    ("POST", GIFTS, {"to": "2", "amount": 1.5}, "amount"),
    ("POST", GIFTS, {"to": "2", "amount": 1, "reason": ""}, "reason"),
    ("POST", GIFTS, {"to": "2", "amount": 1, "from": "3"}, "from"),
    ("POST", MOVES, {"kind": "gift", "amount": 1, "reason": "a"}, "kind"),
    ("POST", MOVES, {"kind": "mint", "amount": 0, "reason": "a"}, "amount"),
    ("POST", MOVES, {"kind": "mint", "amount": 1, "reason": "a\u0000"}, "reason"),
    ("POST", MOVES, {"kind": "burn", "amount": 1}, "reason"),
    ("PUT", OFFER, {**TERMS, "unit": "pictures", "reason": "a"}, "unit"),
    ("PUT", OFFER, {**TERMS, "amount": 0, "reason": "a"}, "amount"),
    ("PUT", OFFER, {**TERMS, "amount": 1.5, "reason": "a"}, "amount"),
    ("PUT", OFFER, {**TERMS, "unit": "credits", "amount": 0.0001, "reason": "a"}, "amount"),
    ("PUT", OFFER, {**TERMS, "price": 0, "reason": "a"}, "price"),
    ("PUT", OFFER, {**TERMS, "days": 0, "reason": "a"}, "days"),
    ("PUT", OFFER, {**TERMS, "days": 36_501, "reason": "a"}, "days"),
    ("PUT", OFFER, {**TERMS, "reason": ""}, "reason"),
    ("PUT", "/v1/admin/market/offers/-ten", {**TERMS, "reason": "a"}, "offer"),
]


@pytest.mark.parametrize(("method", "path", "body", "field"), BAD, ids=str)
async def test_what_means_nothing_changes_nothing(
    service: Running, method: str, path: str, body: dict[str, Any], field: str
) -> None:
    """400, and the field that is wrong."""
    await minted(service, 9)
    refused = await service.send_json(method, path, body)
    assert (refused.status, refused.json["field"]) == (400, field), refused.json
    assert (await balance(service, "1"), (await service.ask("GET", "/v1/market")).json["offers"]) == (9, [])
