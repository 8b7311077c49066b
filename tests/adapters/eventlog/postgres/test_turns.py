"""Turns are given in the order in which they were asked for, so that no writer has less than its fair share."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import psycopg
import pytest

from adapters.eventlog.postgres import turns
from adapters.eventlog.postgres.database import Database
from adapters.eventlog.postgres.tallies import SharingTallies
from adapters.eventlog.postgres.turns import LOCK_CLASS, Turns
from tests.adapters.eventlog.jsonl.logs import event
from tests.adapters.eventlog.postgres.logs import opened
from tests.servers.postgres import new_database

SOON_SECONDS = 30.0
WRITERS = 4
_WAITING = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def until_waiting(session: psycopg.Connection[tuple[int]], count: int) -> None:
    """Until so many wait for a turn."""
    deadline = monotonic() + SOON_SECONDS
    while session.execute(_WAITING).fetchone() != (count,):
        assert monotonic() < deadline, f"{count} do not wait"
        sleep(0.01)


def test_turns_come_in_the_order_of_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever had one and asks again comes after all that wait already."""
    for name in ("WAIT_SECONDS", "LONGEST_SECONDS"):
        monkeypatch.setattr(turns, name, int(SOON_SECONDS))
    database, taken = Database(new_database()), list[int]()

    def write(number: int) -> None:
        with closing(Turns(database, SharingTallies())) as own:
            for _ in range(2):
                with own.turn(), database.session() as session:
                    if len(taken) < WRITERS:  # the one before has asked again
                        until_waiting(session, WRITERS - 1)
                    taken.append(number)

    threads = [Thread(target=write, args=(number,)) for number in range(WRITERS)]
    with database.session() as holder:
        holder.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", (LOCK_CLASS, database.schema))
        for waiting, thread in enumerate(threads, 1):
            thread.start()
            until_waiting(holder, waiting)
    for thread in threads:
        thread.join(SOON_SECONDS)
    assert taken == [0, 1, 2, 3] * 2


def test_what_others_record_is_told_while_a_turn_is_waited_for(tmp_path: Path) -> None:
    """So little is left for the turn itself."""
    environment, told = new_database(), list[int]()
    with ExitStack() as logs:
        first, second, third = (
            logs.enter_context(closing(opened(tmp_path / name, environment))) for name in ("first", "second", "third")
        )
        deadline = monotonic() + SOON_SECONDS
        while len(second.shared.others()) < 2:  # from then on it hears of them
            assert monotonic() < deadline, "they are not there"
            sleep(0.01)

        def wait_for_it() -> None:
            with second.turn(told.append) as head:
                told.append(100 + head)

        waiting = Thread(target=wait_for_it)
        with first.turn(), first._database.session() as session:
            waiting.start()
            until_waiting(session, 1)
            third.append([event()])  # without a turn, as whoever waited too long does
            while told[-1] != 1:
                assert monotonic() < deadline, f"it was told {told}"
                sleep(0.01)
        waiting.join()
    assert told[-1] == 101


def test_a_turn_that_comes_to_whoever_failed_while_waiting_is_given_back() -> None:
    """At once, and not when the database ends it."""
    database = Database(new_database())

    def fail() -> None:
        if session.execute(_WAITING).fetchone() == (1,):
            session.execute("SELECT pg_advisory_unlock_all()")
            raise ArithmeticError

    with closing(database), closing(Turns(database, SharingTallies())) as own, database.session() as session:
        session.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", (LOCK_CLASS, database.schema))
        with pytest.raises(ArithmeticError), own.turn(fail):
            pytest.fail("it failed before")
        again = session.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", (LOCK_CLASS, database.schema))
        assert again.fetchone() == (True,)


def test_a_turn_is_over_once_the_database_has_what_was_appended(tmp_path: Path) -> None:
    """What a process does with it after that is nobody else's."""
    environment = new_database()
    with closing(opened(tmp_path / "a", environment)) as first, closing(opened(tmp_path / "b", environment)) as second:
        with first.turn():
            first.append([event()])
            with second.turn() as head:
                assert head == 1
                assert second.append([event()]) == 2
        with first.turn() as head:
            assert head == 2
