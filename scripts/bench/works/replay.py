"""Replay: how fast a log becomes what decisions read, with hashes verified and without, beside bare `orjson.loads`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import orjson

from adapters.eventlog.jsonl import JSONLRecorder
from adapters.ledger.projector import Projector
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.clock import utc_now
from scripts.bench.apart import apart
from scripts.bench.bench import Bench
from scripts.bench.figures import Bar, Case, Figure, compared
from scripts.bench.logs import Shape, make_log

PLAIN, VERIFIED = Bar(0.20, at_least=True), Bar(0.15, at_least=True)
EVENTS_A_USER = 100
LARGEST = 1_000_000
"""The bars are for a log that long."""


class Rates(NamedTuple):
    """Events a second: replayed from an open log, verified and replayed, and parsed alone."""

    plain: float
    verified: float
    parsed: float


def measure(bench: Bench) -> Iterator[Figure]:
    """Logs of every length."""
    for events in bench.sizes.events:
        bench.tell(f"replay: making a log of {events:,} events")
        root = make_log(bench.folder / f"replay-{events}", Shape(max(1, events // EVENTS_A_USER), events))
        found = []
        for number in range(bench.sizes.rounds):
            bench.tell(f"replay: {events:,} events, round {number + 1} of {bench.sizes.rounds}")
            found.append(apart(rates, root))
        parsed = [each.parsed for each in found]
        for kind, bar in (("plain", PLAIN), ("verified", VERIFIED)):
            words = "replay" if kind == "plain" else "replay with hashes verified"
            case = Case(
                "replay",
                f"{words}, {events:,} events",
                "events/s",
                "bare orjson.loads",
                bar if events == LARGEST else None,
            )
            yield compared(case, [getattr(each, kind) for each in found], parsed)


def rates(root: Path) -> Rates:
    """Each of the three once."""
    lines = (root / "logs" / "events.jsonl").read_bytes().splitlines()[1:]
    with collecting_no_garbage():
        begin = perf_counter()
        for line in lines:
            orjson.loads(line)
        parsed = perf_counter()
        recorder = JSONLRecorder(root, clock=utc_now, read_only=True, on_event=(taken := Projector()).take)
        verified = perf_counter()
        (replayed := Projector()).replay(recorder)
        plain = perf_counter()
    recorder.close()
    assert taken.state.position == replayed.state.position == len(lines)
    return Rates(len(lines) / (plain - verified), len(lines) / (verified - parsed), len(lines) / (parsed - begin))
