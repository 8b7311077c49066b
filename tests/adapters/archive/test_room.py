"""What is to be written is compared with the room that there is, before anything is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from adapters.application.adoption_mark import RestoreMark
from adapters.archive.room import Needed, refuse_without_room
from adapters.archive.user_export import export_user
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.ports.faults import DiskFull
from tests.adapters.application.small_disk import SmallDisk
from tests.adapters.archive.archiving import backed_up, change, restored, tree
from tests.adapters.archive.forged_backup import forge_save, manifest_says
from tests.adapters.studio.mounts import run, small_disk

MOST = 10**7


class Told(Files):
    """A disk that has so much room, by what it says, and notes which files are opened."""

    def __init__(self, free_bytes: int) -> None:
        super().__init__()
        self._free_bytes = free_bytes
        self.opened: list[Path] = []

    def free_bytes(self, path: Path) -> int:  # noqa: ARG002 - the port's signature; every path has the same room
        """What it says."""
        return self._free_bytes

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        """Notes and opens."""
        self.opened.append(path)
        return super().open(path, flags, mode)


def bytes_of(root: Path) -> int:
    """What a restore writes: images, temp files and details, and the log."""
    found = sum(
        path.stat().st_size for below in ("images", "temp") for path in (root / below).rglob("*") if path.is_file()
    )
    return found + (root / "logs/events.jsonl").stat().st_size


@pytest.mark.parametrize("most", [None, MOST], ids=["restore", "import"])
def test_a_restore_asks_for_room_before_it_reads_the_images(
    filled: Path, folder: Path, tmp_path: Path, most: int | None
) -> None:
    """With one byte too few nothing is made and no picture read; with enough it goes on. Both figures are told."""
    needed = bytes_of(filled)
    short = Told(needed - 1)
    with pytest.raises(DiskFull, match=r"are needed, and .* are free\. Nothing was written.*--root"):
        restored(folder, tmp_path / "new", short, most=most)
    assert not [path for path in short.opened if folder / "files" in path.parents]
    assert not (tmp_path / "new").exists()
    assert restored(folder, tmp_path / "enough", Told(needed), most=most).missing == ()


def test_the_claim_of_a_file_larger_than_any_disk_is_not_read(folder: Path, tmp_path: Path) -> None:
    """A sparse file of any size may lie there under the hash that it has; it is asked for room first."""
    forge_save(folder, "t.png", bytes=2**50)
    told = json.loads((folder / "backup.json").read_bytes())["size_bytes"]
    manifest_says(folder, size_bytes=told - 400 + 2**50)
    with pytest.raises(DiskFull, match=r"1,?073,?741,?824\.\d\d MB are needed"):
        restored(folder, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_run_that_goes_on_asks_for_the_rest_alone(folder: Path, tmp_path: Path) -> None:
    """What is there needs no room any more, and what was in the making goes."""
    whole, target = tmp_path / "whole", tmp_path / "target"
    restored(folder, whole)
    shutil.copytree(whole, target)
    (contents,) = folder.glob("contents-*")
    RestoreMark(target, Files()).set(contents)
    (target / "logs/events.jsonl").unlink()
    lost = target / "images/users/ada/k/b.png"
    size = lost.stat().st_size
    lost.rename(lost.with_name(".abby-restored"))
    rest = bytes_of(whole) - sum(path.stat().st_size for path in target.rglob("*.png"))
    with pytest.raises(DiskFull):
        restored(folder, target, Told(100))
    assert restored(folder, target, Told(rest - size)).missing == ()
    assert tree(target) == tree(whole)


@pytest.mark.parametrize("renewed", [False, True])
def test_a_backup_asks_for_what_is_new(root: Path, folder: Path, renewed: bool) -> None:
    """Equal bytes once, and what the former backup has not at all. Images that the root has lost need no room."""
    if not renewed:
        folder = folder.with_name("new")
    else:
        change(root)
        (root / "images/users/eve/new.png").unlink()
    former = tree(folder)
    with pytest.raises(DiskFull, match=r"are needed, and .* are free\. The former backup.*is what it was"):
        backed_up(root, folder, Told(500))
    assert {name: what for name, what in tree(folder).items() if name != ".lock"} == {
        name: what for name, what in former.items() if name != ".lock"
    }
    done = backed_up(root, folder, Told(5_000 if renewed else 16_000))
    assert (len(done.missing), done.copied_files) == ((1, 1) if renewed else (0, 4))


def test_nothing_new_needs_no_room(root: Path, folder: Path) -> None:
    """A full disk does not keep a backup from saying that it is up to date."""
    disk = SmallDisk()
    assert backed_up(root, folder, Told(1)).copied_files == 0
    disk.room_bytes = 10_000
    assert backed_up(root, folder, disk).copied_files == 0


def test_an_export_asks_for_room(root: Path, tmp_path: Path) -> None:
    """Before its folder is made."""
    store = open_store(root)
    with pytest.raises(DiskFull, match=r"are needed, and 1000 bytes are free\. Nothing was written.*--to"):
        export_user(
            store, "ada", tmp_path / "out", part_bytes=10**6, files=Told(1_000), progress=lambda _done, _total: None
        )
    store.close()
    assert not (tmp_path / "out").exists()


def test_each_disk_is_asked_for_what_comes_to_it(folder: Path, tmp_path: Path) -> None:
    """Images behind the operator's link lie on another disk, whose room counts, and not that of the root."""
    with small_disk(tmp_path / "disk", "size=4k") as disk:
        (tmp_path / "new").mkdir()
        (tmp_path / "new/images").symlink_to(disk)
        with pytest.raises(DiskFull) as full:
            restored(folder, tmp_path / "new")
        assert full.value.folder == str(tmp_path / "new/images")
        assert list(disk.iterdir()) == []


def test_a_disk_that_takes_no_more_files_is_told_as_such(root: Path, folder: Path, tmp_path: Path) -> None:
    """Room for bytes is shown to whoever would look for it in vain; with more inodes the run goes on."""
    told = r"9\.\d\d MB are free, so .* inodes are used up.*run the command again"
    with small_disk(tmp_path / "disk", "size=10m,nr_inodes=9") as disk:
        with pytest.raises(DiskFull, match=told):
            restored(folder, disk / "new")
        assert run("mount", "-o", "remount,nr_inodes=200", disk)
        assert restored(folder, disk / "new").missing == ()
    with small_disk(tmp_path / "other", "size=10m,nr_inodes=9") as disk:
        with pytest.raises(DiskFull, match=told):
            backed_up(root, disk / "backup")
        assert run("mount", "-o", "remount,nr_inodes=200", disk)
        assert backed_up(root, disk / "backup").missing == ()


def test_the_sum_on_one_disk_counts_and_a_disk_that_says_nothing_is_tried(tmp_path: Path) -> None:
    """Two folders of one disk share its room; 0 is what file systems say that do not count."""
    needed = [Needed(tmp_path / "a", 600), Needed(tmp_path / "b/c", 600)]
    refuse_without_room(needed, "it", "Then.", Told(1_200))
    refuse_without_room(needed, "it", "Then.", Told(0))
    with pytest.raises(DiskFull) as full:
        refuse_without_room(needed, "it", "Then.", Told(1_199))
    assert str(full.value) == "The disk has no room for it: 1,200 bytes are needed, and 1,199 bytes are free. Then."
