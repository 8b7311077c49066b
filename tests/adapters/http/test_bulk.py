"""Many images with one request over HTTP: each has its answer, and nothing is done twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from domain.commands import SetPolicy
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.adapters.http.conftest import Running, Serve
from tests.hostile.builders import png

DELETIONS = "/v1/users/1/images/deletions"
KEY = {"Idempotency-Key": '"8e03978e-40d5"'}


@pytest.fixture
async def service(serve: Serve) -> Running:
    """A service with the images 0.png to 5.png of the user 1."""
    running: Running = await serve(SetPolicy(daily=100))
    for number in range(6):
        assert (await running.upload("1", png(), f"{number}.png")).status == 201
    return running


def outcomes(answer: Any) -> list[str]:
    """What became of each."""
    return [image["outcome"] for image in answer.json["images"]]


async def test_each_name_has_its_answer_and_none_stops_another(service: Running) -> None:
    """Deleted, by another spelling too; not there; there no more, as it is named twice. Each deletion is an event."""
    names = ["0.png", "no.png", "1.PNG", "0.png", "k/a.png"]
    answer = await service.send_json("POST", DELETIONS, {"names": names})
    assert outcomes(answer) == ["deleted", "not_there", "deleted", "not_there", "not_there"]
    assert (answer.status, answer.json["deleted"], answer.json["freed_bytes"]) == (200, 2, 2 * len(png()))
    assert answer.json["images"][2]["name"] == "1.png"
    assert answer.json["images"][1]["reason"] == "NOT_FOUND"
    recorded = events_of(service.store.root, "ImageDeleted")
    assert [event["data"]["name"] for event in recorded] == ["0.png", "1.png"]
    assert [event["pos"] for event in recorded] == [answer.json["images"][at]["position"] for at in (0, 2)]
    assert_disk_and_log_agree(service.store.root)


async def test_under_a_key_it_is_done_once_and_answered_alike(service: Running) -> None:
    """Also to many at once; a name that came back meanwhile stays, and another list under the key is refused whole."""
    body = {"names": ["0.png", "no.png", "1.png"]}
    many = await asyncio.gather(*(service.send_json("POST", DELETIONS, body, headers=KEY) for _ in range(8)))
    assert len({answer.body for answer in many}) == 1
    assert len(events_of(service.store.root, "ImageDeleted")) == 2
    await service.upload("1", png(), "0.png")
    again = await service.send_json("POST", DELETIONS, body, headers=KEY)
    assert (again.body, again.headers.get("idempotency-replayed")) == (many[0].body, "true")
    for other in (["2.png"], ["0.png", "no.png", "1.png", "2.png"], ["0.png"], ["1.png", "no.png", "0.png"]):
        refused = await service.send_json("POST", DELETIONS, {"names": other}, headers=KEY)
        assert (refused.status, refused.json["reason"]) == (422, "REQUEST_CONFLICT"), other
    one = await service.ask("DELETE", "/v1/users/1/images/0.png", headers=KEY)
    assert one.status == 422
    assert (await service.quota("1"))["user"]["images"] == 5


async def test_where_the_first_was_not_there_another_list_is_refused_all_the_same(service: Running) -> None:
    """What was not there left no line in the log; the others did."""
    await service.send_json("POST", DELETIONS, {"names": ["no.png", "0.png"]}, headers=KEY)
    refused = await service.send_json("POST", DELETIONS, {"names": ["1.png"]}, headers=KEY)
    assert refused.status == 422
    assert (await service.quota("1"))["user"]["images"] == 5


BODIES = {
    "no names": ({"names": []}, 400),
    "501 names": ({"names": ["a"] * 501}, 400),
    "500 names": ({"names": ["a"] * 500}, 200),
    "one name": ({"names": "0.png"}, 400),
    "a number": ({"names": ["0.png", 1]}, 400),
    "none": ({"names": ["0.png", None]}, 400),
    "a way out": ({"names": ["0.png", "../1/0.png"]}, 400),
    "NUL": ({"names": ["0.png", "a\0"]}, 400),
    "a device": ({"names": ["0.png", "con"]}, 400),
    "an empty name": ({"names": ["0.png", ""]}, 400),
    "another field": ({"names": ["0.png"], "user": "2"}, 400),
    "nothing": ({}, 400),
    "a list": (["0.png"], 400),
}


async def test_what_is_no_list_of_names_deletes_nothing(service: Running) -> None:
    """400 before the first of them is looked at."""
    for says, (body, status) in BODIES.items():
        assert (await service.send_json("POST", DELETIONS, body)).status == status, says
    assert (await service.quota("1"))["user"]["images"] == 6


async def test_an_image_may_be_named_as_the_route_is(service: Running) -> None:
    """It is fetched and deleted as any other."""
    await service.upload("1", png(), "deletions")
    assert (await service.ask("GET", DELETIONS)).status == 200
    assert (await service.ask("DELETE", DELETIONS)).status == 200
