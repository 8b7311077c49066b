"""Who has a place among the connections: who gives one up, who waits for one before the door, who is sent away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from aiohttp import web

from adapters.http.connection import Connection, ConnectionBounds, Connections, Need, WaitedFor, connection_of
from adapters.http.doorstep import MOST_SENT_AWAY
from tests.adapters.http.listening import HELLO, LARGE_BYTES, TIGHT, listening
from tests.adapters.http.wire import GenerationOutcome, Wire, once, request


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A service with tight bounds."""
    async with listening(TIGHT) as address:
        yield address


async def test_one_connection_too_many_is_told_so_and_a_place_comes_back(address: str) -> None:
    """Where the service works for all of them; the cap counts open connections, not those that were."""
    working = [asyncio.create_task(once(address, request("GET", "/slow"))) for _ in range(TIGHT.connections)]
    await asyncio.sleep(0.2)
    refused = await Wire.open(address)
    assert (await refused.rest()).startswith(b"HTTP/1.1 503 ")
    await refused.close()
    assert [answer.body for answer in await asyncio.gather(*working)] == [b"done"] * TIGHT.connections
    assert (await once(address, HELLO)).status == 200


async def test_who_asks_again_soon_keeps_their_place_from_those_who_come_later() -> None:
    """More clients than places: those who have one are all answered, the others are told 503 each time."""
    patient = TIGHT._replace(keep_alive_seconds=60, patience_seconds=4.0)
    async with listening(patient) as address:
        kept = [await Wire.open(address) for _ in range(patient.connections)]
        told = list[bytes]()
        for _ in range(4):
            for wire in kept:
                await wire.send(HELLO)
            assert [(await wire.answer()).body for wire in kept] == [b"hello"] * patient.connections
            await asyncio.sleep(0.5)  # while it is looked more than twice who could give their place up
            newcomer = await Wire.open(address)
            await newcomer.send(HELLO)
            told.append((await newcomer.rest())[:12])
            await newcomer.close()
        for wire in kept:
            await wire.close()
    assert told == [b"HTTP/1.1 503"] * 4


def test_who_is_found_once_keeps_their_place() -> None:
    """What they sent may only just have come."""

    class Silent:
        waited_for_since = WaitedFor(Need.WITHOUT_REQUEST, 0.0)
        dropped = False

        def give_place_up(self) -> None:
            self.dropped = True

    async def looked(times: int) -> bool:
        silent, connections = Silent(), Connections(cast("web.Server", None), TIGHT._replace(connections=1))
        connections.open.add(cast("Connection", silent))
        for _ in range(times):
            connections._look_around()
        return connections.make_room() and silent.dropped

    assert [asyncio.run(looked(times)) for times in (0, 1, 2)] == [False, False, True]


async def test_who_is_sent_away_can_read_it_whatever_they_have_sent() -> None:
    """What is closed with unread bytes in it would lose the answer on its way."""
    async with listening(TIGHT._replace(waiting=0)) as address:
        working = [asyncio.create_task(once(address, request("GET", "/slow"))) for _ in range(TIGHT.connections)]
        await asyncio.sleep(0.1)
        for _ in range(5):
            wire = await Wire.open(address)
            for _ in range(3):  # a closed socket would refuse the second
                await wire.send(request("POST", "/body", body=bytes(1_000)))
                await asyncio.sleep(0.02)
            assert (await wire.rest()).startswith(b"HTTP/1.1 503 ")
            await wire.close()
        await asyncio.gather(*working)


