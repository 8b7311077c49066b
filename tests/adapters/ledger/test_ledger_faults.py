"""What stops the ledger, and what does not: a failing disk, a full one, a fork. Real logs on a real file system."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.application.deleting import delete_image
from adapters.application.readiness import readiness_of
from adapters.application.reading import image_names
from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.saving import NewImage, save_image
from adapters.engines.opening import open_store
from adapters.eventlog.jsonl import JSONLRecorder
from adapters.ledger import ledger as ledger_module
from adapters.ledger.ledger import QuotaLedger
from adapters.ledger.pending import Accepted
from adapters.ports.clock import utc_now
from adapters.ports.faults import DiskFull, Fault, LedgerStopped
from domain.commands import ReserveGeneration, SetPolicy
from domain.refusals import Refusal
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.adapters.application.small_disk import FailingSync, SmallDisk
from tests.hostile.builders import png, png_of_size

CALLERS = 10


def reserve(reservation: str, user: str = "1") -> ReserveGeneration:
    """One place of no bytes."""
    return ReserveGeneration(user, "library", reservation, 60, bytes_each=0)


@pytest.fixture
def disk() -> FailingSync:
    """A disk that works until it is told to fail."""
    return FailingSync()


@pytest.fixture
def stopped(tmp_path: Path, disk: FailingSync) -> Iterator[QuotaLedger]:
    """A ledger that has recorded one place and has then met a failed sync."""
    recorder = JSONLRecorder(tmp_path, clock=utc_now, files=disk)
    ledger = QuotaLedger(recorder, clock=utc_now)
    assert isinstance(ledger.execute(reserve("durable")), Accepted)
    disk.failing = True
    with pytest.raises(LedgerStopped, match="outcome of this command is unknown"):
        ledger.execute(reserve("unknown"))
    disk.failing = False
    yield ledger
    ledger.close()
    recorder.close()


async def test_every_waiter_is_woken_when_a_sync_fails(tmp_path: Path, disk: FailingSync) -> None:
    """Threads and coroutines of one batch and those behind it: all hear it, none is left waiting."""
    recorder = JSONLRecorder(tmp_path, clock=utc_now, files=disk)
    ledger = QuotaLedger(recorder, clock=utc_now)
    disk.failing = True
    with ThreadPoolExecutor(CALLERS) as pool:
        threads = [pool.submit(ledger.execute, reserve(f"t{number}")) for number in range(CALLERS)]
        tasks = [asyncio.create_task(ledger.submit(reserve(f"s{number}"))) for number in range(CALLERS)]
        async with asyncio.timeout(20):
            outcomes = await asyncio.gather(*tasks, *map(asyncio.wrap_future, threads), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [LedgerStopped] * 2 * CALLERS
    assert isinstance(ledger.fault, LedgerStopped)
    assert ledger.state.position == 0
    ledger.close()
    recorder.close()


def test_after_a_failed_sync_nothing_is_written_again(stopped: QuotaLedger, tmp_path: Path) -> None:
    """Also when the disk works again: what it holds is not known before a restart has read it."""
    before = (tmp_path / "logs" / "events.jsonl").read_bytes()
    for number in range(3):
        with pytest.raises(LedgerStopped, match="has stopped"):
            stopped.execute(reserve(f"later{number}"))
    assert (tmp_path / "logs" / "events.jsonl").read_bytes() == before
    assert stopped.state.position == 1


async def test_a_stopped_ledger_answers_coroutines_too(stopped: QuotaLedger) -> None:
    """`submit` raises at once, and says what to do."""
    with pytest.raises(LedgerStopped, match="Restart it"):
        await stopped.submit(reserve("later"))


def test_what_a_stopped_ledger_raises_keeps_nothing_of_its_callers(stopped: QuotaLedger) -> None:
    """One exception that is raised again and again would grow with each call."""
    depths = []
    for number in range(5):
        with pytest.raises(LedgerStopped) as raised:
            stopped.execute(reserve(f"later{number}"))
        depths.append(len(traceback.extract_tb(raised.value.__traceback__)))
    assert len(set(depths)) == 1


def test_a_restart_after_a_fault_reads_what_the_disk_holds(stopped: QuotaLedger, tmp_path: Path) -> None:
    """What was acknowledged is there; what was unknown is there whole or not at all."""
    stopped.close()
    stopped._recorder.close()  # type: ignore[attr-defined]  # the fixture's own recorder, so that the lock is free
    recorder = JSONLRecorder(tmp_path, clock=utc_now)
    ledger = QuotaLedger(recorder, clock=utc_now)
    held = {reservation.reservation for reservation in ledger.state.open_reservations()}
    assert held in ({"durable"}, {"durable", "unknown"})
    ledger.close()
    recorder.close()


def until(condition: Callable[[], bool]) -> None:
    """Waits, within a bound, for what happens in another thread."""
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise TimeoutError


class FullDiskStory:
    """A store on a small disk that an image has filled up."""

    def __init__(self, root: Path) -> None:
        self.disk = SmallDisk()
        self.store = open_store(root, files=self.disk, limits=SetPolicy(daily=1_000))

    async def fill(self) -> None:
        """Two images, and then no room even for a line of the log."""
        for name in ("a.png", "b.png"):
            assert not isinstance(await save_image(self.store, NewImage("1", png_of_size(100_000), name=name)), Refusal)
        self.disk.room_bytes = 200

    async def refused(self) -> str:
        """The sentence with which one more save is refused."""
        with pytest.raises(Fault) as raised:
            await save_image(self.store, NewImage("1", png(), name="c.png"))
        return str(raised.value)


async def test_a_full_disk_admits_only_what_frees(tmp_path: Path) -> None:
    """A save is refused in words that say what to do; a deletion is recorded in the room kept for it."""
    story = FullDiskStory(tmp_path)
    await story.fill()
    with pytest.raises(DiskFull, match="The disk is full"):
        await reserve_places(story.store, WantedPlaces("1"))  # needs the log alone, and gives the reserve file up
    assert (await story.refused()).startswith("The disk is full. Nothing was saved, and nothing is lost.")
    assert not isinstance(await delete_image(story.store, "1", "a.png"), Refusal)
    assert image_names(story.store, "1") == ["b.png"]
    assert readiness_of(story.store).degraded
    story.store.close()
    assert_disk_and_log_agree(tmp_path)


async def test_a_disk_that_fills_up_while_staging_refuses_that_save_alone(tmp_path: Path) -> None:
    """Nothing of it is left, and the ledger still admits what the disk has room for."""
    story = FullDiskStory(tmp_path)
    await story.fill()
    story.disk.room_bytes = 5_000
    with pytest.raises(Fault, match="Nothing was saved"):
        await save_image(story.store, NewImage("1", png_of_size(100_000), name="c.png"))
    assert not isinstance(await save_image(story.store, NewImage("1", png(), name="d.png")), Refusal)
    assert image_names(story.store, "1") == ["d.png", "b.png", "a.png"]
    story.store.close()
    assert_disk_and_log_agree(tmp_path)


async def test_saving_goes_on_when_there_is_room_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself, at a sweep."""
    monkeypatch.setattr(ledger_module, "SWEEP_SECONDS", 0.1)
    story = FullDiskStory(tmp_path)
    await story.fill()
    with pytest.raises(DiskFull):
        await reserve_places(story.store, WantedPlaces("1"))
    story.disk.room_bytes = 1_000_000
    with pytest.raises(DiskFull):  # there is room, but not enough to promise anything
        await reserve_places(story.store, WantedPlaces("1"))
    story.disk.room_bytes = 17 * 1_048_576
    await asyncio.to_thread(until, lambda: not readiness_of(story.store).degraded)
    assert not isinstance(await save_image(story.store, NewImage("1", png(), name="c.png")), Refusal)
    story.store.close()
    assert_disk_and_log_agree(tmp_path)
    assert events_of(tmp_path, "ImageSaved")[-1]["data"]["name"] == "c.png"


