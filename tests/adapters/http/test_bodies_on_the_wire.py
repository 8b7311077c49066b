"""Bodies as they really come: slowly, in crumbs, compressed, announced and never sent."""

from __future__ import annotations

import asyncio
import gzip
import sys
import time

import pytest

from adapters.application.results import StoreSettings
from adapters.http.bodies import BodyBounds, Room
from tests.adapters.http.conftest import JSON, Running, Serve
from tests.adapters.http.wire import Wire, once, request
from tests.hostile.builders import png

PATH = "/v1/users/1/images"
QUICK = BodyBounds(seconds=0.4, bytes_a_second=1_000_000)


def head(length: int | None, *, kind: str = "image/png", more: str = "") -> bytes:
    """The head of an upload whose body is sent by the test."""
    announced = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n{announced}\r\n{more}\r\n".encode()


async def test_a_body_that_trickles_is_408(serve: Serve) -> None:
    """A byte now and then is no upload; nothing is saved and the connection ends."""
    service: Running = await serve(body_bounds=QUICK)
    wire = await Wire.open(service.address)
    await wire.send(head(1_000))
    started = time.monotonic()
    trickle = asyncio.create_task(_trickle(wire))
    answer = await wire.answer()
    trickle.cancel()
    await wire.close()
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert time.monotonic() - started < 2
    assert (await service.quota("1"))["user"]["images"] == 0


async def _trickle(wire: Wire) -> None:
    for _ in range(100):
        await wire.send(b"a")
        await asyncio.sleep(0.05)


async def test_a_body_that_comes_fast_enough_may_take_longer_than_the_first_deadline(serve: Serve) -> None:
    """What has come buys time for what is still to come."""
    service: Running = await serve(body_bounds=BodyBounds(seconds=0.4, bytes_a_second=100_000))
    data = png(extras=[b"\0\1\x86\xa0tEXt" + bytes(100_004)])
    wire = await Wire.open(service.address)
    await wire.send(head(len(data)))
    for start in range(0, len(data), 20_000):
        await wire.send(data[start : start + 20_000])
        await asyncio.sleep(0.15)
    answer = await wire.answer()
    await wire.close()
    assert answer.status in (201, 422)  # the text's checksum is not right, so the image check may say so; it was read


async def test_a_body_that_ends_early_tears_nothing(service: Running) -> None:
    """The client hangs up in the middle: no event, no file, and the service lives."""
    wire = await Wire.open(service.address)
    await wire.send(head(1_000) + b"half")
    await wire.close()
    await asyncio.sleep(0.1)
    assert (await service.quota("1"))["position"] == 1
    assert service.files() == []


async def test_ten_thousand_chunks_of_one_byte_are_read_as_one_body(service: Running) -> None:
    """They cost little, and the body is what it is: not an image."""
    chunks = b"1\r\na\r\n" * 10_000 + b"0\r\n\r\n"
    started = time.process_time()
    answer = await once(service.address, head(None) + chunks)
    assert answer.status == 415
    assert time.process_time() - started < 1


async def test_a_chunk_size_that_is_none_is_400(service: Running) -> None:
    """What breaks the framing cannot be read."""
    assert (await once(service.address, head(None) + b"zz\r\nabc\r\n0\r\n\r\n")).status == 400


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, identity"])
async def test_a_compressed_body_is_refused_unread(service: Running, encoding: str) -> None:
    """415 for 200 MB behind 194 kB, and the memory stays where it was."""
    bomb = gzip.compress(bytes(1_000_000), 9)
    headers = {"Content-Encoding": encoding}
    answer = await service.ask("POST", PATH, body=bomb, headers=headers, kind="image/png")
    assert answer.status == 415
    assert "Content-Encoding" in answer.json["detail"]


@pytest.mark.skipif(sys.platform == "win32", reason="the resource module is POSIX's")
async def test_a_gzip_bomb_does_not_grow_the_service(service: Running) -> None:
    """Less than 50 MB more memory at its peak."""
    import resource

    bomb = gzip.compress(bytes(200_000_000), 9)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for kind in (JSON, "image/png"):
        answer = await service.ask("POST", PATH, body=bomb, headers={"Content-Encoding": "gzip"}, kind=kind)
        assert answer.status == 415
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


async def test_the_word_to_continue_is_given_after_the_checks(service: Running) -> None:
    """`Expect: 100-continue` is answered when the body is wanted, and not for a request that is refused anyway."""
    data = png()
    wire = await Wire.open(service.address)
    await wire.send(head(len(data), more="Expect: 100-continue\r\n"))
    assert (await wire.answer()).status == 100
    await wire.send(data)
    assert (await wire.answer()).status == 201
    await wire.close()
    refused = await once(service.address, head(len(data), kind="text/html", more="Expect: 100-continue\r\n"))
    assert refused.status == 415


