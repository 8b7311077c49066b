"""The real service under load is killed, and started again: it has exactly what its clients were told, and of what was
asked and not answered all or nothing.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from tests.adapters.application.evidence import assert_disk_and_log_agree
from tests.adapters.cli.processes import Service, serving, write_env_file
from tests.crash.customers import Customer, ask_until_gone, look_at_everything

ROUNDS = 3
KILLS = 10
THOROUGH_KILLS = 334
"""Of each round, which has a root of its own."""
CUSTOMERS = 6
EARLIEST_SECONDS = 0.02
LATEST_SECONDS = 0.4
KILLED = -signal.SIGKILL if hasattr(signal, "SIGKILL") else 1
"""How a process ends that is killed; Windows has a code for it."""
STOP_SECONDS = 30.0
"""What the design gives a service that is told to stop."""


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """Limits that nobody reaches, a quiet log."""
    return write_env_file(
        tmp_path / "settings.env", MAX_USER_DAILY_GENS="1000000", MAX_USER_STORAGE_MB="4000", LOG_LEVEL="ERROR"
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root of this test's own."""
    return tmp_path / "root"


@contextmanager
def killed_at_the_end(service: Service) -> Iterator[None]:
    """However the block ends, nobody waits for the service."""
    try:
        yield
    finally:
        service.process.kill()


def test_the_rounds_are_what_the_design_asks_for() -> None:
    """30 kills at each change, 1,000 with --thorough; each round holds itself to its own."""
    assert ROUNDS * KILLS == 30
    assert ROUNDS * THOROUGH_KILLS >= 1_000


@pytest.mark.parametrize("number", range(ROUNDS))
def test_what_clients_were_told_survives_kills(number: int, root: Path, env_file: Path) -> None:
    """Killed at a random moment, started again, compared; a wish without an answer is repeated and carried out once."""
    kill_and_compare(number, KILLS, root, env_file)


@pytest.mark.thorough
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("number", range(ROUNDS, 2 * ROUNDS))
def test_what_clients_were_told_survives_a_thousand_kills(
    number: int, root: Path, env_file: Path, record_property: Callable[[str, object], None]
) -> None:
    """The same, longer."""
    answers, under_load = kill_and_compare(number, THOROUGH_KILLS, root, env_file)
    record_property("kills", f"{THOROUGH_KILLS}, {under_load} of them with a wish under way")
    record_property("answers that were there after each kill", answers)


def kill_and_compare(number: int, kills: int, root: Path, env_file: Path) -> tuple[int, int]:
    """Kills a service that often, and compares after each start; at the end the disk itself. Gives how many wishes were
    answered, and how many kills came while one was open.
    """
    rng = Random(number)
    customers = [Customer(f"u{index}", Random(f"{number}-{index}")) for index in range(CUSTOMERS)]
    killed = under_load = 0
    for _ in range(kills):
        with serving(root, env_file) as service, killed_at_the_end(service):
            asyncio.run(look_at_everything(service.address, customers))
            killer = threading.Timer(rng.uniform(EARLIEST_SECONDS, LATEST_SECONDS), service.process.kill)
            killer.start()
            asyncio.run(ask_until_gone(service.address, customers))
            killer.join()
            killed += service.process.wait(STOP_SECONDS) == KILLED
            under_load += any(customer.wish is not None for customer in customers)
    with serving(root, env_file) as service, killed_at_the_end(service):
        asyncio.run(look_at_everything(service.address, customers))
    assert_disk_and_log_agree(root)
    answers = sum(customer.answers for customer in customers)
    assert killed == kills, "the service ended by itself"
    assert under_load > kills * 9 // 10
    assert answers > kills * CUSTOMERS
    return answers, under_load


def test_a_service_told_to_stop_under_load_answers_or_does_not(root: Path, env_file: Path) -> None:
    """It ends in order and in time; what it answered is there, what it did not answer is there whole or not at all."""
    customers = [Customer(f"u{index}", Random(index)) for index in range(CUSTOMERS)]
    with serving(root, env_file) as service, killed_at_the_end(service):
        stopper = threading.Timer(LATEST_SECONDS, service.process.terminate)
        stopper.start()
        asyncio.run(ask_until_gone(service.address, customers))
        told = time.monotonic()
        assert service.process.wait(STOP_SECONDS) == 0
        assert time.monotonic() - told < STOP_SECONDS
    assert_disk_and_log_agree(root)
    with serving(root, env_file) as service, killed_at_the_end(service):
        asyncio.run(look_at_everything(service.address, customers))
    assert sum(customer.answers for customer in customers) > CUSTOMERS
