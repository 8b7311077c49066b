"""Many saves at once, from threads and event loops together: exactly what fits is kept, a request key counts once."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import NamedTuple

import pytest

from adapters.library.storage_manager import StorageManager
from domain.limits import MEGABYTE
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of, files_of
from tests.hostile.builders import png, png_of_size

SAVES = 50
THREADS, LOOPS = 4, 2
SIZE = 16 * 1024
ROOM_MB = 5 * SIZE / MEGABYTE
PICTURE = png_of_size(SIZE)

Answer = tuple[bool, str, Path | None]


class Asked(NamedTuple):
    """One save to make."""

    user: str = "1"
    data: bytes = PICTURE
    name: str | None = None
    request: str | None = None


def all_at_once(storage: StorageManager, asked: list[Asked]) -> list[Answer]:
    """Makes the saves from four threads, one after the other in each, and in two event loops, all at once in each."""
    barrier = Barrier(THREADS + LOOPS)

    async def save(one: Asked) -> Answer:
        return await storage.save_image(one.data, one.user, one.name, request=one.request)

    async def save_together(some: list[Asked]) -> list[Answer]:
        return list(await asyncio.gather(*map(save, some)))

    def in_one_loop(some: list[Asked]) -> list[Answer]:
        barrier.wait()
        return asyncio.run(save_together(some))

    def one_by_one(some: list[Asked]) -> list[Answer]:
        barrier.wait()
        return [asyncio.run(save(one)) for one in some]

    parts = [asked[number :: THREADS + LOOPS] for number in range(THREADS + LOOPS)]
    with ThreadPoolExecutor(THREADS + LOOPS) as pool:
        running = [
            *(pool.submit(one_by_one, part) for part in parts[:THREADS]),
            *(pool.submit(in_one_loop, part) for part in parts[THREADS:]),
        ]
        return [answer for worker in running for answer in worker.result(60)]


def kept(answers: list[Answer]) -> list[Path]:
    """Where the saves that succeeded are."""
    assert all((path is not None) == ok for ok, _, path in answers)
    return [path for _, _, path in answers if path is not None]


@pytest.fixture(scope="session")
def runs(thorough: bool) -> range:
    """How often a race is run."""
    return range(100 if thorough else 5)


def test_exactly_as_many_saves_succeed_as_fit_a_user(tmp_path: Path, runs: range) -> None:
    """Room for five of fifty: five are kept, and everybody else hears why."""
    for run in runs:
        root = tmp_path / str(run)
        with StorageManager(root, max_user_storage_mb=ROOM_MB, max_user_daily_gens=1_000) as storage:
            answers = all_at_once(storage, [Asked()] * SAVES)
            assert storage.get_quota_status("1")["user"]["percentage"] == 100.0
        assert len(set(kept(answers))) == 5
        refusals = {message[:27] for ok, message, _ in answers if not ok}
        assert refusals == {"Your storage quota is full:"}
        assert_disk_and_log_agree(root)


def test_exactly_as_many_saves_succeed_as_a_day_allows(tmp_path: Path, runs: range) -> None:
    """The daily limit is as exact as the bytes."""
    for run in runs:
        root = tmp_path / str(run)
        with StorageManager(root) as storage:
            answers = all_at_once(storage, [Asked(data=png())] * SAVES)
            assert storage.get_quota_status("1")["daily"]["used"] == 5
        assert len(set(kept(answers))) == 5
        assert_disk_and_log_agree(root)


def test_exactly_as_many_saves_succeed_as_fit_the_pool(tmp_path: Path, runs: range) -> None:
    """Two users, each with room of their own, share what five images need."""
    for run in runs:
        root = tmp_path / str(run)
        with StorageManager(root, max_global_storage_mb=ROOM_MB, max_user_daily_gens=1_000) as storage:
            answers = all_at_once(storage, [Asked("1"), Asked("2")] * (SAVES // 2))
            assert storage.get_global_usage()["remaining_mb"] == 0
        assert len(set(kept(answers))) == 5
        assert {message[:23] for ok, message, _ in answers if not ok} == {"Server storage is full:"}
        assert_disk_and_log_agree(root)


def test_two_managers_of_one_root_are_as_exact(tmp_path: Path) -> None:
    """They share one ledger, so they share its limits."""
    with (
        StorageManager(tmp_path, max_user_storage_mb=ROOM_MB, max_user_daily_gens=1_000) as one,
        StorageManager(tmp_path / "." / "") as other,
        ThreadPoolExecutor(2) as pool,
    ):
        halves = [pool.submit(all_at_once, storage, [Asked()] * SAVES) for storage in (one, other)]
        answers = [answer for half in halves for answer in half.result(60)]
    assert len(set(kept(answers))) == 5
    assert_disk_and_log_agree(tmp_path)


def test_repeats_of_one_request_make_one_image(tmp_path: Path, runs: range) -> None:
    """Fifty at once, and fifty more after a restart: one pair of events, one file, the same answer for all."""
    for run in runs:
        root = tmp_path / str(run)
        asked = [Asked(request="the same")] * SAVES
        with StorageManager(root) as storage:
            answers = all_at_once(storage, asked)
        with StorageManager(root) as storage:
            answers += all_at_once(storage, asked)
            assert storage.get_quota_status("1")["daily"]["used"] == 1
        assert len(set(answers)) == 1
        assert answers[0][0]
        types = Counter(event["type"] for event in events_of(root))
        assert types == {"PolicyChanged": 1, "GenerationReserved": 1, "ImageSaved": 1}
        assert len(files_of(root)) == 1
        assert_disk_and_log_agree(root)


@pytest.mark.parametrize("restarted", [False, True], ids=["while it runs", "after a restart"])
@pytest.mark.parametrize(
    "other",
    [Asked(data=png(), request="k"), Asked(user="2", request="k"), Asked(name="named.png", request="k")],
    ids=["other bytes", "another user", "another name"],
)
async def test_the_same_key_with_something_else_is_a_conflict(tmp_path: Path, other: Asked, restarted: bool) -> None:
    """It is told apart by what was asked, whatever the time; nothing is kept of the second."""
    storage = StorageManager(tmp_path)
    assert (await storage.save_image(PICTURE, "1", request="k"))[0]
    if restarted:
        storage.close()
        storage = StorageManager(tmp_path)
    before = len(events_of(tmp_path))
    ok, message, _ = await storage.save_image(other.data, other.user, other.name, request=other.request)
    assert (ok, message.startswith("Error saving image: This request key was used before")) == (False, True)
    assert len(events_of(tmp_path)) == before
    storage.close()
    assert_disk_and_log_agree(tmp_path)


def test_of_two_contents_under_one_key_one_is_kept(tmp_path: Path) -> None:
    """Whichever comes first; the others are conflicts."""
    with StorageManager(tmp_path) as storage:
        answers = all_at_once(storage, [Asked(request="k"), Asked(data=png(), request="k")] * (SAVES // 2))
    assert len(kept(answers)) == SAVES // 2
    assert len(set(kept(answers))) == 1
    assert len(events_of(tmp_path, "ImageSaved")) == 1
    assert_disk_and_log_agree(tmp_path)


async def test_a_repeat_is_answered_though_the_image_is_gone(tmp_path: Path) -> None:
    """By what happened then: it was saved, and there is nothing to show any more."""
    with StorageManager(tmp_path) as storage:
        assert (await storage.save_image(PICTURE, "1", "a.png", request="k"))[0]
        storage.delete_image("1", "a.png")
        ok, message, path = await storage.save_image(PICTURE, "1", "a.png", request="k")
        assert (ok, message, path) == (True, "Saved as a.png (16 kB).", None)
    assert_disk_and_log_agree(tmp_path)
