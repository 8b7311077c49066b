"""Saves, overwrites, deletes and cancelled callers on the same few names: no deadlock, and disk and log agree."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.application.reading import image_names
from adapters.application.saving import NewImage, save_image
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.library.storage_manager import StorageManager
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of, standing_of
from tests.hostile.builders import png_of_size

NAMES = ("a.png", "A.PNG", "k/a.png", "k/b.png", "k", "image_1.png", None)
USERS = ("1", "2")
ACTORS = 5
STEPS = 12
WITHIN_SECONDS = 60.0


class Mischief:
    """Random doings from a seed: each step is one call of a manager."""

    def __init__(self, storage: StorageManager, seed: int) -> None:
        self.storage = storage
        self.random = random.Random(seed)

    def picture(self) -> bytes:
        """One of many sizes, so that hardly two saves have the same bytes."""
        return png_of_size(self.random.randrange(100, 4_000))

    async def step(self) -> None:
        """Saves, deletes at once inside the coroutine, or saves and walks away."""
        user, name = self.random.choice(USERS), self.random.choice(NAMES)
        doing = self.random.choice(["save", "save", "delete", "delete", "cancel", "temp"])
        data = self.picture()
        if doing == "delete":
            self.storage.delete_image(user, name or "image_2.png")
            return
        saving = asyncio.create_task(self.storage.save_image(data, user, name, is_temp=doing == "temp"))
        if doing == "cancel":
            await asyncio.sleep(self.random.random() / 100)
            saving.cancel()
        with suppress(asyncio.CancelledError):
            await saving

    async def act(self) -> None:
        """One step after the other."""
        for _ in range(STEPS):
            await self.step()

    async def act_together(self) -> None:
        """Several of them at once, in one event loop."""
        async with asyncio.timeout(WITHIN_SECONDS):
            await asyncio.gather(*(self.act() for _ in range(ACTORS)))


async def test_deleting_inside_a_coroutine_does_not_wait_for_the_saves_in_flight(tmp_path: Path) -> None:
    """The synchronous call blocks the event loop, and still ends: nothing it waits for needs that loop."""
    with StorageManager(tmp_path, max_user_daily_gens=1_000) as storage:
        async with asyncio.timeout(WITHIN_SECONDS):
            await storage.save_image(png_of_size(500), "1", "a.png")
            for round_number in range(10):
                saves = [
                    asyncio.create_task(storage.save_image(png_of_size(500 + number), "1", "a.png"))
                    for number in range(5)
                ]
                await asyncio.sleep(0.002 * round_number)
                storage.delete_image("1", "a.png")
                await asyncio.gather(*saves)
                storage.delete_image("1", "a.png")
                assert storage.get_user_images("1") == []
    assert_disk_and_log_agree(tmp_path)


def test_whatever_is_done_at_once_disk_and_log_agree(tmp_path: Path, thorough: bool) -> None:
    """Three event loops in three threads on the same names, with cancelled callers; and all stands after a restart."""
    for seed in range(200 if thorough else 6):
        root = tmp_path / str(seed)
        with StorageManager(root, max_user_daily_gens=10_000) as storage, ThreadPoolExecutor(3) as pool:
            doings = [Mischief(storage, seed * 3 + number) for number in range(3)]
            for running in [pool.submit(asyncio.run, doing.act_together()) for doing in doings]:
                running.result(WITHIN_SECONDS)
            storage.clock_corrected()  # changes nothing, and is answered after all that cancelled callers left behind
            figures = {user: storage.get_quota_status(user) for user in USERS}
            names = {user: storage.get_user_images(user) for user in USERS}
        with StorageManager(root) as storage:
            assert {user: storage.get_user_images(user) for user in USERS} == names
            again = {user: storage.get_quota_status(user) for user in USERS}
            assert [(one["user"], one["daily"]["used"]) for one in again.values()] == [
                (one["user"], one["daily"]["used"]) for one in figures.values()
            ]
        assert_disk_and_log_agree(root)
        assert len(events_of(root, "ImageSaved")) > STEPS
        assert len(events_of(root, "ImageDeleted")) > STEPS


class SlowStaging(Files):
    """A disk on which staging takes until the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def sync_directory(self, path: Path) -> None:
        """Waits where the staged file is on the disk already."""
        if path.name == ".staged" and list(path.iterdir()):
            self.reached.set()
            assert self.go_on.wait(WITHIN_SECONDS)
        super().sync_directory(path)


async def test_a_caller_who_goes_away_no_longer_stops_a_save_that_is_staged(tmp_path: Path) -> None:
    """From there on it belongs to the storage: it is kept, charged and in its place."""
    disk = SlowStaging()
    store = open_store(tmp_path, files=disk)
    saving = asyncio.create_task(save_image(store, NewImage("1", png_of_size(200), name="a.png")))
    assert await asyncio.to_thread(disk.reached.wait, WITHIN_SECONDS)
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    disk.go_on.set()
    async with asyncio.timeout(WITHIN_SECONDS):
        await asyncio.gather(*store._background)
    assert image_names(store, "1") == ["a.png"]
    store.close()
    assert_disk_and_log_agree(tmp_path)


@pytest.mark.parametrize("order", [["k", "k/a.png"], ["k/a.png", "k"]])
async def test_a_folder_and_a_file_take_turns_under_one_name(tmp_path: Path, order: list[str]) -> None:
    """Each may be saved as soon as the other is deleted."""
    with StorageManager(tmp_path, max_user_daily_gens=100) as storage:
        for name in order * 3:
            ok, message, path = await storage.save_image(png_of_size(200), "1", name)
            assert ok, message
            assert path == tmp_path / "images/users/1" / name
            storage.delete_image("1", name)
    assert standing_of(tmp_path) == {}
    assert_disk_and_log_agree(tmp_path)


async def test_an_open_loop_that_ends_leaves_its_saves_to_the_storage(tmp_path: Path) -> None:
    """`asyncio.run` cancels what is under way: each such save is whole or not there at all, after a restart too."""
    storage = StorageManager(tmp_path, max_user_daily_gens=1_000)

    async def walk_away(seconds: float) -> None:
        for number in range(5):
            _ = asyncio.create_task(storage.save_image(png_of_size(300 + number), "1", "a.png"))  # noqa: RUF006 - it is meant to be lost
        await asyncio.sleep(seconds)

    for milliseconds in range(0, 20, 2):
        await asyncio.to_thread(asyncio.run, walk_away(milliseconds / 1000))
    storage.close()
    with StorageManager(tmp_path) as again:
        assert len(again.get_user_images("1")) == len(standing_of(tmp_path))
    assert_disk_and_log_agree(tmp_path)
