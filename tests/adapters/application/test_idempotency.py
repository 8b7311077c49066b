"""What one request key stands for: a reservation that is meant is part of it, one that is made is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.library.storage_manager import StorageManager
from domain.usage import Reservation
from tests.hostile.builders import png


async def reserved(storage: StorageManager, request: str | None = None) -> Reservation:
    """A place of user 1."""
    _, message, reservation = await storage.reserve("1", request=request)
    assert reservation is not None, message
    return reservation


@pytest.mark.parametrize("restarted", [False, True], ids=["while it runs", "after a restart"])
async def test_the_same_key_with_another_reservation_is_a_conflict(tmp_path: Path, restarted: bool) -> None:
    """Nobody is told that places were given back, or that a picture took one, where that was another reservation's."""
    storage = StorageManager(tmp_path, 100, 50, 5)
    first, second = await reserved(storage), await reserved(storage)
    assert (await storage.release(first, request="k"))[0]
    assert (await storage.save_image(png(), "1", "a.png", reservation=second, request="l"))[0]
    third = await reserved(storage)
    if restarted:
        storage.close()
        storage = StorageManager(tmp_path)
    ok, message = await storage.release(third, request="k")
    assert (ok, "This request key was used before" in message) == (False, True)
    ok, message, _ = await storage.save_image(png(), "1", "a.png", reservation=third, request="l")
    assert (ok, "This request key was used before" in message) == (False, True)
    assert storage.get_quota_status("1")["user"]["reserved_mb"] == 1.5
    assert (await storage.release(first, request="k"))[0]
    storage.close()


async def test_a_repeat_of_a_reservation_is_answered_with_the_first(tmp_path: Path) -> None:
    """Its id is made for each attempt, and is no part of what is asked."""
    with StorageManager(tmp_path) as storage:
        assert await reserved(storage, "k") == await reserved(storage, "k")
