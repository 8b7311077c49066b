"""Four processes over one log, each behind a proxy of its own, that are asked for places while something is done to
one of them or to the database; and what must be true after, whatever that was.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Any

from tests.adapters.eventlog.postgres.logs import Environment, session
from tests.adapters.eventlog.postgres.writers import (
    ANSWER_SECONDS,
    Answer,
    GoneError,
    WriterProcess,
    close_all,
    until_all_know,
)
from tests.servers.postgres import Server
from tests.servers.proxy import Act, Moment, Proxy, cut, cut_after, first, late

PROCESSES = 4
WISHES = 6
"""Of each process, in each of two waves."""
HAPPENS_SECONDS = 20.0
FROZEN_SECONDS = 1.5
STOPPED_SECONDS = 2.7
"""Longer than a turn lasts."""
OTHERS_SECONDS = 6.0
"""How long the others wait at most for one that was stopped: its transaction ends after 2 seconds."""
BACK_SECONDS = 15.0
"""How long it takes at most until a process takes requests again, once all is put right."""
NOTHING_RECORDED, NOT_KNOWN = {"StorageUnavailable"}, {"LedgerStopped", "OutcomeUnknown"}


@dataclass
class Wish:
    """A place for a user who asks for nothing else, and what was answered."""

    user: str
    key: str | None
    future: Future[Answer]
    reservation: str | None = None
    is_known: bool = True

    def settle(self) -> None:
        """Waits for the answer."""
        try:
            answer = self.future.result(ANSWER_SECONDS)
        except GoneError:
            self.is_known = False
            return
        self.reservation = answer.get("reserved")
        self.is_known = self.reservation is not None or answer["fault"] in NOTHING_RECORDED
        assert self.is_known or answer["fault"] in NOT_KNOWN, answer


class Scene:
    """All of it. `harmed` counts what was done."""

    def __init__(self, server: Server, folder: Path, stack: ExitStack) -> None:
        self.server = server
        self.environment = server.new_database("scene")
        self.rng = Random(7)
        self.proxies = [Proxy(server.port) for _ in range(PROCESSES)]
        for proxy in self.proxies:
            stack.callback(proxy.close)
        self.writers = [WriterProcess() for _ in range(PROCESSES)]
        stack.callback(self._end)
        self._folder = folder
        self._read = 0
        self._numbers = 0
        self.recorded: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        for future in [self._open(place) for place in range(PROCESSES)]:
            assert future.result(ANSWER_SECONDS) == {}

    def _open(self, place: int) -> Future[Answer]:
        environment: Environment = {**self.environment, "POSTGRES_PORT": str(self.proxies[place].port)}
        return self.writers[place].open(self._folder / str(place), environment, user_bytes=10**12, pool_bytes=10**15)

    def _end(self) -> None:
        for writer in self.writers:
            writer.end()

    def wishes(self, places: Sequence[int]) -> list[Wish]:
        """Asks these processes, every other time under a key."""
        return [self._wish(place) for _ in range(WISHES) for place in places]

    def _wish(self, place: int) -> Wish:
        self._numbers += 1
        user = f"u{self._numbers}"
        key = f"key-{user}" if self._numbers % 2 else None
        return Wish(user, key, self.writers[place].tell("reserve", user=user, key=key))

    def cycle(self, harm: Harm) -> None:
        """Something is done to a process while all are asked; then all is put right, and compared."""
        victim = self.rng.randrange(PROCESSES)
        asked = harm(self, victim)
        for wish in asked:
            wish.settle()
        self._put_right(victim)
        asked += self._until_all_are_back()
        until_all_know(self.writers)
        self._compare(asked)
        self._repeat([wish for wish in asked if wish.key and not wish.is_known])

    def close(self) -> None:
        """Closes all stores and compares the copies to the last byte."""
        events = close_all(self.writers)
        reserved = Counter(event["data"]["user"] for event in events if event["type"] == "GenerationReserved")
        assert reserved == self.recorded
        assert set(reserved.values()) == {1}

    def _put_right(self, victim: int) -> None:
        """Starts again what was killed."""
        writer = self.writers[victim]
        writer.process.send_signal(signal.SIGCONT)
        if writer.is_gone():
            writer.kill()
            self.writers[victim] = WriterProcess()
            assert self._open(victim).result(ANSWER_SECONDS) == {}

    def _until_all_are_back(self) -> list[Wish]:
        """Each process takes requests again, by itself and before long; gives what was asked for that."""
        asked, missing, deadline = list[Wish](), set(ALL), monotonic() + BACK_SECONDS
        while missing:
            assert monotonic() < deadline, f"they do not come back: {missing}"
            found = {place: self._wish(place) for place in missing}
            for wish in found.values():
                wish.settle()
            asked += found.values()
            missing = {place for place, wish in found.items() if wish.reservation is None}
            if missing:
                sleep(0.1)
        return asked

    def _compare(self, asked: Sequence[Wish]) -> None:
        """What was answered with what was recorded: every place once, nothing that was said not to be."""
        reserved = self._new_reservations()
        for wish in asked:
            found = [reservation for user, reservation in reserved if user == wish.user]
            if wish.reservation is not None:
                assert found == [wish.reservation]
            elif wish.is_known:
                assert found == []
            else:
                assert len(found) <= 1
            self.answered["reserved" if wish.reservation else "refused" if wish.is_known else "not known"] += 1
        assert {user for user, _ in reserved} <= {wish.user for wish in asked}
        figures = until_all_know(self.writers, [wish.user for wish in asked])["daily"]
        assert figures == {wish.user: self.recorded[wish.user] for wish in asked}

    def _repeat(self, unknown: Sequence[Wish]) -> None:
        """Sent again under the same key, to whomever, it is there once and answered with what was recorded."""
        before = dict(self.recorded)
        again = [self.rng.choice(self.writers).ask("reserve", user=wish.user, key=wish.key) for wish in unknown]
        until_all_know(self.writers)
        self._new_reservations()
        for wish, answer in zip(unknown, again, strict=True):
            assert answer["replayed"] == (wish.user in before)
            assert self.recorded[wish.user] == 1

    def _new_reservations(self) -> list[tuple[str, str]]:
        """User and reservation of each that came since the last look, in the copy of any process."""
        copy = self.writers[self.rng.randrange(PROCESSES)].root / "logs" / "events.jsonl"
        with copy.open("rb") as log:
            log.seek(self._read)
            lines = log.read()
        self._read += len(lines)
        events: list[dict[str, Any]] = [json.loads(line) for line in lines.splitlines() if line.startswith(b'{"pos":')]
        found = [event["data"] for event in events if event["type"] == "GenerationReserved"]
        self.recorded.update(data["user"] for data in found)
        return [(data["user"], data["reservation"]) for data in found]


Harm = Callable[[Scene, int], list[Wish]]
"""Asks, does something to a process or the database meanwhile, and gives what was asked."""
ALL = range(PROCESSES)


def at(moment: Moment, act: Act) -> Harm:
    """Something happens to the victim's session at a moment of an append."""

    def harm(scene: Scene, victim: int) -> list[Wish]:
        proxy = scene.proxies[victim]
        proxy.arm(moment, act)
        asked = scene.wishes(ALL)
        assert proxy.happened.wait(HAPPENS_SECONDS), "it never came to that"
        return asked + scene.wishes(ALL)

    return harm


