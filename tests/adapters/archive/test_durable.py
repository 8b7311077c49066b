"""What is said to be done is on the disk: each name that counts is given last, when nothing could be lost any more."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.ports.faults import LogDamaged, RestoreUnfinished, StorageUnavailable
from tests.adapters.application.evidence import assert_disk_and_log_agree
from tests.adapters.archive.archiving import backed_up, change, restored
from tests.adapters.archive.test_backup import BadDisk
from tests.adapters.archive.unsynced import Unsynced


def test_a_backup_is_on_the_disk_before_it_is_one(root: Path, tmp_path: Path) -> None:
    """The first and the next: log, files and list before `backup.json` takes its place, which never is empty then; and
    all at the end.
    """
    for _ in range(2):
        files = Unsynced(tmp_path / "new", "backup.json")
        backed_up(root, tmp_path / "new", files)
        assert files.met == {"backup.json": []}
        assert "backup.json" not in files.removed
        assert files.left() == []
        change(root)


def test_a_restored_root_is_on_the_disk_before_anybody_may_open_it(folder: Path, tmp_path: Path) -> None:
    """Images and details before the log has its name, and all before the mark goes."""
    files = Unsynced(tmp_path / "new", "events.jsonl", "restoring")
    restored(folder, tmp_path / "new", files)
    assert {name: [path for path in left if not path.startswith("logs")] for name, left in files.met.items()} == {
        "events.jsonl": [],
        "restoring": [],
    }
    assert files.met["restoring"] == []
    assert files.left() == []


@pytest.mark.parametrize("what", ["images/users/ada/a.png", "logs/events.jsonl"])
def test_a_root_whose_disk_gives_other_bytes_back_is_not_restored(folder: Path, tmp_path: Path, what: str) -> None:
    """All is read back from where it lies now, and nobody opens it before; on a disk that is good, the same goes on."""
    disk = BadDisk(lambda path: path == tmp_path / "new" / what)
    with pytest.raises((StorageUnavailable, LogDamaged)):
        restored(folder, tmp_path / "new", disk)
    with pytest.raises(RestoreUnfinished):
        open_store(tmp_path / "new").opened()
    if what.startswith("images"):
        restored(folder, tmp_path / "new")
        assert_disk_and_log_agree(tmp_path / "new")


def test_the_log_is_saved_before_the_pictures(root: Path, tmp_path: Path) -> None:
    """It is what nothing else can bring back; a run that ends at the first picture leaves all of it in the folder."""

    class NoPictures(Files):
        """A disk that fails as soon as a picture gets its name."""

        def rename(self, source: Path, target: Path) -> None:
            if target.is_relative_to(tmp_path / "new/files"):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            super().rename(source, target)

    with pytest.raises(StorageUnavailable):
        backed_up(root, tmp_path / "new", NoPictures())
    log = "logs/events.jsonl"
    assert (tmp_path / "new/log" / log).read_bytes() == (root / log).read_bytes()
