"""A log that is read in a process of its own tells what it tells when it is read here: the snapshot, the events, the
fault that ends it.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.disk.files import Files
from adapters.engines.choice import default_engine
from adapters.history import reading_ahead
from adapters.history.reading_ahead import Read, Wanted, read_ahead, read_through
from adapters.ports.faults import LogDamaged, StorageUnavailable
from domain.instants import EARLIEST
from scripts.bench.logs import Shape, make_log

ENGINE = default_engine()
ALL = Wanted(EARLIEST, len)


class Told:
    """Keeps what it is told; from a snapshot on where it is asked to."""

    def __init__(self, *, restores: bool, before: Callable[[], None] = lambda: None) -> None:
        self._restores, self._before = restores, before
        self.snapshots: list[bytes] = []
        self.events: list[Read] = []

    def restore(self, stored: bytes) -> bool:
        """Says yes or no."""
        self._before()
        self.snapshots.append(stored)
        return self._restores

    def take(self, read: Read) -> None:
        """Keeps it."""
        self.events.append(read)


class Unsendable(Files):
    """What a test puts in the place of the file system."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 1,300 events: more than two parts."""
    return make_log(tmp_path_factory.mktemp("ahead") / "root", Shape(users=7, events=1_300))


def told_here(root: Path, wanted: Wanted, *, restores: bool) -> Told:
    """What is told without another process."""
    told = Told(restores=restores)
    read_through(root, ENGINE, told, wanted, events=0)
    return told


def test_a_process_of_its_own_tells_the_same(root: Path) -> None:
    """The same snapshot, refused, then the events themselves up to a time, and what is made of each batch from there
    on; the process is gone afterwards.
    """
    everything = told_here(root, ALL, restores=False)
    middle = Wanted(everything.events[len(everything.events) // 2].from_at, len, resume_at=1_300)
    here, ahead = told_here(root, middle, restores=False), Told(restores=False)
    read_ahead(root, ENGINE, ahead, middle)
    assert (ahead.snapshots, ahead.events) == (here.snapshots, here.events)
    assert len(ahead.snapshots) == 1
    assert [(read.first, read.made) for read in everything.events] == [
        (read.first, read.last - read.first + 1) for read in ahead.events
    ]
    before = [read for read in ahead.events if read.is_before]
    assert 0 < len(before) < len(ahead.events)
    assert all(read.to_at < middle.since <= later.from_at for read in before for later in ahead.events[len(before) :])
    assert [at for read in before for at, _ in read.made] == list(range(1, before[-1].last + 1))
    assert ahead.events[-1].last == 1_300
    assert not multiprocessing.active_children()


def test_what_ends_the_reading_is_raised_here(root: Path, tmp_path: Path) -> None:
    """A line that was changed is a damaged log at its position, as it is when it is read here."""
    log = ENGINE.location(root).log
    damaged = tmp_path / "root"
    (damaged / "logs").mkdir(parents=True)
    for name in ("events.jsonl", "head", ".key"):
        content = (Path(log).parent / name).read_bytes()
        (damaged / "logs" / name).write_bytes(content.replace(b'{"pos":900,', b'{"pos":901,', 1))
    faults: list[tuple[str, int | None, int | None]] = []
    reads: list[Callable[[Told], None]] = [
        lambda told: read_through(damaged, ENGINE, told, ALL, events=0),
        lambda told: read_ahead(damaged, ENGINE, told, ALL),
    ]
    for read in reads:
        with pytest.raises(LogDamaged) as raised:
            read(Told(restores=False))
        faults.append((str(raised.value), raised.value.position, raised.value.offset))
    assert faults[0] == faults[1]


def test_a_reader_that_is_killed_is_no_whole_answer(root: Path) -> None:
    """The command says so instead of telling half."""

    def kill() -> None:
        (child,) = multiprocessing.active_children()
        child.kill()
        child.join()

    killed = Told(restores=True, before=kill)
    with pytest.raises(StorageUnavailable, match="ended from outside"):
        read_ahead(root, ENGINE, killed, ALL._replace(resume_at=1_300))


def test_what_cannot_be_sent_is_read_here(root: Path) -> None:
    """However long the log is: an engine of a test, or of somebody else, stays in its process."""
    told = Told(restores=False)
    read_through(root, default_engine(Unsendable()), told, ALL, events=reading_ahead.LONG)
    assert told.events[-1].last == 1_300
