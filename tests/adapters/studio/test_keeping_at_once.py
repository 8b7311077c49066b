"""Many who ask at once are tried together, and each hears of their own place and no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from errno import EACCES
from itertools import repeat
from pathlib import Path

import pytest

from adapters.disk.files import Files
from domain.limits import MEGABYTE
from tests.adapters.application.small_disk import SmallDisk
from tests.adapters.studio.broken_places import BrokenPlace, Unsynced
from tests.adapters.studio.counted import DETAILS, HOME, STAGED, USERS, Counted
from tests.hostile.builders import png

WITH_FOLDER, WITHOUT = ("1", "2", "3"), ("4", "5", "66")
ALL = WITH_FOLDER + WITHOUT


class CountedSyncs(Unsynced):
    """A disk that counts its syncs of files."""

    def __init__(self) -> None:
        super().__init__()
        self.syncs = 0

    def sync_data(self, fd: int) -> None:
        self.syncs += 1
        super().sync_data(fd)


Begin = Callable[[Files], Awaitable[Counted]]


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    """Begins an evening over some disk, on which some users have an image and so a folder."""
    begun: list[Counted] = []

    async def start(files: Files) -> Counted:
        begun.append(evening := Counted(tmp_path / "root", files))
        for user in WITH_FOLDER:
            assert (await evening.manager.save_image(png(), user))[0]
        return evening

    yield start
    for evening in begun:
        evening.store.close()


async def reserved(evening: Counted, users: Iterable[str], counts: Iterable[int] = repeat(1)) -> dict[str, bool]:
    """Who of those who ask at once has places."""
    asked = zip(users, counts, strict=False)
    made = {user: evening.manager.reserve(user, count, operation="text_to_image") for user, count in asked}
    answers = await asyncio.gather(*made.values())
    return {user: ok for user, (ok, _, _) in zip(made, answers, strict=True)}


def images_of(folder: Path) -> list[Path]:
    """Everything below the images, folders too."""
    return sorted((folder / "root" / "images").rglob("*"))


async def test_all_are_tried_at_the_cost_of_one(begin: Begin, tmp_path: Path) -> None:
    """And nothing is left of that."""
    disk = CountedSyncs()
    evening = await begin(disk)
    before, disk.syncs = images_of(tmp_path), 0
    assert all((await reserved(evening, ALL)).values())
    assert disk.syncs < len(ALL)  # one of the try, and one of each batch of the log
    assert images_of(tmp_path) == before


@pytest.mark.parametrize(
    ("folder", "refused"),
    [
        (HOME, {"1"}),
        (DETAILS, {"1"}),
        (USERS, set(WITHOUT)),
        (STAGED, set(ALL)),
        ("images/users/4", {"4"}),
    ],
)
async def test_who_asks_beside_others_hears_of_their_own_place_alone(
    begin: Begin, tmp_path: Path, folder: str, refused: set[str]
) -> None:
    """Whichever folder it is that takes nothing, and again when it does."""
    disk = BrokenPlace(tmp_path / "root" / folder)
    evening = await begin(disk)
    disk.number = EACCES
    if folder == "images/users/4":
        (tmp_path / "root" / folder).mkdir()
    for _ in range(2):
        found = await reserved(evening, ALL)
        assert {user for user, ok in found.items() if not ok} == refused
    disk.number = None
    assert all((await reserved(evening, ALL)).values())


async def test_where_it_cannot_be_seen_who_has_a_folder_each_is_tried(begin: Begin, tmp_path: Path) -> None:
    """A folder that cannot be looked into says of nobody that they have none."""
    users = tmp_path / "root" / "images" / "users"

    class Unseen(BrokenPlace):
        def missing(self, path: Path, names: Iterable[str]) -> set[str]:
            if path == users:
                raise OSError(EACCES, "Permission denied", str(path))
            return super().missing(path, names)

    disk = Unseen(tmp_path / "root" / HOME)
    evening = await begin(disk)
    disk.number = EACCES
    assert {user for user, ok in (await reserved(evening, ALL)).items() if not ok} == {"1"}
    disk.number = None


@pytest.mark.parametrize("counts", [(1, 1, 1, 1, 1, 1), (4, 1, 1, 1, 1, 1), (1, 9, 1, 1, 9, 1)])
async def test_room_is_found_once_for_each(begin: Begin, counts: tuple[int, ...]) -> None:
    """As many as fit are held, whoever asks for too much beside them; the estimate of a picture is 1.5 MB."""
    disk = SmallDisk()
    evening = await begin(disk)
    disk.room_bytes = 7 * MEGABYTE  # four pictures, and what the log needs
    found = await reserved(evening, ALL, counts)
    held = sum(count for count, ok in zip(counts, found.values(), strict=True) if ok)
    assert (held, evening.store.opened().state.pool.held_bytes) == (4, 4 * round(1.5 * MEGABYTE))
    disk.room_bytes = None
