"""What is told on the simulated disk: each story is one kind of work, as it is done in the field."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import pytest

from adapters.application.deleting import clean_up_blocking
from adapters.application.reading import image_names
from adapters.application.reserving import ReturnedPlaces, complete_generation, release_places
from adapters.application.results import Delivery
from adapters.ledger import snapshotting
from domain.commands import CleanUp, Command, DeleteImage, ReleasePlaces, ReserveGeneration
from tests.crash.disk import Directory, Disk
from tests.crash.judging import ROOT
from tests.crash.story import Story, told

STEPS_OF_A_MIX = 12
IMAGES_OF_STORIES = 100
"""More than one story makes, so that those of a used root are others."""


def empty_disk() -> Disk:
    """A disk on which only the folder above the root is there."""
    disk = Disk()
    directory = disk.root
    for name in ROOT.parent.parts[1:]:
        directory.names[name] = below = Directory(disk.next_number())
        directory = below
    return disk


def first_start(story: Story) -> None:
    """A root is begun, and its first image saved."""
    story.open()
    story.save("ann", "first.png", details=True)
    story.close()


def saves(story: Story) -> None:
    """New names: of a known user, of new users, in folders, temp files, with details and without."""
    story.open()
    story.save("ann", "sea.png", size_bytes=1_300)
    story.save("ben", "hill.png", details=True)
    story.save("ann", "text_to_image", details=True)
    story.save("cat", "scratch.png", temp=True)
    story.save("ann", request="key-1")
    story.close()


def overwrites(story: Story) -> None:
    """One name again and again: with details, without, spelled otherwise, with a watermark between."""
    story.open()
    story.save("ann", "sea.png", details=True)
    story.save("ann", "SEA.png")
    story.checkpoint()
    story.save("ann", "sea.png", details=True)
    story.save("ann", "sea.png", details=True)
    story.save("ann", "old.png")
    story.save("ann", "note.png", temp=True)
    story.save("ann", "note.png", temp=True)
    story.close()


def deletes(story: Story) -> None:
    """Names go: the only one of a folder, one with details, one that is saved again."""
    story.open()
    story.delete("ann", "old.png")
    story.save("ben", "upscale/x.png", details=True)
    story.delete("ben", "upscale/x.png")
    story.checkpoint()
    story.save("ben", "upscale/x.png")
    story.delete("ben", "upscale/x.png")
    story.save("ben", "upscale/x.png", details=True)
    story.delete("ann", "kept.png")
    story.close()


def cleanups(story: Story) -> None:
    """Temp files of several users go at once, and one of their names is used again."""
    story.open()
    story.save("ann", "a.png", temp=True)
    story.save("ann", "b.png", temp=True)
    story.save("ben", "a.png", temp=True)
    story.now = "2026-03-10T12:00:00.000000Z"
    clean_up_blocking(story.store)
    story.save("ann", "a.png", temp=True)
    clean_up_blocking(story.store)
    story.close()


def reservations(story: Story) -> None:
    """Places are reserved, delivered, settled, given back, and left until they expire."""
    story.open()
    reservation = story.reserve("ann", 3)
    delivered = complete_generation(story.store, "ann", reservation, Delivery("sketch", "sketch", 0.5, 2))
    asyncio.run(delivered)
    story.save("ann", "one.png", reservation=reservation)
    story.save("ann", "one.png", reservation=reservation, details=True)
    asyncio.run(release_places(story.store, ReturnedPlaces("ann", reservation, reason="failed")))
    left = story.reserve("ben", 2)
    story.now = "2026-03-02T12:00:00.000000Z"
    story.save("ben", "late.png", reservation=left)
    story.close()


def batches(story: Story) -> None:
    """1 to 8 commands that share one write: places, saves of one name, deletions, a cleanup."""
    story.open()
    for size in range(1, 9):
        user = f"u{size % 3}"
        commands: list[Command] = [
            DeleteImage("ann", "library", "old.png")
            if size == 3
            else ReserveGeneration(user, "library", f"r{size}", 60),
            *(story.staged(user, f"{number % 3}.png", size_bytes=200) for number in range(size - 1)),
        ]
        if size >= 6:
            commands[1] = ReleasePlaces(user, "library", f"r{size}", "cancelled")
        if size == 8:
            commands[2] = CleanUp("library", 7)
            commands[7] = DeleteImage(user, "library", "0.png")
        story.together(commands)
        if size % 3 == 0:
            story.checkpoint()
    story.close()


def stops(story: Story) -> None:
    """Watermarks, an orderly stop, another start, and another."""
    story.open()
    story.save("ann", "sea.png", details=True)
    story.checkpoint()
    story.delete("ann", "old.png")
    story.close()
    story.open()
    story.save("ann", "old.png")
    story.close()
    story.open()
    story.checkpoint()
    story.close()


def snapshots(story: Story) -> None:
    """Stops that each leave a snapshot, and starts that go on from it; the third removes the first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshotting, "EVENTS_AT_A_STOP", 1)
        story.open()
        story.save("ann", "sea.png", details=True)
        story.close()
        story.open()
        story.delete("ann", "old.png")
        story.close()
        story.open()
        story.reserve("ben", 2)
        story.save("ann", "sea.png")
        story.close()


def mixed(story: Story, seed: int) -> None:
    """Anything in any order, the same for the same seed."""
    rng = Random(seed)
    story.open()
    for number in range(STEPS_OF_A_MIX):
        user = rng.choice(("ann", "ben"))
        name = rng.choice(("a.png", "A.png", "f/b.png", "old.png"))
        kept = image_names(story.store, user)
        match rng.randrange(8):
            case 0 if kept:
                story.delete(user, rng.choice(kept))
            case 1:
                story.now = f"2026-03-{number + 2:02}T12:00:00.000000Z"
                clean_up_blocking(story.store, 1)
            case 2:
                reservation = story.reserve(user, rng.randrange(1, 4))
                story.save(user, name, reservation=reservation)
            case 3:
                story.checkpoint()
            case 4:
                sizes = range(rng.randrange(1, 5))
                saves = [story.staged(user, name, temp=rng.random() < 0.5) for _ in sizes]
                story.together([ReserveGeneration(user, "library", f"mix{number}", 60), *saves])
            case 5:
                story.close()
                story.open()
            case _:
                temp = rng.random() < 0.3
                size_bytes = rng.randrange(10, 1_500)
                story.save(user, name, size_bytes=size_bytes, temp=temp, details=not temp and rng.random() < 0.5)
    story.close()


STORIES: dict[str, Callable[[Story], None]] = {
    "saves": saves,
    "overwrites": overwrites,
    "deletes": deletes,
    "cleanups": cleanups,
    "reservations": reservations,
    "batches": batches,
    "stops": stops,
    "snapshots": snapshots,
}
"""Told on a root that was used before; `first_start` is told on an empty disk."""


def told_used_root() -> Story:
    """A root with some images, stopped in order."""
    story = Story(empty_disk(), images=IMAGES_OF_STORIES)
    with told(story):
        story.open()
        story.save("ann", "old.png", details=True)
        story.save("ann", "kept.png")
        story.save("ann", "gone.png")
        story.delete("ann", "gone.png")
        story.close()
    return story
