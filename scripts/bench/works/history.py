"""One user's history in a long log: by the index, beside reading all of the log through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from adapters.eventlog.jsonl import JSONLRecorder
from adapters.ports.clock import utc_now
from scripts.bench.apart import apart
from scripts.bench.bench import Bench
from scripts.bench.figures import Bar, Case, Figure, compared
from scripts.bench.logs import STEADY, STEADY_EVENTS, Shape, make_log

EVENTS_A_USER = 100
LARGEST = 1_000_000
BAR = Bar(5.0, at_least=False, absolute=True)
"""Milliseconds, in a log that long."""


class Times(NamedTuple):
    """Milliseconds: by the index, and by reading everything."""

    indexed: float
    scanned: float


def measure(bench: Bench) -> Iterator[Figure]:
    """Logs of every length that is worth an index."""
    for events in bench.sizes.events[1:]:
        bench.tell(f"history: making a log of {events:,} events")
        root = make_log(bench.folder / f"history-{events}", Shape(events // EVENTS_A_USER, events))
        found = []
        for number in range(bench.sizes.rounds):
            bench.tell(f"history: {events:,} events, round {number + 1} of {bench.sizes.rounds}")
            found.append(apart(times, root))
        case = f"about {STEADY_EVENTS} events of one user in {events:,}"
        bar = BAR if events == LARGEST else None
        row = Case("history", case, "ms", "reading all of the log", bar)
        yield compared(row, [each.indexed for each in found], [each.scanned for each in found])


def times(root: Path) -> Times:
    """Both, with the index made."""
    recorder = JSONLRecorder(root, clock=utc_now, read_only=True)
    tag = f"user:{STEADY}"
    query = DCBQuery([DCBQueryItem(tags=[tag])])
    expected = _milliseconds(lambda: len(list(recorder.read(query))))[1]
    indexed, by_index = _milliseconds(lambda: len(list(recorder.read(query))))
    scanned, by_reading = _milliseconds(lambda: sum(tag in stored.event.tags for stored in recorder.read()))
    recorder.close()
    assert by_index == by_reading == expected
    return Times(indexed, scanned)


def _milliseconds(work: Callable[[], int]) -> tuple[float, int]:
    begin = perf_counter()
    found = work()
    return (perf_counter() - begin) * 1e3, found
