"""Rules of a full disk: what frees is admitted while there is any room to record it, and what is said is true."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.application.deleting import delete_image_blocking
from adapters.application.readiness import readiness_of
from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.results import DeletedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from adapters.eventlog.jsonl.reserve_file import PARTS
from adapters.ports.faults import DiskFull
from domain.commands import SetPolicy
from tests.adapters.application.small_disk import SmallDisk
from tests.hostile.builders import png

MANY = 20
"""Deletions, each after another program has taken all room that there was."""


def reserve(store: Storage) -> None:
    """What grows the log."""
    asyncio.run(reserve_places(store, WantedPlaces("ben", 1)))


@pytest.fixture
def disk() -> SmallDisk:
    """A disk whose room can be taken."""
    return SmallDisk()


@pytest.fixture
def store(tmp_path: Path, disk: SmallDisk) -> Storage:
    """A storage with images, whose disk is full."""
    store = open_store(tmp_path, files=disk, limits=SetPolicy(daily=1_000))
    for number in range(MANY + 1):
        asyncio.run(save_image(store, NewImage("ada", png(), name=f"{number}.png")))
    disk.room_bytes = 0
    with pytest.raises(DiskFull, match="Delete images"):
        reserve(store)
    return store


def test_deletions_are_taken_though_another_program_takes_all_room_that_is_freed(
    store: Storage, disk: SmallDisk
) -> None:
    """The room that is kept for them is freed when it is used, and no sooner."""
    for number in range(MANY):
        disk.room_bytes = 0
        assert isinstance(delete_image_blocking(store, "ada", f"{number}.png"), DeletedImage)
    disk.room_bytes = 0
    with pytest.raises(DiskFull, match="Delete images"):
        reserve(store)
    store.close()


def test_a_deletion_that_cannot_be_recorded_is_refused_in_true_words(store: Storage, disk: SmallDisk) -> None:
    """Nobody is told to delete something who has just been refused that; with a little room it goes on at once."""
    reserve_file = store.root / "logs" / ".spare"
    reserve_file.unlink()
    for _ in range(PARTS):
        disk.room_bytes = 0
        with pytest.raises(DiskFull) as refused:
            delete_image_blocking(store, "ada", "1.png")
    with pytest.raises(DiskFull) as refused_too:
        reserve(store)
    for sentence in (str(refused.value), str(refused_too.value), *readiness_of(store).notes):
        assert "not even a deletion" in sentence
        assert "by other means" in sentence
        assert "Delete" not in sentence
    disk.room_bytes = 4096
    assert isinstance(delete_image_blocking(store, "ada", "1.png"), DeletedImage)
    with pytest.raises(DiskFull, match="Delete images"):
        reserve(store)
    store.close()
