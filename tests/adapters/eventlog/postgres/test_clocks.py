"""A clock that jumps ahead while its process runs records nothing: an event of tomorrow ends the day of everybody, and
all others would refuse to go on.

| the clock of this machine            | what follows                                                              |
|--------------------------------------|---------------------------------------------------------------------------|
| is up to five minutes ahead          | nothing                                                                   |
| is further ahead when a turn begins  | the batch is refused, and nothing is decided by that clock                |
| jumps after the turn began           | the append is refused                                                     |
| is ahead, and no turn came in time   | the same: the database is asked by itself                                 |
| is ahead before a picture is paid    | it is not paid                                                            |
| is right, and this machine slept     | nothing: the database is asked before anything is refused                 |
| is set right                         | all goes on by itself                                                     |
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.engines.opening import open_store
from adapters.eventlog.postgres import turns
from adapters.eventlog.postgres.log import PostgresLog
from adapters.ports.clock import utc_now
from adapters.ports.engines import LogKeeper
from adapters.ports.faults import StorageUnavailable
from domain.instants import later
from domain.refusals import Refusal
from tests.adapters.eventlog.jsonl.logs import event
from tests.adapters.eventlog.postgres.logs import Environment, ids, new_schema, session

AHEAD = r"^This machine's clock is 2,880 minutes ahead of that of the database .* Nothing was recorded\. Set the clock"
DAYS_2 = 172_800 + 10


class WrongClock:
    """A clock so many seconds ahead."""

    def __init__(self) -> None:
        self.ahead_seconds = 0

    def __call__(self) -> str:
        return later(utc_now(), seconds=self.ahead_seconds)


@contextmanager
def opened(root: Path, environment: Environment, clock: WrongClock) -> Iterator[PostgresLog]:
    """A log that goes by it."""
    log = choose_engine(LogKeeper(POSTGRES_MODULE, environment)).open_for_writing(root, clock=clock)
    assert isinstance(log, PostgresLog)
    with closing(log):
        yield log


async def test_a_service_whose_clock_jumps_ahead_records_nothing_until_it_is_set(tmp_path: Path) -> None:
    """It says so to whoever asks, and needs no restart."""
    environment, clock = new_schema(), WrongClock()
    engine = choose_engine(LogKeeper(POSTGRES_MODULE, environment))
    with closing(open_store(tmp_path, engine=engine, clock=clock)) as store:
        clock.ahead_seconds = 290
        assert not isinstance(await reserve_places(store, WantedPlaces("u", 1)), Refusal)
        recorded = ids(environment)
        clock.ahead_seconds = DAYS_2
        for _ in range(2):
            with pytest.raises(StorageUnavailable, match=AHEAD):
                await reserve_places(store, WantedPlaces("u", 1))
        assert ids(environment) == recorded
        clock.ahead_seconds = 0
        assert not isinstance(await reserve_places(store, WantedPlaces("u", 1)), Refusal)


def test_a_clock_that_jumps_in_the_middle_of_a_turn_records_nothing(tmp_path: Path) -> None:
    """What was decided after the turn began was decided by it."""
    environment, clock = new_schema(), WrongClock()
    with opened(tmp_path, environment, clock) as log, log.turn():
        clock.ahead_seconds = DAYS_2
        with pytest.raises(StorageUnavailable, match=AHEAD):
            log.append([event()])
        clock.ahead_seconds = 0
        assert log.append([event()]) == 1


def test_a_clock_that_is_ahead_records_nothing_without_a_turn_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gets no turn in time writes all the same, but not by such a clock."""
    monkeypatch.setattr(turns, "WAIT_SECONDS", 1)
    environment, clock = new_schema(), WrongClock()
    lock = "SELECT pg_advisory_lock(%s, hashtext(%s))"
    with opened(tmp_path, environment, clock) as log, session(environment) as holder:
        with log.turn():
            assert log.append([event()]) == 1
        holder.execute(lock, (turns.LOCK_CLASS, environment["POSTGRES_SCHEMA"]))
        clock.ahead_seconds = DAYS_2
        with pytest.raises(StorageUnavailable, match=AHEAD), log.turn():
            pytest.fail("it may write")
        clock.ahead_seconds = 0
        log._turns.shown_at = later(utc_now(), seconds=-3_600)  # the last turn was an hour ago
        with log.turn():
            assert log.append([event(2)]) == 2


def test_nothing_is_paid_for_by_a_clock_that_is_ahead(tmp_path: Path) -> None:
    """It could not be kept."""
    clock = WrongClock()
    with opened(tmp_path, new_schema(), clock) as log:
        log.probe(1_000)
        clock.ahead_seconds = DAYS_2
        with pytest.raises(StorageUnavailable, match=AHEAD):
            log.probe(1_000)


def test_a_machine_that_slept_is_not_taken_for_one_that_is_ahead(tmp_path: Path) -> None:
    """What the database showed before is counted on from by this process, which counts no sleep."""
    clock = WrongClock()
    with opened(tmp_path, new_schema(), clock) as log:
        log._clocks.shown(later(utc_now(), seconds=-DAYS_2))
        log.probe(1_000)
        with log.turn():
            log._clocks.shown(later(utc_now(), seconds=-DAYS_2))
            assert log.append([event()]) == 1
