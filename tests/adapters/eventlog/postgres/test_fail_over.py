"""The drill of docs/scaling.md: the primary is lost under load, its standby takes over, and everybody goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import pytest

from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.ledger.projector import Projector
from adapters.ports.clock import utc_now
from adapters.ports.engines import LogKeeper
from domain.point_events import account_of
from scripts import verify_log
from tests.servers.pair import pair
from tests.servers.postgres import is_root

PROJECT = Path(__file__).parents[4]
GO_ON_SECONDS = 15.0
"""After this at the latest each client was told that its wish is done, the fail-over included."""
USERS_EACH = 4
START_SECONDS = 30.0
TAIL_SECONDS = 1.0


class Asker:
    """A process that mints points, and what it was told: when, and for whom."""

    def __init__(
        self, root: Path, users: Sequence[str], environment: dict[str, str], log: Path, through: Sequence[str] = ()
    ) -> None:
        """`through`: words before the command, of a program that starts it elsewhere."""
        self.root = root
        self.told: list[tuple[float, str]] = []
        self._log = log
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                [*through, sys.executable, "-m", "tests.adapters.eventlog.postgres.asking", str(root), *users],
                cwd=PROJECT, env={**os.environ, **environment}, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        self._reader = Thread(target=self._listen)
        self._reader.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.told.append((monotonic(), line.strip()))

    def is_told(self, since: float) -> bool:
        """Whether each of its users was told something after a moment."""
        return len({user for at, user in self.told if at > since}) == USERS_EACH

    def end(self) -> None:
        """In order: each wish is fulfilled, none is open any more."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(GO_ON_SECONDS + START_SECONDS)
        self._reader.join()
        assert self._process.returncode == 0, self._log.read_text()[-2000:]

    def kill(self) -> None:
        """Ends it, where it still runs."""
        with self._process:
            self._process.kill()
        self._reader.join()


@contextmanager
def asking(
    environment: dict[str, str], folder: Path, processes: int, through: Sequence[str] = ()
) -> Iterator[list[Asker]]:
    """Processes that ask, each with a copy of its own, all of which were told something."""
    with ExitStack() as ending:
        askers = []
        for number in range(processes):
            users = [f"{1000 + number * USERS_EACH + user}" for user in range(USERS_EACH)]
            log = folder / f"{number}.log"
            askers.append(Asker(folder / f"root{number}", users, environment, log, through))
            ending.callback(askers[-1].kill)
        wait_until_told(askers, 0, START_SECONDS)
        yield askers


def wait_until_told(askers: Sequence[Asker], since: float, seconds: float) -> float:
    """Until each user of each process was told something after a moment; how long after it that was."""
    while not all(asker.is_told(since) for asker in askers):
        assert monotonic() - since < seconds or not since, "clients did not go on"
        sleep(0.02)
    return monotonic() - since


@pytest.mark.parametrize(
    ("processes", "fail_overs", "seconds"),
    [(2, 1, 0.5), pytest.param(4, 5, 3.0, marks=pytest.mark.thorough)],
)
def test_clients_go_on_after_a_fail_over_and_nothing_that_was_told_is_lost(
    tmp_path: Path, record_property: Callable[[str, object], None], processes: int, fail_overs: int, seconds: float
) -> None:
    """Each fail-over under load; at the end every point that was told is in the log, once; each copy is the beginning
    of the same chain, as is the one that is made anew.
    """
    took = []
    with pair() as both:
        with asking(both.environment(), tmp_path, processes) as askers:
            for number in range(fail_overs):
                if number:
                    both.rebuild()
                sleep(seconds)
                lost_at = monotonic()
                both.fail_over()
                wait_until_told(askers, monotonic(), GO_ON_SECONDS)
                took.append(monotonic() - lost_at)
                assert took[-1] < GO_ON_SECONDS
            sleep(seconds)
            for asker in askers:
                asker.end()
        judge(both.environment(), askers, tmp_path / "anew")
    record_property("seconds until every client was told again", ", ".join(f"{each:.1f}" for each in took))
    record_property("points minted", sum(len(asker.told) for asker in askers))


@pytest.mark.thorough
def test_clients_go_on_after_a_machine_has_vanished(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """No packet of it comes any more, and none says that there is nobody: only time tells."""
    if not is_root() or None in map(shutil.which, ("unshare", "nsenter", "ip")):
        pytest.skip("networks of one's own need root, and the programs unshare, nsenter and ip")
    program = ["unshare", "-n", sys.executable, "-m", "tests.adapters.eventlog.postgres.vanishing", str(tmp_path)]
    done = subprocess.run(program, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    seconds = float(done.stdout)
    record_property("seconds until every client was told again, the machine gone", seconds)
    assert seconds < GO_ON_SECONDS


@pytest.mark.thorough
def test_clients_go_on_after_the_primary_was_frozen(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """It keeps all sessions, and answers none. When it wakes beside the new one, it acknowledges nothing."""
    with pair() as both:
        old = both.primary
        with asking(both.environment(), tmp_path, 2) as askers:
            sleep(TAIL_SECONDS)
            lost_at = monotonic()
            with old.frozen():
                both.take_over()
                wait_until_told(askers, monotonic(), GO_ON_SECONDS)
                took = monotonic() - lost_at
            sleep(TAIL_SECONDS)
            for asker in askers:
                asker.end()
        judge(both.environment(), askers, tmp_path / "anew")
    record_property("seconds until every client was told again, the primary frozen", f"{took:.1f}")
    assert took < GO_ON_SECONDS


def judge(environment: dict[str, str], askers: Sequence[Asker], anew: Path) -> None:
    """Compares what was told with what is recorded, and the copies with each other."""
    engine = choose_engine(LogKeeper(POSTGRES_MODULE, environment))
    projector = Projector()
    with closing(engine.open_for_writing(anew, clock=utc_now, on_event=projector.take)):
        pass
    told = Counter(user for asker in askers for _, user in asker.told)
    assert told == {user: projector.state.points.balance(account_of(user)) for user in told}
    whole = events(anew)
    assert all(whole.startswith(events(asker.root)) for asker in askers)
    assert verify_log.verify(anew / "logs" / "events.jsonl").verdict == "whole"


def events(root: Path) -> bytes:
    """The bytes of a copy."""
    return (root / "logs" / "events.jsonl").read_bytes()
