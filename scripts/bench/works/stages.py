"""Where the time goes: what each step of a durable pair costs, in full batches and alone, and each step of a replay.

The steps are the program's own functions, each with a clock around it; so the clock's own cost is in them, twice where
a step is inside another. `all` is what the writer spends on a pair from taking it to waking its callers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns
from typing import Any, NamedTuple

from adapters.eventlog.jsonl import JSONLRecorder, writing
from adapters.eventlog.jsonl.writing import LogWriter
from adapters.ledger import batch, ledger, projector
from adapters.ledger.ledger import QuotaLedger
from adapters.ledger.pending import Accepted, PendingCommand
from adapters.ledger.projector import Projector
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.clock import utc_now
from projections.quota_fold import QuotaFold
from projections.quota_state import Draft
from scripts.bench.apart import apart
from scripts.bench.bench import Bench
from scripts.bench.figures import Case, Figure, alone
from scripts.bench.logs import Shape, make_log
from scripts.bench.peer import Pair
from scripts.bench.peers.abby import AbbyPeer, reserve_command, save_command

BATCH = 256
PAIRS = 4 * BATCH
USERS = 1_000
REPLAYED = 20_000


class Step(NamedTuple):
    """A function of the program: where it is found, and what it does."""

    owner: Any
    name: str
    words: str


WRITING = (
    Step(QuotaLedger, "_carry_out", "all"),
    Step(ledger, "decide", "decide"),
    Step(batch, "encode", "event to JSON"),
    Step(Draft, "apply", "fold into the draft"),
    Step(writing, "encode_batch", "lines and hashes"),
    Step(LogWriter, "_refuse_if_moved", "stat of the path"),
    Step(LogWriter, "_write", "write and sync"),
    Step(Draft, "commit", "publish the draft"),
    Step(Projector, "feed", "feed other projections"),
    Step(ledger, "wake", "wake the callers"),
)
REPLAYING = (
    Step(Projector, "take", "all but verifying and parsing"),
    Step(projector, "event_of", "JSON to event"),
    Step(QuotaFold, "apply", "fold into the book"),
    Step(Projector, "feed", "feed other projections"),
)


def measure(bench: Bench) -> Iterator[Figure]:
    """Microseconds a pair, and microseconds an event."""
    bench.tell("stages")
    for size in (BATCH, 1):
        for words, cost in apart(writing_costs, bench.folder, size).items():
            yield alone(Case("stages", f"a pair, batches of {size}: {words}", "us", ""), [cost])
    root = make_log(bench.folder / "stages", Shape(USERS // 5, REPLAYED))
    for words, cost in apart(replaying_costs, root).items():
        yield alone(Case("stages", f"a replayed event: {words}", "us", ""), [cost])


def writing_costs(folder: Path, size: int) -> dict[str, float]:
    """Of pairs that are handed to the writer in batches of one size."""
    spent: Counter[str] = Counter()
    with TemporaryDirectory(dir=folder, prefix="stages-") as own:
        peer, numbers = AbbyPeer(Path(own)), count(1)
        _watch(WRITING, spent)
        for _ in range(PAIRS // size):
            pairs = [Pair(number, f"user-{number % USERS}") for number, _ in zip(numbers, range(size), strict=False)]
            for command in (reserve_command, save_command):
                pending = [PendingCommand(command(pair)) for pair in pairs]
                peer.ledger._carry_out(pending)  # noqa: SLF001 - the writer's own step, without its thread
                assert all(isinstance(pending.outcome, Accepted) for pending in pending)
        peer.ledger.close()
    return {step.words: spent[step.words] / 1e3 / PAIRS for step in WRITING}


def replaying_costs(root: Path) -> dict[str, float]:
    """Of a log that is verified and replayed."""
    spent: Counter[str] = Counter()
    begin = perf_counter_ns()
    JSONLRecorder(root, clock=utc_now, read_only=True).close()
    verified = perf_counter_ns() - begin
    _watch(REPLAYING, spent)
    with collecting_no_garbage():
        JSONLRecorder(root, clock=utc_now, read_only=True, on_event=Projector().take).close()
    costs = {"verify its hash and parse": verified} | {step.words: spent[step.words] for step in REPLAYING}
    return {words: nanoseconds / 1e3 / REPLAYED for words, nanoseconds in costs.items()}


def _watch(steps: tuple[Step, ...], spent: Counter[str]) -> None:
    """Puts a clock around each step, for the rest of this process."""
    for step in steps:
        setattr(step.owner, step.name, _clocked(getattr(step.owner, step.name), step.words, spent))


def _clocked(function: Callable[..., Any], words: str, spent: Counter[str]) -> Callable[..., Any]:
    def clocked(*args: Any, **kwargs: Any) -> Any:
        begin = perf_counter_ns()
        try:
            return function(*args, **kwargs)
        finally:
            spent[words] += perf_counter_ns() - begin

    return clocked
