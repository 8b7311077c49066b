"""Nothing is paid that cannot be kept: everything that a save needs, with all that can be wrong with it."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from errno import EACCES, EDQUOT, EIO, ENOSPC, EPERM, EROFS
from pathlib import Path

import pytest

from adapters.application.readiness import readiness_of
from adapters.disk.files import Files
from adapters.generation.provider import GenerationRequest
from adapters.ports.faults import DiskFull, StorageUnavailable
from adapters.studio import Generated
from domain.commands import SetPolicy
from domain.limits import MEGABYTE
from tests.adapters.application.evidence import events_of, state_of_disk
from tests.adapters.application.small_disk import SmallDisk
from tests.adapters.generation.in_memory_providers import ProviderAnswer
from tests.adapters.studio.broken_places import BrokenPlace, FailingStaging, Unsynced
from tests.adapters.studio.counted import (
    CAT,
    DETAILS,
    DETAILS_OF_KIND,
    HOME,
    KIND,
    STAGED,
    USERS,
    Counted,
    assert_refused_until,
)

PLACES = [(name, True) for name in (STAGED, KIND, DETAILS_OF_KIND)] + [
    (name, False) for name in (STAGED, USERS, HOME, KIND, DETAILS, DETAILS_OF_KIND)
]
"""Where a save writes or moves a file to; and, of a user without images, where it makes a folder."""
SYSTEMS_REASONS = {
    EACCES: ("Permission denied", False),
    EPERM: ("Operation not permitted", False),
    EROFS: ("Read-only file system", False),
    EIO: ("Input/output error", False),
    ENOSPC: ("The disk is full", True),
    EDQUOT: ("The disk quota", True),
}
"""What a system says, the words for it, and whether that is a full disk."""


Begin = Callable[..., Counted]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Begins an evening over some disk; it ends with the test, log and disk agreeing."""
    begun: list[Counted] = []

    def start(files: Files | None = None, **options: SetPolicy) -> Counted:
        begun.append(Counted(tmp_path / "root", files or Unsynced(), **options))
        return begun[-1]

    yield start
    for evening in begun:
        evening.store.close()


# -- folders ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("folder", "used_before"), PLACES)
async def test_a_folder_that_takes_nothing_is_known_before_anybody_is_paid(
    begin: Begin, tmp_path: Path, folder: str, used_before: bool
) -> None:
    """Whichever it is of those that a save goes through, and whatever the system says."""
    disk = BrokenPlace(tmp_path / "root" / folder)
    evening = begin(disk)
    manager = evening.manager
    if used_before:
        assert await evening.is_kept()
    for number, (cause, full) in SYSTEMS_REASONS.items():
        disk.number = number
        await assert_refused_until(evening, lambda: setattr(disk, "number", None), cause, full=full)
        for name in [] if used_before else manager.get_user_images("1"):
            assert manager.delete_image("1", name)[0]


@pytest.mark.parametrize("folder", [STAGED, USERS, HOME, KIND, DETAILS, DETAILS_OF_KIND])
async def test_a_folder_behind_a_link_is_known_before_anybody_is_paid(
    begin: Begin, tmp_path: Path, folder: str
) -> None:
    """Nothing is written through it; the folder back in its place, all goes on."""
    evening = begin()
    assert await evening.is_kept()
    path, elsewhere = tmp_path / "root" / folder, tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    before = state_of_disk(elsewhere)

    def mend() -> None:
        assert state_of_disk(elsewhere) == before
        path.unlink()
        elsewhere.rename(path)

    await assert_refused_until(evening, mend, f"{folder} is a symbolic link")


@pytest.mark.parametrize("folder", [STAGED, USERS, HOME, KIND, DETAILS, DETAILS_OF_KIND])
async def test_a_file_where_a_folder_belongs_is_known_before_anybody_is_paid(
    begin: Begin, tmp_path: Path, folder: str
) -> None:
    """Whoever put it there."""
    evening = begin()
    path = tmp_path / "root" / folder
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"in the way")
    await assert_refused_until(evening, path.unlink, str(path))


@pytest.mark.parametrize("folder", ["images", STAGED, USERS, HOME, KIND, DETAILS])
async def test_a_folder_that_is_missing_is_made(begin: Begin, tmp_path: Path, folder: str) -> None:
    """Nothing keeps a save from it, so nothing keeps a request from the provider."""
    evening = begin()
    assert await evening.is_kept()
    shutil.rmtree(tmp_path / "root" / folder)
    assert await evening.is_kept()


async def test_a_try_leaves_nothing_behind(begin: Begin, tmp_path: Path) -> None:
    """No file and no folder of a user, whether the request is refused by a limit or by the disk."""
    evening = begin(limits=SetPolicy(daily=0))
    assert not await evening.is_kept()
    assert readiness_of(evening.store).notes == ()
    found = {path.relative_to(tmp_path / "root").as_posix() for path in (tmp_path / "root/images").rglob("*")}
    assert found == {STAGED, USERS}


