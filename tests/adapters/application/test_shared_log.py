"""Several stores over one log in a database: what each knows of the others, and what it does while the database is
silent.

| what happens                               | what each gets                                                        |
|--------------------------------------------|-----------------------------------------------------------------------|
| one records something                      | the others know within a moment, without asking anything of them      |
| one is killed with a request under way     | its next start gives the places back; the others once it is long gone |
| one is started on a copied folder          | it is another writer: nothing of the first is given back              |
| the database stops                         | commands are refused in words, figures are told and said to be stale  |
| the database is there again                | all goes on by itself                                                 |
| images are kept in a folder                | a note, as the others cannot show them                                |
| two give other limits in their settings    | the start that changes them says what, from what, and for how many    |
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.application import abandoned, opening
from adapters.application.measuring import measured
from adapters.application.notes import NoteKind
from adapters.application.readiness import readiness_of
from adapters.application.reading import quota_status
from adapters.application.storage import NO_LIMITS, Storage
from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.engines.opening import open_store
from adapters.ledger.pending import Accepted
from adapters.ports.engines import LogKeeper
from adapters.ports.faults import StorageUnavailable
from domain.commands import ReserveGeneration, SetPolicy
from tests.servers.postgres import Server, new_database, running

SOON_SECONDS = 15.0

Open = Callable[[str], Storage]


def over(root: Path, environment: dict[str, str], limits: SetPolicy = NO_LIMITS) -> Storage:
    """A store on a root, over the log of a database."""
    return open_store(root, engine=choose_engine(LogKeeper(POSTGRES_MODULE, environment)), limits=limits)


@pytest.fixture
def open_beside(tmp_path: Path) -> Iterator[Open]:
    """Opens stores on roots of their own over one log; all are closed at the end."""
    environment = new_database()
    with ExitStack() as stores:
        yield lambda name: stores.enter_context(closing(over(tmp_path / name, environment)))


def reserve(store: Storage, *, attended: bool = False) -> str:
    """One place of user 1; gives the reservation."""
    root = store.running()
    reservation = abandoned.new_reservation_id(attended=attended, tag=root.tag)
    outcome = root.ledger.execute(ReserveGeneration("1", "http", reservation, 900, bytes_each=0))
    assert isinstance(outcome, Accepted), outcome
    return reservation


def until(holds: Callable[[], bool], what: str) -> None:
    """Waits until something holds."""
    deadline = monotonic() + SOON_SECONDS
    while not holds():
        assert monotonic() < deadline, what
        sleep(0.02)


def used(store: Storage) -> int:
    """Places of user 1 today."""
    return quota_status(store, "1")["daily"]["used"]


def has_used(store: Storage, count: int) -> bool:
    """Whether it is just so many."""
    return used(store) == count


def held(store: Storage) -> set[str]:
    """The reservations that are open."""
    return {one.reservation for one in store.running().state.open_reservations()}


def test_what_one_records_the_others_soon_know(open_beside: Open) -> None:
    """They only read."""
    first, second = open_beside("first"), open_beside("second")
    for number in range(3):
        reserve(first)
        until(partial(has_used, second, number + 1), "the second never heard")
    assert first.running().recorder.lines().read(0, 4_000) == second.running().recorder.lines().read(0, 4_000)
    assert "stale" not in quota_status(second, "1")


def test_a_ring_is_heard_at_once(open_beside: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is idle need not look by itself: here it never would."""
    monkeypatch.setattr("adapters.ledger.ledger.IDLE_SECONDS", SOON_SECONDS)
    first, second = open_beside("first"), open_beside("second")
    sleep(0.5)  # its session is made by then
    began = monotonic()
    reserve(first)
    until(lambda: used(second) == 1, "the second never heard")
    assert monotonic() - began < SOON_SECONDS / 3


def test_places_of_a_former_process_are_given_back_by_its_next_start(tmp_path: Path) -> None:
    """Those of the others are not: they work on."""
    environment = new_database()
    with closing(over(tmp_path / "other", environment)) as other:
        its = reserve(other, attended=True)
        with closing(over(tmp_path / "own", environment)) as own:
            reserve(own, attended=True)  # and never gives it back
            for_itself = reserve(own)
        with closing(over(tmp_path / "own", environment)) as own:
            assert held(own) == {its, for_itself}