def killed_at(moment: Moment) -> Harm:
    """The process is killed there."""

    def harm(scene: Scene, victim: int) -> list[Wish]:
        pid = scene.writers[victim].process.pid
        return at(moment, first(partial(os.kill, pid, signal.SIGKILL)))(scene, victim)

    return harm


def stopped_at(moment: Moment) -> Harm:
    """The process is stopped there, and woken when it has lost what it held; the others go on meanwhile."""

    def harm(scene: Scene, victim: int) -> list[Wish]:
        process, others = scene.writers[victim].process, [place for place in ALL if place != victim]
        scene.proxies[victim].arm(moment, first(partial(os.kill, process.pid, signal.SIGSTOP)))
        asked = scene.wishes([victim])
        assert scene.proxies[victim].happened.wait(HAPPENS_SECONDS), "it never came to that"
        began = monotonic()
        of_others = scene.wishes(others)
        for wish in of_others:
            wish.settle()
            assert wish.reservation is not None
        assert monotonic() - began < OTHERS_SECONDS
        sleep(max(0.0, began + STOPPED_SECONDS - monotonic()))
        assert not any(wish.future.done() for wish in asked)
        process.send_signal(signal.SIGCONT)
        return asked + of_others + scene.wishes(ALL)

    return harm


def killed(scene: Scene, victim: int) -> list[Wish]:
    """The process is killed at any moment."""
    asked = scene.wishes(ALL)
    sleep(scene.rng.uniform(0, 0.03))
    scene.writers[victim].kill()
    return asked + scene.wishes(ALL)