async def test_an_expectation_nobody_knows_is_417(service: Running) -> None:
    """As a problem like every other."""
    answer = await once(service.address, head(3, more="Expect: coffee\r\n"))
    assert (answer.status, answer.json["status"]) == (417, 417)


async def test_uploads_that_would_fill_the_memory_wait_and_are_told_so(serve: Serve) -> None:
    """The bytes of all bodies that are read are bounded together, and given back when a client hangs up."""
    service: Running = await serve(body_bounds=BodyBounds(buffered_bytes=300_000, wait_seconds=0.3))
    first = await Wire.open(service.address)
    await first.send(head(280_000) + bytes(80_000))
    await asyncio.sleep(0.2)
    busy = await service.upload("1", bytes(150_000))
    assert (busy.status, busy.json["type"].rpartition("#")[2]) == (503, "temporary-reduced-capacity")
    assert (await service.upload("1", png())).status == 201, "what is small needs no room"
    await first.close()
    await asyncio.sleep(0.2)
    assert (await service.upload("1", bytes(150_000))).status == 415


async def test_who_sends_slowly_while_others_wait_for_room_is_sent_away(serve: Serve) -> None:
    """And who waited is served; where nobody waits, there is all the time of a body."""
    service: Running = await serve(body_bounds=BodyBounds(buffered_bytes=300_000, contended_seconds=0.3))
    slow = [await Wire.open(service.address) for _ in range(2)]
    await slow[0].send(head(280_000) + bytes(80_000))
    await slow[1].send(head(100_000) + bytes(80_000))  # which needs no room
    await asyncio.sleep(0.5)
    assert (await service.upload("1", bytes(150_000))).status == 415
    assert (await slow[0].answer()).status == 408
    await slow[1].send(bytes(20_000))
    assert (await slow[1].answer()).status == 415
    for wire in slow:
        await wire.close()


async def test_large_bodies_of_strangers_wait_for_each_other_and_for_nobody_else(serve: Serve) -> None:
    """However many ids somebody invents; whose turn does not come in time is told so, and small ones need no turn."""
    service: Running = await serve(body_bounds=BodyBounds(turn_seconds=0.5, strangers_bytes_a_second=10_000))
    assert (await service.upload("known", png())).status == 201
    strangers = [asyncio.create_task(service.upload(f"nobody{number}", bytes(400_000))) for number in range(3)]
    assert (await service.upload("known", bytes(400_000))).status == 415
    assert [(await stranger).status for stranger in strangers] == [503, 503, 503]
    assert (await service.upload("new", png())).status == 201


@pytest.mark.parametrize(("asked", "order"), [("aab", "aba"), ("aaabb", "ababa"), ("abc", "abc")])
async def test_room_is_given_to_the_owner_who_holds_least(asked: str, order: str) -> None:
    """However many bodies one sends, another's first comes after one of them; each frees its room when it has it."""
    room, given = Room(100), list[str]()

    async def hold(owner: str) -> None:
        size = await room.take(owner, 50)
        given.append(owner)
        await done.wait()
        room.give_back(owner, size)

    done = asyncio.Event()
    all_of_it = await room.take("first", 1_000)
    assert all_of_it == 100
    holding = [asyncio.create_task(hold(owner)) for owner in asked]
    await asyncio.sleep(0)
    room.give_back("first", all_of_it)
    await asyncio.sleep(0)
    assert "".join(given) == order[:2]
    done.set()
    await asyncio.gather(*holding)
    assert sorted(given) == sorted(asked)
    assert await room.take("last", 100) == 100


async def test_room_that_is_given_up_goes_to_the_next() -> None:
    """Whether a client goes before its room comes, or at the same moment."""
    room = Room(100)
    held = await room.take("a", 100)
    early, late, last = (asyncio.create_task(room.take(owner, 100)) for owner in "bcd")
    await asyncio.sleep(0)
    early.cancel()
    await asyncio.sleep(0)
    room.give_back("a", held)
    late.cancel()
    async with asyncio.timeout(5):
        assert await last == 100


async def test_a_json_body_over_its_bound_is_413(serve: Serve) -> None:
    """Whatever images may have."""
    service: Running = await serve(settings=StoreSettings(max_image_bytes=10_000_000))
    body = b'{"prompt":"' + b"A" * 2_000_000 + b'"}'
    assert (await service.ask("POST", "/v1/users/1/generations", body=body, kind=JSON)).status == 413


async def test_json_must_be_called_json(service: Running) -> None:
    """415 for any other type on a JSON route."""
    raw = request("POST", "/v1/users/1/generations", headers={"Content-Type": "text/html"}, body=b'{"prompt":"a"}')
    assert (await once(service.address, raw)).status == 415