class Held:
    """A service whose places are all worked on, until they are let go."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.working: list[asyncio.Task[GenerationOutcome]] = []

    async def handle(self, _request: web.Request) -> web.Response:
        """Answers once it is let go."""
        await self.let_go.wait()
        return web.Response(text="done")

    async def end(self) -> list[bytes]:
        """What those who had the places were answered."""
        self.let_go.set()
        return [answer.body for answer in await asyncio.gather(*self.working)]


@asynccontextmanager
async def all_places_taken(bounds: ConnectionBounds) -> AsyncIterator[tuple[str, Held]]:
    """Where it listens, and what holds its places."""
    held = Held()
    async with listening(bounds, ("/held", held.handle)) as address:
        for _ in range(bounds.connections):
            held.working.append(asyncio.create_task(once(address, request("GET", "/held"))))
        await asyncio.sleep(0.2)
        yield address, held


async def test_who_finds_no_place_has_the_next_one_in_their_turn() -> None:
    """As one is given back within the time, nobody is told 503; what they sent meanwhile is not lost."""
    rarely_looked = TIGHT._replace(connections=1, wait_seconds=5.0, patience_seconds=600.0)
    async with all_places_taken(rarely_looked) as (address, held):
        wires = [await Wire.open(address) for _ in range(TIGHT.waiting)]
        for wire in wires:
            await wire.send(request("GET", "/", headers={"Connection": "close"}))
        await asyncio.sleep(0.1)
        assert await held.end() == [b"done"]
        assert [(await wire.answer()).body for wire in wires] == [b"hello"] * TIGHT.waiting
        for wire in wires:
            await wire.close()


async def test_who_waits_has_the_place_of_who_pauses_once_that_is_seen() -> None:
    """Nobody closes: who keeps it without need is found while the newcomer waits, and gives it up."""
    bounds = TIGHT._replace(connections=1, keep_alive_seconds=60, wait_seconds=5.0, patience_seconds=0.5)
    async with listening(bounds) as address:
        pausing = await Wire.open(address)
        await pausing.send(HELLO)
        assert (await pausing.answer()).body == b"hello"
        assert (await once(address, HELLO)).body == b"hello"
        await pausing.close()


async def test_who_has_gone_while_they_waited_keeps_no_place_from_the_next() -> None:
    """Nothing is read of who waits, so it is found once they are let in."""
    async with all_places_taken(TIGHT._replace(connections=1, wait_seconds=5.0)) as (address, held):
        gone = await Wire.open(address)
        await gone.close()
        next_one = asyncio.create_task(once(address, HELLO))
        await asyncio.sleep(0.1)
        await held.end()
        assert (await next_one).body == b"hello"


async def test_more_than_may_wait_are_told_at_once() -> None:
    """While those who wait do so."""
    async with all_places_taken(TIGHT._replace(wait_seconds=60.0)) as (address, held):
        waiting = [asyncio.create_task(once(address, HELLO)) for _ in range(TIGHT.waiting)]
        await asyncio.sleep(0.1)
        assert (await once(address, HELLO)).status == 503
        assert not any(one.done() for one in waiting)
        await held.end()
        assert [(await one).status for one in waiting] == [200] * TIGHT.waiting


async def test_whoever_has_waited_is_told_however_many_have() -> None:
    """All at once, more than are told so without a wait; it is never just hung up."""
    many = MOST_SENT_AWAY + 20
    async with all_places_taken(TIGHT._replace(waiting=many, wait_seconds=0.5)) as (address, held):
        wires = await asyncio.gather(*(Wire.open(address) for _ in range(many)))
        await asyncio.sleep(0.9)  # nobody reads before all are told
        told = [(await wire.rest())[:12] for wire in wires]
        for wire in wires:
            await wire.close()
        await held.end()
    assert told == [b"HTTP/1.1 503"] * many


async def test_a_stop_sends_away_who_waits() -> None:
    """At once, and beside those who are worked for."""
    async with all_places_taken(TIGHT._replace(wait_seconds=60.0)) as (address, held):
        waiting = asyncio.create_task(once(address, HELLO))
        await asyncio.sleep(0.1)
        asyncio.get_running_loop().call_later(0.2, held.let_go.set)
    assert (await waiting).status == 503
    assert await held.end() == [b"done"] * TIGHT.connections


BODY_TO_COME = request("POST", "/body", headers={"Content-Length": "1000"})
WAITED_FOR = {
    "silent": b"",
    "half a head": b"GET / HTTP/1.1\r\nX-Slow: ",
    "between requests": HELLO,
    "a body to come": BODY_TO_COME,
    "an answer that is not read": request("GET", "/large"),
    "what is left of a body": request("POST", "/", headers={"Content-Length": "1000"}),
}


@pytest.mark.parametrize("sent", WAITED_FOR.values(), ids=WAITED_FOR.keys())
async def test_where_all_places_are_taken_the_one_that_was_waited_for_longest_is_given_away(sent: bytes) -> None:
    """Each kind of client that keeps a place without need; a request that is worked on is never cut."""
    let_go = asyncio.Event()

    async def held(_request: web.Request) -> web.Response:
        await let_go.wait()
        return web.Response(text="done")

    patient = TIGHT._replace(head_seconds=60, keep_alive_seconds=60, reader_seconds=60)
    async with listening(patient, ("/held", held)) as address:
        working = asyncio.create_task(once(address, request("GET", "/held")))
        await asyncio.sleep(0.1)
        idle = []
        for _ in range(TIGHT.connections - 1):
            idle.append(await Wire.open(address))
            await idle[-1].send(sent)
            await asyncio.sleep(0.1)
        assert (await once(address, HELLO)).status == 200
        assert len(await idle[0].rest()) < LARGE_BYTES, "the oldest is dropped"
        let_go.set()
        assert (await working).body == b"done"
        await idle[1].send(b"")
        for wire in idle:
            await wire.close()


async def test_who_has_asked_for_nothing_is_dropped_before_who_sends_a_body() -> None:
    """Though the body began earlier."""
    async with listening(TIGHT._replace(head_seconds=60)) as address:
        body, silent, other = [await Wire.open(address) for _ in range(TIGHT.connections)]
        await body.send(BODY_TO_COME)
        await asyncio.sleep(0.1)
        assert (await once(address, HELLO)).status == 200
        assert await silent.rest() == b""
        await body.send(bytes(1_000))
        assert (await body.answer()).body == b"1000"
        for wire in (body, silent, other):
            await wire.close()


async def test_a_stranger_in_line_gives_its_place_to_others_and_who_is_known_does_not() -> None:
    """Invented ids that wait keep nobody out; their work is cancelled."""
    cancelled = list[str]()

    async def work(who: str) -> str:
        try:
            await asyncio.sleep(0.5)
        except asyncio.CancelledError:
            cancelled.append(who)
            raise
        return who

    async def in_line(req: web.Request) -> web.Response:
        who = req.query["who"]
        return web.Response(text=await connection_of(req).while_open(work(who), for_stranger=who != "known"))

    async with listening(TIGHT, ("/work", in_line)) as address:
        asked = []
        for who in ("known", "first", "second"):
            asked.append(asyncio.create_task(once(address, request("GET", f"/work?who={who}"))))
            await asyncio.sleep(0.05)
        assert (await once(address, HELLO)).status == 200
        answers = await asyncio.gather(*asked, return_exceptions=True)
    assert cancelled == ["first"]
    assert [getattr(answer, "body", b"") for answer in answers] == [b"known", b"", b"second"]
