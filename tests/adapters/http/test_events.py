"""The log over HTTP: lines as they were recorded, and a stream of those that come, without a gap or a repeat.

| what happens | what the reader gets |
|---|---|
| a user, types, a position, a number are asked for | those lines and no other, as they stand in the log |
| the connection breaks, the reader comes again with the last `id` | what came meanwhile, each line once |
| nothing comes for long | a comment, and an `id` that has moved on past others' lines |
| the token is revoked, the log is lost, the service stops | the stream ends; the next request is told why |
| as many streams are open as may be | 503; a place is free once a reader has gone |
| the log turns out damaged behind the first lines | a cut connection, never an end that looks whole |
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from adapters.application.recorded import Passage, passage_after
from adapters.disk.files import Files
from adapters.http import streaming
from adapters.http.routes import events
from adapters.ports.faults import LogDamaged
from adapters.tokens.kept import KeptTokens
from adapters.tokens.token import Scope
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.test_tokens import given
from tests.hostile.builders import png

WAIT_SECONDS = 10


@asynccontextmanager
async def answered(service: Running, path: str, **headers: str) -> AsyncIterator[aiohttp.ClientResponse]:
    """An answer whose body is still to be read, by an ordinary client."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession(service.address) as session, session.get(path, headers=given) as answer:
        yield answer


async def lines_of(service: Running, path: str) -> list[Any]:
    """All lines of an answer."""
    async with answered(service, path) as answer:
        assert answer.status == 200
        assert answer.content_type == "application/x-ndjson"
        return [json.loads(line) for line in (await answer.read()).splitlines()]


async def message(answer: aiohttp.ClientResponse) -> dict[str, str]:
    """The next message of a stream, comments left out."""
    found: dict[str, str] = {}
    async with asyncio.timeout(WAIT_SECONDS):
        while (line := (await answer.content.readline()).decode()) != "\n":
            assert line, "the stream ended"
            name, _, value = line.rstrip("\n").partition(": ")
            found[name] = value
    return found


async def event(answer: aiohttp.ClientResponse) -> dict[str, str]:
    """The next message that tells of an event."""
    while "data" not in (found := await message(answer)):
        pass
    return found


def recorded(service: Running) -> list[Any]:
    """The lines of the log as they lie on the disk, without what is the chain's alone."""
    text = (service.store.root / "logs/events.jsonl").read_text(encoding="utf-8")
    found = [json.loads(line) for line in text.splitlines()]
    return [{name: line[name] for name in ("pos", "type", "tags", "data")} for line in found if "pos" in line]


