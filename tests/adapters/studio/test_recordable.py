"""Nothing is paid that cannot be recorded: the log and its watermark, with all that can be wrong with them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from errno import EACCES, EDQUOT, EIO, ENOSPC, EPERM, EROFS
from pathlib import Path

import pytest

from adapters.application.readiness import readiness_of
from adapters.disk.files import Files
from adapters.studio import Generated
from tests.adapters.application.evidence import assert_disk_and_log_agree
from tests.adapters.studio.broken_places import FailingStaging, Unsynced, UnwritableFile
from tests.adapters.studio.counted import Counted, assert_refused_until

LOG, HEAD = "logs/events.jsonl", "logs/head"
NOT_WRITTEN = {
    EACCES: "Permission denied",
    EPERM: "Operation not permitted",
    EROFS: "Read-only file system",
    EIO: "Input/output error",
}
"""What a system says of a file that it does not let be opened for writing, and the words for it."""

Begin = Callable[[Files], Counted]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Begins a studio over some disk; it ends with the test."""
    begun: list[Counted] = []

    def start(files: Files) -> Counted:
        begun.append(Counted(tmp_path / "root", files))
        return begun[-1]

    yield start
    for counted in begun:
        counted.store.close()


@pytest.mark.parametrize("name", [LOG, HEAD])
async def test_a_log_that_may_not_be_written_is_known_before_anybody_is_paid(
    begin: Begin, tmp_path: Path, name: str
) -> None:
    """Nor is anything reserved; put right, the very next request is kept, without a restart."""
    disk = UnwritableFile(tmp_path / "root" / name)
    counted = begin(disk)
    assert await counted.is_kept()
    for number, cause in NOT_WRITTEN.items():
        settle(counted)
        disk.number = number
        await assert_refused_until(counted, lambda: setattr(disk, "number", None), f"{cause} ({disk.file})")


@pytest.mark.parametrize(("number", "cause"), [(ENOSPC, "The disk is full"), (EDQUOT, "The disk quota")])
async def test_a_disk_of_the_log_without_room_for_this_account(
    begin: Begin, tmp_path: Path, number: int, cause: str
) -> None:
    """However much is free there, and on the disk of the images; what is tried leaves nothing behind."""
    disk = FailingStaging(tmp_path / "root/logs", "take_room")
    counted = begin(disk)
    assert await counted.is_kept()
    disk.number = number
    await assert_refused_until(counted, lambda: setattr(disk, "number", None), cause, full=True)
    assert not (tmp_path / "root/logs/.probe").exists()


@pytest.mark.parametrize("is_replaced", [False, True])
async def test_a_watermark_that_went_is_known_before_anybody_is_paid(
    begin: Begin, tmp_path: Path, is_replaced: bool
) -> None:
    """What is written to the open file then is on no disk, and the next start would refuse the log."""
    counted = begin(Unsynced())
    assert await counted.is_kept()
    settle(counted)
    head, aside = tmp_path / "root" / HEAD, tmp_path / "aside"
    head.rename(aside)
    if is_replaced:
        head.write_bytes(aside.read_bytes())
    cause = "another file was put in its place" if is_replaced else "No such file or directory"
    await assert_refused_until(counted, lambda: aside.replace(head), f"{cause} ({head})")


@pytest.mark.parametrize(("name", "is_kept"), [(LOG, False), (HEAD, True)])
async def test_what_is_forbidden_during_a_generation_stops_nothing(
    begin: Begin, tmp_path: Path, name: str, is_kept: bool
) -> None:
    """The picture is kept as long as it can be recorded, and shown where not; the next is refused until it is right."""
    disk = UnwritableFile(tmp_path / "root" / name)
    counted = begin(disk)
    counted.provider.stalled = asyncio.Event()
    asking = asyncio.create_task(counted.ask())
    for _ in range(2_000):
        if counted.paid:
            break
        await asyncio.sleep(0.01)
    settle(counted)
    disk.number = EPERM
    counted.provider.stalled.set()
    made = await asking
    assert isinstance(made, Generated)
    assert [(bool(picture.data), picture.image is not None) for picture in made.pictures] == [(True, is_kept)]
    await assert_refused_until(counted, lambda: setattr(disk, "number", None), "Operation not permitted")
    counted.store.close()
    assert_disk_and_log_agree(tmp_path / "root")


async def test_a_watermark_that_could_not_be_written_is_said_at_the_end(begin: Begin, tmp_path: Path) -> None:
    """The log is whole, but nothing would tell if its end went missing: the exit code is not 0."""
    disk = UnwritableFile(tmp_path / "root" / HEAD)
    counted = begin(disk)
    assert await counted.is_kept()
    disk.number = EPERM
    assert (await counted.manager.save_image(counted.provider.picture().data, "1"))[0]
    assert "last watermark could not be written" in str(counted.store.close())
    disk.number = None
    assert readiness_of(begin(disk).store)[:2] == (True, False)


async def test_a_command_that_may_not_be_recorded_says_so_and_the_next_one_may(begin: Begin, tmp_path: Path) -> None:
    """A deletion, a cleanup, a reset: nothing was done, and the ledger goes on."""
    disk = UnwritableFile(tmp_path / "root" / LOG)
    counted = begin(disk)
    assert await counted.is_kept()
    disk.number = EACCES
    for ok, message in (
        counted.manager.delete_image("1", "text_to_image/image_1.png"),
        counted.manager.reset_daily("1", "why"),
    ):
        assert (ok, "may not be written (Permission denied)" in message) == (False, True)
    disk.number = None
    assert counted.manager.delete_image("1", "text_to_image/image_1.png")[0]


def settle(counted: Counted) -> None:
    """The watermark is written, as it is a moment after each command."""
    counted.store.opened().checkpoint()
