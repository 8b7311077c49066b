"""Answers that take long, and their few places: nobody keeps another out of them, by number or by reading slowly.

| who has all places | who comes | what happens |
|---|---|---|
| one owner, with archives that are hardly read | another | is served; the owner's later one is cut off |
| several, each with one that is hardly read | another | waits no longer than that is found out, and is served |
| one holder, with streams | another | is served; the holder's later one ends in order, and goes on without a gap |
| many who read no line of the log | everybody | no more of the log in memory than what is on its way |
"""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack

import aiohttp
import orjson
import pytest

from adapters.application.recorded import Passage
from adapters.http import streaming
from adapters.http.routes import archives, events
from adapters.tokens.token import Scope
from domain.commands import SetPolicy
from tests.adapters.http.conftest import JSON, Running, Serve
from tests.adapters.http.test_events import answered, event, message
from tests.adapters.http.test_tokens import given
from tests.adapters.http.wire import Wire, request
from tests.hostile.builders import png, png_of_size

NAMES = [f"{number}.png" for number in range(4)]
WAIT_SECONDS = 15


async def with_large_images(serve: Serve, *users: str) -> Running:
    """A service that has more for each of them than any buffer on the way to a reader takes."""
    service: Running = await serve(SetPolicy(daily=100))
    for user in users:
        for number, name in enumerate(NAMES):
            assert (await service.upload(user, png_of_size(5_000_000 + number), name)).status == 201
    return service


async def hardly_read(service: Running, user: str) -> Wire:
    """An archive of which the reader takes the head and no more."""
    wire = await Wire.open(service.address)
    path, body = f"/v1/users/{user}/images/archives", orjson.dumps({"names": NAMES})
    await wire.send(request("POST", path, headers={"Content-Type": JSON, "Connection": "close"}, body=body))
    assert (await wire.answer()).status == 200
    return wire


async def status_of(service: Running, user: str) -> int:
    """Of an archive that is read as fast as it comes, and is whole where it is one."""
    path = f"{service.address}/v1/users/{user}/images/archives"
    async with aiohttp.request("POST", path, json={"names": NAMES}) as answer:
        assert (len(await answer.read()) > 20_000_000) == (answer.status == 200)
        return answer.status


async def is_whole(wire: Wire) -> bool:
    """Whether the archive comes to its end, once it is read after all."""
    return (await wire.rest()).endswith(b"0\r\n\r\n")


async def test_an_owner_who_has_two_archives_keeps_nobody_out(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even while nobody has been slow for long: the later one is cut off, so that its reader sees it."""
    monkeypatch.setattr(archives, "MOST_AT_ONCE", 2)
    service = await with_large_images(serve, "1", "2")
    first, second = await hardly_read(service, "1"), await hardly_read(service, "1")
    assert await status_of(service, "1") == 503
    assert await status_of(service, "2") == 200
    assert not await is_whole(second)
    assert await is_whole(first)
    assert await status_of(service, "1") == 200
    for wire in (first, second):
        await wire.close()


async def test_owners_who_hardly_read_keep_nobody_out(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has one each is left alone for a while, and gives it up to who comes after that."""
    monkeypatch.setattr(archives, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(archives, "CONTENDED_SECONDS", 1.0)
    service = await with_large_images(serve, "1", "2", "3")
    slow = [await hardly_read(service, user) for user in ("1", "2")]
    assert await status_of(service, "3") == 503
    async with asyncio.timeout(WAIT_SECONDS):
        while await status_of(service, "3") == 503:
            pass
    assert [await is_whole(wire) for wire in slow].count(False) == 1
    for wire in slow:
        await wire.close()


async def test_a_holder_of_many_streams_keeps_nobody_out(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The later of two ends in order, and what came meanwhile is told to its reader, who comes again."""
    monkeypatch.setattr(streaming, "MAX_STREAMS", 2)
    monkeypatch.setattr(streaming, "MAX_OF_ONE", 2)
    service: Running = await serve(needs_token=True)
    many, one = given(service, Scope.ADMIN), given(service, Scope.ADMIN)
    async with AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(answered(service, "/v1/events/stream", **many)) for _ in range(2)
        ]
        last = (await message(second))["id"]
        third = await stack.enter_async_context(answered(service, "/v1/events/stream", **one))
        assert third.status == 200
        async with asyncio.timeout(WAIT_SECONDS):
            assert await second.content.read() == b""
        assert (await service.ask("GET", "/v1/events/stream", headers=many)).status == 503
        await service.upload("1", png(), "a.png", headers=one)
        assert (await event(first))["event"] == "GenerationReserved"
    async with asyncio.timeout(WAIT_SECONDS), AsyncExitStack() as stack:
        while True:
            again = await stack.enter_async_context(answered(service, "/v1/events/stream", Last_Event_ID=last, **many))
            if again.status == 200:
                break
        assert [(await event(again))["event"] for _ in range(2)] == ["GenerationReserved", "ImageSaved"]


def lines_in_memory() -> int:
    """How many lines of the log there are as objects."""
    gc.collect()
    names = {"pos", "type", "tags", "data"}
    return sum(type(one) is dict and one.keys() == names for one in gc.get_objects())


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events/stream?after=0"])
async def test_of_what_a_slow_reader_has_not_taken_only_its_bytes_are_held(
    service: Running, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Hundreds of readers would else hold hundreds of times a passage of the log, as objects."""
    position = (await service.upload("1", png(), "a.png")).json["image"]["position"]

    def long_lines(*_: object) -> Passage:
        text = "x" * 10_000_000
        return Passage([{"pos": position, "type": "ImageSaved", "tags": [], "data": {"text": text}}], position)

    monkeypatch.setattr(events, "passage_after", long_lines)
    readers = [await Wire.open(service.address) for _ in range(4)]
    for reader in readers:
        await reader.send(request("GET", path))
        assert (await reader.answer()).status == 200
    await asyncio.sleep(0.5)
    assert lines_in_memory() == 0
    for reader in readers:
        reader.abort()
