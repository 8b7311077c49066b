"""Rules of the threads in which work waits: no kind of work waits behind another, and no user behind another's many."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from adapters.application.deleting import delete_image
from adapters.application.galleries import sheet_of
from adapters.application.reading import image_bytes, image_details
from adapters.application.results import DeletedImage, SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.workers import Workers
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from domain.commands import SetPolicy
from tests.hostile.builders import png

ADAPTERS = Path(__file__).parents[3] / "adapters"
SAVERS = 48
WAIT_SECONDS = 30.0


class WaitingDisk(Files):
    """A real disk whose syncs of staged files take until they are let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()
        self.go_on.set()
        self.waiting = threading.Semaphore(0)

    def sync_directory(self, path: Path) -> None:
        """Waits, where staged files are to be found again."""
        if path.name == ".staged":
            self.waiting.release()
            assert self.go_on.wait(WAIT_SECONDS)
        super().sync_directory(path)


async def test_nothing_waits_behind_saves_that_wait_for_the_disk(tmp_path: Path) -> None:
    """While every thread that keeps images waits, one is read, its details too, one is deleted, a gallery drawn."""
    disk = WaitingDisk()
    with_room = SetPolicy(daily=1_000)
    store = open_store(tmp_path, files=disk, limits=with_room)
    for name in ("a.png", "b.png"):
        await save_image(store, NewImage("ada", png(), name=name, details={"seed": 1}))
    disk.go_on.clear()
    disk.waiting = threading.Semaphore(0)
    saves = [asyncio.create_task(save_image(store, NewImage(f"u{number}", png()))) for number in range(SAVERS)]
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            workers = store.workers
            for _ in range(workers.keeping._most):
                assert await asyncio.to_thread(disk.waiting.acquire, timeout=WAIT_SECONDS)
            assert await workers.reading.run(image_bytes, store, "ada", "a.png") == png()
            assert await workers.reading.run(image_details, store, "ada", "a.png") == {"seed": 1}
            assert await workers.drawing.run_in_turn("ada", sheet_of, store, "ada", ["a.png", "b.png"])
            assert isinstance(await delete_image(store, "ada", "b.png"), DeletedImage)
            assert await asyncio.to_thread(lambda: "the event loop's own threads are free")
        assert not any(save.done() for save in saves)
    finally:
        disk.go_on.set()
    assert all(isinstance(saved, SavedImage) for saved in await asyncio.gather(*saves))
    store.close()


async def test_much_that_one_owner_asks_for_holds_nobody_else_up() -> None:
    """One piece of their work at a time; with as many owners as threads the next one waits."""
    workers, go_on = Workers("test", 2), threading.Event()
    many = [asyncio.create_task(workers.run_in_turn("ada", go_on.wait, WAIT_SECONDS)) for _ in range(12)]
    await asyncio.sleep(0)
    async with asyncio.timeout(WAIT_SECONDS):
        assert await workers.run_in_turn("ben", lambda: "drawn") == "drawn"
    assert not any(work.done() for work in many)
    go_on.set()
    assert all(await asyncio.gather(*many))
    assert not workers._turns
    workers.close()


async def test_closed_workers_end_their_threads_and_still_clean_up() -> None:
    """What waits is done, what comes after runs elsewhere; then no thread is left."""
    workers = Workers("test-closed", 2)
    names = [workers.run(lambda: threading.current_thread().name) for _ in range(4)]
    assert all(name.startswith("test-closed") for name in await asyncio.gather(*names))
    running = [thread for thread in threading.enumerate() if thread.name.startswith("test-closed")]
    assert 1 <= len(running) <= 2
    workers.close()
    workers.close()
    for thread in running:
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()
    assert not (await workers.run(lambda: threading.current_thread().name)).startswith("test-closed")


async def test_a_fault_in_a_thread_is_its_callers() -> None:
    """As if it had been called."""
    workers = Workers("test", 1)
    with pytest.raises(ZeroDivisionError):
        await workers.run(lambda: 1 // 0)
    workers.close()


@pytest.mark.parametrize("room", ["application", "http", "discord", "studio", "library"])
def test_work_on_a_storage_runs_in_threads_of_its_kind(room: str) -> None:
    """The event loop's own threads are shared by all: what waits there holds up whatever comes."""
    sources = [path for path in (ADAPTERS / room).rglob("*.py") if path.name != "workers.py"]
    assert sources
    shared = [path.name for path in sources if "to_thread(" in path.read_text(encoding="utf-8")]
    assert shared == []