def backend_ended(scene: Scene, _victim: int) -> list[Wish]:
    """An operator ends some of the sessions."""
    asked = scene.wishes(ALL)
    with session(scene.environment) as found:
        found.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'abby' AND random() < 0.5"
        )
    return asked + scene.wishes(ALL)


def backend_killed(scene: Scene, _victim: int) -> list[Wish]:
    """A process of the server is killed: the server ends all sessions, and recovers."""
    with session(scene.environment) as found:
        rows = found.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'abby'").fetchall()
    asked = scene.wishes(ALL)
    sleep(scene.rng.uniform(0, 0.02))
    os.kill(scene.rng.choice(rows)[0], signal.SIGKILL)
    return asked + scene.wishes(ALL)


def restarted(mode: str) -> Harm:
    """The server is stopped, as an operator does or as a crash does, and started again."""

    def harm(scene: Scene, _victim: int) -> list[Wish]:
        asked = scene.wishes(ALL)
        sleep(scene.rng.uniform(0, 0.03))
        scene.server.kill() if mode == "kill" else scene.server.stop(mode)
        asked += scene.wishes(ALL)
        scene.server.start(fsync="off")
        return asked

    return harm


def server_frozen(scene: Scene, _victim: int) -> list[Wish]:
    """The server keeps silent for a while, as one does whose disk hangs; what is known is told meanwhile."""
    asked = scene.wishes(ALL)
    processes = scene.server.freeze()
    asked += scene.wishes(ALL)
    sleep(FROZEN_SECONDS)
    began = monotonic()
    for writer in scene.writers:
        assert writer.ask("figures", users=[])["behind"] > FROZEN_SECONDS / 2
    assert monotonic() - began < 1
    for process in processes:
        os.kill(process, signal.SIGCONT)
    return asked


HARMS: dict[str, Harm] = {
    "killed in its turn": killed_at(Moment.TURN_GIVEN),
    "stopped in its turn": stopped_at(Moment.TURN_GIVEN),
    "sessions ended": backend_ended,
    "server process killed": backend_killed,
    "server restarted": restarted("fast"),
    "cut before its commit is answered": at(Moment.COMMIT_ANSWERED, cut),
    "commit late": at(Moment.COMMIT_ASKED, late(0.3)),
    "cut after its append": at(Moment.APPEND_ASKED, cut_after),
}
"""What each change is tried with."""
MORE_HARMS: dict[str, Harm] = {
    "killed": killed,
    "killed with its append answered": killed_at(Moment.APPEND_ANSWERED),
    "killed with its commit asked": killed_at(Moment.COMMIT_ASKED),
    "killed with its commit answered": killed_at(Moment.COMMIT_ANSWERED),
    "stopped in its append": stopped_at(Moment.APPEND_ANSWERED),
    "server killed": restarted("kill"),
    "server frozen": server_frozen,
    "server crashed": restarted("immediate"),
    "append late": at(Moment.APPEND_ASKED, late(0.3)),
    "cut before its commit": at(Moment.COMMIT_ASKED, cut),
    "cut after its commit": at(Moment.COMMIT_ASKED, cut_after),
    "cut in its turn": at(Moment.TURN_GIVEN, cut),
    "cut with its append answered": at(Moment.APPEND_ANSWERED, cut),
}
"""And the long form too."""


@contextmanager
def scene_over(server: Server, folder: Path) -> Iterator[Scene]:
    """It, ended at the end."""
    with ExitStack() as stack:
        yield Scene(server, folder, stack)
