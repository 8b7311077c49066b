"""Several processes that write one log, as their test sees them: what they are told, what they answered, and what the
log must then say.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import orjson

from scripts.verify_log import verify
from tests.adapters.application.evidence import events_of
from tests.adapters.eventlog.postgres.logs import Environment, copy_of

ANSWER_SECONDS = 60.0
Answer = dict[str, Any]


class GoneError(Exception):
    """The process ended before it answered."""


class WriterProcess:
    """One of them. Its answers come in any order."""

    def __init__(self) -> None:
        environment = {**os.environ, "PGSSLMODE": "disable"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.adapters.eventlog.postgres.writer"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
        )  # fmt: skip
        self.root = Path()
        self._ids = count(1)
        self._guard = threading.Lock()
        self._open: dict[int, Future[Answer]] = {}
        self._is_gone = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def tell(self, do: str, **given: object) -> Future[Answer]:
        """Has it do something; the answer is GoneError where the process ends before."""
        future: Future[Answer] = Future()
        with self._guard:
            if self._is_gone:
                future.set_exception(GoneError())
                return future
            number = next(self._ids)
            self._open[number] = future
            assert self.process.stdin is not None
            with suppress(OSError):  # its end is read too
                self.process.stdin.write(orjson.dumps({"id": number, "do": do, **given}) + b"\n")
                self.process.stdin.flush()
        return future

    def ask(self, do: str, **given: object) -> Answer:
        """The same, and its answer."""
        return self.tell(do, **given).result(ANSWER_SECONDS)

    def open(self, root: Path, environment: Environment, *, with_turns: bool = True, **limits: int) -> Future[Answer]:
        """Has it open a store."""
        self.root = root
        return self.tell("open", root=str(root), environment=environment, limits=limits, with_turns=with_turns)

    def is_gone(self) -> bool:
        """Whether it has ended, or is about to: its pipe has."""
        self._reader.join(0.2)
        return self._is_gone

    def kill(self) -> None:
        """Ends it as the system does that needs its memory."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(ANSWER_SECONDS)
        self._reader.join(ANSWER_SECONDS)
        self._close_pipes()

    def end(self) -> None:
        """Ends it in order."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            assert self.process.stdin is not None
            self.process.stdin.close()
            try:
                self.process.wait(ANSWER_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self._reader.join(ANSWER_SECONDS)
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            answer = orjson.loads(line)
            with self._guard:
                future = self._open.pop(answer.pop("id"))
            future.set_result(answer)
        with self._guard:
            self._is_gone = True
            left, self._open = list(self._open.values()), {}
        for future in left:
            future.set_exception(GoneError())


@contextmanager
def writers(number: int) -> Iterator[list[WriterProcess]]:
    """So many, ended at the end."""
    with ExitStack() as stack:
        started = [WriterProcess() for _ in range(number)]
        for writer in started:
            stack.callback(writer.end)
        yield started


def open_all(
    processes: Sequence[WriterProcess],
    folder: Path,
    environment: Environment,
    *,
    with_turns: bool = True,
    **limits: int,
) -> None:
    """Has each open a store of its own over one log."""
    opening = [
        writer.open(folder / f"writer_{number}", environment, with_turns=with_turns, **limits)
        for number, writer in enumerate(processes)
    ]
    for future in opening:
        assert future.result(ANSWER_SECONDS) == {}


def answers_of(futures: Sequence[Future[Answer]]) -> list[Answer]:
    """What all of them answered."""
    assert not wait(futures, ANSWER_SECONDS).not_done, "some were not answered"
    return [future.result() for future in futures]


def until_all_know(processes: Sequence[WriterProcess], users: Sequence[str] = ()) -> Answer:
    """Waits until all have taken in the same, and gives the figures, which must be the same with all."""
    deadline = monotonic() + ANSWER_SECONDS
    while True:
        found = answers_of([writer.tell("figures", users=list(users)) for writer in processes])
        if len({figures.get("position") for figures in found}) == 1:
            assert all(figures["daily"] == found[0]["daily"] for figures in found)
            return found[0]
        assert monotonic() < deadline, f"they do not come together: {found}"
        sleep(0.05)


def close_all(processes: Sequence[WriterProcess]) -> list[dict[str, Any]]:
    """Closes all stores, and gives the events of the log: the copies must be the same, and whole to the verifier that
    shares nothing with the product.
    """
    until_all_know(processes)
    answers_of([writer.tell("close") for writer in processes])
    assert len({copy_of(writer.root) for writer in processes}) == 1, "the copies have parted"
    root = processes[0].root
    report = verify(root / "logs" / "events.jsonl")
    assert report.verdict == "whole", report
    return events_of(root)


def reservations_by_key(events: Sequence[dict[str, Any]]) -> Counter[str]:
    """How often something was reserved for a user."""
    return Counter(event["data"]["user"] for event in events if event["type"] == "GenerationReserved")
