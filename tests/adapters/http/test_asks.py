"""Asks for more over HTTP: a user asks and takes it back, who may all answers, and an approval is drawn on at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.application.evidence import events_of
from tests.adapters.http.conftest import Running
from tests.hostile.builders import png

ASKS, OPEN = "/v1/users/1/asks", "/v1/admin/asks"
WANTED: dict[str, Any] = {"limit": "user/day/generations", "amount": 2, "reason": "for the fair"}


async def ask(service: Running, **asked: Any) -> Any:
    """The answer to whoever asks for more."""
    return await service.send_json("POST", ASKS, {**WANTED, **asked})


async def answer(service: Running, ask_id: str, **answered: Any) -> Any:
    """The answer to whoever answers."""
    return await service.send_json("PUT", f"{OPEN}/{ask_id}", {"answer": "approved", **answered})


async def test_whoever_is_refused_asks_and_goes_on_with_what_is_approved(service: Running) -> None:
    """The refusal, the ask, what waits, the answer, and the picture that the grant bears."""
    await service.send_json("PUT", "/v1/admin/users/1/limits", {"daily": 0, "reason": "a break"})
    assert (await service.upload("1", png())).status == 429
    assert (await service.ask("GET", ASKS)).json == {"ask": None}
    asked = await ask(service)
    assert asked.status == 201
    (waiting,) = (await service.ask("GET", OPEN)).json["asks"]
    own = (await service.ask("GET", ASKS)).json["ask"]
    assert waiting == own
    event = events_of(service.store.root, "MoreAsked")[-1]
    assert {name: own[name] for name in ("ask", "position", "lapses_at")} == {
        name: asked.json[name] for name in ("ask", "position", "lapses_at")
    }
    assert (own["state"], own["amount"], own["limit"], own["reason"], own["position"]) == (
        "open", 2, "user/day/generations", "for the fair", event["pos"],
    )  # fmt: skip
    done = await answer(service, own["ask"], days=7, reason="for the fair alone")
    assert (done.status, done.json["answer"], done.json["user"]) == (200, "approved", "1")
    assert (await service.ask("GET", OPEN)).json == {"asks": []}
    last = (await service.ask("GET", ASKS)).json["ask"]
    assert (last["state"], last["given"], last["answered_by"], last["why"]) == (
        "approved", 2, "api:local", "for the fair alone",
    )  # fmt: skip
    (grant,) = (await service.ask("GET", "/v1/admin/users/1/grants")).json["grants"]
    assert (grant["grant"], grant["source"], grant["expires_at"]) == (
        done.json["grant"], "asked", done.json["expires_at"],
    )  # fmt: skip
    assert (await service.upload("1", png())).status == 201


async def test_credits_have_decimals(service: Running) -> None:
    """As they were asked for, and as they are given."""
    asked = await ask(service, limit="user/month/credits", amount=2.505)
    assert (await service.ask("GET", ASKS)).json["ask"]["amount"] == 2.505
    assert (await answer(service, asked.json["ask"], amount=0.4)).status == 200
    assert events_of(service.store.root, "GrantGiven")[-1]["data"]["amount"] == 400
    assert (await service.ask("GET", ASKS)).json["ask"]["given"] == 0.4


async def test_the_first_answer_counts_and_the_other_is_told(service: Running) -> None:
    """Denied, approved too late; withdrawn, answered too late."""
    first = (await ask(service)).json["ask"]
    assert (await answer(service, first, answer="denied")).json["grant"] is None
    late = await answer(service, first)
    assert (late.status, late.json["reason"]) == (409, "ASK_CLOSED")
    assert "denied already, by api:local" in late.json["detail"]
    second = (await ask(service)).json["ask"]
    other = await ask(service)
    assert (other.status, other.json["reason"]) == (409, "ASK_OPEN")
    assert second in other.json["detail"]
    taken = await service.ask("DELETE", f"{ASKS}/{second}")
    assert (taken.status, taken.json["answer"]) == (200, "withdrawn")
    assert (await service.ask("DELETE", f"{ASKS}/{second}")).status == 409
    assert (await answer(service, second)).status == 409
    assert events_of(service.store.root, "GrantGiven") == []


async def test_whoever_asks_too_often_is_told_when_to_come_back(service: Running) -> None:
    """429, with the seconds to wait."""
    for _ in range(5):
        one = (await ask(service)).json["ask"]
        assert (await service.ask("DELETE", f"{ASKS}/{one}")).status == 200
    refused = await ask(service)
    assert (refused.status, refused.json["reason"]) == (429, "ASK_LIMIT")
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    assert len(events_of(service.store.root, "MoreAsked")) == 5


BAD: list[tuple[dict[str, Any], str]] = [
    ({"limit": "pool/month/credits"}, "limit"),
    ({"limit": "user/hour/generations"}, "limit"),
    ({"amount": 0}, "amount"),
    ({"amount": -1}, "amount"),
    ({"amount": 1.5}, "amount"),
    ({"amount": 1_001}, "amount"),
    ({"amount": True}, "amount"),
    ({"limit": "user/month/credits", "amount": 0.0001}, "amount"),
    ({"reason": "x" * 201}, "reason"),
    ({"unit": "credits"}, "unit"),
]


@pytest.mark.parametrize(("asked", "field"), BAD, ids=str)
async def test_what_means_nothing_asks_for_nothing(service: Running, asked: dict[str, Any], field: str) -> None:
    """400, and the field that is wrong."""
    refused = await ask(service, **asked)
    assert (refused.status, refused.json["field"]) == (400, field), refused.json
    assert (await service.ask("GET", OPEN)).json == {"asks": []}


BAD_ANSWERS: list[tuple[dict[str, Any], str]] = [
    ({"answer": "withdrawn"}, "answer"),
    ({"amount": 0}, "amount"),
    ({"amount": 1.5}, "amount"),
    ({"days": 0}, "days"),
    ({"days": 36_501}, "days"),
    ({"reason": "x" * 201}, "reason"),
]


@pytest.mark.parametrize(("answered", "field"), BAD_ANSWERS, ids=str)
async def test_what_means_nothing_answers_nothing(service: Running, answered: dict[str, Any], field: str) -> None:
    """400, and it waits as before."""
    one = (await ask(service)).json["ask"]
    refused = await answer(service, one, **answered)
    assert (refused.status, refused.json["field"]) == (400, field), refused.json
    assert len((await service.ask("GET", OPEN)).json["asks"]) == 1


async def test_what_is_no_ask_is_neither_answered_nor_taken_back(service: Running) -> None:
    """404; nor one of another user."""
    one = (await ask(service)).json["ask"]
    for method, path in (("PUT", f"{OPEN}/{'0' * 16}"), ("DELETE", f"{ASKS}/{'0' * 16}"),
                         ("DELETE", f"/v1/users/2/asks/{one}")):  # fmt: skip
        body = {"answer": "denied"} if method == "PUT" else None
        refused = await service.send_json(method, path, body) if body else await service.ask(method, path)
        assert (refused.status, refused.json["reason"]) == (404, "NOT_FOUND"), (method, path)
    assert len((await service.ask("GET", OPEN)).json["asks"]) == 1