FORKED = """
    import asyncio, os, sys
    from pathlib import Path
    from adapters.ports.faults import Fault
    from adapters.library.storage_manager import StorageManager
    from tests.hostile.builders import png

    root = Path(sys.argv[1])
    storage = StorageManager(root)
    print("before", asyncio.run(storage.save_image(png(), "1"))[0], flush=True)
    child = os.fork()
    if child == 0:
        print("child", asyncio.run(storage.save_image(png(), "1"))[1], flush=True)
        print("child", storage.delete_image("1", "image_1.png"), flush=True)
        try:
            StorageManager(root)
        except Fault as fault:
            print("child", fault, flush=True)
        storage.close()
        sys.exit(7)
    print("ended with", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    print("after", asyncio.run(storage.save_image(png(), "1"))[0], flush=True)
    storage.close()
    with StorageManager(root) as again:
        print("again", again.get_user_images("1"))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_may_not_use_the_ledger_of_its_parent(tmp_path: Path) -> None:
    """Neither by the manager that it inherited nor by another of that root; and the parent is not disturbed."""
    arguments = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(FORKED), str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    lines = done.stdout.splitlines()
    assert lines[0] == "before True", done.stderr
    assert [("was forked" in line, line.startswith("child")) for line in lines[1:4]] == [(True, True)] * 3
    assert lines[4:] == ["ended with 7", "after True", "again ['image_2.png', 'image_1.png']"]
