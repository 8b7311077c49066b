"""What a backup holds, what a second run copies, and what it makes of what stands in its way."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.archive.backup import BackupTerms, back_up
from adapters.disk.files import Files
from adapters.engines.choice import default_engine
from adapters.ports.faults import DiskFull, LogDamaged, LogLocked, LogMissing, StorageUnavailable, TargetRefused
from tests.adapters.application.evidence import assert_disk_and_log_agree, state_of_disk
from tests.adapters.application.small_disk import FillingDisk
from tests.adapters.archive.archiving import backed_up, change, details_in, fill, restored, tree
from tests.adapters.eventlog.jsonl.logs import as_killed


def blobs(folder: Path) -> set[str]:
    """The names of the bytes in a backup."""
    return {path.name for path in (folder / "files").rglob("*") if path.is_file()}


def test_a_backup_has_everything_that_stands_and_changes_nothing(filled: Path, tmp_path: Path) -> None:
    """Images, temp files and details come back byte for byte; equal bytes are kept once; the root is as it was."""
    before = state_of_disk(filled)
    done = backed_up(filled, tmp_path / "backup")
    assert (done.manifest.images, done.manifest.temp_files, done.missing) == (4, 1, ())
    assert len(blobs(tmp_path / "backup")) == done.copied_files == 4
    assert state_of_disk(filled) == before
    restored(tmp_path / "backup", tmp_path / "restored")
    assert_disk_and_log_agree(tmp_path / "restored")
    assert details_in(tmp_path / "restored") == details_in(filled)
    for name in ("logs/events.jsonl", "logs/.key"):
        assert (tmp_path / "restored" / name).read_bytes() == (filled / name).read_bytes()


def test_a_second_run_copies_only_what_is_new(root: Path, folder: Path) -> None:
    """New bytes and the new end of the log; what no image needs any more goes, deleted prompts with it."""
    former = blobs(folder)
    assert backed_up(root, folder)[2:6] == (0, 0, 0, 0)
    size = (root / "logs/events.jsonl").stat().st_size
    change(root)
    done = backed_up(root, folder)
    assert (done.copied_files, done.removed_files) == (2, 1)  # the bytes of a.png are those of bob's same.png
    assert done.log_bytes == (root / "logs/events.jsonl").stat().st_size - size
    assert len(blobs(folder) - former) == 2
    whole = folder.with_name("whole")
    backed_up(root, whole)
    assert tree(folder) == tree(whole)
    assert not any(b"mlauts" in path.read_bytes() for path in folder.glob("contents-*"))


def test_bytes_that_the_backup_has_lost_are_copied_again(root: Path, folder: Path) -> None:
    """A flipped byte of the backup is found by any later run, whatever its time and size say."""
    name = min(blobs(folder))
    path = folder / "files" / name[:2] / name
    whole = path.read_bytes()
    path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    assert backed_up(root, folder).copied_files == 1
    assert path.read_bytes() == whole


@pytest.mark.parametrize("damage", ["gone", "changed", "a link", "staged and not in place"])
def test_a_file_that_the_root_has_lost_is_told_and_the_rest_backed_up(root: Path, tmp_path: Path, damage: str) -> None:
    """It stays in the log and is told as missing; where the backup had it before, it has it still."""
    path = root / "images/users/ada/k/b.png"
    data = path.read_bytes()
    backed_up(root, tmp_path / "had it")
    path.unlink()
    if damage == "changed":
        path.write_bytes(data[:-1] + b"x")
    elif damage == "a link":
        (tmp_path / "elsewhere").write_bytes(data)
        path.symlink_to(tmp_path / "elsewhere")
    elif damage == "staged and not in place":
        lines = (root / "logs/events.jsonl").read_bytes().split(b"\n")
        (staged,) = [json.loads(line)["data"]["staged"] for line in lines if b"k/b.png" in line]
        (root / "images/.staged" / staged).write_bytes(data)
    done = backed_up(root, tmp_path / "backup")
    lost = () if damage.startswith("staged") else ("k/b.png",)
    assert tuple(file.name for file in done.missing) == lost
    assert done.manifest.missing == len(restored(tmp_path / "backup", tmp_path / "restored").missing) == len(lost)
    assert backed_up(root, tmp_path / "had it").missing == ()


def as_a_folder(path: Path) -> None:
    """A folder stands there instead."""
    path.unlink()
    path.mkdir()


DETAILS: dict[str, Callable[[Path], object]] = {
    "of 2 MiB": lambda path: path.write_bytes(path.read_bytes()[:-1] + b',"x":"' + b"x" * 2**21 + b'"}'),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "no object": lambda path: path.write_bytes(b"[]"),
    "a folder": as_a_folder,
    "a second name of a file": lambda path: os.link(path, path.with_name("second")),
}


@pytest.mark.parametrize("damage", DETAILS)
def test_details_that_are_not_taken_in_are_told_and_taken_in_once_they_are_right(
    root: Path, tmp_path: Path, damage: str
) -> None:
    """By the backup, and by the root that is made of it; nothing is told where there is nothing to take in."""
    path = root / "images/users/ada/.details/a.png~.json"
    whole = details_in(root)
    DETAILS[damage](path)
    for _ in range(2):
        done = backed_up(root, tmp_path / "backup")
        assert [file.name for file in done.lacks_details] == ["a.png"]
        assert done.missing == ()
    assert [file.name for file in restored(tmp_path / "backup", tmp_path / "lacks").lacks_details] == ["a.png"]
    assert details_in(tmp_path / "lacks").keys() == whole.keys() - {path.relative_to(root).as_posix()}
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.write_bytes(whole[path.relative_to(root).as_posix()])
    assert backed_up(root, tmp_path / "backup").lacks_details == ()
    assert restored(tmp_path / "backup", tmp_path / "right").lacks_details == ()
    assert details_in(tmp_path / "right") == whole


def test_a_torn_end_is_left_out_and_damage_is_refused(root: Path, folder: Path) -> None:
    """What was never acknowledged is in no backup; a log that is not whole changes none."""
    log = root / "logs/events.jsonl"
    whole, former = log.read_bytes(), tree(folder)
    cut = json.loads(whole.split(b"\n")[-2])["pos"]
    as_killed(root)
    log.write_bytes(whole + b'{"pos":%d,"batch":[%d' % (cut + 1, cut + 1))
    assert backed_up(root, folder).manifest.position == cut
    assert tree(folder) == former
    log.write_bytes(whole[:300] + b"x" + whole[301:])
    with pytest.raises(LogDamaged):
        backed_up(root, folder)
    assert tree(folder) == former


ELSEWHERE = ["inside by a link", "in images on another disk", "around images on another disk"]


@pytest.mark.parametrize("case", ["older", "another", "other things", "inside", "around", "a file", *ELSEWHERE])
def test_a_folder_that_is_not_this_roots_backup_is_left_alone(root: Path, folder: Path, case: str) -> None:
    """An older log beside a newer backup, another log, other things, the root itself: nothing is changed."""
    match case:
        case "older":
            newer = shutil.copytree(root, root.with_name("newer"))
            change(newer)
            backed_up(newer, folder)
        case "another":
            shutil.rmtree(root)
            fill(root)
        case "other things":
            folder = folder.with_name("home")
            folder.mkdir()
            (folder / "diary.txt").write_text("dear", encoding="utf-8")
        case "inside":
            folder = root / "backup"
        case "around":
            folder = root.parent
        case "inside by a link":
            (root.parent / "link").symlink_to(root / "images")
            folder = root.parent / "link/new"
        case "in images on another disk" | "around images on another disk":
            (root.parent / "disk").mkdir()
            (root / "images").rename(root.parent / "disk/images")
            (root / "images").symlink_to(root.parent / "disk/images")
            folder = root.parent / ("disk/images/users/ada/new" if case.startswith("in ") else "disk")
        case _:
            folder = folder.with_name("file")
            folder.write_text("x", encoding="utf-8")
    before = tree(folder)
    with pytest.raises(TargetRefused) as refused:
        backed_up(root, folder)
    assert "Name " in str(refused.value) or "name " in str(refused.value)
    assert {name: what for name, what in tree(folder).items() if not name.endswith(".lock")} == {
        name: what for name, what in before.items() if not name.endswith(".lock")
    }


def test_an_empty_root_and_one_without_a_log(root: Path, tmp_path: Path) -> None:
    """No log, no backup; and none of a root that is only half restored."""
    with pytest.raises(LogMissing):
        backed_up(tmp_path / "none", tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    (root / "logs/events.jsonl").unlink()
    with pytest.raises(LogMissing):
        backed_up(root, tmp_path / "backup")


@pytest.mark.skipif(os.name != "posix", reason="links need leave elsewhere")
@pytest.mark.parametrize("place", ["files", "log", "log/logs", "backup.json", ".lock", "log/logs/head", "a blob"])
def test_a_link_in_the_target_is_not_followed(root: Path, folder: Path, tmp_path: Path, place: str) -> None:
    """Whoever can write there leads nothing elsewhere: what the link leads to is as it was."""
    path = next((folder / "files").glob("*/*")) if place == "a blob" else folder / place
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    change(root)
    before = tree(elsewhere) if elsewhere.is_dir() else elsewhere.read_bytes()
    if place in {"backup.json", "log/logs/head"}:  # put in its place as a whole
        with suppress(StorageUnavailable):
            backed_up(root, folder)
            assert not path.is_symlink()
    else:
        with pytest.raises(StorageUnavailable, match="symbolic link"):
            backed_up(root, folder)
    assert (tree(elsewhere) if elsewhere.is_dir() else elsewhere.read_bytes()) == before


@pytest.mark.parametrize("room_bytes", [0, 700, 4_000])
def test_a_full_target_leaves_the_former_backup(root: Path, folder: Path, tmp_path: Path, room_bytes: int) -> None:
    """Wherever the room ends it is told, the former backup can be restored, and the next run goes on."""
    change(root)
    disk = FillingDisk()
    disk.room_bytes = room_bytes
    with pytest.raises(DiskFull) as full:
        backed_up(root, folder, disk)
    assert full.value.folder is not None
    assert str(folder) in full.value.folder
    assert restored(folder, tmp_path / "restored").missing == ()
    backed_up(root, folder)
    backed_up(root, tmp_path / "whole")
    assert tree(folder) == tree(tmp_path / "whole")


class BadDisk(Files):
    """A disk that takes bytes and gives others back."""

    def __init__(self, spoilt: Callable[[Path], bool]) -> None:
        super().__init__()
        self._spoilt = spoilt

    def rename(self, source: Path, target: Path) -> None:
        """Spoils what is renamed to such a path."""
        super().rename(source, target)
        if self._spoilt(target):
            data = target.read_bytes()
            target.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])


@pytest.mark.parametrize("what", ["files", "events.jsonl", "contents"])
def test_what_the_target_does_not_give_back_is_no_backup(filled: Path, tmp_path: Path, what: str) -> None:
    """It is read from the other side before it is said to be one."""
    disk = BadDisk(lambda path: what in path.as_posix().removeprefix(tmp_path.as_posix()))
    with pytest.raises((StorageUnavailable, LogDamaged)):
        backed_up(filled, tmp_path / "backup", disk)
    assert not (tmp_path / "backup/backup.json").exists()


def test_a_backup_without_the_key_can_be_restored(filled: Path, tmp_path: Path) -> None:
    """Nothing in it proves who wrote it, and nobody who has it can write seals; the next start makes a key."""
    backed_up(filled, tmp_path / "backup")
    done = backed_up(filled, tmp_path / "backup", with_key=False)
    assert not done.manifest.has_key
    secret = (filled / "logs/.key").read_bytes()[:32]
    assert not any(secret in path.read_bytes() for path in (tmp_path / "backup").rglob("*") if path.is_file())
    assert not restored(tmp_path / "backup", tmp_path / "restored").has_key
    report = default_engine().verify(tmp_path / "restored")
    assert (report.is_whole, report.is_sealed) == (True, False)


def test_a_clock_that_was_set_back_between_two_runs_changes_nothing_else(root: Path, folder: Path) -> None:
    """What is new is copied by what the log says, and not by times."""
    change(root)
    files = Files()
    done = back_up(root, folder, BackupTerms(default_engine(files), files, clock=lambda: "2001-01-01T00:00:00.000000Z"))
    assert (done.copied_files, done.missing, done.manifest.at[:4]) == (2, (), "2001")
    backed_up(root, folder.with_name("whole"))
    assert tree(folder) == tree(folder.with_name("whole"))


def test_two_runs_at_once_do_not_meet(filled: Path, folder: Path) -> None:
    """The second is told; a cron job that is slow spoils nothing."""
    files = Files()
    fd = files.open(folder / ".lock", os.O_RDWR)
    files.lock(fd)
    try:
        with pytest.raises(LogLocked, match="Another run"):
            backed_up(filled, folder)
    finally:
        files.close(fd)


def test_the_target_may_be_another_file_system(filled: Path) -> None:
    """No hard link and no rename from disk to disk is used: a disk in memory takes it."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == filled.stat().st_dev:
        pytest.skip("there is no second file system here")
    folder = memory / f"abby-backup-{os.getpid()}"
    try:
        assert backed_up(filled, folder).missing == ()
        assert backed_up(filled, folder).copied_files == 0
    finally:
        shutil.rmtree(folder)


class FailingImages(Files):
    """A disk on which a read fails."""

    def read_at(self, fd: int, size: int, offset: int) -> bytes:
        """An error, below the folders of images."""
        if "/images/" in str(Path(f"/proc/self/fd/{fd}").readlink()):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read_at(fd, size, offset)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="nothing tells here which file is read")
def test_images_that_cannot_be_read_are_missing_and_no_fault(filled: Path, tmp_path: Path) -> None:
    """A disk that fails below `images` does not keep the log from being saved."""
    done = backed_up(filled, tmp_path / "backup", FailingImages())
    assert len(done.missing) == done.manifest.images == 4
    assert done.manifest.log_bytes == (filled / "logs/events.jsonl").stat().st_size
