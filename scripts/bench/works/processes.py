"""What several processes decide that write one log in PostgreSQL, beside one process, beside the library's own
application, and beside a log on the disk; how evenly they share it; and what a status costs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from scripts.bench.apart import apart
from scripts.bench.bench import Bench
from scripts.bench.databases import schema, server
from scripts.bench.figures import Bar, Case, Figure, alone, compared
from scripts.bench.peer import PeerMissing
from scripts.bench.writers import Writing, rates, status_microseconds

CALLERS = 512
USERS = 1_000
LEAST_SECONDS = 1.0
"""In which some batches are decided on any machine."""
UNIT = "decisions/s"
TIMES_THE_LIBRARY = Bar(10, at_least=True)
OF_ONE = {4: Bar(0.6, at_least=True)}
"""By the number of processes, on two cores."""
FAIR = Bar(2 / 3, at_least=True, absolute=True)
STATUS = Bar(1.2, at_least=False)
ALONE, LIBRARY, DISK, ONE_CALLER = "1 process", "library's application", "a log on the disk", "one caller"


def measure(bench: Bench) -> Iterator[Figure]:
    """Everything in turn, round by round, each in a schema of its own; without a database the log on the disk alone."""
    try:
        with server(bench.database) as environment:
            yield from _beside(bench, environment)
    except PeerMissing as error:
        on_disk = [sum(rates(_on_disk(bench), bench.folder)) for _ in range(bench.sizes.rounds)]
        yield alone(Case("processes", f"{ALONE}, {DISK}", UNIT, "in PostgreSQL"), on_disk, str(error))


def _beside(bench: Bench, environment: Mapping[str, str]) -> Iterator[Figure]:
    rounds = [_round(bench, environment, number) for number in range(bench.sizes.rounds)]
    found: dict[str, list[float]] = defaultdict(list)
    for name, value in (item for each in rounds for item in each.items()):
        found[name].append(value)
    one = found[_named(1)]
    yield compared(_case(f"{ALONE}, {CALLERS} callers", LIBRARY, TIMES_THE_LIBRARY), one, found[LIBRARY])
    yield compared(_case(f"{ALONE}, {ONE_CALLER}", LIBRARY), found[ONE_CALLER], found[LIBRARY])
    yield compared(_case(f"{ALONE}, {CALLERS} callers", DISK), one, found[DISK])
    for count in bench.sizes.processes:
        if count > 1:
            yield compared(_case(_named(count), ALONE, OF_ONE.get(count)), found[_named(count)], one)
            smallest = Case("processes", f"{count} processes, the smallest share", "of a fair one", "", FAIR)
            yield alone(smallest, found[_fairness(count)])
    status = Case("processes", "a status", "us", DISK, STATUS)
    yield compared(status, found["status"], found["status on the disk"])


def _round(bench: Bench, environment: Mapping[str, str], number: int) -> dict[str, float]:
    """One figure of each kind."""
    from scripts.bench.peers.stock_postgres import decisions_a_second  # late: its module needs the client

    found: dict[str, float] = {}
    seconds, folder = _seconds(bench), bench.folder
    bench.tell(f"processes: round {number + 1} of {bench.sizes.rounds}")
    with schema(environment) as own:
        found[LIBRARY] = apart(decisions_a_second, own, USERS, seconds)
    for count in bench.sizes.processes:
        with schema(environment) as own:
            shares = rates(Writing(count, CALLERS, USERS, seconds * max(1, count / 2), own), folder)
        found |= {_named(count): sum(shares), _fairness(count): _smallest(shares)}
    with schema(environment) as own:
        found[ONE_CALLER] = sum(rates(Writing(1, 1, USERS, seconds, own), folder))
    found[DISK] = sum(rates(_on_disk(bench), folder))
    found["status on the disk"] = apart(status_microseconds, _on_disk(bench), folder)
    with schema(environment) as own:
        found["status"] = apart(status_microseconds, Writing(1, CALLERS, USERS, seconds, own), folder)
    return found


def _on_disk(bench: Bench) -> Writing:
    return Writing(1, CALLERS, USERS, _seconds(bench), {})


def _seconds(bench: Bench) -> float:
    return max(2 * bench.sizes.seconds, LEAST_SECONDS)


def _smallest(shares: Sequence[float]) -> float:
    """The smallest share, beside what each had if all had the same."""
    return min(shares) * len(shares) / sum(shares)


def _case(case: str, peer: str, bar: Bar | None = None) -> Case:
    return Case("processes", case, UNIT, peer, bar)


def _named(count: int) -> str:
    return ALONE if count == 1 else f"{count} processes"


def _fairness(count: int) -> str:
    return f"fairness of {count}"
