"""`/v1/users/USER/why`: the same explanation as `abby explain`, of this user's decisions alone."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it comes without types

import adapters.cli
from tests.adapters.http.conftest import Running
from tests.hostile.builders import png

SCHEMA = Path(adapters.cli.__file__).parent / "schemas" / "explain.json"


async def test_the_latest_request_of_a_user_is_explained(service: Running) -> None:
    """With the sentence that the refusal was answered with, and the lines of the day."""
    for number in range(5):
        await service.upload("1", png(), f"{number}.png")
    refused = await service.upload("1", png())
    answer = await service.ask("GET", "/v1/users/1/why")
    assert answer.status == 200
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(answer.json)
    assert answer.json["sentence"] == refused.json["detail"]
    assert (answer.json["day"]["used"], len(answer.json["day"]["lines"])) == (5, 5)
    assert answer.json["agrees"] is True


async def test_a_position_and_a_key_find_a_decision_of_this_user_alone(service: Running) -> None:
    """Of another user's the answer is the same as of none."""
    await service.upload("1", png(), headers={"Idempotency-Key": "mine"})
    await service.upload("2", png(), headers={"Idempotency-Key": "theirs"})
    found = (await service.ask("GET", "/v1/users/1/why?key=mine")).json
    assert (await service.ask("GET", f"/v1/users/1/why?position={found['position']}")).json == found
    for path in (
        "/v1/users/1/why?key=theirs",
        "/v1/users/1/why?key=nobodys",
        f"/v1/users/2/why?position={found['position']}",
        "/v1/users/2/why?position=99999",
        "/v1/users/3/why",
    ):
        assert (await service.ask("GET", path)).status == 404, path


async def test_what_cannot_be_meant_is_told(service: Running) -> None:
    """As a problem."""
    for path in (
        "/v1/users/1/why?position=0",
        "/v1/users/1/why?position=x",
        "/v1/users/1/why?other=1",
        "/v1/users/BAD%20ID/why",
    ):
        assert (await service.ask("GET", path)).status == 400, path