def test_places_of_a_process_that_is_long_gone_are_given_back_by_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at the first look: it may have lost the database for a moment. Of one that is there nothing is."""
    environment = new_database()
    with (
        closing(over(tmp_path / "stays", environment)) as stays,
        closing(over(tmp_path / "third", environment)) as third,
    ):
        its = reserve(third, attended=True)
        with closing(over(tmp_path / "goes", environment)) as goes:
            lost = reserve(goes, attended=True)
        until(lambda: {its, lost} <= held(stays), "it never heard of them")
        root = stays.running()
        until(lambda: _is_seen(third), "it is not there")
        assert root.commands_of_sweep() == []
        monkeypatch.setattr(abandoned, "GONE_SECONDS", 0.0)
        assert [getattr(command, "reservation", None) for command in root.commands_of_sweep()] == [lost]
        root.ledger._sweep()
        assert held(stays) == {its}


def test_a_copied_folder_is_another_writer(tmp_path: Path) -> None:
    """Else its start would give back what the one it was copied of works on."""
    environment = new_database()
    with closing(over(tmp_path / "first", environment)) as first:
        its = reserve(first, attended=True)
        until(lambda: first.running().recorder.head > 0, "nothing was recorded")
        first.running().recorder.checkpoint(0)
        shutil.copytree(tmp_path / "first", tmp_path / "copy")
        until(lambda: _is_seen(first), "it is not there")
        with closing(over(tmp_path / "copy", environment)) as copy:
            assert copy.running().tag != first.running().tag
            assert held(copy) == {its}


def _is_seen(store: Storage) -> bool:
    """Whether others see it."""
    shared = store.running().shared
    assert shared is not None
    from adapters.eventlog.postgres.company import Company, all_there

    assert isinstance(shared, Company)
    return shared.tag in all_there(shared._database)


@pytest.fixture
def stopping() -> Iterator[Server]:
    """A server that a test may stop."""
    with running() as server:
        yield server


def test_without_the_database_commands_are_refused_and_figures_are_stale(
    stopping: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In words, and all goes on by itself once it is there again."""
    monkeypatch.setattr(opening, "BEHIND_SECONDS", 0.5)
    with closing(over(tmp_path / "first", stopping.environment())) as store:
        reserve(store)
        assert readiness_of(store).ready
        assert "abby_log_behind_seconds" in {one.name for one in asyncio.run(measured(store))}
        stopping.stop()
        with pytest.raises(StorageUnavailable, match=r"^The database postgres at 127\.0\.0\.1:\d+ does not answer"):
            reserve(store)
        until(lambda: "stale" in quota_status(store, "1"), "the figures were never said to be stale")
        assert used(store) == 1
        assert "has not answered for" in quota_status(store, "1")["stale"]
        found = readiness_of(store)
        assert not found.ready
        assert [note.kind for note in found.notes] == [NoteKind.LOG_UNREACHABLE]
        stopping.start(fsync="off")
        until(lambda: readiness_of(store).ready, "it never came back")
        reserve(store)
        assert used(store) == 2
        assert "stale" not in quota_status(store, "1")


def test_the_note_of_a_new_log_names_the_database(open_beside: Open) -> None:
    """Not the folder of the copy, where no log is looked for; and it is said once, by whoever began it."""
    begun = readiness_of(open_beside("first")).begun
    assert begun is not None
    assert "there was none in the database test_" in begun
    assert "whether the POSTGRES_ settings name the right database" in begun
    assert readiness_of(open_beside("second")).begun is None


def test_images_in_a_folder_are_said_to_be_apart(open_beside: Open) -> None:
    """Once there is another process, and no longer when it has gone."""
    first = open_beside("first")
    assert NoteKind.IMAGES_APART not in {note.kind for note in readiness_of(first).notes}
    second = open_beside("second")
    until(lambda: _is_seen(second), "it is not there")
    assert NoteKind.IMAGES_APART in {note.kind for note in readiness_of(first).notes}


def test_a_start_that_changes_limits_for_others_says_so(tmp_path: Path) -> None:
    """Else each start of two with different settings would turn them over in silence. One that is alone says nothing,
    and neither does one that gives the same.
    """
    environment = new_database()

    def said_by(name: str, daily: int) -> list[MutableMapping[str, Any]]:
        with capture_logs() as said, closing(over(tmp_path / name, environment, limits_of(daily))) as store:
            assert store.running().state.policy.daily == daily
        return [entry for entry in said if "limits" in entry["event"]]

    assert said_by("first", 3) == said_by("first", 5) == []
    with closing(over(tmp_path / "first", environment, limits_of(5))) as first:
        until(lambda: _is_seen(first), "it is not there")
        assert said_by("second", 5) == []
        (told,) = said_by("second", 7)
        assert (told["log_level"], told["was"], told["now"], told["others"]) == (
            "warning",
            "daily is 5",
            "daily is 7",
            1,
        )


def limits_of(daily: int) -> SetPolicy:
    """What settings give."""
    return SetPolicy(daily=daily, source="environment")