async def test_the_lines_are_those_of_the_log(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, some, and some of one user; over several reads."""
    monkeypatch.setattr(events, "PAGE_EVENTS", 2)
    for number in range(3):
        await service.upload("1", png(), f"{number}.png")
    await service.upload("2", png(), "a.png")
    await service.ask("DELETE", "/v1/users/1/images/0.png")
    whole = recorded(service)
    assert await lines_of(service, "/v1/events") == whole
    assert await lines_of(service, "/v1/events?after=2&limit=3") == whole[2:5]
    assert await lines_of(service, f"/v1/events?after={whole[-1]['pos']}") == []
    of_one = [line for line in whole if "user:1" in line["tags"]]
    assert await lines_of(service, "/v1/users/1/events") == await lines_of(service, "/v1/events?user=1") == of_one
    saves = [line for line in of_one if line["type"] == "ImageSaved"]
    assert await lines_of(service, "/v1/users/1/events?type=ImageSaved") == saves
    both = await lines_of(service, "/v1/users/1/events?type=ImageSaved,ImageDeleted&after=0")
    assert [line["type"] for line in both] == ["ImageSaved"] * 3 + ["ImageDeleted"]
    assert await lines_of(service, "/v1/users/nobody/events") == []


@pytest.mark.parametrize("path", ["/v1/events", "/v1/users/1/events", "/v1/events/stream", "/v1/users/1/events/stream"])
async def test_what_cannot_be_meant_is_told(service: Running, path: str) -> None:
    """As a problem, before anything of an answer."""
    for query in ("after=x", "after=-1", "type=Nothing", "type=ImageSaved,", "type=", "other=1", "after=1&after=2"):
        assert (await service.ask("GET", f"{path}?{query}")).status == 400, query
    if path.endswith("stream"):
        for told in ("x", "-1", "9" * 12, "\u0663"):
            with_header = {"Last-Event-ID": told.encode().decode("latin-1")}
            assert (await service.ask("GET", path, headers=with_header)).status == 400, told
    assert (await service.ask("HEAD", path)).status == 200


async def test_damage_that_is_met_on_the_way_is_no_whole_answer(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader sees that something is missing."""
    for number in range(3):
        await service.upload("1", png(), f"{number}.png")
    once: list[int] = []

    def then_lost(*asked: Any) -> Any:
        if once:
            raise LogDamaged("as if it had been changed beneath")
        once.append(1)
        return passage_after(*asked)

    monkeypatch.setattr(events, "PAGE_EVENTS", 2)
    monkeypatch.setattr(events, "passage_after", then_lost)
    with pytest.raises(aiohttp.ClientPayloadError):
        await lines_of(service, "/v1/events")
    assert (await service.ask("GET", "/v1/events")).status == 500


async def test_a_stream_tells_what_comes(service: Running) -> None:
    """From now on, or after a position; each line as `/v1/events` has it."""
    await service.upload("1", png(), "before.png")
    async with answered(service, "/v1/events/stream") as all_, answered(service, "/v1/users/1/events/stream") as own:
        assert all_.content_type == "text/event-stream"
        assert (await message(all_))["id"] == str(recorded(service)[-1]["pos"])
        await service.upload("2", png(), "theirs.png")
        await service.upload("1", png(), "mine.png")
        whole = recorded(service)
        told = [await event(all_) for _ in range(4)]
        assert [json.loads(one["data"]) for one in told] == whole[-4:]
        assert [one["event"] for one in told] == ["GenerationReserved", "ImageSaved"] * 2
        assert [json.loads((await event(own))["data"]) for _ in range(2)] == whole[-2:]
    async with answered(service, "/v1/events/stream?after=0&type=ImageSaved") as again:
        names = [json.loads((await event(again))["data"])["data"]["name"] for _ in range(3)]
    assert names == ["before.png", "theirs.png", "mine.png"]


async def test_a_reader_that_comes_again_misses_nothing_and_hears_nothing_twice(service: Running) -> None:
    """The header counts, also where the address still has the position of the first time."""
    positions: list[int] = []
    last = "0"
    for number in range(8):
        await service.upload("1", png(), f"{number % 4}.png")
        async with answered(service, "/v1/users/1/events/stream?after=0", Last_Event_ID=last) as answer:
            found = await event(answer)
            last = found["id"]
            positions.append(json.loads(found["data"])["pos"])
    assert positions == [line["pos"] for line in recorded(service) if "user:1" in line["tags"]][:8]


async def test_a_silent_stream_shows_that_it_lives_and_moves_on(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that whoever comes again need not read all that others did."""
    monkeypatch.setattr(events, "ALIVE_SECONDS", 0.05)
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.01)
    async with answered(service, "/v1/users/1/events/stream") as answer:
        await service.upload("2", png(), "theirs.png")
        while int((found := await message(answer))["id"]) < recorded(service)[-1]["pos"]:
            assert "data" not in found


async def test_a_revoked_token_ends_its_stream(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again and again whether it holds."""
    monkeypatch.setattr(events, "ALIVE_SECONDS", 0.05)
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.01)
    service: Running = await serve(needs_token=True)
    token = given(service, Scope.READ, user="1")
    async with answered(service, "/v1/users/2/events/stream", **token) as refused:
        assert refused.status == 403
    async with answered(service, "/v1/events/stream", **token) as refused:
        assert refused.status == 403
    async with answered(service, "/v1/users/1/events/stream", **token) as answer:
        await message(answer)
        kept = KeptTokens(service.store.root, Files())
        for known in kept.read():
            kept.remove(known.name)
        async with asyncio.timeout(WAIT_SECONDS):
            while await answer.content.readline():
                pass


async def test_a_revoked_token_ends_a_stream_that_is_never_silent(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy log is no reason to be told more of it."""
    monkeypatch.setattr(events, "ALIVE_SECONDS", 0.05)
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(events, "PAGE_EVENTS", 1)
    service: Running = await serve(needs_token=True)
    token = given(service, Scope.READ, user="1")

    def always_more(_: object, __: object, position: int, ___: int) -> Passage:
        return Passage([{"pos": position + 1, "type": "ImageSaved", "tags": [], "data": {}}], position + 1)

    monkeypatch.setattr(events, "passage_after", always_more)
    async with answered(service, "/v1/users/1/events/stream", **token) as answer:
        await event(answer)
        kept = KeptTokens(service.store.root, Files())
        for known in kept.read():
            kept.remove(known.name)
        async with asyncio.timeout(WAIT_SECONDS):
            while await answer.content.readline():
                pass


async def test_a_service_that_stops_ends_its_streams_at_once(service: Running) -> None:
    """And in order."""
    async with answered(service, "/v1/events/stream") as answer:
        await message(answer)
        await service.stop()
        assert await answer.content.read() == b""


async def test_no_more_streams_than_there_are_places(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is one too many is told to come again, and may once another has gone."""
    monkeypatch.setattr(streaming, "MAX_STREAMS", 2)
    async with answered(service, "/v1/events/stream") as one:
        await message(one)
        async with answered(service, "/v1/users/1/events/stream") as two:
            await message(two)
            refused = await service.ask("GET", "/v1/events/stream")
            assert refused.status == 503
            assert refused.headers["retry-after"] == "5"
        async with asyncio.timeout(WAIT_SECONDS):
            while (await service.ask("GET", "/v1/events/stream")).status == 503:
                pass