# -- room ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room_bytes", [0, 100, 5_000, MEGABYTE, 1_500_000])
async def test_a_disk_without_room_for_the_estimate_is_told_as_full_at_once_both_ways(
    begin: Begin, room_bytes: int
) -> None:
    """Also where a reservation would still fit, down to the reserve file and below."""
    disk = SmallDisk()
    evening = begin(disk)
    disk.room_bytes = room_bytes
    await assert_refused_until(evening, lambda: setattr(disk, "room_bytes", None), "The disk is full", full=True)


async def test_room_that_is_promised_to_others_is_not_promised_again(begin: Begin) -> None:
    """Two open places hold two estimates of a disk that has two and a half."""
    disk = SmallDisk()
    evening = begin(disk)
    disk.room_bytes = round(2.5 * 1.5 * MEGABYTE)
    manager = evening.manager
    assert [(await manager.reserve(user))[0] for user in ("1", "2", "3")] == [True, True, False]


async def test_after_the_reserve_file_was_given_up_room_is_noticed_by_the_next_command(begin: Begin) -> None:
    """Not by the next sweep, a minute later: for pictures, saves and whatever else grows."""
    disk = SmallDisk()
    evening = begin(disk)
    manager = evening.manager
    for call in (evening.is_kept, lambda: manager.save_image(evening.provider.picture().data, "1")):
        disk.room_bytes = 0
        assert "is full" in manager.reset_daily("1", "x" * 150)[1]
        assert evening.store.opened().recorder.short_of_space
        assert isinstance(await evening.ask(), DiskFull)
        disk.room_bytes = None
        assert await call()
        assert not evening.store.opened().recorder.short_of_space
    assert evening.paid == 1


@pytest.mark.parametrize("verb", ["take_room", "sync_data"])
async def test_a_staging_that_fails_is_known_before_anybody_is_paid(begin: Begin, tmp_path: Path, verb: str) -> None:
    """A quota that is used up by the estimate, a disk that does not sync."""
    disk = FailingStaging(tmp_path / "root" / STAGED, verb)
    evening = begin(disk)
    assert await evening.is_kept()
    for number, (cause, full) in SYSTEMS_REASONS.items():
        disk.number = number
        await assert_refused_until(evening, lambda: setattr(disk, "number", None), cause, full=full)


async def test_what_only_a_whole_picture_meets_costs_one(begin: Begin, tmp_path: Path) -> None:
    """After a save that failed each try is as large as it was, for everybody, until one succeeds."""
    disk = FailingStaging(tmp_path / "root" / STAGED, "write", most_bytes=20_000)
    evening = begin(disk)

    async def large(_: GenerationRequest) -> ProviderAnswer:
        return evening.provider.result([evening.provider.picture(40_000)])

    evening.provider.make = large
    for number, (cause, full) in SYSTEMS_REASONS.items():
        disk.number = number
        made = await evening.ask("2")
        assert isinstance(made, Generated)
        assert [picture.image for picture in made.pictures] == [None]
        await assert_refused_until(evening, lambda: setattr(disk, "number", None), cause, full=full)


# -- meanwhile ----------------------------------------------------------------------------------------


async def test_those_who_wait_for_their_turn_are_not_paid_after_a_failure(begin: Begin, tmp_path: Path) -> None:
    """Their places were held while the disk was well; they are given back."""
    disk = BrokenPlace(tmp_path / "root" / STAGED)
    evening = begin(disk)
    evening.provider.stalled = asyncio.Event()
    asking = [asyncio.create_task(evening.ask()) for _ in range(4)]
    for _ in range(2_000):
        if evening.charged[0] == 4:
            break
        await asyncio.sleep(0.01)
    disk.number = EIO
    evening.provider.stalled.set()
    answers = await asyncio.gather(*asking)
    assert Counter(map(type, answers)) == {Generated: 1, StorageUnavailable: 3}  # whoever's turn came first
    assert (evening.paid, evening.charged) == (1, (1, 0))
    released = [event["data"]["reason"] for event in events_of(evening.root, "GenerationReleased")]
    assert released == ["not_kept", "failed", "failed", "failed"]


async def test_what_was_made_before_is_answered_whatever_the_disk_says(begin: Begin, tmp_path: Path) -> None:
    """A repeat under its key costs nothing, so nothing is tried for it; a refusal is told as it is."""
    disk = BrokenPlace(tmp_path / "root" / STAGED)
    evening = begin(disk)
    first = await evening.studio.generate("1", CAT, idempotency_key="k")
    disk.number = EROFS
    again = await evening.studio.generate("1", CAT, idempotency_key="k")
    assert isinstance(first, Generated)
    assert isinstance(again, Generated)
    assert (again.replayed, again.pictures[0].data) == (True, first.pictures[0].data)
    assert evening.paid == 1
