#!/usr/bin/env python3
"""Loads the real HTTP service from a second process: `.venv/bin/python scripts/load_http.py`.

`abby serve` on a fresh root with real syncs, and beside it, in the same run, a bare aiohttp handler that gives a
constant of the same size, each a process of its own; this process asks, by a client that costs little. Rates are taken
by turns, and a ratio is of the medians. Nothing else should run meanwhile: on two cores the client has one of them.

    reserve   durable reservations on 64 connections, beside the bare handler: a rate of 0.4 is wanted
    quota     quota reads likewise: 0.6 is wanted
    steady    60 s at 1,000 requests a second, four in five of them quota reads: no error is wanted
    overload  three times the reservations it can take: 429 or 503 for what is too much, as before in 5 s
    slow      1,000 clients that trickle, or do not read: the others' 95th percentile with and without them
    kills     killed under load again and again: what was answered with a success is there after the restart
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import sys
import tempfile
import time
from base64 import b64decode
from collections.abc import Callable, Iterable
from hashlib import sha256
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from random import Random

if find_spec("aiohttp") is None:
    sys.exit("Abby is not set up for this Python: run `python3 launch.py --version`, then this by that of `.venv`.")
PROJECT = Path(__file__).resolve().parent.parent
if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))
from scripts.load.processes import Served, abby, bare, slow_clients  # noqa: E402 - the lines above make it work
from scripts.load.wire import Answer, Figures, Line, OpenLoop, Request, closed_loop, request  # noqa: E402 - as above

CONNECTIONS = 64
USERS = 1_000
ROUNDS, ROUND_SECONDS = 3, 4.0
STEADY_RATE, STEADY_SECONDS = 1_000, 60.0
READS_OF_FIVE = 4
OVERLOAD_CONNECTIONS, OVERLOAD_SECONDS, AFTER_SECONDS = 768, 8.0, 8.0
SLOW_CLIENTS, SLOW_SECONDS, SLOW_RATE = 1_000, 10.0, 200
KILLS = 5
PARTS = ("reserve", "quota", "steady", "overload", "slow", "kills")
PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC")

Told = dict[str, object]


def reservation(number: int) -> Request:
    """Of one of the users, who take turns."""
    return request("POST", f"/v1/users/u{number % USERS}/reservations", body=b'{"count":1}', tag="reservation")


def quota(number: int) -> Request:
    """Likewise."""
    return request("GET", f"/v1/users/u{number % USERS}/quota", tag="quota")


def save(number: int) -> Request:
    """A small picture under the next free name."""
    return request("POST", f"/v1/users/u{number % USERS}/images", body=PNG, media_type="image/png", tag="save")


def mixed(number: int) -> Request:
    """Four reads, then a reservation."""
    return reservation(number) if number % 5 == READS_OF_FIVE else quota(number)


def in_turn(make: Callable[[int], Request]) -> Callable[[], Request]:
    """Requests by number."""
    numbers = count()
    return lambda: make(next(numbers))


async def loaded(served: Served, make: Callable[[int], Request], seconds: float, into: Figures) -> float:
    """Asks for so long on all connections; the rate of this time alone."""
    before, begun = into.well, time.perf_counter()
    await closed_loop(served.port, in_turn(make), seconds, connections=CONNECTIONS, heard=into.take)
    took = time.perf_counter() - begun
    into.seconds += took
    return (into.well - before) / took


async def get_known(served: Served) -> None:
    """Every user has limits of their own, so that none of them is a stranger who waits for their turn."""
    numbers = iter(range(USERS))
    done: list[Answer] = []

    def limits() -> Request:
        number = next(numbers, 0)
        body = b'{"daily":1000000,"reason":"load"}'
        return request("PUT", f"/v1/admin/users/u{number}/limits", body=body)

    while len(done) < USERS + CONNECTIONS:
        await closed_loop(served.port, limits, 0.5, connections=16, heard=done.append)
    assert all(answer.status == 200 for answer in done[:USERS]), "the service refused limits"


async def answers(served: Served, asked: Iterable[Request]) -> list[Answer]:
    """An answer for each, one after the other over one connection."""
    loop, found = asyncio.get_running_loop(), list[Answer]()
    come = asyncio.Event()

    def answered(_: Line, answer: Answer) -> None:
        found.append(answer)
        come.set()

    _, line = await loop.create_connection(lambda: Line(answered), "127.0.0.1", served.port)
    for one in asked:
        come.clear()
        line.ask(one, time.perf_counter())
        await come.wait()
    line.close()
    return found


def beside_bare(served: Served, make: Callable[[int], Request], wanted: float) -> Told:
    """Rates and times of the service and of the bare handler, round by round in turn."""
    ours, theirs = Figures(), Figures()
    with bare(served.folder, len(asyncio.run(answers(served, [make(0)]))[0].body)) as peer:
        asyncio.run(loaded(served, make, 1.0, Figures()))
        rates = [
            (
                asyncio.run(loaded(served, make, ROUND_SECONDS, ours)),
                asyncio.run(loaded(peer, make, ROUND_SECONDS, theirs)),
            )
            for _ in range(ROUNDS)
        ]
    mine, other = (statistics.median(column) for column in zip(*rates, strict=True))
    return {
        "rate": round(mine),
        "bare": round(other),
        "ratio": round(mine / other, 3),
        "wanted": wanted,
        "p50_ms": round(ours.percentile(0.5), 1),
        "p99_ms": round(ours.percentile(0.99), 1),
        "bare_p50_ms": round(theirs.percentile(0.5), 1),
        "bare_p99_ms": round(theirs.percentile(0.99), 1),
        "statuses": dict(ours.statuses),
    }


def steady(served: Served) -> Told:
    """A minute at a rate that does not wait."""
    load = OpenLoop(served.port, in_turn(mixed), connections=CONNECTIONS)
    asyncio.run(load.run(STEADY_RATE, STEADY_SECONDS))
    figures = load.figures
    return {
        "rate": round(figures.rate),
        "errors": sum(figures.statuses.values()) - figures.well + load.unanswered,
        "wanted_errors": 0,
        "p50_ms": round(figures.percentile(0.5), 1),
        "p99_ms": round(figures.percentile(0.99), 1),
        "statuses": dict(figures.statuses),
    }


def overload(served: Served) -> Told:
    """Three times what it takes, on more connections than it has; then a third of that, until it is as before."""
    alone = Figures()
    most = asyncio.run(loaded(served, reservation, 3.0, alone))

    async def both() -> tuple[OpenLoop, OpenLoop, float]:
        flood = OpenLoop(served.port, in_turn(reservation), connections=OVERLOAD_CONNECTIONS)
        await flood.run(3 * most, OVERLOAD_SECONDS, last_seconds=0.0)
        flood.close()
        ended = time.perf_counter()
        after = OpenLoop(served.port, in_turn(reservation), connections=CONNECTIONS)
        await after.run(most / 3, AFTER_SECONDS)
        return flood, after, ended

    flood, after, ended = asyncio.run(both())
    usual = alone.percentile(0.99) / 1_000
    bad = [due + seconds for due, seconds, status in after.figures.times if status >= 400 or seconds > usual]
    bad = [due for due in bad if sum(abs(due - other) < 0.5 for other in bad) > most / 3 * 0.05] or [ended]
    return {
        "offered": round(3 * most),
        "taken": round(flood.figures.rate),
        "statuses": {str(status): number for status, number in flood.figures.statuses.items()},
        "p99_ms": round(flood.figures.percentile(0.99)),
        "recovered_s": round(max(0.0, max(bad) - ended), 1),
        "wanted_s": 5,
        "statuses_after": dict(after.figures.statuses),
    }


def beside_slow(served: Served) -> Told:
    """The others' times without slow clients and with them. They ask again where a kept connection was closed."""

    def measured() -> Figures:
        load = OpenLoop(served.port, in_turn(mixed), connections=CONNECTIONS // 2)
        asyncio.run(load.run(SLOW_RATE, SLOW_SECONDS))
        return load.figures

    alone = measured()
    with slow_clients(served.folder, served.port, SLOW_CLIENTS):
        time.sleep(2.0)
        among = measured()
    p95 = alone.percentile(0.95), among.percentile(0.95)
    return {
        "p95_ms": round(p95[1], 1),
        "alone_p95_ms": round(p95[0], 1),
        "ratio": round(p95[1] / p95[0], 2),
        "statuses": dict(among.statuses),
    }


def kills(folder: Path, times: int) -> Told:
    """Reservations and saves until it is killed; then everything that was answered is looked for."""
    random, kept, missing = Random(1), list[Answer](), 0  # noqa: S311 - when it is killed is no secret
    make = in_turn(lambda number: save(number) if number % 2 else reservation(number))

    def heard(answer: Answer) -> None:
        if 200 <= answer.status < 300:
            kept.append(answer)

    async def until_killed(served: Served) -> None:
        asyncio.get_running_loop().call_later(random.uniform(0.5, 1.5), served.process.kill)
        await closed_loop(served.port, make, 30.0, connections=CONNECTIONS, heard=heard)

    for number in range(times):
        with abby(folder) as served:
            if number == 0:
                asyncio.run(get_known(served))
            missing += asyncio.run(not_there(served, kept))
            asyncio.run(until_killed(served))
    with abby(folder) as served:
        missing += asyncio.run(not_there(served, kept))
    return {"kills": times, "answered": len(kept), "missing": missing, "wanted_missing": 0}


async def not_there(served: Served, kept: Iterable[Answer]) -> int:
    """How many of these are not there: places in the log, pictures by their bytes."""
    told = [json.loads(answer.body) for answer in kept]
    paths = ["/v1/events?limit=1000000", *(one["image"]["url"] for one in told if "image" in one)]
    log, *pictures = await answers(served, (request("GET", path) for path in paths))
    held = set(re.findall(rb'"reservation":"([^"]*)"', log.body))
    lost = sum(one["reservation"].encode() not in held for one in told if "image" not in one)
    whole = sha256(PNG).digest()
    return lost + sum(answer.status != 200 or sha256(answer.body).digest() != whole for answer in pictures)


def run_parts(names: Iterable[str]) -> dict[str, Told]:
    """Each part's figures. The kills have a root of their own, so that looking for everything is short."""
    told: dict[str, Told] = {}
    served_parts: dict[str, Callable[[Served], Told]] = {
        "reserve": lambda served: beside_bare(served, reservation, 0.4),
        "quota": lambda served: beside_bare(served, quota, 0.6),
        "steady": steady,
        "overload": overload,
        "slow": beside_slow,
    }
    for name in names:
        with tempfile.TemporaryDirectory(prefix="abby-load-") as folder:
            if name == "kills":
                told[name] = kills(Path(folder), KILLS)
                continue
            with abby(Path(folder)) as served:
                asyncio.run(get_known(served))
                told[name] = served_parts[name](served)
    return told


def main(words: list[str]) -> int:
    """Measures the parts that the words name, and prints a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="without one, all")
    parser.add_argument("--json", action="store_true", help="one JSON object of all parts")
    options = parser.parse_args(words)
    told = run_parts(options.part or PARTS)
    if options.json:
        print(json.dumps(told))
        return 0
    for name, figures in told.items():
        print(name)
        print(*(f"    {label:<16} {figure}" for label, figure in figures.items()), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
